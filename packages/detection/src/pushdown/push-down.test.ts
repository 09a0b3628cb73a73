import { describe, expect, test } from "vitest";
import type { JsonObject } from "../event.ts";
import { jsonMapping } from "../mappings/json.ts";
import { windowsFlatMapping } from "../mappings/windows-shapes.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { type IndexDescription, describeCapabilities, describeIndex, mergeIndexFields } from "./describe-index.ts";
import type { IndexFields } from "./index-fields.ts";
import { type PushedDown, pushDown } from "./push-down.ts";

const TOLD = { product: "app" };

function ruleOf(selection: string, condition = "selection", logSource = "product: app") {
  const { rules, problems } = loadRules([
    {
      path: "rule.yml",
      text: `title: Rule\nid: 11111111-1111-4111-8111-111111111111\nlogsource:\n  ${logSource}\ndetection:\n  selection:\n    ${selection}\n  other:\n    b: x\n  condition: ${condition}\n`,
    },
  ]);
  const [rule] = rules;
  if (rule === undefined) throw new Error(problems.map(({ message }) => message).join("; "));
  return rule;
}

const fieldsOf = (properties: JsonObject, more: Partial<IndexDescription> = {}, root: JsonObject = {}): IndexFields =>
  describeIndex({ mappings: { ...root, properties }, ...more });

/** Queries of one condition, without what says whose documents are read. */
function ask(
  selection: string,
  properties: JsonObject,
  options: { condition?: string; fields?: IndexFields } = {},
): PushedDown {
  return pushDown(ruleOf(selection, options.condition), {
    mapping: jsonMapping,
    mappings: [jsonMapping],
    fields: options.fields ?? fieldsOf(properties),
    logSource: TOLD,
  });
}

const keyword = { type: "keyword" };

describe("what is asked of a field", () => {
  test.each<[string, string, JsonObject, object]>([
    ["a text", "a: Value", { a: keyword }, { term: { a: { value: "value", case_insensitive: true } } }],
    [
      "a text with a k, which the Kelvin sign is too",
      "a: kx",
      { a: keyword },
      { regexp: { a: { value: "([kK\u212a][xX])", flags: "NONE" } } },
    ],
    [
      "a letter beyond ASCII, whose cases Elasticsearch does not know",
      "a: é",
      { a: keyword },
      { regexp: { a: { value: "([éÉ])", flags: "NONE" } } },
    ],
    ["an empty text", "a: ''", { a: keyword }, { term: { a: { value: "", case_insensitive: true } } }],
    ["cased", "a|cased: Value", { a: keyword }, { term: { a: { value: "Value" } } }],
    ["wildcards", "a: 'x*y?'", { a: keyword }, { wildcard: { a: { value: "x*y?", case_insensitive: true } } }],
    ["any value", "a: '*'", { a: keyword }, { exists: { field: "a" } }],
    ["a number", "a: 5", { a: { type: "long" } }, { term: { a: 5 } }],
    ["a comparison, fractions being cut off", "a|gt: 5", { a: { type: "long" } }, { range: { a: { gte: 5 } } }],
    ["a comparison of whole numbers", "a|gt: 5", { a: { type: "long", coerce: false } }, { range: { a: { gt: 5 } } }],
    ["a network", "a|cidr: 10.0.0.0/9", { a: { type: "ip" } }, { term: { a: "10.0.0.0/9" } }],
    ["true", "a: 'true'", { a: { type: "boolean" } }, { term: { a: true } }],
    [
      "a flattened key",
      "o.a: Value",
      { o: { type: "flattened" } },
      { term: { "o.a": { value: "value", case_insensitive: true } } },
    ],
  ])("%s", (_what, selection, properties, expected) => {
    const found = ask(selection, properties);
    expect("query" in found && found.query).toEqual(expected);
  });

  test.each<[string, string, JsonObject, "exact" | "superset" | "refused" | "none", string?]>([
    ["nothing that is mapped", "a: x", { b: keyword }, "none"],
    ["words", "a: some value", { a: { type: "text" } }, "superset", "words"],
    ["words of an analyzer that is not known", "a: x", { a: { type: "text", analyzer: "english" } }, "refused"],
    ["values that are cut", "a: x", { a: { type: "keyword", ignore_above: 10 } }, "superset", "too long"],
    ["values of a normalizer", "a: x", { a: { type: "keyword", normalizer: "own" } }, "refused", "normalizer"],
    ["values in lower case", "a: x", { a: { type: "keyword", normalizer: "lowercase" } }, "superset", "lower case"],
    [
      "values put in place of null",
      "a: x",
      { a: { type: "keyword", null_value: "none" } },
      "superset",
      "does not have",
    ],
    [
      "values that are copied",
      "a: x",
      { a: keyword, b: { type: "keyword", copy_to: ["a"] } },
      "superset",
      "does not have",
    ],
    ["what is not indexed", "a: x", { a: { type: "keyword", index: false } }, "refused"],
    ["nested documents", "o.a: x", { o: { type: "nested", properties: { a: keyword } } }, "refused"],
    ["a middle of a flattened key", "o.a|contains: x", { o: { type: "flattened" } }, "superset", "flattened"],
    ["an expression", "a|re: 'ab+c'", { a: keyword }, "superset", "regular expression"],
    ["a network in texts", "a|cidr: 10.0.0.0/8", { a: keyword }, "superset", "text here"],
    ["presence, because null is not indexed", "a|exists: true", { a: keyword }, "refused", "without a value"],
    ["another field", "a|fieldref: b", { a: keyword, b: keyword }, "superset", "compared"],
  ])("%s", (_what, selection, properties, kind, reason = "") => {
    const found = ask(selection, properties);
    const got = "refused" in found ? "refused" : "match_none" in found.query ? "none" : found.exactness;
    // The log source of these documents is told by their source, so that no answer is exact for that alone.
    expect(got === "superset" && kind === "exact" ? "exact" : got).toBe(kind);
    expect(found.reasons.join(" ")).toContain(reason);
  });
});

