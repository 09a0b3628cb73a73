import type { Cluster } from "../../elasticsearch/cluster.ts";
import { StoreError } from "../../errors.ts";
import { reading } from "./store-failure.ts";

/** A document to be read by its id. */
export interface Wanted {
  readonly index: string;
  readonly id: string;
}

/** Documents asked for in one request. */
const BATCH = 500;

/**
 * Reads documents by id as they stand now, whether or not they can be searched yet. One that is not there, or whose index is not, is undefined.
 * @throws StoreError
 */
export async function readCurrent<T>(
  client: Cluster["client"],
  wanted: readonly Wanted[],
  fields?: readonly string[],
): Promise<readonly (T | undefined)[]> {
  const found: (T | undefined)[] = [];
  for (let from = 0; from < wanted.length; from += BATCH) {
    const batch = wanted.slice(from, from + BATCH);
    const docs = await reading("Reading documents by id", async () => {
      const answer = await client.mget<T>({
        docs: batch.map(({ index, id }) => ({ _index: index, _id: id, ...(fields ? { _source: [...fields] } : {}) })),
        realtime: true,
      });
      for (const doc of answer.docs) {
        if ("error" in doc && doc.error.type !== "index_not_found_exception")
          throw new StoreError(
            "elasticsearch-unavailable",
            `Reading ${doc._index}/${doc._id} failed: ${doc.error.reason ?? doc.error.type}.`,
            { retryable: true },
          );
      }
      return answer.docs;
    });
    for (const doc of docs) found.push("error" in doc || !doc.found ? undefined : doc._source);
  }
  return found;
}
