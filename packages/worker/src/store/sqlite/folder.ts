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
