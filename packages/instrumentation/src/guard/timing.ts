/** How long the guard waits for what. All in milliseconds. */
export interface Timing {
  /** Before it connects again; doubles with each failure in a row up to {@link Timing.longestDelay}. */
  readonly firstDelay: number;
  readonly longestDelay: number;
  /** For the first snapshot of a stream, and for the answer to its request. */
  readonly firstSnapshot: number;
  /** Silence after which a stream counts as held back; the worker writes to it at least every 15 s. */
  readonly silence: number;
  /** Delay of a snapshot, compared with the promptest one, from which on something in between holds it back. */
  readonly lateness: number;
  /** Life of a stream from which on its end counts as nothing special. */
  readonly steady: number;
  /** Seconds, not milliseconds: how long the worker is asked to keep a poll waiting. */
  readonly pollSeconds: number;
  /** Between a change to polling and the next try of a stream; doubles with each try that fails up to {@link Timing.longestRetry}. */
  readonly retryStream: number;
  readonly longestRetry: number;
  /** How long a stream on trial must live beside the polls until it takes over. */
  readonly trial: number;
}

/** The timing that fits a worker whose heartbeat is 15 s and proxies that keep silent connections for 30 s or more. */
export const DEFAULT_TIMING: Timing = {
  firstDelay: 500,
  longestDelay: 15_000,
  firstSnapshot: 5_000,
  silence: 35_000,
  lateness: 3_000,
  steady: 60_000,
  pollSeconds: 25,
  retryStream: 300_000,
  longestRetry: 3_600_000,
  trial: 40_000,
};
