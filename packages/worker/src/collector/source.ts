/** What a source is doing, as `status` shows it. */
export interface SourceStatus {
  readonly name: string;
  readonly kind: string;
  readonly state: "running" | "waiting" | "failed" | "stopped";
  /** One sentence. */
  readonly detail: string;
  readonly received: number;
  readonly duplicate: number;
  readonly refused: number;
}

/** A source that the collector runs: it delivers records to the store until it is told to stop. */
export interface Source {
  readonly name: string;
  readonly kind: string;
  /** Runs until the signal aborts; rejects when it cannot go on (the collector then starts it again after a while). */
  run(signal: AbortSignal): Promise<void>;
  /** What it does now; the collector adds its own view of failures. */
  status(): SourceStatus;
}
