import { ElasticsearchError } from "../elasticsearch/errors.ts";
import type { Timers } from "../ports.ts";

/** How long a busy cluster is waited for. */
export interface Patience {
  readonly timers: Timers;
  readonly signal?: AbortSignal | undefined;
  /** Told of each wait, which is in milliseconds. */
  readonly onWait?: ((error: ElasticsearchError, milliseconds: number) => void) | undefined;
}

/** Waits between tries, in milliseconds; about three minutes together. */
const WAITS = [500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 60_000];

/**
 * Calls again what failed and may succeed later, with growing waits.
 * @throws The last error, when it does not help, and every error that no waiting helps.
 */
export async function patiently<Result>(call: () => Promise<Result>, patience: Patience): Promise<Result> {
  const { timers, signal, onWait } = patience;
  for (let tried = 0; ; tried++) {
    try {
      return await call();
    } catch (error) {
      const wait = WAITS[tried];
      const isPassing = error instanceof ElasticsearchError && error.retryable && signal?.aborted !== true;
      if (!isPassing || wait === undefined) throw error;
      onWait?.(error, wait);
      await timers.sleep(wait, signal);
    }
  }
}

/** Whether the cluster has read a query and will not answer it, however often it is asked. */
export function isRejected(error: unknown): error is ElasticsearchError {
  if (!(error instanceof ElasticsearchError)) return false;
  // An expression too large for an automaton, and too many clauses in a nested query, are told as failures of the shard.
  const isTooMuch =
    /too_?complex|TooComplexToDeterminize|too_many_(?:nested_)?clauses|maxClauseCount|max_clause_count/i.test(
      error.message,
    );
  return error.code === "elasticsearch-refused" || isTooMuch;
}
