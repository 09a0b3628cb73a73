import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { JsonObject, JsonValue } from "../event.ts";
import type { FieldMapping } from "../mapping.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { type RawRule, naiveMatch } from "../testing/naive-matcher.ts";
import { ruleText } from "../testing/rule-text.ts";
import { createDetector } from "./detector.ts";

/** Every document, fields by their own names, keywords everywhere. */
const plain: FieldMapping = {
  name: "plain",
  accepts: () => true,
  logSources: () => [{ product: "windows", category: "process_creation" }],
  paths: (field) => [[field], field.split(".")],
  time: () => 0,
  entities: () => [],
};

function matches(detection: string, document: JsonObject): boolean {
  const { rules, problems } = loadRules([{ path: "rule.yml", text: ruleText(detection) }], {
    placeholders: { servers: ["srv1", "srv2*"] },
  });
  if (rules.length === 0) throw new Error(JSON.stringify(problems));
  return createDetector(rules, { mappings: [plain] }).judge({ id: "e", time: 0, document }).facts.length > 0;
}

const item = (key: string, value: JsonValue): string =>
  stringify({ selection: { [key]: value }, condition: "selection" });

describe("a field", () => {
  test.each<[string, JsonValue, JsonValue | undefined, boolean]>([
    ["f", "abc", "ABC", true],
    ["f", "abc", "abcd", false],
    ["f|cased", "abc", "ABC", false],
    ["f|cased", "abc", "abc", true],
    ["f", "a*c", "abbbc", true],
    ["f", "a*c", "ac", true],
    ["f", "a?c", "ac", false],
    ["f", "a?c", "a😀c", true],
    ["f", "a\\*c", "abc", false],
    ["f", "a\\*c", "a*c", true],
    ["f", "a\\\\*c", "a\\xxc", true],
    ["f", "a\\\\\\*c", "a\\*c", true],
    ["f", "a\\b", "a\\b", true],
    ["f", "a\\\\b", "a\\b", true],
    ["f", "a\\\\\\\\b", "a\\\\b", true],
    ["f", "*", "", true],
    ["f", "*", undefined, false],
    ["f", "", "", true],
    ["f", "", undefined, false],
    ["f", null, undefined, true],
    ["f", null, null, true],
    ["f", null, "", false],
    ["f", null, [], true],
    ["f", null, {}, false],
    ["f", 7, 7, true],
    ["f", 7, "7", true],
    ["f", "7", 7, true],
    ["f", "1*", 12, true],
    ["f", true, true, true],
    ["f", true, "True", true],
    ["f", ["a", "b"], "b", true],
    ["f", "b", ["a", "b"], true],
    ["f|contains", "b", "abc", true],
    ["f|contains|all", ["a", "c"], "abc", true],
    ["f|contains|all", ["a", "d"], "abc", false],
    ["f|all", ["*a*", "*c*"], "abc", true],
    ["f|startswith", "ab", "ABC", true],
    ["f|startswith", "bc", "ABC", false],
    ["f|endswith", "bc", "ABC", true],
    ["f|endswith", "a?c", "xxabc", true],
    ["f|exists", true, "", true],
    ["f|exists", true, null, true],
    ["f|exists", false, undefined, true],
    ["f|exists", false, "x", false],
    ["f|neq", "a", "b", true],
    ["f|neq", "a", "A", false],
    ["f|neq", ["a", "b"], "b", false],
    ["f|neq", "a", undefined, true],
    ["f|gt", 5, 6, true],
    ["f|gt", 5, "6", true],
    ["f|gt", 5, "6 apples", false],
    ["f|gte", 5, 5, true],
    ["f|lt", 5, -1, true],
    ["f|lte", 5.5, 5.5, true],
    ["f|lte", 5, undefined, false],
    ["f|cidr", "10.0.0.0/8", "10.255.0.1", true],
    ["f|cidr", "10.0.0.0/8", "11.0.0.1", false],
    ["f|cidr", "0.0.0.0/0", "8.8.8.8", true],
    ["f|cidr", "10.0.0.0/8", "::ffff:10.1.2.3", true],
    ["f|cidr", "fe80::/10", "fe80::1%eth0", true],
    ["f|cidr", "2001:db8::/32", "2001:0db8:0:0::1", true],
    ["f|cidr", "2001:db8::/32", "2001:db9::1", false],
    ["f|cidr", "10.0.0.0/8", "not an address", false],
    ["f|base64", "foobar", "Zm9vYmFy", true],
    ["f|base64offset|contains", "/bin/bash", "xxxxL2Jpbi9iYXNoYYYY", true],
    ["f|base64offset|contains", "/bin/bash", btoa("x/bin/bash y"), true],
    ["f|base64offset|contains", "/bin/bash", btoa("xy/bin/bash"), true],
    ["f|wide|base64offset|contains", "ping", btoa("zp\0i\0n\0g\0"), true],
    ["f|utf16|base64", "a", "//5hAA==", true],
    ["f|utf16be|base64", "a", "AGE=", true],
    ["f|wide", "ab", "a\0b\0", true],
    ["f|windash|contains", " -e ", "x /E y", true],
    ["f|windash|contains", " -e ", "x —e y", true],
    ["f|windash|contains", " /e ", "x -e y", true],
    ["f|windash|contains", " –e ", "x ―e y", true],
    ["f|windash|contains", " -e -f", "x /e –f", true],
    ["f|windash|contains", " -e ", "x +e y", false],
    ["f|contains|windash", "-e", "/E", true],
    ["f|expand", "%servers%", "srv1", true],
    ["f|expand", "a%servers%", "asrv2xyz", true],
    ["f|expand", "\\%servers%", "%servers%", true],
    ["f", "%servers%", "%servers%", true],
    ["f|re", "^a+$", "aaa", true],
    ["f|re", "A", "a", false],
    ["f|re|i", "A", "a", true],
    ["f|re|m|s", "^b.c$", "a\nb\nc", true],
    ["f|fieldref", "g", "SAME", true],
    ["f|fieldref|startswith", "g", "same and more", true],
    ["f|endswith|fieldref", "g", "not the same", true],
    ["f|fieldref|contains", "g", "the samen", true],
    ["f|fieldref|cased", "g", "SAME", false],
    ["f|fieldref|neq", "g", "other", true],
    ["f|fieldref", "h", "same", false],
    ["f|hour", 23, "2026-11-21T23:59:00+05:00", true],
    ["f|minute|gte", 30, "2026-11-21 23:29:00", false],
    ["f|day", 21, "2026-11-21", true],
    ["f|week", 47, "2026-11-21T00:00:00Z", true],
    ["f|week", 53, "2027-01-01", true],
    ["f|month|lt", 12, "2026-11-21", true],
    ["f|year", 2026, "2026-11-21", true],
    ["f|year", 2026, "yesterday", false],
    ["f|contains", "ς", "ΑΣ", true],
    ["f|contains", "İ", "xİy", true],
    ["f|contains", "a\u0000", "xA\u0000", true],
    ["f|contains", "строка", "Это СТРОКА.", true],
    ["f|contains", "ŁÓDŹ", "w łodzi i łódź", true],
    ["f|contains", "строка", "another STRING", false],
  ])("%s: %j on %j: %s", (key, value, actual, expected) => {
    const document: JsonObject = { g: "same", ...(actual === undefined ? {} : { f: actual }) };
    const detection = item(key, value);
    expect(matches(detection, document)).toBe(expected);
    if (key.includes("expand")) return;
    const raw = parse(ruleText(detection)) as RawRule;
    expect(naiveMatch(raw, document, plain), "naive").toBe(expected);
  });

  test("is found by dotted key, in objects and through lists", () => {
    expect(matches(item("a.b", "x"), { "a.b": "X" })).toBe(true);
    expect(matches(item("a.b", "x"), { a: { b: "X" } })).toBe(true);
    expect(matches(item("a.b", "x"), { a: [{ b: "y" }, { b: "X" }] })).toBe(true);
    expect(matches(item("a.b", "x"), { a: "X" })).toBe(false);
  });

  test("with a name that every object answers to is only found where the event has it", () => {
    for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
      expect(matches(item(`${name}|exists`, true), {})).toBe(false);
      expect(matches(item(name, "x"), JSON.parse(`{"${name}":"x"}`) as JsonObject)).toBe(true);
    }
  });
});

