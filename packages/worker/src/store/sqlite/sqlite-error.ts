import { STORE_ERROR_CODES, StoreError } from "../../errors.ts";

type StoreErrorCode = keyof typeof STORE_ERROR_CODES;

/** Primary SQLite result codes (https://sqlite.org/rescode.html) that say something about the world rather than about a statement. */
const BY_RESULT_CODE: ReadonlyMap<number, { readonly code: StoreErrorCode; readonly retryable: boolean }> = new Map([
  [3, { code: "data-folder-unwritable", retryable: false }],
  [5, { code: "store-locked", retryable: true }],
  [6, { code: "store-locked", retryable: true }],
  [7, { code: "store-input-output", retryable: true }],
  [8, { code: "data-folder-unwritable", retryable: false }],
  [10, { code: "store-input-output", retryable: true }],
  [11, { code: "store-damaged", retryable: false }],
  [13, { code: "store-full", retryable: true }],
  [14, { code: "data-folder-unwritable", retryable: false }],
  [26, { code: "store-damaged", retryable: false }],
]);

/** Codes of the file system that mean the same. */
const BY_ERRNO: ReadonlyMap<string, { readonly code: StoreErrorCode; readonly retryable: boolean }> = new Map([
  ["ENOSPC", { code: "store-full", retryable: true }],
  ["EDQUOT", { code: "store-full", retryable: true }],
  ["EIO", { code: "store-input-output", retryable: true }],
  ["EACCES", { code: "data-folder-unwritable", retryable: false }],
  ["EPERM", { code: "data-folder-unwritable", retryable: false }],
  ["EROFS", { code: "data-folder-unwritable", retryable: false }],
  // Node answers ENOENT when a folder cannot be made on a read-only file system.
  ["ENOENT", { code: "data-folder-unwritable", retryable: false }],
  ["ENOTDIR", { code: "data-folder-unwritable", retryable: false }],
  ["EFBIG", { code: "store-full", retryable: true }],
  ["EEXIST", { code: "data-folder-unwritable", retryable: false }],
]);

/** Primary SQLite result code of an error, or undefined when it is not SQLite's. */
export function resultCode(error: unknown): number | undefined {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  return typeof errcode === "number" ? errcode & 0xff : undefined;
}

/** Makes a `StoreError` of anything that a store operation threw; a `StoreError` stays itself. */
export function toStoreError(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error;
  const { message, code } = error as { message?: string; code?: unknown };
  const known =
    BY_RESULT_CODE.get(resultCode(error) ?? -1) ?? (typeof code === "string" ? BY_ERRNO.get(code) : undefined);
  const found = known ?? { code: "store-failed" as const, retryable: false };
  const { summary, cure } = STORE_ERROR_CODES[found.code];
  return new StoreError(found.code, `${doing}: ${summary} ${cure} (${message ?? String(error)})`, {
    retryable: found.retryable,
    cause: error,
  });
}

/** Whether the error says that the connection itself can no longer be trusted, so that the database has to be opened again. */
export function needsReopening(error: StoreError): boolean {
  return error.code === "store-input-output";
}

/** Whether the error concerns the whole transaction (the disk, the file) and not just the request that met it. */
export function endsTransaction(error: unknown): boolean {
  const code = resultCode(error);
  return code !== undefined && BY_RESULT_CODE.has(code);
}
