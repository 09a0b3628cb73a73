import { describe, expect, test } from "vitest";
import { loadRules } from "./load-rules.ts";

const load = (...texts: readonly string[]): ReturnType<typeof loadRules> =>
  loadRules(texts.map((text, index) => ({ path: `${index}.yml`, text })));
const signature = (name: string): string =>
  `title: ${name}\nid: id-${name}\nname: ${name}\nlogsource: {product: x}\ndetection: {s: {a: b}, condition: s}\n`;
const base = signature("base");
const correlation = (body: string, more = "", id = "c1"): string =>
  `title: Count ${id}\nid: ${id}\n${more}correlation:\n${body.replace(/^/gm, "  ")}\n`;
const good = "type: event_count\nrules: [base]\ngroup-by: [user]\ntimespan: 5m\ncondition: {gte: 10}";
const after = (body: string, more = ""): string => `${base}---\n${correlation(body, more)}`;
const loadedBody = (body: string, ...others: readonly string[]): unknown => {
  const { rules, problems } = load([base, ...others, correlation(body)].join("---\n"));
  expect(problems).toEqual([]);
  return rules.at(-1)?.correlation;
};

describe("correlation: condition", () => {
  test("is loaded with what it counts, groups and compares", () => {
    expect(loadedBody(good)).toEqual({
      type: "event_count",
      ruleIds: ["id-base"],
      groupBy: ["user"],
      aliases: {},
      timespan: 300_000,
      range: [{ comparison: "gte", value: 10 }],
      generate: false,
    });
  });

  test.each(["gt", "gte", "lt", "lte", "eq", "neq"])("takes %s", (comparison) => {
    expect(loadedBody(good.replace("gte", comparison))).toMatchObject({ range: [{ comparison, value: 10 }] });
  });

  test("takes a range of two comparisons", () => {
    expect(loadedBody(good.replace("gte: 10", "gt: 100, lte: 200"))).toMatchObject({
      range: [
        { comparison: "gt", value: 100 },
        { comparison: "lte", value: 200 },
      ],
    });
  });

  test.each<[string, string, string, Record<string, unknown>]>([
    ["value_count with a field", "value_count", "field: ip, gte: 3", { type: "value_count", fields: ["ip"] }],
    ["value_count with several fields", "value_count", "field: [ip, user], gte: 3", { fields: ["ip", "user"] }],
    ["value_sum", "value_sum", "field: bytes, gt: 1.5", { field: "bytes", range: [{ comparison: "gt", value: 1.5 }] }],
    ["value_avg below zero", "value_avg", "field: t, lt: -3", { range: [{ comparison: "lt", value: -3 }] }],
    ["value_median", "value_median", "field: t, gte: 5", { type: "value_median" }],
    ["value_percentile of shares", "value_percentile", "field: t, lte: 1", { percentile: undefined }],
    ["value_percentile of numbers", "value_percentile", "field: t, percentile: 99.5, gt: 5", { percentile: 99.5 }],
    ["temporal with a count", "temporal", "gte: 1", { range: [{ comparison: "gte", value: 1 }], terms: undefined }],
  ])("takes %s", (_name, type, condition, expected) => {
    expect(loadedBody(good.replace("event_count", type).replace("gte: 10", condition))).toMatchObject(expected);
  });

  test("of temporal asks for every rule where none is written", () => {
    const body = "type: temporal\nrules: [base, other]\ngroup-by: [user]\ntimespan: 5m";
    expect(loadedBody(body, signature("other"))).toMatchObject({ range: [{ comparison: "gte", value: 2 }] });
  });

  test.each<[string, readonly (readonly [readonly string[], readonly string[]])[]]>([
    ["base and other", [[["base", "other"], []]]],
    [
      "base or other",
      [
        [["base"], []],
        [["other"], []],
      ],
    ],
    ["base and not other", [[["base"], ["other"]]]],
    [
      "base and (other or not third)",
      [
        [["base", "other"], []],
        [["base"], ["third"]],
      ],
    ],
    ["not (not base or other)", [[["base"], ["other"]]]],
    ["BASE AND NOT NOT other", [[["base", "other"], []]]],
    ["other and base and other", [[["base", "other"], []]]],
    ["base or base and other", [[["base"], []]]],
  ])("of temporal takes the expression %s", (expression, terms) => {
    const body = `type: temporal\nrules: [base, other, third]\ngroup-by: [user]\ntimespan: 5m\ncondition: ${expression}`;
    const ids = (names: readonly string[]): readonly string[] => names.map((name) => `id-${name}`);
    expect(loadedBody(body, signature("other"), signature("third"))).toMatchObject({
      range: undefined,
      terms: terms.map(([present, absent]) => ({ present: ids(present), absent: ids(absent) })),
    });
  });
});

