import { create, toBinary, toJson, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ExportMetricsServiceRequestSchema } from "./otlp/generated/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.js";
import type { MetricSchema } from "./otlp/generated/opentelemetry/proto/metrics/v1/metrics_pb.js";
import { requestLimits } from "./otlp/limits.ts";
import { decodeMetrics } from "./otlp/metrics.ts";
import { prometheusName, type PrometheusType } from "./prometheus-names.ts";
import { createReceivedMetrics, type ReceivedMetricsOptions } from "./received-metrics.ts";

type MetricInit = MessageInitShape<typeof MetricSchema>;
type ResourceAttributes = Record<string, string>;

const CUMULATIVE = 2;
const DELTA = 1;

const attributes = (values: ResourceAttributes) =>
  Object.entries(values).map(([key, value]) => ({ key, value: { value: { case: "stringValue" as const, value } } }));

const request = (metrics: MetricInit[], resource: ResourceAttributes = { "service.name": "shop" }, scope = "") =>
  create(ExportMetricsServiceRequestSchema, {
    resourceMetrics: [
      { resource: { attributes: attributes(resource) }, scopeMetrics: [{ scope: { name: scope }, metrics }] },
    ],
  });

const sum = (
  value: number,
  rest: { temporality?: number; monotonic?: boolean; time?: bigint; flags?: number; labels?: ResourceAttributes } = {},
): MetricInit => ({
  name: "a.count",
  unit: "{thing}",
  description: "Things.",
  data: {
    case: "sum",
    value: {
      aggregationTemporality: rest.temporality ?? CUMULATIVE,
      isMonotonic: rest.monotonic ?? true,
      dataPoints: [
        {
          value: { case: "asInt", value: BigInt(value) },
          timeUnixNano: rest.time ?? 1n,
          flags: rest.flags ?? 0,
          attributes: attributes(rest.labels ?? {}),
        },
      ],
    },
  },
});

const histogram = (
  bucketCounts: bigint[],
  explicitBounds: number[],
  total: number,
  temporality: number,
): MetricInit => ({
  name: "a.time",
  unit: "s",
  data: {
    case: "histogram",
    value: {
      aggregationTemporality: temporality,
      dataPoints: [
        { bucketCounts, explicitBounds, sum: total, count: bucketCounts.reduce((a, b) => a + b, 0n), timeUnixNano: 1n },
      ],
    },
  },
});

const kept = (options: Partial<ReceivedMetricsOptions> = {}) => {
  let now = 0;
  let requests = 0;
  const metrics = createReceivedMetrics({ clock: { now: () => now }, ...options });
  return {
    take: (message: ReturnType<typeof request>, id?: string) =>
      metrics.take(message, id ?? `request ${(requests += 1)}`),
    lines: () =>
      metrics
        .render()
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith("target_info")),
    render: () => metrics.render(),
    pass: (milliseconds: number) => (now += milliseconds),
  };
};

describe("prometheusName", () => {
  it.each<[string, string, PrometheusType, string]>([
    ["vedette.authentication.attempts", "{attempt}", "counter", "vedette_authentication_attempts_total"],
    ["http.server.request.duration", "s", "histogram", "http_server_request_duration_seconds"],
    ["process.memory.usage", "By", "gauge", "process_memory_usage_bytes"],
    ["system.cpu.utilization", "1", "gauge", "system_cpu_utilization_ratio"],
    ["requests_total", "1", "counter", "requests_total"],
    ["network.io", "By/s", "gauge", "network_io_bytes_per_second"],
    ["load.seconds", "s", "gauge", "load_seconds"],
    ["my--metric.näme", "", "gauge", "my_metric_n_me"],
    ["2xx", "", "counter", "_2xx_total"],
    ["constructor", "toString", "gauge", "constructor_toString"],
    ["", "", "gauge", "_"],
  ])("%s in %s as %s is %s", (name, unit, type, expected) => {
    expect(prometheusName(name, unit, type)).toBe(expected);
  });
});

