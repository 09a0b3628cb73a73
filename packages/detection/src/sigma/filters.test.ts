import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { explain } from "../explain/explain.ts";
import { createDetector } from "../match/detector.ts";
import { CONFORMANCE_MAPPING } from "../testing/conformance/entry.ts";
import { generatedDocument, generatedRule } from "../testing/generated-rules.ts";
import { naiveKeeps, naiveMatch } from "../testing/naive-matcher.ts";
import { ruleText } from "../testing/rule-text.ts";
import { loadRules } from "./load-rules.ts";

const rule = ruleText("selection: { Image: a }\ncondition: selection");
const ID = "00000000-0000-4000-8000-000000000001";
const filter = (rules: string, selection = "{ User: eve }", logsource = "{ product: windows }"): string =>
  `title: Known\nid: known\nlogsource: ${logsource}\nfilter:\n  rules: ${rules}\n  selection: ${selection}\n  condition: selection\n`;
const load = (...texts: readonly string[]) => loadRules(texts.map((text, index) => ({ path: `${index}.yml`, text })));

describe("a filter", () => {
  test("is part of the rule's condition, revision and explanation, wherever its file stands", () => {
    const [plain] = load(rule).rules;
    for (const texts of [
      [rule, filter(`[${ID}]`)],
      [filter(`[${ID}]`), rule],
    ]) {
      const { rules, filters, problems } = load(...texts);
      expect(problems).toEqual([]);
      expect(rules[0]).toMatchObject({ id: ID, filters: ["known"], condition: { op: "and" } });
      expect(rules[0]?.revision).toMatch(/^[0-9a-f]{64}$/);
      expect(rules[0]?.revision).not.toBe(plain?.revision);
      expect(rules[0]?.written?.conditions).toEqual(["(selection) and not ((filter1›selection))"]);
      expect([...(rules[0]?.written?.searches.keys() ?? [])]).toEqual(["selection", "filter1›selection"]);
      expect(filters).toMatchObject([{ id: "known", title: "Known", ruleIds: [ID] }]);
    }
  });

  test("of other content gives the rule another revision", () => {
    const revision = (selection: string): string | undefined =>
      load(rule, filter(`[${ID}]`, selection)).rules[0]?.revision;
    expect(revision("{ User: eve }")).toBe(revision("{ User:   eve }"));
    expect(revision("{ User: eve }")).not.toBe(revision("{ User: bob }"));
  });

  test("that cannot be honoured leaves the rule as it is", () => {
    const { rules, filters, problems } = load(rule, filter(`[${ID}]`, "{ User|startwith: eve }"));
    expect([rules[0]?.filters, filters, rules[0]?.revision]).toEqual([[], [], load(rule).rules[0]?.revision]);
    expect(problems).toMatchObject([{ code: "rule-unknown-modifier", path: "1.yml", line: 6, column: 16 }]);
  });

  test.each<[string, string, readonly (readonly [string, string, number, number, RegExp])[]]>([
    [
      "a rule that is not loaded",
      filter(`[${ID.replace("1", "2")}]`),
      [
        ["warning", "rule-filter-reference", 5, 11, /not loaded/],
        ["error", "rule-filter-reference", 1, 1, /put on no rule/],
      ],
    ],
    [
      "another log source",
      filter(`[${ID}]`, "{ User: eve }", "{ product: windows, service: security }"),
      [
        [
          "warning",
          "rule-filter-reference",
          5,
          11,
          /another log source \(product windows, category process_creation\)/,
        ],
        ["error", "rule-filter-reference", 1, 1, /put on no rule/],
      ],
    ],
    ["no rules", filter("[]"), [["error", "rule-missing-key", 5, 10, /must list rules/]]],
    ["rules that are no texts", filter("[{ a: b }]"), [["error", "rule-missing-key", 5, 10, /must list rules/]]],
    [
      "a condition without a name",
      filter(`[${ID}]`).replace("condition: selection", "condition: selektion"),
      [["error", "rule-condition-unknown-name", 7, 14, /"selektion"/]],
    ],
    [
      "a text",
      "title: a\nlogsource: { product: windows }\nfilter: all\n",
      [["error", "rule-wrong-type", 3, 9, /must be a map/]],
    ],
  ])("with %s is refused", (_name, text, expected) => {
    const { rules, filters, problems } = load(rule, text);
    expect([rules.length, rules[0]?.filters, filters]).toEqual([1, [], []]);
    expect(problems.map(({ severity, code, line, column }) => [severity, code, line, column])).toEqual(
      expected.map(([severity, code, line, column]) => [severity, code, line, column]),
    );
    for (const [index, [, , , , message]] of expected.entries()) expect(problems[index]?.message).toMatch(message);
  });

  test("comes with the nearest name when it refers to none", () => {
    const { problems } = load(rule.replace("title", "name: a_name\ntitle"), filter("[a_nam]"));
    expect(problems[0]?.suggestion).toBe('Did you mean "a_name"?');
  });

  test("is not put on correlations", () => {
    const correlation = `title: Many\nid: many\ncorrelation: { type: event_count, rules: [${ID}], group-by: [User], timespan: 5m, condition: { gte: 3 } }\n`;
    const { rules, problems } = load(rule, correlation, filter(`[many, ${ID}]`));
    expect(rules.map(({ filters }) => filters)).toEqual([["known"], []]);
    expect(problems).toMatchObject([
      { severity: "warning", code: "rule-filter-reference", message: expect.stringMatching(/correlation/) },
    ]);
  });
});

