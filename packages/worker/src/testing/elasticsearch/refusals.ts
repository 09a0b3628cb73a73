import { isBulk, isRefresh, isSearch, type RequestLine } from "./fault-rules.ts";

/** The body of an answer with an error. */
export interface RefusalBody {
  readonly status: number;
  readonly error: { readonly type: string; readonly reason: string } & Readonly<Record<string, unknown>>;
}

/** What Elasticsearch answers to a request of this kind when it is too busy (429) or when a part that the request needs is missing for the moment (503). */
export function refusalOf(status: 429 | 503, line: RequestLine): RefusalBody {
  return status === 429 ? tooBusy(line) : missingPart(line);
}

function tooBusy({ path }: RequestLine): RefusalBody {
  if (isBulk(path))
    return refusal(
      429,
      "es_rejected_execution_exception",
      "rejected execution of coordinating operation [coordinating_and_primary_bytes=53687091, replica_bytes=0, all_bytes=53687091, coordinating_operation_bytes=107374, max_coordinating_bytes=53687091]",
    );
  if (isSearch(path))
    return failedSearch(429, {
      type: "es_rejected_execution_exception",
      reason:
        "rejected execution of TimedRunnable{original=ActionRunnable#wrapReleasing} on TaskExecutionTimeTrackingEsThreadPoolExecutor[name = search, queue capacity = 1000]",
    });
  return refusal(
    429,
    "circuit_breaking_exception",
    "[parent] Data too large, data for [<http_request>] would be [536870912/512mb], which is larger than the limit of [510027366/486.3mb]",
    { bytes_wanted: 536_870_912, bytes_limit: 510_027_366, durability: "TRANSIENT" },
  );
}

function missingPart({ method, path }: RequestLine): RefusalBody {
  if (isSearch(path)) return failedSearch(503, { type: "no_shard_available_action_exception", reason: null });
  const isWrite = method === "PUT" || method === "POST" || method === "DELETE";
  if (/\/_(doc|create|update)\//.test(path))
    return isWrite
      ? refusal(
          503,
          "unavailable_shards_exception",
          `[${indexIn(path)}][0] primary shard is not active Timeout: [1m], request: [BulkShardRequest [[${indexIn(path)}][0]] containing [index]]`,
        )
      : refusal(503, "no_shard_available_action_exception", `No shard available for [get [${indexIn(path)}]]`);
  if (isWrite && !isBulk(path) && !isRefresh(path) && !/\/_(mget|pit|search|count|field_caps)/.test(path))
    return refusal(
      503,
      "process_cluster_event_timeout_exception",
      "failed to process cluster event (put-mapping) within 30s",
    );
  return refusal(503, "cluster_block_exception", "blocked by: [SERVICE_UNAVAILABLE/2/no master];");
}

const indexIn = (path: string): string => decodeURIComponent(path.split("/")[1] ?? "");

const refusal = (status: number, type: string, reason: string, more: object = {}): RefusalBody => ({
  error: { root_cause: [{ type, reason, ...more }], type, reason, ...more },
  status,
});

const failedSearch = (status: number, reason: { type: string; reason: string | null }): RefusalBody => ({
  error: {
    root_cause: [reason],
    type: "search_phase_execution_exception",
    reason: "all shards failed",
    phase: "query",
    grouped: true,
    failed_shards: [{ shard: 0, index: null, node: null, reason }],
  },
  status,
});
