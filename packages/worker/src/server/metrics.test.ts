import { type MetricDefinition, WORKER_METRICS } from "@vedette/semconv";
import { describe, expect, it } from "vitest";
import { createMetrics } from "./metrics.ts";

describe("createMetrics", () => {
  it("registers exactly the metrics of semconv", () => {
    const names = createMetrics()
      .registry.getMetricsAsArray()
      .map((metric) => metric.name)
      .filter((name) => !/^(process|nodejs)_/.test(name));
    expect(names.sort()).toEqual(
      Object.values(WORKER_METRICS)
        .map((definition) => definition.name)
        .sort(),
    );
  });

  it.each(Object.entries<MetricDefinition>(WORKER_METRICS))(
    "renders %s with its kind, text and labels",
    async (key, definition) => {
      const metrics = createMetrics();
      const metric = metrics[key as keyof typeof WORKER_METRICS] as {
        inc?(labels: object): void;
        observe?(labels: object, value: number): void;
      };
      const labels = Object.fromEntries(definition.attributes.map((attribute) => [attribute, "x"]));
      if (definition.kind === "histogram") metric.observe?.(labels, 0.5);
      else metric.inc?.(labels);
      const text = await metrics.registry.metrics();
      const kind = definition.kind === "updowncounter" ? "gauge" : definition.kind;
      expect(text).toContain(
        `# HELP ${definition.name} ${definition.description}\n# TYPE ${definition.name} ${kind}\n`,
      );
      const rendered = definition.attributes.map((attribute) => `${attribute}="x"`).join(",");
      const suffix = kind === "histogram" ? "_count" : "";
      expect(text).toContain(`${definition.name}${suffix}${rendered === "" ? "" : `{${rendered}}`} 1\n`);
    },
  );

  it("tells what the process takes and how it keeps up, under their usual names", async () => {
    const text = await createMetrics().registry.metrics();
    for (const name of [
      "process_cpu_seconds_total",
      "process_resident_memory_bytes",
      "nodejs_heap_size_used_bytes",
      "nodejs_eventloop_lag_p99_seconds",
    ])
      expect(text).toMatch(new RegExp(`^${name} \\d`, "m"));
  });

  it("refuses a label that semconv does not name", () => {
    const metrics = createMetrics();
    // @ts-expect-error not a label of this metric
    expect(() => metrics.recordsReceived.inc({ user: "anna" })).toThrow(/user/);
  });
});
