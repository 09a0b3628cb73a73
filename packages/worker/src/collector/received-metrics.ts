import type { JsonObject, JsonValue } from "@vedette/detection";
import { ATTR } from "@vedette/semconv";
import type { Clock } from "../ports.ts";
import { attributesToJson, metricPoints, type MetricPoint, type PointValue } from "./metric-points.ts";
import type { ExportMetricsServiceRequest } from "./otlp/generated/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.js";
import { labelName, labelText, prometheusName, sampleValue, type PrometheusType } from "./prometheus-names.ts";

/** Limits on what is kept. */
export interface ReceivedMetricsOptions {
  readonly clock: Clock;
  /** Time after which a series that got no new point is forgotten, milliseconds; 5 minutes by default. */
  readonly ttl?: number;
  /** Most samples (lines of the text format) kept; 20,000 by default. */
  readonly maxSamples?: number;
}

/** Metrics received by OTLP, kept for a short while. */
export interface ReceivedMetrics {
  /**
   * Takes a request. `requestId` is the hash of its body: a byte-identical retry is counted once, which matters for sums sent as deltas.
   * Points beyond the limits are dropped and counted.
   */
  take(request: ExportMetricsServiceRequest, requestId: string): { readonly points: number; readonly dropped: number };
  /** Everything kept, in Prometheus' text format. */
  render(): string;
}

interface Family {
  readonly type: PrometheusType;
  readonly help: string;
  readonly series: Map<string, Series>;
}

interface Series {
  value: PointValue;
  timeUnixNano: bigint;
  updatedAt: number;
  samples: number;
}

const MAX_NAME_LENGTH = 255;
const MAX_LABELS_LENGTH = 4_096;
const MAX_HELP_LENGTH = 512;
const MAX_BUCKETS = 256;
const REMEMBERED_REQUESTS = 1_024;

