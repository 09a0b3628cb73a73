import type { Cluster } from "../../elasticsearch/cluster.ts";
import { requireWhole } from "../../elasticsearch/errors.ts";
import { aliasOf } from "./names.ts";
import { reading } from "./store-failure.ts";

/** Blobs read at once. */
const PAGE = 500;

interface BlobSource {
  readonly removed: boolean;
  readonly body: { readonly key: string; readonly value: string | null };
}

/** All blobs of a line that were not removed, by key. Everything that was written before is seen. */
export async function readBlobs(
  client: Cluster["client"],
  prefix: string,
  line: string,
): Promise<ReadonlyMap<string, string>> {
  const index = aliasOf(prefix, "state");
  const doing = `Reading the state of ${line}`;
  await reading(doing, async () => requireWhole(await client.indices.refresh({ index }), doing));
  const { id } = await reading(doing, () => client.openPointInTime({ index, keep_alive: "2m" }));
  const found: [string, string][] = [];
  try {
    let after: number[] | undefined;
    for (;;) {
      const { hits } = await reading(doing, async () => {
        const answer = await client.search<BlobSource>({
          pit: { id, keep_alive: "2m" },
          size: PAGE,
          query: { bool: { filter: [{ term: { line } }, { term: { kind: "blob" } }, { term: { removed: false } }] } },
          sort: [{ _shard_doc: "asc" }],
          track_total_hits: false,
          allow_partial_search_results: false,
          ...(after === undefined ? {} : { search_after: after }),
        });
        requireWhole(answer, doing);
        return answer.hits;
      });
      for (const { _source } of hits)
        if (_source !== undefined && _source.body.value !== null) found.push([_source.body.key, _source.body.value]);
      if (hits.length < PAGE) break;
      after = hits.at(-1)?.sort as number[];
    }
  } finally {
    await client.closePointInTime({ id }).catch(() => {});
  }
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}
