import type { Clock, Timers } from "../ports.ts";

/** A clock that stands until a test moves it, and the timers that go with it. */
export interface ManualTime {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Moves the clock and wakes who has slept long enough. */
  advance(milliseconds: number): void;
}

/** Makes a clock at a time in Unix milliseconds. */
export function createManualTime(start: number): ManualTime {
  let now = start;
  const sleepers = new Set<{ readonly until: number; wake(): void }>();
  return {
    clock: { now: () => now },
    timers: {
      sleep: (milliseconds, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted === true) return resolve();
          const wake = (): void => {
            sleepers.delete(sleeper);
            signal?.removeEventListener("abort", wake);
            resolve();
          };
          const sleeper = { until: now + milliseconds, wake };
          sleepers.add(sleeper);
          signal?.addEventListener("abort", wake);
        }),
    },
    advance(milliseconds) {
      now += milliseconds;
      for (const sleeper of sleepers) if (sleeper.until <= now) sleeper.wake();
    },
  };
}
