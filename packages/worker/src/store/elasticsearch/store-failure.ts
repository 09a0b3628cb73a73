import { ElasticsearchError, toElasticsearchError } from "../../elasticsearch/errors.ts";
import { StoreError } from "../../errors.ts";
import { machineTimers } from "../../ports-node.ts";

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

/** Milliseconds between the tries of a read, about. */
const PAUSES = [25, 100, 400];

/**
 * Does a call of the cluster that only reads; one that fails for a passing reason is made again a few times, for together half a second: a fold that has to be built anew because one of a hundred answers broke
 * off comes to its end late, and on a bad day never. A cluster that does not answer at all is not asked again here, since each time takes as long as the client waits.
 * @throws StoreError
 */
export async function reading<T>(doing: string, call: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES) {
    try {
      return await storing(doing, call);
    } catch (error) {
      if (!(error instanceof StoreError) || !error.retryable || error.code === "elasticsearch-timeout") throw error;
      await machineTimers.sleep(pause);
    }
  }
  return storing(doing, call);
}
