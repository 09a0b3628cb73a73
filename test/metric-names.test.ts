import { INSTRUMENTATION_METRICS, WORKER_METRICS } from "@vedette/semconv";
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { prometheusName } from "../dashboards/src/prometheus-name.ts";

const root = resolve(import.meta.dirname, "..");
const known = new Set([
  ...Object.values(WORKER_METRICS).map(({ name }) => name as string),
  ...Object.values(INSTRUMENTATION_METRICS).map(prometheusName),
]);

const inFolder = (folder: string, pattern: RegExp) =>
  readdirSync(join(root, folder))
    .filter((file) => pattern.test(file))
    .map((file) => `${folder}/${file}`);

/** Every text under a key of this name, at any depth. */
const valuesOf = (node: unknown, key: string): string[] => {
  if (Array.isArray(node)) return node.flatMap((item) => valuesOf(item, key));
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) =>
    name === key && typeof value === "string" ? [value] : valuesOf(value, key),
  );
};

/** Metric names in a query: not what stands in a selector, and no label of a grouping. */
const metricNames = (query: string): string[] =>
  (
    query
      .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)|\{[^}]*\}/g, " ")
      .match(/\bvedette_[a-z0-9_]+/g) ?? []
  ).map((name) => name.replace(/_(bucket|sum|count)$/, ""));

/** Queries that a file holds: `expr` of dashboards and rules, code spans of runbooks that call a function or select. */
const queriesOf = (file: string): string[] => {
  const text = readFileSync(join(root, file), "utf8");
  if (file.endsWith(".md")) return (text.match(/`[^`]+`/g) ?? []).map((span) => span.slice(1, -1));
  return valuesOf(parse(text), "expr");
};

test.each([...inFolder("dashboards", /^vedette-.*\.json$/), ...inFolder("alert-rules/rules", /\.yml$/)])(
  "every metric that %s names exists",
  (file) => {
    const names = queriesOf(file).flatMap(metricNames);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(known, name).toContain(name);
  },
);

test("every metric that a runbook names exists", () => {
  const names = inFolder("alert-rules/runbooks", /\.md$/).flatMap((file) => queriesOf(file).flatMap(metricNames));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expect(known, name).toContain(name);
});