describe("a detection", () => {
  const document: JsonObject = { a: "1", b: "2", text: "hello world", nested: { deep: ["needle", 42] } };
  test.each<[string, boolean]>([
    ["s: { a: 1, b: 2 }\ncondition: s", true],
    ["s: { a: 1, b: 3 }\ncondition: s", false],
    ["s: [ { a: 9 }, { b: 2 } ]\ncondition: s", true],
    ["s: [ needle ]\ncondition: s", true],
    ["s: [ nothing ]\ncondition: s", false],
    ["s: [ 42 ]\ncondition: s", true],
    ["s: [ 'h*world' ]\ncondition: s", true],
    ["s: [ 'hello*needle' ]\ncondition: s", false],
    ["s: { '|all': [ hello, needle ] }\ncondition: s", true],
    ["s: { '|all': [ hello, nothing ] }\ncondition: s", false],
    ["s: { '|re': 'w.rld$' }\ncondition: s", true],
    ["s: needle\ncondition: s", true],
    ["s1: { a: 1 }\ns2: { b: 9 }\ncondition: 1 of s*", true],
    ["s1: { a: 1 }\ns2: { b: 9 }\ncondition: all of s*", false],
    ["s1: { a: 1 }\ns2: { b: 9 }\ncondition: any of them", true],
    ["s1: { a: 1 }\n_s2: { b: 9 }\ncondition: all of them", true],
    ["s1: { a: 1 }\ns2: { b: 2 }\ns3: { b: 9 }\ncondition: 2 of s*", true],
    ["s1: { a: 1 }\ns2: { b: 8 }\ns3: { b: 9 }\ncondition: 2 of s*", false],
    ["x: { a: 1 }\ny: { b: 9 }\ncondition: x and not y", true],
    ["x: { a: 1 }\ny: { b: 2 }\ncondition: not x or y", true],
    ["x: { a: 9 }\ny: { b: 2 }\nz: { b: 9 }\ncondition: x and y or not z", true],
    ["x: { a: 9 }\ny: { b: 2 }\nz: { b: 9 }\ncondition: x and (y or not z)", false],
    ["x: { a: 9 }\ny: { b: 2 }\ncondition: not (x and y) and not not y", true],
    ["x: { a: 9 }\ny: { b: 2 }\ncondition: [ x, y ]", true],
    ["x: { a: 9 }\ncondition: NOT x", true],
  ])("%s: %s", (detection, expected) => {
    expect(matches(detection, document)).toBe(expected);
    expect(naiveMatch(parse(ruleText(detection)) as RawRule, document, plain), "naive").toBe(expected);
  });
});

