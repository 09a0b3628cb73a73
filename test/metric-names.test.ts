import { INSTRUMENTATION_METRICS, WORKER_METRICS } from "@vedette/semconv";
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { prometheusName } from "../dashboards/src/prometheus-name.ts";

const root = resolve(import.meta.dirname, "..");
const known = new Set([...Object.values(WORKER_METRICS).map(({ name }) => name as string), ...Object.values(INSTRUMENTATION_METRICS).map(prometheusName)]);

const files = [
  ...readdirSync(join(root, "dashboards")).filter((file) => file.endsWith(".json") && file.startsWith("vedette-")).map((file) => `dashboards/${file}`),
  ...readdirSync(join(root, "alert-rules/rules")).map((file) => `alert-rules/rules/${file}`),
];

/** Metric names in queries: those that are followed by a selector, a range or an operator, never a label or an id. */
const metricNames = (text: string): string[] => {
  const expressions = text.match(/"expr": ".*?(?<!\\)"|^\s*(?:expr: .*|(?:sum|and|absent|vedette_|>).*)$/gm) ?? [];
  return expressions
    .flatMap((expression) => expression.replaceAll(/by \([^)]*\)|on \([^)]*\)|\{[^}]*\}|\{\{[^}]*\}\}/g, " ").match(/\bvedette_[a-z0-9_]+/g) ?? [])
    .map((name) => name.replace(/_(bucket|sum|count)$/, ""));
};

test.each(files)("every metric that %s names exists", (file) => {
  const names = metricNames(readFileSync(join(root, file), "utf8"));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expect(known, name).toContain(name);
});
