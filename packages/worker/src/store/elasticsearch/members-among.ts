import type { Cluster } from "../../elasticsearch/cluster.ts";
import { requireWhole } from "../../elasticsearch/errors.ts";
import { aliasOf, keywordOf } from "./names.ts";
import { reading } from "./store-failure.ts";

/** Which of some findings are members of an alert already. */
export async function membersAmong(
  { client }: Pick<Cluster, "client">,
  prefix: string,
  findingIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const index = aliasOf(prefix, "alert-members");
  const doing = "Looking for findings in alerts";
  return reading(doing, async () => {
    requireWhole(await client.indices.refresh({ index }), doing);
    const answer = await client.search({
      index,
      size: 0,
      query: { terms: { "vedette.finding_id": findingIds.map(keywordOf) } },
      aggs: { ids: { terms: { field: "vedette.finding_id", size: Math.max(1, findingIds.length) } } },
      allow_partial_search_results: false,
    });
    requireWhole(answer, doing);
    const ids = answer.aggregations?.["ids"] as { readonly buckets: readonly { readonly key: string }[] } | undefined;
    const found = new Set(ids?.buckets.map(({ key }) => key));
    return new Set(findingIds.filter((id) => found.has(keywordOf(id))));
  });
}
