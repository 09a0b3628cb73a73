import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../../errors.ts";
import { closeToOthers, dataFiles, ensurePrivateFile, PRIVATE_MODE } from "./folder.ts";
import { resultCode, toStoreError } from "./sqlite-error.ts";

const SQLITE_BUSY = 5;

/**
 * Makes this process the owner of a data folder, creating the folder when it is not there. The lock is the operating system's: it ends with the
 * process, however that ends.
 * @param since Unix milliseconds, shown to a second worker
 * @returns a function that gives the folder up
 * @throws StoreError `data-folder-in-use`, `data-folder-not-a-folder`, `data-folder-unwritable`, `store-full`
 */
export function lockFolder(folder: string, since: number): () => void {
  const files = dataFiles(folder);
  let database: DatabaseSync | undefined;
  try {
    // What the folder holds is for its owner's eyes: personal data and evidence.
    makeFolder(resolve(folder));
    ensurePrivateFile(files.lock);
    database = new DatabaseSync(files.lock);
    database.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    const besides = [`${files.lock}-journal`, files.owner, files.anchors, `${files.store}-wal`, `${files.store}-shm`];
    for (const path of besides) closeToOthers(path);
    ensurePrivateFile(files.store);
    writeFileSync(files.owner, `${JSON.stringify({ pid: process.pid, since })}\n`, { mode: PRIVATE_MODE });
    return () => database?.close();
  } catch (error) {
    database?.close();
    if (resultCode(error) === SQLITE_BUSY) throw inUse(folder, files.owner);
    throw toStoreError(error, `Opening the data folder ${folder}`);
  }
}

/** Makes a folder and those above it. Node's own recursive way never ends where the file system says that a parent is missing and is not (`/proc`). */
function makeFolder(folder: string): void {
  if (existsSync(folder)) {
    if (statSync(folder).isDirectory()) return;
    const message = `${folder} is a file, not a folder. Name a folder for the data with --data; one that does not exist is made.`;
    throw new StoreError("data-folder-not-a-folder", message, { retryable: false });
  }
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

function inUse(folder: string, ownerFile: string): StoreError {
  let by = "another process";
  try {
    const { pid, since } = JSON.parse(readFileSync(ownerFile, "utf8")) as { pid: number; since: number };
    by = `process ${pid}, since ${new Date(since).toISOString()}`;
  } catch {
    // The owner has not written its name yet; the lock holds all the same.
  }
  return new StoreError(
    "data-folder-in-use",
    `The data folder ${folder} is in use by ${by}. Stop that worker, or give this one its own folder with --data.`,
    { retryable: false },
  );
}