describe("correlation: rules", () => {
  test("are found in other files, by id in any case, and aliases name their fields", () => {
    const other = correlation(
      good
        .replace("[base]", "[ID-BASE]")
        .replace("group-by: [user]", "aliases: {who: {base: user.name}}\ngroup-by: [who]"),
      "generate: true\n",
    );
    const { rules, problems } = load(other, base);
    expect(problems).toEqual([]);
    expect(rules[0]?.correlation).toMatchObject({
      ruleIds: ["id-base"],
      aliases: { who: { "id-base": "user.name" } },
      generate: true,
    });
  });

  test("may be correlations, to any depth, in any order of the documents", () => {
    const chain = [3, 2, 1].map((level) =>
      correlation(
        `type: event_count\nrules: [${level === 1 ? "base" : `c${level - 1}`}]\ngroup-by: [user]\ntimespan: 1h\ncondition: {gte: 2}`,
        "",
        `c${level}`,
      ),
    );
    const { rules, problems } = load([...chain, base].join("---\n"));
    expect(problems).toEqual([]);
    expect(rules.map(({ correlation: { ruleIds } = { ruleIds: [] } }) => ruleIds)).toEqual([
      ["c2"],
      ["c1"],
      ["id-base"],
      [],
    ]);
  });

  test("that lead back to the correlation are refused, and the circle is named", () => {
    const ring = ["a", "b"].map((id) => correlation(good.replace("[base]", `[${id === "a" ? "b" : "a"}]`), "", id));
    const { rules, problems } = load(...ring);
    expect(rules).toEqual([]);
    expect(problems.map(({ code, path, line }) => [code, path, line])).toEqual([
      ["rule-correlation-reference", "0.yml", 5],
      ["rule-correlation-reference", "1.yml", 5],
    ]);
    expect(problems[1]?.message).toContain('"Count a" in 0.yml:1 → "Count b" in 1.yml:1 → "Count a" in 0.yml:1');
    expect(problems[0]?.message).toMatch(/which was refused/);
  });

  test.each<[string, string, string, RegExp]>([
    ["no type at all", good.replace("event_count", "evnt_count"), "rule-correlation-type", /not a correlation type/],
    ["a rule that is not loaded", good.replace("[base]", "[bse]"), "rule-correlation-reference", /"bse"/],
    ["itself", good.replace("[base]", "[c1]"), "rule-correlation-reference", /itself/],
    ["one rule twice", good.replace("[base]", "[base, id-base]"), "rule-correlation-reference", /listed twice/],
    ["a timespan without a unit", good.replace("5m", "300"), "rule-correlation-timespan", /"300"/],
    ["an upper-case unit", good.replace("5m", "5M"), "rule-correlation-timespan", /"5M"/],
    ["a count that is never reached", good.replace("gte: 10", "lt: 1"), "rule-correlation-condition", /never occur/],
    ["an empty range", good.replace("gte: 10", "gt: 10, lt: 11"), "rule-correlation-condition", /No whole number/],
    ["a count of none", good.replace("gte: 10", "gte: 0"), "rule-correlation-condition", /asks for nothing/],
    ["half a fact", good.replace("10", "1.5"), "rule-correlation-condition", /whole number/],
    ["a count above the limit", good.replace("10", "10001"), "rule-correlation-condition", /10000/],
    ["a misspelt comparison", good.replace("gte", "gtee"), "rule-correlation-condition", /"gtee"/],
    [
      "a field to count events in",
      good.replace("gte: 10", "gte: 10, field: a"),
      "rule-correlation-condition",
      /"field"/,
    ],
    ["no field", good.replace("event_count", "value_count"), "rule-correlation-condition", /needs a field/],
    [
      "two fields to sum",
      good.replace("event_count", "value_sum").replace("gte: 10", "gte: 10, field: [a, b]"),
      "rule-correlation-condition",
      /one field/,
    ],
    [
      "a percentile above 100",
      good.replace("event_count", "value_percentile").replace("gte: 10", "gte: 10, field: a, percentile: 101"),
      "rule-correlation-condition",
      /0 to 100/,
    ],
    [
      "a text to compare with",
      good.replace("event_count", "value_avg").replace("gte: 10", "gte: many, field: a"),
      "rule-correlation-condition",
      /needs a number/,
    ],
    [
      "numbers that do not exist",
      good.replace("event_count", "value_avg").replace("gte: 10", "gt: 3, lt: 3, field: a"),
      "rule-correlation-condition",
      /No number/,
    ],
    [
      "more rules than it lists",
      good.replace("event_count", "temporal").replace("10", "2"),
      "rule-correlation-condition",
      /from 1 to 1/,
    ],
    [
      "an expression that holds without any rule",
      good.replace("event_count", "temporal").replace("{gte: 10}", "not base"),
      "rule-correlation-condition",
      /whatever else does/,
    ],
    [
      "an expression that never holds",
      good.replace("event_count", "temporal").replace("{gte: 10}", "base and not base"),
      "rule-correlation-condition",
      /never hold/,
    ],
    [
      "an expression over another rule",
      good.replace("event_count", "temporal").replace("{gte: 10}", "bas"),
      "rule-correlation-condition",
      /"bas"/,
    ],
    [
      "an expression without its end",
      good.replace("event_count", "temporal").replace("{gte: 10}", "(base and"),
      "rule-correlation-condition",
      /missing at the end/,
    ],
    ["an expression to count events", good.replace("{gte: 10}", "base"), "rule-correlation-condition", /must be a map/],
    ["an unknown key", `${good}\nwindow: 5m`, "rule-unknown-value", /"window"/],
    [
      "an alias of another rule",
      good.replace("group-by", "aliases: {who: {other: x}}\ngroup-by"),
      "rule-correlation-reference",
      /"other"/,
    ],
    ["no condition", good.replace(/condition.*/, ""), "rule-missing-key", /no condition/],
  ])("with %s are refused", (_name, body, code, message) => {
    const { rules, problems } = load(after(body));
    expect(rules.map(({ id }) => id)).toEqual(["id-base"]);
    expect(problems[0]).toMatchObject({ code, message: expect.stringMatching(message), line: expect.any(Number) });
  });

  test("that are correlations have no numbers to sum", () => {
    const outer = correlation(
      "type: value_sum\nrules: [c1]\ngroup-by: [user]\ntimespan: 1h\ncondition: {field: a, gte: 2}",
      "",
      "c2",
    );
    const { problems } = load(after(good), outer);
    expect(problems).toMatchObject([
      { code: "rule-correlation-reference", message: expect.stringContaining("no number of their own") },
    ]);
  });

  test("that were refused take those that list them with them", () => {
    const outer = correlation(good.replace("[base]", "[c1]"), "", "c2");
    const { rules, problems } = load(after(good.replace("[base]", "[none]")), outer);
    expect(rules.map(({ id }) => id)).toEqual(["id-base"]);
    expect(problems).toHaveLength(2);
  });
});

test.each(["temporal", "temporal_ordered", "event_count"])("a rule that %s lists twice is refused", (type) => {
  const base =
    "title: A\nid: a\nname: first\nlogsource: { product: x }\ndetection: { s: { f: a }, condition: s }\n---\n";
  for (const [one, two] of [
    ["a", "a"],
    ["a", "first"],
    ["first", "first"],
  ]) {
    const condition = type === "event_count" ? "\n  condition: { gte: 2 }" : "";
    const text = `${base}title: C\nid: c\ncorrelation:\n  type: ${type}\n  rules: [${one}, ${two}]\n  timespan: 1m${condition}\n`;
    const { rules, problems } = loadRules([{ path: "twice.yml", text }]);
    expect(rules.map(({ id }) => id)).toEqual(["a"]);
    expect(problems.map(({ code }) => code)).toContain("rule-correlation-reference");
  }
});
