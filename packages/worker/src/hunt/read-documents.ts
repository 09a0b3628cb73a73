import type { Client, estypes } from "@elastic/elasticsearch";
import type { JsonObject, Query } from "@vedette/detection";
import { ElasticsearchError, calling } from "../elasticsearch/errors.ts";
import type { TailDocument } from "../collector/elasticsearch/shard-tail.ts";

/** What is read. */
export interface ReadOptions {
  readonly indices: readonly string[];
  readonly query: Query;
  /** Elasticsearch's `preference`: which copies are asked. */
  readonly preference?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Documents of one page. */
  readonly pageSize?: number;
}

const KEEP_ALIVE = "5m";
const DOING = "Reading documents";

/**
 * Reads every document that a query finds, as the indices were when it began, page by page; the next page is asked for while one is worked on.
 * @throws ElasticsearchError when a page cannot be had whole: a part of the shards is never taken for all.
 */
export async function* readDocuments(
  client: Client,
  { indices, query, preference, signal, pageSize = 2_500 }: ReadOptions,
): AsyncGenerator<readonly TailDocument[]> {
  const options = signal === undefined ? {} : { signal };
  const opened = await calling(DOING, async () =>
    client.openPointInTime(
      {
        index: [...indices],
        keep_alive: KEEP_ALIVE,
        ignore_unavailable: false,
        ...(preference === undefined ? {} : { preference }),
      },
      options,
    ),
  );
  let pit = opened.id;
  const ask = async (after: estypes.SortResults | undefined): Promise<estypes.SearchResponse<JsonObject>> =>
    calling(DOING, async () =>
      client.search<JsonObject>(
        {
          pit: { id: pit, keep_alive: KEEP_ALIVE },
          query: { constant_score: { filter: query } },
          size: pageSize,
          sort: ["_shard_doc"],
          track_total_hits: false,
          seq_no_primary_term: true,
          allow_partial_search_results: false,
          ...(after === undefined ? {} : { search_after: after }),
        },
        options,
      ),
    );
  try {
    let next: Promise<estypes.SearchResponse<JsonObject>> | undefined = ask(undefined);
    while (next !== undefined) {
      const page: estypes.SearchResponse<JsonObject> = await next;
      next = undefined;
      if (page.timed_out || page._shards.failed > 0)
        throw new ElasticsearchError(
          "elasticsearch-unavailable",
          "Reading documents failed: not every shard answered.",
          { retryable: true },
        );
      pit = page.pit_id ?? pit;
      const { hits } = page.hits;
      const last = hits.at(-1);
      if (last?.sort !== undefined && hits.length === pageSize) {
        next = ask(last.sort);
        // Who reads no further does not wait for it.
        next.catch(() => undefined);
      }
      if (hits.length > 0)
        yield hits.map(({ _index, _id, _seq_no, _source }) => ({
          index: _index,
          id: _id ?? "",
          seqNo: _seq_no ?? 0,
          source: _source ?? {},
        }));
    }
  } finally {
    // A point in time that cannot be closed ends by itself.
    await client.closePointInTime({ id: pit }).catch(() => undefined);
  }
}
