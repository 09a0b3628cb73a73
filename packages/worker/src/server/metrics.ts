import { type MetricDefinition, WORKER_METRICS } from "@vedette/semconv";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

type Definitions = typeof WORKER_METRICS;
type LabelOf<D extends MetricDefinition> = D["attributes"][number];
type MetricOf<D extends MetricDefinition> = D["kind"] extends "counter"
  ? Counter<LabelOf<D>>
  : D["kind"] extends "histogram"
    ? Histogram<LabelOf<D>>
    : Gauge<LabelOf<D>>;

/** The worker's metrics by their key in semconv's `WORKER_METRICS`, and the registry that `/metrics` renders. */
export type Metrics = { readonly [Key in keyof Definitions]: MetricOf<Definitions[Key]> } & {
  readonly registry: Registry;
};

/** Seconds: from a step of a few rows to one that waited for a slow disk. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

function createMetric(definition: MetricDefinition, registry: Registry): Counter | Gauge | Histogram {
  const options = {
    name: definition.name,
    help: definition.description,
    labelNames: [...definition.attributes],
    registers: [registry],
  };
  switch (definition.kind) {
    case "counter":
      return new Counter(options);
    case "histogram":
      return new Histogram({ ...options, buckets: DURATION_BUCKETS });
    case "gauge":
    case "updowncounter":
      return new Gauge(options);
  }
}

/**
 * A registry with exactly the metrics of semconv's `WORKER_METRICS`, and prom-client's own about the process (`process_*`, `nodejs_*`).
 *
 * @example
 * const metrics = createMetrics();
 * metrics.recordsReceived.inc({ source: "otlp" });
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const byKey = Object.entries<MetricDefinition>(WORKER_METRICS).map(([key, definition]) => [
    key,
    createMetric(definition, registry),
  ]);
  return { ...Object.fromEntries(byKey), registry } as Metrics;
}
