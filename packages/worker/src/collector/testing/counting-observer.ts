import type { CollectorObserver } from "../observer.ts";

/** An observer that keeps totals under readable keys, such as `refused otlp too_deep`. */
export interface CountingObserver extends CollectorObserver {
  readonly counts: Map<string, number>;
  get(key: string): number;
}

/** Creates an observer with every total at 0. */
export const createCountingObserver = (): CountingObserver => {
  const counts = new Map<string, number>();
  const add = (key: string, count = 1): void => {
    if (count > 0) counts.set(key, (counts.get(key) ?? 0) + count);
  };
  return {
    counts,
    get: (key) => counts.get(key) ?? 0,
    recordsReceived: (source, count) => add(`received ${source}`, count),
    recordsDuplicate: (source, count) => add(`duplicate ${source}`, count),
    recordsRefused: (source, reason, count) => add(`refused ${source} ${reason}`, count),
    requestRefused: (reason) => add(`request ${reason}`),
    spansReceived: (count) => add("spans", count),
    metricPointsReceived: (count) => add("points", count),
    metricPointsDropped: (count) => add("points dropped", count),
    eventsFiltered: (processor, count) => add(`filtered ${processor}`, count),
    valuesRedacted: (processor, count) => add(`redacted ${processor}`, count),
    processorFailed: (processor) => add(`failed ${processor}`),
    contentLost: (source, files) => add(`content lost ${source}`, files),
    sourceFailed: (source) => add(`source failed ${source}`),
  };
};
