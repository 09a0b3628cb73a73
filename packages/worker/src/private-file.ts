import { chmod, open, readFile, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { StoreError } from "./errors.ts";
import { toStoreError } from "./store/sqlite/sqlite-error.ts";

async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Replaces a file that only the worker's user may read, whole or not at all, also when the machine stops half-way.
 *
 * @throws StoreError when the folder cannot be written.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  try {
    const draft = `${path}.new`;
    const file = await open(draft, "w", 0o600);
    try {
      // The mode above only counts for a new file; a draft left by a crash keeps its own.
      await file.chmod(0o600);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncFolder(path);
  } catch (error) {
    throw toStoreError(error, `Writing ${path}`);
  }
}

/**
 * The content of a file that only the worker's user may read; undefined when there is none. A file that others may read is
 * closed to them first.
 *
 * @throws StoreError `data-folder-damaged` when it is there and cannot be read.
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) await chmod(path, 0o600);
    return await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw damagedFile(
      path,
      `cannot be read (${code ?? message})`,
      "Make it a file that belongs to the worker's user, or restore it from a backup.",
      error,
    );
  }
}

/** The error for a file of the data folder that is not what the worker wrote: what is wrong with it, and the cure as a sentence. */
export function damagedFile(path: string, wrong: string, cure: string, cause?: unknown): StoreError {
  return new StoreError("data-folder-damaged", `${path} ${wrong}. ${cure}`, { retryable: false, cause });
}
