import type { Ports } from "../ports.ts";
import type { CollectorObserver } from "./observer.ts";
import type { Source, SourceStatus } from "./source.ts";

/** What the collector needs. */
export interface CollectorOptions {
  readonly sources: readonly Source[];
  readonly ports: Pick<Ports, "clock" | "timers" | "log">;
  readonly observer: CollectorObserver;
}

/** Runs sources, each isolated from the others. */
export interface Collector extends AsyncDisposable {
  start(): void;
  /** Tells every source to stop and resolves when all have. */
  stop(): Promise<void>;
  status(): readonly SourceStatus[];
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 60_000;
/** A source that ran so long is taken to have recovered: its next failure is a first one again. */
const RECOVERED_AFTER = 60_000;

/** Milliseconds to wait after a number of failures in a row: 0.5 s, then twice as long each time, at most a minute. */
export const backOff = (failures: number): number =>
  Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures - 1, 16));

/** Creates the collector: a source that fails is started again after a while, and the others do not notice. */
export const createCollector = ({ sources, ports, observer }: CollectorOptions): Collector => {
  const { clock, timers, log } = ports;
  const stopping = new AbortController();
  const failed = new Map<Source, string>();
  let running: Promise<unknown> | undefined;
  let stopped = false;

  const keepRunning = async (source: Source): Promise<void> => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const startedAt = clock.now();
      let reason: string;
      try {
        await source.run(stopping.signal);
        if (stopping.signal.aborted) return;
        reason = "it ended by itself";
      } catch (error) {
        if (stopping.signal.aborted) return;
        reason = error instanceof Error ? error.message : String(error);
        log.error({ error, source: source.name }, "a source failed");
      }
      if (clock.now() - startedAt >= RECOVERED_AFTER) failures = 0;
      failures += 1;
      observer.sourceFailed(source.name);
      const wait = backOff(failures);
      failed.set(
        source,
        `failed ${failures} ${failures === 1 ? "time" : "times"}: ${reason}; tried again in ${wait / 1_000} s`,
      );
      await timers.sleep(wait, stopping.signal);
      failed.delete(source);
    }
  };

  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
    stopped = true;
  };

  return {
    start() {
      running ??= Promise.all(sources.map(keepRunning));
    },
    stop,
    status: () =>
      sources.map((source) => {
        const status = source.status();
        const failure = failed.get(source);
        if (stopped) return { ...status, state: "stopped", detail: "stopped" };
        return failure === undefined ? status : { ...status, state: "failed", detail: failure };
      }),
    [Symbol.asyncDispose]: stop,
  };
};
