import type { MetricDefinition } from "@vedette/semconv";

/** UCUM units that Prometheus spells out at the end of a name. */
const unitNames: Readonly<Record<string, string>> = { s: "seconds", ms: "milliseconds", By: "bytes", "1": "ratio" };

/**
 * The name under which Prometheus knows a metric of the instrumentation
 * (OpenTelemetry specification, "Prometheus and OpenMetrics compatibility").
 *
 * @example prometheusName(INSTRUMENTATION_METRICS.authenticationAttempts) // "vedette_authentication_attempts_total"
 */
export function prometheusName(metric: MetricDefinition): string {
  let name = metric.name.replaceAll(/[^a-zA-Z0-9_:]/g, "_");
  const unit = metric.unit.startsWith("{") ? undefined : unitNames[metric.unit];
  if (unit && !(unit === "ratio" && metric.kind !== "gauge") && !name.endsWith(`_${unit}`)) name += `_${unit}`;
  if (metric.kind === "counter" && !name.endsWith("_total")) name += "_total";
  return name;
}
