import type { JsonObject, JsonValue } from "@vedette/detection";
import type { ExportMetricsServiceRequest } from "./otlp/generated/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.js";
import type { AnyValue, KeyValue } from "./otlp/generated/opentelemetry/proto/common/v1/common_pb.js";
import { AggregationTemporality, type Metric } from "./otlp/generated/opentelemetry/proto/metrics/v1/metrics_pb.js";
import { jsonDouble, jsonInteger, KeyValues } from "./otlp/key-values.ts";
import type { PrometheusType } from "./prometheus-names.ts";

/** What a point says. */
export type PointValue =
  | { readonly kind: "number"; readonly value: number }
  | {
      readonly kind: "histogram";
      readonly bounds: readonly number[];
      /** Per bucket, one more than bounds. */
      readonly counts: readonly number[];
      readonly count: number;
      readonly sum: number | undefined;
    }
  | {
      readonly kind: "summary";
      readonly count: number;
      readonly sum: number | undefined;
      readonly quantiles: readonly { readonly quantile: number; readonly value: number }[];
    };

/** One data point with all that it needs to be kept. */
export interface MetricPoint {
  readonly resource: JsonObject;
  readonly scope: string;
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly type: PrometheusType;
  /** Whether the value is to be added to what was there. */
  readonly delta: boolean;
  readonly attributes: readonly KeyValue[];
  readonly timeUnixNano: bigint;
  /** The sender says that there is no value any more. */
  readonly gone: boolean;
  readonly value: PointValue;
}

const anyToJson = (value: AnyValue | undefined): JsonValue => {
  const inner = value?.value;
  switch (inner?.case) {
    case "stringValue":
    case "boolValue":
      return inner.value;
    case "intValue":
      return jsonInteger(inner.value);
    case "doubleValue":
      return jsonDouble(inner.value);
    case "bytesValue":
      return Buffer.from(inner.value).toString("base64");
    case "arrayValue":
      return inner.value.values.map(anyToJson);
    case "kvlistValue":
      return attributesToJson(inner.value.values);
    default:
      return null;
  }
};

/** Attributes of a decoded message as JSON. */
export const attributesToJson = (attributes: readonly KeyValue[]): JsonObject => {
  const pairs = new KeyValues();
  for (const { key, value } of attributes) pairs.add(key, anyToJson(value));
  return pairs.object;
};

type PointOf = Pick<MetricPoint, "type" | "delta" | "attributes" | "timeUnixNano" | "gone" | "value">;

const NO_RECORDED_VALUE = 1;

function* pointsOf(metric: Metric): Generator<PointOf> {
  const { data } = metric;
  const temporality = data.case === "gauge" || data.case === "summary" ? undefined : data.value?.aggregationTemporality;
  const delta = temporality === AggregationTemporality.DELTA;
  const base = (point: { attributes: readonly KeyValue[]; timeUnixNano: bigint; flags: number }) => ({
    delta,
    attributes: point.attributes,
    timeUnixNano: point.timeUnixNano,
    gone: (point.flags & NO_RECORDED_VALUE) !== 0,
  });
  switch (data.case) {
    case "gauge":
    case "sum": {
      const type = data.case === "sum" && data.value.isMonotonic ? "counter" : "gauge";
      for (const point of data.value.dataPoints) {
        yield { ...base(point), type, value: { kind: "number", value: Number(point.value.value ?? Number.NaN) } };
      }
      return;
    }
    case "histogram":
      for (const point of data.value.dataPoints) {
        const count = Number(point.count);
        // Without buckets, which the protocol allows, everything is in the one that reaches to infinity.
        const counts = point.bucketCounts.length === 0 ? [count] : point.bucketCounts.map(Number);
        const bounds = point.bucketCounts.length === 0 ? [] : point.explicitBounds;
        yield {
          ...base(point),
          type: "histogram",
          value: { kind: "histogram", bounds, counts, count, sum: point.sum },
        };
      }
      return;
    case "exponentialHistogram":
      for (const point of data.value.dataPoints) {
        const { count, sum } = point;
        yield { ...base(point), type: "summary", value: { kind: "summary", count: Number(count), sum, quantiles: [] } };
      }
      return;
    case "summary":
      for (const point of data.value.dataPoints) {
        const { count, sum, quantileValues } = point;
        yield {
          ...base(point),
          type: "summary",
          value: { kind: "summary", count: Number(count), sum, quantiles: quantileValues },
        };
      }
  }
}

/** Every data point of a request. Exponential histograms and summaries give their count, sum and quantiles. */
export function* metricPoints(request: ExportMetricsServiceRequest): Generator<MetricPoint> {
  for (const { resource, scopeMetrics } of request.resourceMetrics) {
    const attributes = attributesToJson(resource?.attributes ?? []);
    for (const { scope, metrics } of scopeMetrics) {
      for (const metric of metrics) {
        const { name, description, unit } = metric;
        for (const point of pointsOf(metric)) {
          yield { resource: attributes, scope: scope?.name ?? "", name, description, unit, ...point };
        }
      }
    }
  }
}
