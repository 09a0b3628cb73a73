import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";

/** Name of the file, in a folder of imported rules, that says where they come from and which of them are on trial. */
export const MANIFEST_FILE = "vedette-import.yaml";

/** What an imported rule may do: be judged and recorded only, alert, or nothing. */
export const IMPORT_STATES = ["shadow", "active", "off"] as const;

const file = z.strictObject({
  state: z.enum(IMPORT_STATES),
  /** Ids of the rules in the file. */
  rules: z.array(z.string()),
  /** Place of the rule in its origin. */
  source: z.string(),
  /** SHA-256 of the text there, and of what was written here. */
  sourceHash: z.string().regex(/^[0-9a-f]{64}$/),
  writtenHash: z.string().regex(/^[0-9a-f]{64}$/),
  author: z.string().optional(),
  licence: z.string().optional(),
  /** In what the rule differs from the one that it was converted from. */
  notes: z.array(z.string()).optional(),
});

const schema = z.strictObject({
  version: z.literal(1),
  origin: z.strictObject({
    kind: z.enum(["sigmahq", "elastalert", "folder"]),
    from: z.string(),
    commit: z.string().optional(),
    imported: z.string(),
    licence: z.string().optional(),
  }),
  /** By path below the folder, with slashes. */
  files: z.record(z.string(), file),
});

/** What a rule may do. */
export type ImportState = (typeof IMPORT_STATES)[number];

/** One imported file. */
export type ImportedFile = z.output<typeof file>;

/** Where a folder's rules come from, and what each may do. */
export type ImportManifest = z.output<typeof schema>;

/**
 * Reads the manifest of a folder; undefined where there is none.
 *
 * @throws Error that says what is wrong with it. Rules beside a manifest that cannot be read must not be loaded: those on trial would alert.
 */
export function readManifest(folder: string): ImportManifest | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, MANIFEST_FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const parsed = schema.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not a manifest"}`);
}

const HEADER =
  "# Written by `vedette rules import`, `promote` and `demote`: where these rules come from, and what each may do.\n";

/** Writes the manifest of a folder, whole or not at all. */
export function writeManifest(folder: string, manifest: ImportManifest): void {
  const path = join(folder, MANIFEST_FILE);
  writeFileSync(`${path}.new`, HEADER + stringify(manifest, { lineWidth: 0 }));
  renameSync(`${path}.new`, path);
}