describe("hostile events", () => {
  test("a text of 10 MB, 100,000 fields and deep nesting take no more than a moment", () => {
    const { rules } = loadRules([
      {
        path: "r",
        text: ruleText(
          "a:\n  f|re: '(a+)+$'\nb:\n  - needle*x\nc:\n  f|contains: [nothing, '*a*b*c']\ncondition: a or b or c",
        ),
      },
    ]);
    const detector = createDetector(rules, { mappings: [plain] });
    let deep: JsonValue = "x";
    for (let level = 0; level < 20_000; level++) deep = { deep };
    let lists: JsonValue = "x";
    for (let level = 0; level < 20_000; level++) lists = [lists];
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`field${index}`, "needle"]));
    const started = performance.now();
    for (const document of [{ f: `${"a".repeat(10_000_000)}!` }, many, { deep }, { f: lists }] as readonly JsonObject[])
      expect(detector.judge({ id: "e", time: 0, document }).facts).toEqual([]);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

test("two long lists that are compared do not cost their product", () => {
  const f = Array.from({ length: 50_000 }, (_, index) => `value-${index}-end`);
  const g = Array.from({ length: 50_000 }, (_, index) => `VALUE-${index + 49_999}-end`);
  const started = performance.now();
  for (const position of ["", "|startswith", "|endswith", "|contains"]) {
    expect(matches(item(`f|fieldref${position}`, "g"), { f, g })).toBe(true);
    expect(matches(item(`f|fieldref${position}`, "g"), { f, g: g.slice(1) })).toBe(false);
    expect(matches(item(`f|fieldref${position}|cased`, "g"), { f, g })).toBe(false);
  }
  expect(performance.now() - started).toBeLessThan(20_000);
});

test.each([1, 15, 16, 17, 40, 20_000])("a keyword is found beside and below %i levels", (levels) => {
  let nested: JsonValue = "needle";
  for (let level = 0; level < levels; level++) nested = level % 2 === 0 ? [nested] : { nested };
  let empty: JsonValue = "straw";
  for (let level = 0; level < levels; level++) empty = { empty };
  expect(matches("s: [needle]\ncondition: s", { f: "hay", nested })).toBe(true);
  expect(matches("s: [needle]\ncondition: s", { f: "needle", empty })).toBe(true);
  expect(matches("s: [needle]\ncondition: s", { f: "hay", empty })).toBe(false);
});

test("a value too deep to be written down is not taken from an event", () => {
  const { rules } = loadRules([
    { path: "r", text: ruleText("s: { a: 1 }\ncondition: s", "vedette:\n  suppression: { by: [b] }\n") },
  ]);
  let b: JsonValue = "x";
  for (let level = 0; level < 20_000; level++) b = [b];
  expect(
    createDetector(rules, { mappings: [plain] }).judge({ id: "e", time: 0, document: { a: 1, b } }).facts[0]?.values,
  ).toEqual({});
});

test("a fact has the values that suppression and responses name, and an id of rule, revision and event", () => {
  const text = ruleText(
    "s: { a: 1 }\ncondition: s",
    "vedette:\n  suppression: { by: [user.name, absent], window: 5m }\n  response: [ { action: block_address, field: ip, for: 15m } ]\n",
  );
  const { rules } = loadRules([{ path: "r", text }]);
  const judge = (id: string) =>
    createDetector(rules, { mappings: [plain] }).judge({
      id,
      time: 5,
      document: { a: 1, "user.name": "eve", ip: ["192.0.2.1", "192.0.2.2"] },
    }).facts[0];
  expect(judge("e1")).toMatchObject({
    kind: "fact",
    eventId: "e1",
    time: 5,
    alerts: true,
    values: { "user.name": "eve", ip: ["192.0.2.1", "192.0.2.2"] },
  });
  expect(judge("e1")?.id).toBe(judge("e1")?.id);
  expect(judge("e1")?.id).not.toBe(judge("e2")?.id);
});

const text = fc
  .array(fc.constantFrom("a", "A", "b", "*", "?", "\\", "-", "/", "–", " ", "é", "😀"), { maxLength: 6 })
  .map((parts) => parts.join(""));
const eventText = fc
  .array(fc.constantFrom("a", "A", "b", "*", "?", "\\", "-", "/", "–", " ", "é", "😀"), { maxLength: 8 })
  .map((parts) => parts.join(""));
const modifiers = fc.constantFrom(
  "",
  "|contains",
  "|startswith",
  "|endswith",
  "|cased",
  "|contains|all",
  "|windash",
  "|contains|windash",
  "|neq",
  "|contains|cased",
  "|startswith|neq",
  "|fieldref",
  "|fieldref|contains",
);
const searches = fc.dictionary(
  fc.constantFrom("s1", "s2", "f1", "_x"),
  fc.dictionary(
    fc.tuple(fc.constantFrom("f", "g", "h.i", ""), modifiers).map(([field, modifier]) => field + modifier),
    fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
    { minKeys: 1, maxKeys: 3 },
  ),
  { minKeys: 1, maxKeys: 4 },
);
const operand = fc.constantFrom("s1", "s2", "f1", "_x", "1 of s*", "all of s*", "1 of them", "2 of them");
const condition: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    operand,
    tie("node").map((a) => `not ${a}`),
    fc.tuple(tie("node"), fc.constantFrom("and", "or"), tie("node")).map(([a, operator, b]) => `${a} ${operator} ${b}`),
    tie("node").map((a) => `(${a})`),
  ),
})).node;
const value = fc.oneof(
  eventText,
  fc.array(eventText, { maxLength: 3 }),
  fc.constant(null),
  fc.integer({ min: 0, max: 3 }),
);
const documents = fc.array(fc.dictionary(fc.constantFrom("f", "g", "h.i"), value), { minLength: 1, maxLength: 4 });