describe("received metrics", () => {
  it("show the latest value of a cumulative sum with where it comes from", () => {
    const metrics = kept();
    metrics.take(
      request(
        [sum(5)],
        { "service.name": "shop", "service.namespace": "eu", "service.instance.id": "i1", "host.name": "h" },
        "lib",
      ),
    );
    metrics.take(
      request(
        [sum(9, { time: 3n })],
        { "service.name": "shop", "service.namespace": "eu", "service.instance.id": "i1" },
        "lib",
      ),
    );
    expect(metrics.render()).toBe(
      [
        "# HELP a_count_total Things.",
        "# TYPE a_count_total counter",
        'a_count_total{instance="i1",job="eu/shop",otel_scope_name="lib"} 9',
        "# HELP target_info Where the metrics come from.",
        "# TYPE target_info gauge",
        'target_info{host_name="h",instance="i1",job="eu/shop"} 1',
        'target_info{instance="i1",job="eu/shop"} 1',
        "",
      ].join("\n"),
    );
  });

  it("ignore a cumulative point that comes late", () => {
    const metrics = kept();
    metrics.take(request([sum(9, { time: 3n })]));
    metrics.take(request([sum(5, { time: 2n })]));
    expect(metrics.lines()).toEqual(['a_count_total{job="shop"} 9']);
  });

  it("add up deltas, each request once even when it is sent again", () => {
    const metrics = kept();
    metrics.take(request([sum(5, { temporality: DELTA })]), "first");
    metrics.take(request([sum(5, { temporality: DELTA })]), "first");
    metrics.take(request([sum(2, { temporality: DELTA })]), "second");
    expect(metrics.lines()).toEqual(['a_count_total{job="shop"} 7']);
  });

  it("show a sum that can fall as a gauge", () => {
    const metrics = kept();
    metrics.take(request([sum(5, { monotonic: false, temporality: DELTA })]));
    metrics.take(request([sum(-7, { monotonic: false, temporality: DELTA })]));
    expect(metrics.lines()).toEqual(['a_count{job="shop"} -2']);
  });

  it("show histograms with cumulative buckets, add deltas, and start anew when the buckets change", () => {
    const metrics = kept();
    metrics.take(request([histogram([1n, 2n, 3n], [0.1, 1], 10, DELTA)]));
    metrics.take(request([histogram([1n, 0n, 1n], [0.1, 1], 4, DELTA)]));
    expect(metrics.lines()).toEqual([
      'a_time_seconds_bucket{job="shop",le="0.1"} 2',
      'a_time_seconds_bucket{job="shop",le="1"} 4',
      'a_time_seconds_bucket{job="shop",le="+Inf"} 8',
      'a_time_seconds_sum{job="shop"} 14',
      'a_time_seconds_count{job="shop"} 8',
    ]);
    metrics.take(request([histogram([1n, 1n], [5], 3, DELTA)]));
    expect(metrics.lines()).toContain('a_time_seconds_count{job="shop"} 2');
    metrics.take(request([histogram([], [], 0, CUMULATIVE)]));
    expect(metrics.lines()).toContain('a_time_seconds_bucket{job="shop",le="+Inf"} 0');
  });

  it("show exponential histograms and summaries as summaries", () => {
    const metrics = kept();
    const exponential: MetricInit = {
      name: "e",
      data: {
        case: "exponentialHistogram",
        value: { aggregationTemporality: CUMULATIVE, dataPoints: [{ count: 4n, sum: 2.5, scale: 3 }] },
      },
    };
    const summary: MetricInit = {
      name: "q",
      data: {
        case: "summary",
        value: { dataPoints: [{ count: 2n, sum: 3, quantileValues: [{ quantile: 0.5, value: 1 }] }] },
      },
    };
    metrics.take(request([exponential, summary]));
    expect(metrics.lines()).toEqual([
      'e_sum{job="shop"} 2.5',
      'e_count{job="shop"} 4',
      'q{job="shop",quantile="0.5"} 1',
      'q_sum{job="shop"} 3',
      'q_count{job="shop"} 2',
    ]);
    expect(metrics.render()).toContain("# TYPE e summary");
  });

  it("forget a series that got no point for five minutes, or whose sender says it is gone", () => {
    const metrics = kept();
    metrics.take(request([sum(1, { labels: { a: "1" } }), sum(2, { labels: { a: "2" } })]));
    metrics.pass(200_000);
    metrics.take(request([sum(3, { labels: { a: "2" }, time: 2n })]));
    metrics.pass(150_000);
    expect(metrics.lines()).toEqual(['a_count_total{a="2",job="shop"} 3']);
    metrics.take(request([sum(0, { labels: { a: "2" }, time: 3n, flags: 1 })]));
    expect(metrics.lines()).toEqual([]);
    metrics.pass(400_000);
    expect(metrics.render()).toBe("");
  });

  it("drop and count points beyond the limit on samples, and let known series go on", () => {
    const metrics = kept({ maxSamples: 3 });
    const points = [1, 2, 3, 4].map((n) => sum(n, { labels: { n: String(n) } }));
    expect(metrics.take(request(points))).toEqual({ points: 2, dropped: 2 });
    expect(metrics.take(request([sum(10, { labels: { n: "1" }, time: 2n })]))).toEqual({ points: 1, dropped: 0 });
    expect(metrics.lines()).toEqual(['a_count_total{job="shop",n="1"} 10', 'a_count_total{job="shop",n="2"} 2']);
    metrics.pass(300_000);
    expect(metrics.take(request(points.slice(2)))).toEqual({ points: 2, dropped: 0 });
  });

  it.each<[string, MetricInit]>([
    ["a name that has another type", { name: "a.count_total", data: { case: "gauge", value: { dataPoints: [{}] } } }],
    ["a name without end", { ...sum(1), name: "n".repeat(300) }],
    ["labels without end", sum(1, { labels: { long: "x".repeat(5_000) } })],
    ["buckets that do not fit their bounds", histogram([1n, 2n], [1, 2], 1, CUMULATIVE)],
    [
      "too many buckets",
      histogram(
        Array.from({ length: 300 }, () => 1n),
        Array.from({ length: 299 }, (_, index) => index),
        1,
        CUMULATIVE,
      ),
    ],
  ])("drop and count %s", (_, metric) => {
    const metrics = kept();
    metrics.take(request([sum(1)]));
    expect(metrics.take(request([metric]))).toEqual({ points: 0, dropped: 1 });
    expect(metrics.lines()).toEqual(['a_count_total{job="shop"} 1']);
  });

  it("write any label so that one line stays one line", () => {
    const metrics = kept();
    const labels = {
      'q"\\\n': 'v"\\\n\u{d800}',
      job: "mine",
      le: "x",
      __proto__x: "p",
      "a.b": "1",
      a_b: "2",
      "1x": "d",
    };
    metrics.take(request([sum(1, { labels })]));
    expect(metrics.lines()).toEqual([
      'a_count_total{_proto_x="p",a_b="1;2",exported_job="mine",exported_le="x",job="shop",key_1x="d",q_="v\\"\\\\\\n\u{fffd}"} 1',
    ]);
  });

  it("keep two processes of a service without an instance id apart by host and process", () => {
    const metrics = kept();
    for (const pid of ["1", "2"])
      metrics.take(request([sum(Number(pid))], { "service.name": "shop", "host.name": "h", "process.pid": pid }));
    expect(metrics.lines()).toEqual([
      'a_count_total{instance="h:1",job="shop"} 1',
      'a_count_total{instance="h:2",job="shop"} 2',
    ]);
  });

  it("are the same from both encodings", () => {
    const message = request([sum(5, { labels: { a: "ä" } }), histogram([1n, 2n], [1], 3, CUMULATIVE)]);
    const limits = requestLimits(1_000_000);
    const json = Buffer.from(
      JSON.stringify(toJson(ExportMetricsServiceRequestSchema, message, { enumAsInteger: true })),
    );
    const texts = [
      decodeMetrics(toBinary(ExportMetricsServiceRequestSchema, message), "protobuf", limits),
      decodeMetrics(json, "json", limits),
    ].map((decoded) => {
      const metrics = kept();
      metrics.take(decoded);
      return metrics.render();
    });
    expect(texts[0]).toContain('a_count_total{a="ä",job="shop"} 5');
    expect(texts[1]).toBe(texts[0]);
  });

  it("refuse what a small request would become in memory", () => {
    const limits = requestLimits(20_000);
    const wide = create(ExportMetricsServiceRequestSchema, {
      resourceMetrics: [
        {
          scopeMetrics: [
            {
              metrics: [
                {
                  data: {
                    case: "exponentialHistogram",
                    value: { dataPoints: [{ positive: { bucketCounts: Array.from({ length: 5_000 }, () => 1n) } }] },
                  },
                },
              ],
            },
          ],
        },
      ],
    });
    expect(() => decodeMetrics(toBinary(ExportMetricsServiceRequestSchema, wide), "protobuf", limits)).toThrow(
      expect.objectContaining({ reason: "too_large" }),
    );
  });
});