test("generated filters on generated rules leave what the naive reading leaves, and explanations agree", () => {
  const placeholders = { p: ["a", "b*"], q: ["-a"] };
  let [kept, taken] = [0, 0];
  fc.assert(
    fc.property(
      generatedRule,
      generatedRule,
      fc.array(generatedDocument, { minLength: 1, maxLength: 5 }),
      (raw, other, documents) => {
        const [condition] = [other.detection["condition"]].flat();
        const section = { ...other.detection, condition: condition ?? "" };
        const known = {
          title: "Known",
          id: "known",
          logsource: { product: "windows" },
          filter: { rules: ["generated"], ...section },
        };
        const files = [raw, known].map((document, index) => ({ path: `${index}.yml`, text: stringify(document) }));
        const { rules, filters } = loadRules(files, { placeholders });
        const [rule] = rules;
        if (rule === undefined || filters.length === 0) return;
        const detector = createDetector(rules, { mappings: [CONFORMANCE_MAPPING] });
        for (const document of documents) {
          const source = { product: "windows", category: "process_creation" };
          const matches = naiveMatch(raw, document, CONFORMANCE_MAPPING, placeholders);
          const keeps = naiveKeeps(section, { document, mapping: CONFORMANCE_MAPPING, source, placeholders });
          const event = { id: "e", time: 0, document };
          expect(detector.judge(event).facts.length > 0).toBe(matches && keeps);
          expect(explain(rule, event, { mappings: [CONFORMANCE_MAPPING] }).matched).toBe(matches && keeps);
          if (matches && keeps) kept++;
          else if (matches) taken++;
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(Math.min(kept, taken)).toBeGreaterThan(100);
});

describe("a rule collection", () => {
  test("keeps the places of what is wrong, in the document that it stands in", () => {
    const { rules, problems } = load(
      `action: global\ntitle: Shared\nlogsource: { product: windows }\ndetection:\n  condition: selektion\n---\nid: a\ndetection:\n  selection: { Image|contain: a }\n`,
    );
    expect(rules).toEqual([]);
    expect(problems.map(({ code, line, column }) => [code, line, column])).toEqual([
      ["rule-unknown-modifier", 9, 16],
      ["rule-condition-unknown-name", 5, 14],
    ]);
  });

  test("leaves correlations and filters as they are", () => {
    const { rules, problems } = load(
      `action: global\nlevel: high\n---\n${rule}---\ntitle: Many\nid: many\ncorrelation: { type: event_count, rules: [${ID}], group-by: [User], timespan: 5m, condition: { gte: 3 } }\n---\n${filter(`[${ID}]`)}`,
    );
    expect(problems).toEqual([]);
    expect(rules.map(({ level, filters }) => [level, filters])).toEqual([
      ["high", ["known"]],
      ["medium", []],
    ]);
  });

  test("ends with its file", () => {
    const { rules } = load("action: global\nlevel: high\n", rule);
    expect(rules.map(({ level }) => level)).toEqual(["medium"]);
  });

  test("has a revision of all that its rules say", () => {
    const revision = (level: string): string | undefined =>
      load(`action: global\nlevel: ${level}\n---\n${rule}`).rules[0]?.revision;
    expect(revision("high")).not.toBe(revision("low"));
    expect(revision("high")).toBe(load(`${rule}level: high\n`).rules[0]?.revision);
  });

  test("gives rules that share an id ids of their own, the same each time", () => {
    const text = `action: global\n${rule}---\nlevel: high\n---\nlevel: low\n`;
    const ids = load(text).rules.map(({ id }) => id);
    expect(ids[0]).toBe(ID);
    expect(ids[1]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(load(text).rules.map(({ id }) => id)).toEqual(ids);
  });

  test("that grows beyond its bound is refused", () => {
    const values = Array.from({ length: 2_000 }, (_, index) => `v${index}`).join(", ");
    const text = `action: global\n${rule}fields: [${values}]\n---\n${"level: high\n---\n".repeat(1_000)}`;
    expect(load(text).problems.map(({ code }) => code)).toContain("rule-too-large");
  });
});
