import { z } from "zod";

const fileSchema = z.object({
  /** Number given to the content when it was first seen; part of its event ids, so that a path, a rename or a reused inode is not. */
  id: z.int().positive(),
  path: z.string(),
  device: z.string(),
  inode: z.string(),
  offset: z.int().nonnegative(),
  /** Lines before the offset; -1 when reading began at the end. */
  lines: z.int().min(-1),
  skipping: z.boolean(),
  /** The first bytes (at most 1,024), to tell this content from other content in the same inode. */
  headLength: z.int().nonnegative(),
  headHash: z.string(),
});

const checkpointSchema = z.object({ version: z.literal(1), nextId: z.int().positive(), files: z.array(fileSchema) });

/** Where a file source stands in one file. */
export type FilePosition = z.infer<typeof fileSchema>;

/** Where a file source stands. */
export type FileCheckpoint = z.infer<typeof checkpointSchema>;

/** Reads a checkpoint that the store kept; throws when it is none. */
export const parseFileCheckpoint = (text: string): FileCheckpoint => checkpointSchema.parse(JSON.parse(text));

/** Writes a checkpoint for the store. */
export const formatFileCheckpoint = (checkpoint: FileCheckpoint): string => JSON.stringify(checkpoint);
