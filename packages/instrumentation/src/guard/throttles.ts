import type { GuardDecision } from "@vedette/semconv";

/** Counts requests against rates: one bucket of tokens for each decision, which all requests that it holds of share. */
export interface Throttles {
  /**
   * Takes one token of each decision, or none of any.
   *
   * @param now Milliseconds.
   * @returns The first decision whose bucket is empty, and the seconds until it has a token again; undefined when all had one.
   */
  take(
    decisions: readonly GuardDecision[],
    now: number,
  ): { readonly decision: GuardDecision; readonly retryAfter: number } | undefined;
  /** Forgets the buckets of decisions that are not among these. */
  keep(ids: ReadonlySet<string>): void;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Makes the buckets of one process; another process has its own, so that a target may do its rate in each of them. */
export function createThrottles(): Throttles {
  const buckets = new Map<string, Bucket>();
  return {
    take(decisions, now) {
      const filled: Bucket[] = [];
      for (const decision of decisions) {
        const { rate } = decision;
        if (rate === undefined) continue;
        const capacity = Math.max(1, rate.burst ?? rate.limit);
        const perMillisecond = rate.limit / (rate.seconds * 1000);
        let bucket = buckets.get(decision.id);
        if (bucket === undefined) buckets.set(decision.id, (bucket = { tokens: capacity, at: now }));
        bucket.tokens = Math.min(capacity, bucket.tokens + Math.max(0, now - bucket.at) * perMillisecond);
        bucket.at = now;
        if (bucket.tokens < 1)
          return { decision, retryAfter: Math.max(1, Math.ceil((1 - bucket.tokens) / perMillisecond / 1000)) };
        filled.push(bucket);
      }
      for (const bucket of filled) bucket.tokens -= 1;
      return undefined;
    },
    keep(ids) {
      for (const id of buckets.keys()) if (!ids.has(id)) buckets.delete(id);
    },
  };
}
