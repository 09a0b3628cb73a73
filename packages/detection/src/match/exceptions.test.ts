import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { JsonObject } from "../event.ts";
import { testRule } from "../examples/test-rule.ts";
import type { FieldMapping } from "../mapping.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { CONFORMANCE_MAPPING } from "../testing/conformance/entry.ts";
import { naiveDetection } from "../testing/naive-matcher.ts";
import { ruleText } from "../testing/rule-text.ts";
import { createDetector } from "./detector.ts";

const mapping: FieldMapping = {
  ...CONFORMANCE_MAPPING,
  entities: () => [
    { kind: "user", value: "from mapping" },
    { kind: "host", value: "h1" },
  ],
};
const EXPIRY = Date.UTC(2030, 0, 1);
const exception = (name: string, detection: string, expires = "2030-01-01"): string =>
  `    - { name: ${name}, owner: team-blue, reason: known, expires: ${expires}, detection: ${detection} }\n`;
const rules = (extension: string, ...more: readonly string[]) => {
  const text = ruleText("s: { f: 1 }\ncondition: s", `vedette:\n${extension}`);
  const loaded = loadRules([{ path: "r", text }, ...more.map((other, index) => ({ path: `${index}`, text: other }))]);
  expect(loaded.problems).toEqual([]);
  return loaded.rules;
};
const judge = (extension: string, document: JsonObject, time: number, ...more: readonly string[]) => {
  const { facts, excepted } = createDetector(rules(extension, ...more), { mappings: [mapping] }).judge({
    id: "e",
    time,
    document,
  });
  return { facts: facts.map(({ rule }) => rule.id.slice(-1)), excepted };
};
const ID = "00000000-0000-4000-8000-000000000001";