const text = (value: JsonValue): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Labels as they are written between braces, sorted; names that become equal share one label with both values. */
const labelsText = (labels: Iterable<readonly [string, string]>): string => {
  const merged = new Map<string, string>();
  for (const [name, value] of labels) {
    const before = merged.get(name);
    merged.set(name, before === undefined ? value : `${before};${value}`);
  }
  return [...merged]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}="${labelText(value)}"`)
    .join(",");
};

/** Labels that say where a metric comes from; a sender's own attributes of these names are kept under `exported_…`. */
const RESERVED = new Set(["job", "instance", "otel_scope_name", "le", "quantile"]);

/** `job` and `instance` of a resource; without an instance id, host and process stand in, so that two processes stay apart. */
const origin = (resource: JsonObject): [string, string][] => {
  const get = (name: string): string => (resource[name] === undefined ? "" : text(resource[name]));
  const namespace = get("service.namespace");
  const name = get(ATTR.serviceName) || "unknown_service";
  const instance = get("service.instance.id") || [get(ATTR.hostName), get("process.pid")].filter(Boolean).join(":");
  const job: [string, string] = ["job", namespace === "" ? name : `${namespace}/${name}`];
  return instance === "" ? [job] : [job, ["instance", instance]];
};

const ORIGIN_ATTRIBUTES = new Set<string>(["service.namespace", ATTR.serviceName, "service.instance.id"]);

const sampleCount = (value: PointValue): number =>
  value.kind === "number" ? 1 : value.kind === "histogram" ? value.counts.length + 2 : value.quantiles.length + 2;

const sameBounds = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((bound, index) => bound === b[index]);

const addSums = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);

/** Adds a delta to what is there; a histogram whose buckets changed starts anew. */
const accumulate = (before: PointValue, delta: PointValue): PointValue => {
  if (before.kind === "number" && delta.kind === "number") {
    return { kind: "number", value: before.value + delta.value };
  }
  if (before.kind === "histogram" && delta.kind === "histogram" && sameBounds(before.bounds, delta.bounds)) {
    return {
      ...delta,
      counts: delta.counts.map((count, index) => count + (before.counts[index] ?? 0)),
      count: before.count + delta.count,
      sum: addSums(before.sum, delta.sum),
    };
  }
  if (before.kind === "summary" && delta.kind === "summary") {
    return { ...delta, count: before.count + delta.count, sum: addSums(before.sum, delta.sum) };
  }
  return delta;
};

const wellFormed = (value: PointValue): boolean =>
  value.kind !== "histogram" || (value.counts.length === value.bounds.length + 1 && value.counts.length <= MAX_BUCKETS);

function* lines(name: string, labels: string, value: PointValue): Generator<string> {
  const braces = (extra: string): string => {
    const all = [labels, extra].filter(Boolean).join(",");
    return all === "" ? "" : `{${all}}`;
  };
  if (value.kind === "number") {
    yield `${name}${braces("")} ${sampleValue(value.value)}`;
    return;
  }
  if (value.kind === "histogram") {
    let below = 0;
    for (const [index, count] of value.counts.entries()) {
      below += count;
      yield `${name}_bucket${braces(`le="${sampleValue(value.bounds[index] ?? Infinity)}"`)} ${below}`;
    }
  } else {
    for (const { quantile, value: at } of value.quantiles) {
      yield `${name}${braces(`quantile="${sampleValue(quantile)}"`)} ${sampleValue(at)}`;
    }
  }
  if (value.sum !== undefined) yield `${name}_sum${braces("")} ${sampleValue(value.sum)}`;
  yield `${name}_count${braces("")} ${value.count}`;
}

/**
 * Keeps the latest value of each series received by OTLP (cumulative points replace, delta points add up) and shows them as Prometheus
 * would name them. Exponential histograms are shown as summaries: their count and sum.
 */
export const createReceivedMetrics = (options: ReceivedMetricsOptions): ReceivedMetrics => {
  const { clock, ttl = 300_000, maxSamples = 20_000 } = options;
  const families = new Map<string, Family>();
  const requests = new Map<string, number>();
  let samples = 0;

  const forget = (now: number): void => {
    for (const [name, family] of families) {
      for (const [labels, series] of family.series) {
        if (now - series.updatedAt < ttl) continue;
        family.series.delete(labels);
        samples -= series.samples;
      }
      if (family.series.size === 0) families.delete(name);
    }
  };

  const alreadyTaken = (requestId: string, now: number): boolean => {
    const before = requests.get(requestId);
    requests.delete(requestId);
    requests.set(requestId, now);
    for (const [id] of requests) {
      if (requests.size <= REMEMBERED_REQUESTS) break;
      requests.delete(id);
    }
    return before !== undefined && now - before < ttl;
  };

  /** Puts a value where it belongs; false when a limit is in the way. */
  const put = (
    name: string,
    labels: string,
    now: number,
    point: Pick<MetricPoint, "type" | "description" | "delta" | "timeUnixNano" | "gone" | "value">,
  ): boolean => {
    if (name.length > MAX_NAME_LENGTH) return false;
    let family = families.get(name);
    const before = family?.series.get(labels);
    if (point.gone) {
      family?.series.delete(labels);
      samples -= before?.samples ?? 0;
      return true;
    }
    if (family !== undefined && family.type !== point.type) return false;
    // A late cumulative point says less than what is there; a late delta still counts.
    if (before !== undefined && !point.delta && point.timeUnixNano < before.timeUnixNano) return true;
    const value = before !== undefined && point.delta ? accumulate(before.value, point.value) : point.value;
    const added = sampleCount(value) - (before?.samples ?? 0);
    if (labels.length > MAX_LABELS_LENGTH || !wellFormed(value) || samples + added > maxSamples) return false;
    if (family === undefined) {
      const help = point.description.slice(0, MAX_HELP_LENGTH).toWellFormed();
      family = { type: point.type, help, series: new Map() };
      families.set(name, family);
    }
    samples += added;
    const timeUnixNano =
      before !== undefined && before.timeUnixNano > point.timeUnixNano ? before.timeUnixNano : point.timeUnixNano;
    family.series.set(labels, { value, timeUnixNano, updatedAt: now, samples: sampleCount(value) });
    return true;
  };

  const take: ReceivedMetrics["take"] = (request, requestId) => {
    const now = clock.now();
    forget(now);
    if (alreadyTaken(requestId, now)) return { points: 0, dropped: 0 };
    let points = 0;
    let dropped = 0;
    let lastResource: JsonObject | undefined;
    let from: [string, string][] = [];
    for (const point of metricPoints(request)) {
      points += 1;
      if (point.resource !== lastResource) {
        lastResource = point.resource;
        from = origin(point.resource);
        const info = Object.entries(point.resource).filter(([name]) => !ORIGIN_ATTRIBUTES.has(name));
        const labels = labelsText([...from, ...info.map(([name, value]) => [exported(name), text(value)] as const)]);
        put("target_info", labels, now, {
          type: "gauge",
          description: "Where the metrics come from.",
          delta: false,
          timeUnixNano: point.timeUnixNano,
          gone: false,
          value: { kind: "number", value: 1 },
        });
      }
      const own = Object.entries(attributesToJson(point.attributes)).map(
        ([name, value]) => [exported(name), text(value)] as const,
      );
      const scope: [string, string][] = point.scope === "" ? [] : [["otel_scope_name", point.scope]];
      const labels = labelsText([...from, ...scope, ...own]);
      if (!put(prometheusName(point.name, point.unit, point.type), labels, now, point)) dropped += 1;
    }
    return { points: points - dropped, dropped };
  };

  const exported = (name: string): string => {
    const label = labelName(name);
    return RESERVED.has(label) ? `exported_${label}` : label;
  };

  const render = (): string => {
    forget(clock.now());
    const out: string[] = [];
    for (const [name, family] of [...families].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (family.help !== "")
        out.push(`# HELP ${name} ${family.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`);
      out.push(`# TYPE ${name} ${family.type}`);
      for (const [labels, { value }] of family.series) out.push(...lines(name, labels, value));
    }
    return out.length === 0 ? "" : `${out.join("\n")}\n`;
  };

  return { take, render };
};
