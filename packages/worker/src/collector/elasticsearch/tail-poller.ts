import type { Clock, Timers } from "../../ports.ts";
import type { ShardTail, TailPage } from "./shard-tail.ts";
import type { ShardWatch } from "./shard-watch.ts";

/** What waiting for documents needs. */
export interface TailPollerOptions {
  readonly tail: ShardTail;
  readonly watch: Pick<ShardWatch, "changed" | "sight">;
  readonly timers: Timers;
  readonly steady: Clock;
  /** Milliseconds between two tries while the shard is known to hold more than is seen yet, by default 250. */
  readonly retryAfter?: number | undefined;
  /** Milliseconds between two tries while nothing is known to be left, by default 5,000: a look that sees more wakes earlier. */
  readonly idleAfter?: number | undefined;
}

/** Waits for the next page of a shard. */
export interface TailPoller {
  /** Resolves with the next page; with undefined when `milliseconds` are over or the signal aborts before there is one. Rejects as `ShardTail.next` does. */
  next(signal: AbortSignal, milliseconds: number): Promise<TailPage | undefined>;
}

/** Makes a poller: it sleeps while the watch sees nothing new, so that a page is read as soon as a look has seen that there is one. */
export function createTailPoller(options: TailPollerOptions): TailPoller {
  const { tail, watch, timers, steady, retryAfter = 250, idleAfter = 5_000 } = options;
  let read = -1;
  return {
    async next(signal, milliseconds) {
      const until = steady.now() + milliseconds;
      for (;;) {
        const page = await tail.next(signal);
        if (page !== undefined) {
          read = page.position.checkpoint;
          return page;
        }
        const left = until - steady.now();
        if (signal.aborted || left <= 0) return undefined;
        const known = watch.sight(tail.key)?.globalCheckpoint ?? -1;
        if (known > read) await timers.sleep(Math.min(retryAfter, left), signal);
        else await watch.changed(Math.min(idleAfter, left), signal);
      }
    },
  };
}
