import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { createDetector, type JsonObject, loadRules } from "@vedette/detection";
import { expect, it } from "vitest";
import { sourceFieldsOf } from "./needed-fields.ts";

const rule = (detection: string, more = "", logsource = "product: windows"): string =>
  `title: t\nid: 7d1a3b52-0000-4000-8000-000000000001\nstatus: test\nlogsource:\n  ${logsource}\ndetection:\n  ${detection}\n  condition: s\nlevel: low\n${more}`;

const fieldsFor = (...texts: readonly string[]) => {
  const { rules, problems } = loadRules(texts.map((text, index) => ({ path: `r${index}.yml`, text })));
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(rules).toHaveLength(texts.length);
  return sourceFieldsOf(rules);
};

it.each([
  ["nothing that is read", rule("s: {Image: a}"), { excludes: ["message", "error.stack_trace"] }],
  ["a field that a rule reads", rule("s: {message: a}"), { excludes: ["error.stack_trace"] }],
  ["an object that a rule reads", rule("s: {error: a}"), { excludes: ["message"] }],
  [
    "a field that a rule compares another with",
    rule("s: {'Image|fieldref': message}"),
    { excludes: ["error.stack_trace"] },
  ],
  [
    "a field that a rule reads by another name",
    rule("s: {Type: a}", "", "category: process_tampering"),
    { excludes: ["error.stack_trace"] },
  ],
  ["anything where keywords are looked for", rule("s: [a]"), undefined],
])("leaves out heavy fields, but never %s", (_, text, fields) => {
  expect(fieldsFor(text)).toEqual(fields);
});

const shared = process.env["VEDETTE_SHARED"] ?? fileURLToPath(new URL("../../../../../../shared", import.meta.url));
const data = join(shared, "data");
const lines = <Line>(name: string): readonly Line[] =>
  gunzipSync(readFileSync(join(data, name)))
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

/** As Elasticsearch leaves fields out, an object that has nothing else with them. */
const without = (document: JsonObject, excludes: readonly string[]): JsonObject => {
  const copy = structuredClone(document) as Record<string, unknown>;
  for (const name of excludes) {
    delete copy[name];
    const [parent = "", child = ""] = name.split(".");
    const inner = copy[parent];
    if (child === "" || typeof inner !== "object" || inner === null) continue;
    delete (inner as Record<string, unknown>)[child];
    if (Object.keys(inner).length === 0) delete copy[parent];
  }
  return copy as JsonObject;
};

it.skipIf(!existsSync(data))(
  "gives the same facts for what is left as for the whole document, over the labelled events",
  () => {
    const files = lines<{ path: string; yaml: string }>("sigma-rules.jsonl.gz").map(({ path, yaml }) => ({
      path,
      text: yaml,
    }));
    const { rules } = loadRules(files);
    expect(sourceFieldsOf(rules)).toBeUndefined();
    const some = rules.filter((one) => sourceFieldsOf([one])?.excludes.length === 2);
    expect(some.length).toBeGreaterThan(2_000);
    const { excludes } = sourceFieldsOf(some) ?? { excludes: [] };
    expect(excludes).toEqual(["message", "error.stack_trace"]);
    const documents = [
      ...lines<{ events_flat: readonly JsonObject[]; events_nested: readonly JsonObject[] }>(
        "sigma-regression.jsonl.gz",
      ).flatMap(({ events_flat, events_nested }) => [...events_flat, ...events_nested]),
      ...lines<{ event: JsonObject }>("otrf-windows.jsonl.gz")
        .slice(0, 3_000)
        .map(({ event }) => event),
      ...lines<{ event: JsonObject }>("cloud-app-rule-tests.jsonl.gz").map(({ event }) => event),
      ...lines<{ event: JsonObject }>("cloudtrail-mixed.jsonl.gz")
        .slice(0, 2_000)
        .flatMap(({ event }) => event ?? []),
    ];
    const detector = createDetector(some);
    let facts = 0;
    for (const [index, document] of documents.entries()) {
      const heavy = Object.assign({ message: "a message", error: { stack_trace: "at f" } }, document) as JsonObject;
      const judge = (given: JsonObject) => detector.judge({ id: String(index), time: 0, document: given });
      const whole = judge(heavy);
      if (JSON.stringify(judge(without(heavy, excludes))) !== JSON.stringify(whole))
        expect(judge(without(heavy, excludes)), `document ${index}`).toEqual(whole);
      facts += whole.facts.length;
    }
    expect(facts).toBeGreaterThan(300);
  },
);
