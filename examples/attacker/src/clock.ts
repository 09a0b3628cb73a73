/** Time as the campaign sees it. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Waits for a number of the campaign's milliseconds, or until the signal aborts (it never rejects). */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/**
 * The machine's clock, with waits that can be shortened.
 *
 * @param pace Real milliseconds that one millisecond of the campaign takes: 1 in a demo, less in a test.
 */
export function createClock(pace: number): Clock {
  return {
    now: () => Date.now(),
    sleep(milliseconds, signal) {
      return new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, milliseconds * pace);
        signal.addEventListener("abort", done);
      });
    },
  };
}
