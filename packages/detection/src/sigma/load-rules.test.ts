import { describe, expect, test } from "vitest";
import { ruleText } from "../testing/rule-text.ts";
import { loadRules } from "./load-rules.ts";

const load = (...texts: string[]): ReturnType<typeof loadRules> =>
  loadRules(texts.map((text, index) => ({ path: `${index}.yml`, text })));
const simple = "selection:\n  Image: a\ncondition: selection";
const second = ruleText(simple).replace("000000000001", "000000000002");

describe("a rule that is right", () => {
  test("is loaded with its attributes", () => {
    const { rules, problems } = load(`
title: A title
id: 545A5DA6-f103-4919-a519-e9aec1026ee4
name: a_name
status: test
description: What it is.
references: [https://example.com/]
tags: [attack.t1059]
falsepositives: One text
level: critical
logsource: { product: Windows, category: process_creation, definition: not a log source }
detection: { selection: { Image: a }, condition: selection }
`);
    expect(problems).toEqual([]);
    expect(rules).toEqual([
      expect.objectContaining({
        id: "545a5da6-f103-4919-a519-e9aec1026ee4",
        name: "a_name",
        title: "A title",
        description: "What it is.",
        status: "test",
        level: "critical",
        tags: ["attack.t1059"],
        kind: "signature",
        logSource: { product: "windows", category: "process_creation" },
        path: "0.yml",
        falsePositives: ["One text"],
        references: ["https://example.com/"],
        extension: { kind: "security", response: [], examples: [], exceptions: [], entities: [] },
      }),
    ]);
  });

  test("has a revision that depends on its content alone", () => {
    const revision = (text: string): string | undefined => load(text).rules[0]?.revision;
    const text = ruleText(simple);
    expect(revision(text)).toMatch(/^[0-9a-f]{64}$/);
    expect(revision(`# a comment\n${text.replace("title: Test\n", "")}title:   "Test"\n`)).toBe(revision(text));
    expect(revision(text.replace("Image: a", "Image: b"))).not.toBe(revision(text));
  });

  test("without an id gets one from its place, with a warning", () => {
    const text = ruleText(simple).replace(/id: .*\n/, "");
    const { rules, problems } = load(text);
    expect(rules[0]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(problems).toEqual([expect.objectContaining({ code: "rule-id-missing", severity: "warning" })]);
  });
});

describe("what is wrong is reported with its place, and the rest is loaded", () => {
  const item = (key: string, value: string): string => ruleText(`selection:\n  ${key}: ${value}\ncondition: selection`);
  test.each<[string, string, string, number | undefined, number | undefined, RegExp]>([
    ["YAML", "title: [a\nid: b", "rule-yaml-syntax", 2, 1, /./],
    ["a tab", "title: a\n\tid: b", "rule-yaml-syntax", 2, 1, /./],
    ["a key twice", "title: a\ntitle: b\n", "rule-yaml-syntax", 2, 1, /unique/],
    ["no map", "- a\n", "rule-not-a-map", 1, 1, /not a map/],
    ["no title", ruleText(simple).replace("title: Test\n", ""), "rule-missing-key", 1, 1, /no title/],
    ["no logsource", ruleText(simple).replace(/logsource.*\n/, ""), "rule-missing-key", 1, 1, /no logsource/],
    [
      "an empty logsource",
      ruleText(simple).replace(/logsource.*\n/, "logsource: { definition: x }\n"),
      "rule-missing-key",
      3,
      12,
      /product, category or service/,
    ],
    ["no detection", "title: a\nid: b\nlogsource: {product: x}\n", "rule-missing-key", 1, 1, /no detection/],
    ["no condition", ruleText("selection: { a: b }"), "rule-missing-key", 5, 3, /no condition/],
    [
      "the mark of filters in a name",
      ruleText("a›b: { f: 1 }\ncondition: a›b"),
      "rule-condition-syntax",
      5,
      3,
      /marks those of filters/,
    ],
    ["no search", ruleText("condition: selection"), "rule-missing-key", 5, 3, /no search/],
    ["a level", ruleText(simple, "level: hihg\n"), "rule-unknown-value", 4, 8, /not a level/],
    ["an unknown modifier", item("Image|endwith", "a"), "rule-unknown-modifier", 6, 5, /"endwith"/],
    ["a modifier twice", item("Image|contains|contains", "a"), "rule-modifier-misuse", 6, 5, /twice/],
    ["two positions", item("Image|contains|startswith", "a"), "rule-modifier-misuse", 6, 5, /cannot follow/],
    ["a flag without re", item("Image|i", "a"), "rule-modifier-misuse", 6, 5, /part of "re"/],
    ["base64 after contains", item("Image|contains|base64", "a"), "rule-modifier-misuse", 6, 5, /must come before/],
    ["wildcards in base64", item("Image|base64", "'a*'"), "rule-modifier-misuse", 6, 19, /wildcards/],
    ["a byte order mark without base64", item("Image|utf16", "a"), "rule-modifier-misuse", 6, 18, /not text/],
    ["a quoted number", item("Size|gt", "'5'"), "rule-modifier-misuse", 6, 14, /must be a number/],
    ["exists with a text", item("Image|exists", "yes"), "rule-modifier-misuse", 6, 19, /true or false/],
    ["null with a position", item("Image|contains", "null"), "rule-modifier-misuse", 6, 21, /null/],
    ["a look-ahead", item("Image|re", "'(?=a)b'"), "rule-regex-unsupported", 6, 15, /Look-around/],
    ["a broken regex", item("Image|re", "'(a'"), "rule-regex-syntax", 6, 15, /missing/],
    ["a network", item("Ip|cidr", "10.0.0.0/33"), "rule-cidr", 6, 14, /not a network/],
    ["a placeholder", item("Image|expand", "'%servers%'"), "rule-placeholder", 6, 19, /%servers%/],
    ["a map as a value", item("Image", "{ a: b }"), "rule-wrong-type", 6, 12, /plain value/],
    ["an empty list", item("Image", "[]"), "rule-wrong-type", 6, 5, /empty list/],
    [
      "a list in a list",
      ruleText("selection:\n  - [a]\ncondition: selection"),
      "rule-wrong-type",
      6,
      7,
      /list inside a list/,
    ],
    [
      "an unknown name",
      ruleText("selection: { a: b }\ncondition: selecton"),
      "rule-condition-unknown-name",
      6,
      14,
      /"selecton"/,
    ],
    [
      "an empty pattern",
      ruleText("selection: { a: b }\ncondition: 1 of filter*"),
      "rule-condition-unknown-name",
      6,
      14,
      /filter/,
    ],
    [
      "a parenthesis",
      ruleText("selection: { a: b }\ncondition: (selection"),
      "rule-condition-syntax",
      6,
      14,
      /"\)" is missing/,
    ],
    [
      "two names",
      ruleText("selection: { a: b }\ncondition: selection selection"),
      "rule-condition-syntax",
      6,
      14,
      /not expected/,
    ],
    [
      "a dangling and",
      ruleText("selection: { a: b }\ncondition: selection and"),
      "rule-condition-syntax",
      6,
      14,
      /missing at the end/,
    ],
    [
      "an aggregation",
      ruleText("selection: { a: b }\ncondition: selection | count() > 5"),
      "rule-condition-aggregation",
      6,
      14,
      /obsolete/,
    ],
    [
      "a timeframe",
      ruleText("selection: { a: b }\ntimeframe: 5m\ncondition: selection"),
      "rule-condition-aggregation",
      6,
      3,
      /timeframe/,
    ],
    [
      "deep nesting",
      ruleText(`selection: { a: b }\ncondition: ${"(".repeat(100)}selection${")".repeat(100)}`),
      "rule-too-large",
      6,
      14,
      /nested/,
    ],
    [
      "a filter",
      "title: a\nfilter: { rules: [b], s: { a: b } }\nlogsource: {product: x}\n",
      "rule-missing-key",
      2,
      9,
      /filter has no condition/,
    ],
    ["an action", "title: a\naction: globl\n", "rule-collection", 2, 9, /unknown/],
    ["an unknown extension key", ruleText(simple, "vedette:\n  kynd: security\n"), "rule-extension", 5, 3, /"kynd"/],
    [
      "an extension duration",
      ruleText(simple, "vedette:\n  suppression: { by: [a], window: soon }\n"),
      "rule-extension",
      5,
      35,
      /duration/,
    ],
    [
      "a response without an end",
      ruleText(simple, "vedette:\n  response: [ { action: block_address, field: a } ]\n"),
      "rule-extension",
      5,
      15,
      /response.for/,
    ],
    [
      "a response that nobody knows",
      ruleText(simple, "vedette:\n  response: [ { action: format_disk, field: a, for: 1m } ]\n"),
      "rule-extension",
      5,
      25,
      /block_address/,
    ],
    [
      "an example without events",
      ruleText(simple, "vedette:\n  examples: [ { name: a, kind: positive, events: [] } ]\n"),
      "rule-extension",
      5,
      15,
      /at least one event/,
    ],
    [
      "a negative example that expects",
      ruleText(simple, "vedette:\n  examples: [ { name: a, kind: negative, expect: 1, events: [ {} ] } ]\n"),
      "rule-extension",
      5,
      50,
      /expects 0/,
    ],
  ])("%s", (_name, text, code, line, column, message) => {
    const { rules, problems } = load(text, second);
    expect(rules.map(({ path }) => path)).toEqual(["1.yml"]);
    const [problem] = problems;
    expect(problem).toMatchObject({
      code,
      line,
      column,
      path: "0.yml",
      severity: "error",
      message: expect.stringMatching(message),
    });
  });

  test("an unknown modifier comes with the nearest name", () => {
    expect(load(item("Image|endwith", "a")).problems[0]?.suggestion).toBe('Did you mean "endswith"?');
    expect(load(item("Image|containz", "a")).problems[0]?.suggestion).toBe('Did you mean "contains"?');
    expect(load(item("Image|zzzzzzzzzzzzz", "a")).problems[0]?.suggestion).toContain("The modifiers are:");
  });

  test("every problem of a rule is reported at once", () => {
    const { problems } = load(
      ruleText("selection:\n  A|foo: 1\n  B|re: '('\ncondition: selection and other", "level: none\n"),
    );
    expect(problems.map(({ code }) => code)).toEqual([
      "rule-unknown-value",
      "rule-unknown-modifier",
      "rule-regex-syntax",
      "rule-condition-unknown-name",
    ]);
  });

  test("a search identifier that no condition names is warned of at its place, those that a pattern names are not", () => {
    const { rules, problems } = load(
      ruleText(
        "a_one: { a: b }\na_two: { a: c }\n_left: { a: d }\nleft: { a: e }\ncondition: 1 of a_* and not 1 of _*",
      ),
    );
    expect(rules).toHaveLength(1);
    expect(problems.map(({ code, severity, line, column }) => [code, severity, line, column])).toEqual([
      ["rule-unused-search", "warning", 8, 3],
    ]);
    expect(problems[0]?.message).toContain('"left"');
  });

  test("a broken document leaves the others of its file", () => {
    const { rules, problems } = load(`${ruleText(simple)}---\ntitle: [\n---\n${second}`);
    expect(rules).toHaveLength(2);
    expect(problems.map(({ code, line }) => [code, line])).toEqual([["rule-yaml-syntax", 10]]);
  });

  test("the second rule with an id or a name is refused", () => {
    const { rules, problems } = load(
      ruleText(simple, "name: n\n"),
      ruleText(simple),
      second.replace("title: Test", "title: Test\nname: n"),
    );
    expect(rules).toHaveLength(1);
    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ["rule-duplicate-id", "1.yml"],
      ["rule-duplicate-name", "2.yml"],
    ]);
  });

  test("`all` on one value is loaded with a warning", () => {
    const { rules, problems } = load(item("Image|contains|all", "a"));
    expect([rules.length, problems.map(({ code, severity }) => [code, severity])]).toEqual([
      1,
      [["rule-all-single-value", "warning"]],
    ]);
  });

  test("a bomb of aliases is refused", () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${[..."bcdefgh"].map((name, index) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${"abcdefgh"[index]}`).join(",")}]`).join("\n")}\n`;
    expect(load(bomb).problems.map(({ code }) => code)).toContain("rule-too-large");
  });

  test("a name like those of every object is nothing special", () => {
    const { rules, problems } = load(ruleText("__proto__:\n  constructor: a\ncondition: __proto__"));
    expect(problems).toEqual([]);
    expect(rules).toHaveLength(1);
  });
});
