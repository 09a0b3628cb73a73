import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { Filter } from "./searches.ts";
import { storing } from "./store-failure.ts";

/** Documents that one request deletes at most, so that each ends in time. */
const AT_ONCE = 5_000;
/** Milliseconds that one request may take. */
const REQUEST_TIMEOUT = 120_000;

/** Deletes what is found, as far as it can be seen and nobody changes it at the moment; tells how many. Indices that are not there hold nothing. @throws StoreError */
export async function deleteFound(
  client: Cluster["client"],
  index: string,
  filters: readonly Filter[],
): Promise<number> {
  let deleted = 0;
  for (;;) {
    const answer = await storing(`Deleting from ${index}`, () =>
      client.deleteByQuery(
        {
          index,
          ignore_unavailable: true,
          conflicts: "proceed",
          refresh: true,
          max_docs: AT_ONCE,
          query: { bool: { filter: [...filters] } },
        },
        { requestTimeout: REQUEST_TIMEOUT },
      ),
    );
    deleted += answer.deleted ?? 0;
    if ((answer.deleted ?? 0) === 0 || (answer.total ?? 0) < AT_ONCE) return deleted;
  }
}
