import type { Metrics } from "../server/metrics.ts";
import type { CollectorObserver } from "./observer.ts";

/** Connects what the collector counts to the worker's metrics. */
export const createMetricsObserver = (metrics: Metrics): CollectorObserver => ({
  recordsReceived: (source, count) => metrics.recordsReceived.inc({ source }, count),
  recordsDuplicate: (source, count) => metrics.recordsDuplicate.inc({ source }, count),
  recordsRefused: (source, reason, count) => metrics.recordsRefused.inc({ source, reason }, count),
  requestRefused: (reason) => metrics.requestsRefused.inc({ reason }),
  spansReceived: (count) => metrics.spansReceived.inc(count),
  metricPointsReceived: (count) => metrics.metricPointsReceived.inc(count),
  metricPointsDropped: (count) => metrics.metricPointsDropped.inc(count),
  eventsFiltered: (processor, count) => metrics.eventsFiltered.inc({ processor }, count),
  valuesRedacted: (processor, count) => metrics.valuesRedacted.inc({ processor }, count),
  processorFailed: (processor) => metrics.processorFailures.inc({ processor }),
  contentLost: (source, files) => metrics.contentLost.inc({ source }, files),
  sourceFailed: (source) => metrics.sourceErrors.inc({ source }),
});
