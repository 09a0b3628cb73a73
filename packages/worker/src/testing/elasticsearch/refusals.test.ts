import { expect, test } from "vitest";
import { statusError } from "../../elasticsearch/errors.ts";
import { refusalOf } from "./refusals.ts";

test.each([
  [503, "POST", "/_bulk", "cluster_block_exception"],
  [503, "POST", "/logs/_search", "search_phase_execution_exception"],
  [503, "GET", "/logs/_doc/1", "no_shard_available_action_exception"],
  [503, "PUT", "/logs/_create/1", "unavailable_shards_exception"],
  [503, "PUT", "/_index_template/logs", "process_cluster_event_timeout_exception"],
  [503, "GET", "/logs/_stats/refresh", "cluster_block_exception"],
  [503, "POST", "/_mget", "cluster_block_exception"],
  [429, "POST", "/logs/_bulk", "es_rejected_execution_exception"],
  [429, "POST", "/_search", "search_phase_execution_exception"],
  [429, "GET", "/logs/_doc/1", "circuit_breaking_exception"],
] as const)("answers %i to %s %s with %s, which can be tried again", (status, method, path, type) => {
  const { error, ...rest } = refusalOf(status, { method, path });
  expect(rest.status).toBe(status);
  expect(error.type).toBe(type);
  expect(statusError(status, error, "Asking").retryable).toBe(true);
});
