import { describe, expect, test } from "vitest";
import { ATTR, EVENT, INDICATOR, INSTRUMENTATION_METRICS, SEVERITY_LEVELS, WORKER_METRICS } from "./index.ts";

const attributes = new Set<string>(Object.values(ATTR));

test("no name is given twice", () => {
  for (const names of [Object.values(ATTR), Object.values(EVENT), Object.values(INDICATOR)])
    expect(new Set(names).size).toBe(names.length);
  const metrics = [...Object.values(INSTRUMENTATION_METRICS), ...Object.values(WORKER_METRICS)].map(({ name }) => name);
  expect(new Set(metrics).size).toBe(metrics.length);
});

test.each(Object.values(EVENT))("event %s is ours", (name) => {
  expect(name).toMatch(/^vedette(\.[a-z]+)+$/);
});

describe.each(Object.values(INSTRUMENTATION_METRICS))("$name", ({ name, unit, description, attributes: used }) => {
  test("is dotted, has a UCUM unit and a sentence", () => {
    expect(name).toMatch(/^vedette(\.[a-z_]+)+$/);
    expect(unit).toMatch(/^(s|By|1|\{[a-z]+\})$/);
    expect(description).toMatch(/^[A-Z0-9].*\.$/);
  });
  test("carries known attributes of low cardinality only", () => {
    for (const attribute of used) {
      expect(attributes).toContain(attribute);
      expect(attribute).not.toMatch(/^(client|user|session|enduser|url)\./);
    }
  });
});

test.each(Object.values(WORKER_METRICS))(
  "$name follows Prometheus' naming",
  ({ name, kind, description, attributes: labels }) => {
    expect(name).toMatch(/^vedette_[a-z_]+$/);
    expect(name.endsWith("_total")).toBe(kind === "counter");
    if (kind === "histogram") expect(name).toMatch(/_(seconds|bytes)$/);
    expect(description).toMatch(/^[A-Z0-9].*\.$/);
    for (const label of labels) expect(label).toMatch(/^[a-z]+$/);
  },
);

test("severity levels ascend as Sigma names them", () => {
  expect(SEVERITY_LEVELS).toEqual(["informational", "low", "medium", "high", "critical"]);
});
