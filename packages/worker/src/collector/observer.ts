/** What the collector counts; `worker.ts` connects it to the metrics of the same meaning. */
export interface CollectorObserver {
  /** Records of a source that were stored and are new. */
  recordsReceived(source: string, count: number): void;
  /** Records of a source that had been stored before. */
  recordsDuplicate(source: string, count: number): void;
  /** Records of a source that can never be taken. */
  recordsRefused(source: string, reason: string, count: number): void;
  /** An OTLP request refused whole. */
  requestRefused(reason: string): void;
  spansReceived(count: number): void;
  metricPointsReceived(count: number): void;
  /** Metric points that were not kept, because of a limit. */
  metricPointsDropped(count: number): void;
  /** Records dropped by a filter. */
  eventsFiltered(processor: string, count: number): void;
  /** Values replaced by `[redacted]`. */
  valuesRedacted(processor: string, count: number): void;
  processorFailed(processor: string): void;
  /** Files of a source that were replaced, truncated or removed before their end was surely read. */
  contentLost(source: string, files: number): void;
  /** A source failed and will be started again. */
  sourceFailed(source: string): void;
}

/** An observer that counts nothing. */
export const silentObserver: CollectorObserver = {
  recordsReceived() {},
  recordsDuplicate() {},
  recordsRefused() {},
  requestRefused() {},
  spansReceived() {},
  metricPointsReceived() {},
  metricPointsDropped() {},
  eventsFiltered() {},
  valuesRedacted() {},
  processorFailed() {},
  contentLost() {},
  sourceFailed() {},
};