test("without ids a fact is the same but for its id", () => {
  const { rules } = loadRules([{ path: "r", text: ruleText("s: { a: 1 }\ncondition: s") }]);
  const [full, bare] = [true, false].map(
    (identifies) =>
      createDetector(rules, { mappings: [plain], identifies }).judge({ id: "e1", time: 5, document: { a: 1 } }).facts,
  );
  expect(full?.[0]?.id).toMatch(/^[0-9a-f]{64}$/);
  expect(bare).toEqual(full?.map((fact) => ({ ...fact, id: "" })));
});

test("generated rules mean the same to the engine and to the naive matcher", () => {
  let compared = 0;
  let matched = 0;
  fc.assert(
    fc.property(searches, condition, documents, (detection, expression, events) => {
      const rule = {
        title: "Generated",
        id: "generated",
        logsource: { product: "windows" },
        detection: { ...detection, condition: expression },
      };
      const { rules } = loadRules([{ path: "generated.yml", text: stringify(rule) }]);
      if (rules.length === 0) return;
      const detector = createDetector(rules, { mappings: [plain] });
      for (const document of events) {
        const expected = naiveMatch(rule, document, plain);
        expect(detector.judge({ id: "e", time: 0, document: document }).facts.length > 0).toBe(expected);
        compared++;
        if (expected) matched++;
      }
    }),
    { numRuns: 6_000 },
  );
  expect(compared).toBeGreaterThan(1_000);
  expect(matched).toBeGreaterThan(200);
});