describe("an event that an exception accepts", () => {
  const known = `  exceptions:\n${exception("backup", "{ User|startswith: svc_, Host: [h1, h2] }")}`;

  test("makes no fact and is named, until the exception expires by event time", () => {
    const document = { f: 1, User: "SVC_backup", Host: "h2" };
    const excepted = { facts: [], excepted: [{ ruleId: ID, exception: "backup" }] };
    expect(judge(known, document, 0)).toEqual(excepted);
    expect(judge(known, document, EXPIRY - 1)).toEqual(excepted);
    expect(judge(known, document, EXPIRY)).toEqual({ facts: ["1"], excepted: [] });
    expect(judge(known, document, Number.NaN)).toEqual({ facts: ["1"], excepted: [] });
  });

  test.each<[string, JsonObject]>([
    ["fulfils only a part of it", { f: 1, User: "svc_x", Host: "h3" }],
    ["lacks a field of it", { f: 1, User: "svc_x" }],
  ])("but not one that %s", (_name, document) => {
    expect(judge(known, document, 0)).toEqual({ facts: ["1"], excepted: [] });
  });

  test("is not counted where the rule does not match", () => {
    expect(judge(known, { f: 2, User: "svc_x", Host: "h1" }, 0)).toEqual({ facts: [], excepted: [] });
  });

  test("is still a finding of other rules", () => {
    const other = ruleText("s: { f: 1 }\ncondition: s").replace("000000000001", "000000000002");
    expect(judge(known, { f: 1, User: "svc_x", Host: "h1" }, 0, other)).toEqual({
      facts: ["2"],
      excepted: [{ ruleId: ID, exception: "backup" }],
    });
  });

  test("names the first of several exceptions that has not expired", () => {
    const several = `  exceptions:\n${exception("old", "{ User: a }", "2020-01-01")}${exception("new", "{ User: a }")}${exception("newer", "{ User: a }")}`;
    expect(judge(several, { f: 1, User: "a" }, Date.UTC(2025, 0, 1)).excepted).toEqual([
      { ruleId: ID, exception: "new" },
    ]);
    expect(judge(several, { f: 1, User: "a" }, 0).excepted).toEqual([{ ruleId: ID, exception: "old" }]);
  });

  test("may be described by search identifiers and a condition, keywords and 2 of them included", () => {
    const text = `  exceptions:\n${exception("x", "{ a: { User: a }, b: { Host|re: '^h\\d$' }, c: [ needle ], condition: 2 of them }")}`;
    const accepted = (document: JsonObject): boolean => judge(text, { f: 1, ...document }, 0).excepted.length === 1;
    expect(accepted({ User: "a", Host: "h1" })).toBe(true);
    expect(accepted({ User: "a", other: "a needle" })).toBe(true);
    expect(accepted({ User: "a" })).toBe(false);
  });

  test("makes an example fail with that reason", () => {
    const text = ruleText(
      "s: { f: 1 }\ncondition: s",
      `vedette:\n${known}  examples:\n    - name: a\n      kind: positive\n      events: [ { logsource: { product: windows, category: process_creation }, document: { f: 1, User: svc_x, Host: h1 } } ]\n`,
    );
    const loaded = loadRules([{ path: "r", text }]);
    expect(loaded.problems).toEqual([]);
    expect(loaded.rules.flatMap((rule) => testRule(rule, loaded))).toMatchObject([
      { passed: false, found: 0, message: "0 findings, at least 1 expected. 1 of its events are exceptions." },
    ]);
  });

  test("is the same as a naive reading says, for generated exceptions and events", () => {
    const value = fc.constantFrom("a", "A", "ab", "b", "");
    const item = fc.tuple(fc.constantFrom("g", "h", "g|contains", "h|startswith", "g|neq", "h|exists"), value);
    const search = fc
      .array(item, { minLength: 1, maxLength: 2 })
      .map((items) =>
        Object.fromEntries(items.map(([key, text]) => [key, key.endsWith("exists") ? text === "a" : text])),
      );
    const condition = fc.constantFrom("x", "x and y", "x or not y", "1 of them", "all of them", "not x");
    const document = fc.dictionary(fc.constantFrom("g", "h"), fc.oneof(value, fc.constant(null)));
    let excepted = 0;
    fc.assert(
      fc.property(
        search,
        search,
        condition,
        document,
        fc.constantFrom(EXPIRY - 1, EXPIRY),
        (x, y, text, fields, time) => {
          const detection = { x, y, condition: text };
          const rule = {
            title: "t",
            id: ID,
            logsource: { product: "windows" },
            detection: { s: { f: 1 }, condition: "s" },
            vedette: { exceptions: [{ name: "n", owner: "o", expires: "2030-01-01T00:00:00Z", detection }] },
          };
          const { rules: loaded } = loadRules([{ path: "r", text: stringify(rule) }]);
          const event = { f: 1, ...fields };
          const judgement = createDetector(loaded, { mappings: [mapping] }).judge({ id: "e", time, document: event });
          const expected =
            time < EXPIRY &&
            naiveDetection(detection, { document: event, mapping, source: { product: "windows" }, placeholders: {} });
          expect([judgement.facts.length, judgement.excepted.length]).toEqual(expected ? [0, 1] : [1, 0]);
          if (expected) excepted++;
        },
      ),
      { numRuns: 500 },
    );
    expect(excepted).toBeGreaterThan(50);
  });
});

describe("entities", () => {
  const entities = (extension: string, document: JsonObject) =>
    createDetector(rules(extension), { mappings: [mapping] }).judge({
      id: "e",
      time: 0,
      document: { f: 1, ...document },
    }).facts[0]?.entities;

  test("of a kind that the rule maps stand in place of those that the mapping finds", () => {
    const text =
      "  entities: [ { kind: user, field: TargetUser }, { kind: user, field: Other }, { kind: address, field: Ip } ]\n";
    expect(entities(text, { TargetUser: ["eve", "bob", "eve"], Other: 7, Ip: "203.0.113.1" })).toEqual([
      { kind: "host", value: "h1" },
      { kind: "user", value: "eve" },
      { kind: "user", value: "bob" },
      { kind: "user", value: "7" },
      { kind: "address", value: "203.0.113.1" },
    ]);
  });

  test("that the mapping finds stay where the rule's fields have no value", () => {
    const text = "  entities: [ { kind: user, field: TargetUser } ]\n";
    for (const document of [{}, { TargetUser: null }, { TargetUser: " " }, { TargetUser: { a: 1 } }])
      expect(entities(text, document)).toEqual([
        { kind: "user", value: "from mapping" },
        { kind: "host", value: "h1" },
      ]);
  });
});
