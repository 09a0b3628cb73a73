/** The part of a search's answer that matters. */
export interface SearchAnswer {
  readonly timed_out?: boolean;
  readonly _shards?: { readonly total: number; readonly successful: number; readonly skipped?: number };
  readonly hits?: { readonly hits?: readonly { readonly _index?: string }[] };
}

const failure = (index: string): object => ({
  shard: 0,
  index,
  node: null,
  reason: { type: "no_shard_available_action_exception", reason: "fault proxy: no copy of the shard answered" },
});

/** An answer in which one shard failed: without partial results the whole search fails, with them the hits of one index are missing. */
export function failShard(answer: SearchAnswer, allowsPartial: boolean): { status: number; body: object } {
  const hits = answer.hits?.hits ?? [];
  const lost = hits[0]?._index ?? "unknown";
  if (!allowsPartial)
    return {
      status: 503,
      body: {
        error: {
          root_cause: [],
          type: "search_phase_execution_exception",
          reason: "Partial shards failure",
          phase: "query",
          grouped: true,
          failed_shards: [failure(lost)],
        },
        status: 503,
      },
    };
  const { total = 1, successful = 1, skipped = 0 } = answer._shards ?? {};
  return {
    status: 200,
    body: {
      ...answer,
      _shards: { total, successful: Math.max(0, successful - 1), skipped, failed: 1, failures: [failure(lost)] },
      hits: { ...answer.hits, hits: hits.filter(({ _index: index }) => index !== lost) },
    },
  };
}

/**
 * Whether a search allows partial results, which is Elasticsearch's default; with a point in time it takes the value of the query as well.
 * @param query of the request's URL
 */
export const allowsPartialResults = (query: URLSearchParams): boolean =>
  query.get("allow_partial_search_results") !== "false";
