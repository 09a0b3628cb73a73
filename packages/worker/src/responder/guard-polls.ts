import type { Clock, Timers } from "../ports.ts";

/** What a guard asks that polls. */
export interface GuardPoll {
  /** Sequence of the snapshot that it has; 0 when it has none. */
  readonly after: number;
  /** Milliseconds that it wants to wait. */
  readonly wait: number;
  /** How it tells itself from others; absent where it does not. */
  readonly guard?: string | undefined;
  /** Aborts when it has gone. */
  readonly signal: AbortSignal;
}

/** Guards that wait for the next publication. */
export interface GuardPolls {
  /** Notes that a guard is there. */
  saw(guard: string): void;
  /** Waits for a publication. @returns Its text; undefined when there was none in time. */
  wait(poll: GuardPoll): Promise<string | undefined>;
  /** Answers everybody who waits. @returns How many. */
  answer(data: string): number;
  hasRoom(): boolean;
  /** Guards that wait, or did a moment ago. */
  size(): number;
  /** Answers everybody with nothing, now and from here on. */
  close(): void;
}

/** Polls that wait at once. */
const MAX_WAITING = 256;
/** Guards that are remembered by name. */
const MAX_KNOWN = 1_024;
/** Milliseconds after its last poll during which a guard counts as there: a whole wait, and the way to the next one. */
const THERE = 40_000;

/** Makes the place where polls wait. */
export function createGuardPolls({ clock, timers }: { readonly clock: Clock; readonly timers: Timers }): GuardPolls {
  const waiting = new Set<(data: string | undefined) => void>();
  const seen = new Map<string, number>();
  const closed = new AbortController();
  return {
    saw(guard) {
      seen.delete(guard);
      const [oldest] = seen.keys();
      if (seen.size >= MAX_KNOWN && oldest !== undefined) seen.delete(oldest);
      seen.set(guard, clock.now());
    },
    async wait({ wait, signal }) {
      if (wait <= 0 || signal.aborted || closed.signal.aborted) return undefined;
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      const done = new AbortController();
      waiting.add(resolve);
      const over = AbortSignal.any([signal, closed.signal, done.signal]);
      void timers.sleep(wait, over).then(() => resolve(undefined));
      try {
        return await promise;
      } finally {
        waiting.delete(resolve);
        done.abort();
      }
    },
    answer(data) {
      const guards = waiting.size;
      for (const resolve of waiting) resolve(data);
      return guards;
    },
    hasRoom: () => waiting.size < MAX_WAITING && !closed.signal.aborted,
    size() {
      const since = clock.now() - THERE;
      for (const [guard, at] of seen) if (at < since) seen.delete(guard);
      return Math.max(seen.size, waiting.size);
    },
    close: () => closed.abort(),
  };
}
