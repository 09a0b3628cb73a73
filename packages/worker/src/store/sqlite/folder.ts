import { chmodSync, closeSync, openSync, statSync } from "node:fs";
import { join } from "node:path";

/** The files of a data folder. */
export interface DataFiles {
  readonly store: string;
  /** A database whose exclusive lock is the ownership of the folder. */
  readonly lock: string;
  /** Who owns the folder, for the message to a second worker; not the lock itself. */
  readonly owner: string;
  /** Heads of the audit chain noted outside the database. */
  readonly anchors: string;
}

/** Where the files of a data folder lie. */
export function dataFiles(folder: string): DataFiles {
  return {
    store: join(folder, "vedette.db"),
    lock: join(folder, "lock.db"),
    owner: join(folder, "owner.json"),
    anchors: join(folder, "audit-head.jsonl"),
  };
}

/** The mode of a file that only the worker's user may read. */
export const PRIVATE_MODE = 0o600;

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT";

/** Closes a file to everybody but its owner, if it is there. A file that is there is never opened here: closing it again would end the locks that this process holds on it. */
export function closeToOthers(path: string): void {
  try {
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, PRIVATE_MODE);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Makes an empty file that only its owner may read, or closes one that is there to others. SQLite gives its other files the mode of the database. */
export function ensurePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", PRIVATE_MODE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    closeToOthers(path);
  }
}
