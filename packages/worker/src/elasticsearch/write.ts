/** One document to be written. */
export type WriteOperation =
  /** Written once and never changed; who makes it again finds it there. */
  | { readonly kind: "create"; readonly index: string; readonly id: string; readonly document: object }
  /** Replaced only by a higher version (external versioning). */
  | {
      readonly kind: "put";
      readonly index: string;
      readonly id: string;
      readonly version: number;
      readonly document: object;
    };

/** What became of one operation, in the order of the operations. */
export type WriteOutcome =
  | { readonly status: "written" }
  /** `create`: a document with this id is there. `put`: one with this version or a higher one is there. */
  | { readonly status: "exists" }
  /** Elasticsearch will never take it as it is (mapping conflict, too large …). */
  | { readonly status: "refused"; readonly type: string; readonly reason: string };

/**
 * Writes documents in bulk requests of bounded size. Items that failed for a passing reason (429, 503, a connection that broke) are sent again, they alone,
 * with exponential back-off and jitter, until they are taken or the signal aborts: the outcome of every item is known when this resolves.
 */
export interface BulkWriter {
  /** @throws ElasticsearchError `elasticsearch-unavailable` (retryable) when the signal aborts or `patience` is over before every item is decided; writing the same again is safe. */
  write(
    operations: readonly WriteOperation[],
    options?: { readonly signal?: AbortSignal | undefined; readonly refresh?: boolean },
  ): Promise<readonly WriteOutcome[]>;
}