describe("negation", () => {
  test("of what is wider asks for nothing", () => {
    const found = ask("a: x", { a: { type: "text" }, b: keyword }, { condition: "other and not selection" });
    expect("query" in found && found.query).toEqual({ term: { b: { value: "x", case_insensitive: true } } });
  });

  test("of what is exact is exact", () => {
    const found = ask("a: x", { a: keyword, b: keyword }, { condition: "other and not selection" });
    expect("query" in found && found.query).toEqual({
      bool: {
        filter: [{ term: { b: { value: "x", case_insensitive: true } } }],
        must_not: [{ term: { a: { value: "x", case_insensitive: true } } }],
      },
    });
  });

  test("of a value that may be cut does not leave out documents whose value is not in the index", () => {
    const found = ask(
      "a: x",
      { a: { type: "keyword", ignore_above: 9 }, b: keyword },
      { condition: "other and not selection" },
    );
    expect(JSON.stringify(found)).toContain('"must_not":[{"term":{"a"');
    expect(JSON.stringify(found)).not.toContain("_ignored");
  });
});

describe("values that are not in the index", () => {
  test("are looked for by the name of their field in _ignored", () => {
    const found = ask("a: x", { a: { type: "keyword", ignore_above: 9 } });
    expect(JSON.stringify(found)).toContain('{"term":{"_ignored":"a"}}');
  });

  test("are not, when no document has any", () => {
    const properties = { a: { type: "keyword", ignore_above: 9 } };
    const found = ask("a: x", properties, { fields: fieldsOf(properties, { ignored: new Set(["b"]) }) });
    expect(JSON.stringify(found)).not.toContain("_ignored");
  });

  test("below an object that is not mapped any further can only be found in process", () => {
    const fields = fieldsOf({ o: { type: "object", dynamic: false, properties: {} } });
    expect(ask("o.a: x", {}, { fields })).toMatchObject({ refused: true });
    expect(ask("a: x", {}, { fields })).toMatchObject({ query: { match_none: {} } });
  });
});

describe("several places of one field", () => {
  test("the first with a value counts", () => {
    const found = pushDown(ruleOf("Channel: Security", "selection", "product: windows"), {
      mapping: windowsFlatMapping,
      mappings: [windowsFlatMapping],
      fields: fieldsOf({ EventID: keyword, Channel: keyword, EventLog: keyword }),
    });
    expect(found).toMatchObject({ exactness: "exact", reasons: [] });
    expect(JSON.stringify(found)).toContain(
      '{"bool":{"filter":[{"term":{"EventLog":{"value":"security","case_insensitive":true}}}],"must_not":[{"exists":{"field":"Channel"}}]}}',
    );
  });
});

describe("log sources", () => {
  test("that no document of the index can have give no query", () => {
    const found = pushDown(ruleOf("a: x", "selection", "product: windows"), {
      mapping: windowsFlatMapping,
      fields: fieldsOf({ a: keyword }),
    });
    expect(found).toMatchObject({ query: { match_none: {} }, exactness: "exact" });
  });

  test("of Windows are asked for by channel and id", () => {
    const found = pushDown(ruleOf("Image: x", "selection", "product: windows\n  category: process_creation"), {
      mapping: windowsFlatMapping,
      fields: fieldsOf({ EventID: keyword, Channel: keyword, Provider_Name: keyword, Image: keyword }),
    });
    expect(found).toMatchObject({ exactness: "exact" });
    const text = JSON.stringify(found);
    expect(text).toContain('"Channel":{"value":"microsoft-windows-sysmon/operational"');
    expect(text).toContain('{"term":{"EventID":{"value":"1"}}}');
  });
});

describe("several indices", () => {
  test("that keep a field in unlike ways cannot be asked for it", () => {
    const fields = mergeIndexFields([
      fieldsOf({ a: keyword, b: keyword }),
      fieldsOf({ a: { type: "text" }, b: keyword }),
    ]);
    expect(ask("a: x", {}, { fields })).toMatchObject({ refused: true });
    expect("query" in ask("b: x", {}, { fields })).toBe(true);
  });

  test("of which only field capabilities are known give no exact answer, and none without the field", () => {
    const fields = describeCapabilities({ a: { long: { searchable: true } } });
    expect(ask("a: 5", {}, { fields })).toMatchObject({ exactness: "superset", query: { bool: {} } });
    expect(ask("c: x", {}, { fields })).toMatchObject({ refused: true });
  });
});

test("a rule with more clauses than the cluster takes is refused", () => {
  const fields = { ...fieldsOf({ a: keyword }), maxClauses: 1 };
  const found = ask("a|contains|all: ['x', 'y']", {}, { fields });
  expect(found).toMatchObject({
    refused: true,
    reasons: expect.arrayContaining([expect.stringContaining("2 clauses")]),
  });
});
