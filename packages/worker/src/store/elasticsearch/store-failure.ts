import { ElasticsearchError, toElasticsearchError } from "../../elasticsearch/errors.ts";
import { StoreError } from "../../errors.ts";

/** Turns whatever a call of the cluster rejected with into the error that the store's port speaks of; a defect stays what it is. */
export function toStoreFailure(error: unknown, doing: string): Error {
  if (error instanceof StoreError) return error;
  const told = toElasticsearchError(error, doing);
  if (!(told instanceof ElasticsearchError)) return told;
  return new StoreError(told.code, told.message, { retryable: told.retryable, cause: told });
}

/** Does a call of the cluster; what it rejects with is a `StoreError`. */
export async function storing<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toStoreFailure(error, doing);
  }
}
