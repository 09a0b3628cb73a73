import { expect, test } from "vitest";
import type { JsonObject } from "../event.ts";
import type { FieldMapping } from "../mapping.ts";
import { ruleText } from "../testing/rule-text.ts";
import { type RawRule, naiveMatch } from "../testing/naive-matcher.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { parse } from "yaml";
import { createDetector } from "./detector.ts";

const mapping: FieldMapping = {
  name: "dotted",
  accepts: () => true,
  logSources: () => [{ product: "test" }],
  paths: (field) => [[field], field.split(".")],
  time: () => undefined,
  entities: () => [],
};

test.each<[string, string, JsonObject, boolean]>([
  ["null under the flat key", "a.b: x", { "a.b": null, a: { b: "x" } }, true],
  ["an empty list under the flat key", "a.b: x", { "a.b": [], a: { b: "x" } }, true],
  ["null under the flat key, a value below", "a.b: null", { "a.b": null, a: { b: "x" } }, false],
  ["null under both", "a.b: null", { "a.b": null, a: { b: null } }, true],
  ["null under both, asked whether it is there", "a.b|exists: true", { "a.b": null, a: { b: null } }, true],
  ["a text under the flat key", "a.b: x", { "a.b": "y", a: { b: "x" } }, false],
  ["an empty text under the flat key", "a.b: x", { "a.b": "", a: { b: "x" } }, false],
  ["an object under the flat key", "a.b: x", { "a.b": {}, a: { b: "x" } }, false],
])("the first place that has a value counts: %s", (_name, item, document, expected) => {
  const text = ruleText(`s: { ${item} }\ncondition: s`).replace(/^logsource:.*$/m, "logsource: { product: test }");
  const { rules, problems } = loadRules([{ path: "rule.yml", text }]);
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
  const { facts } = createDetector(rules, { mappings: [mapping] }).judge({ id: "e", time: 0, document });
  expect(facts.length > 0).toBe(expected);
  expect(naiveMatch(parse(text) as RawRule, document, mapping)).toBe(expected);
});
