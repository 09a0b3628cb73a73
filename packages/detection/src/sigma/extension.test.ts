import { describe, expect, test } from "vitest";
import { ruleText } from "../testing/rule-text.ts";
import { parseInstant } from "./exceptions.ts";
import { loadRules } from "./load-rules.ts";

const load = (extension: string) =>
  loadRules([{ path: "r.yml", text: ruleText("s: { f: 1 }\ncondition: s", `vedette:\n  ${extension}\n`) }]);

test("exceptions and entities are read", () => {
  const { rules, problems } = load(
    "exceptions: [ { name: n, owner: o, expires: 2030-06-30T12:00:00+02:00, detection: { User: a } } ]\n  entities: [ { kind: api_key, field: key.id } ]",
  );
  expect(problems).toEqual([]);
  expect(rules[0]?.extension).toMatchObject({
    exceptions: [
      {
        name: "n",
        owner: "o",
        reason: undefined,
        expires: Date.UTC(2030, 5, 30, 10),
        condition: { op: "test", field: "User" },
      },
    ],
    entities: [{ kind: "api_key", field: "key.id" }],
  });
});

test("an exception changes the rule's revision", () => {
  const exception = (owner: string) =>
    load(`exceptions: [ { name: n, owner: ${owner}, expires: 2030-01-01, detection: { User: a } } ]`).rules[0]
      ?.revision;
  expect(exception("a")).not.toBe(exception("b"));
});

describe("what is wrong is reported with its place, and the rule is refused", () => {
  const exception = (text: string): string => `exceptions:\n    - { ${text} }`;
  const good = "name: n, owner: o, expires: 2030-01-01, detection: { User: a }";
  test.each<[string, string, string, number, number, RegExp]>([
    ["no name", exception(good.replace("name: n, ", "")), "rule-extension", 6, 7, /needs a name/],
    ["no owner", exception(good.replace("owner: o, ", "")), "rule-extension", 6, 7, /needs an owner/],
    [
      "an owner that is empty",
      exception(good.replace("owner: o", "owner: ' '")),
      "rule-extension",
      6,
      25,
      /needs an owner/,
    ],
    ["no end", exception(good.replace("expires: 2030-01-01, ", "")), "rule-extension", 6, 7, /needs to expire/],
    [
      "an end that is no date",
      exception(good.replace("2030-01-01", "soon")),
      "rule-extension",
      6,
      37,
      /not an ISO 8601 date/,
    ],
    [
      "a day that there is not",
      exception(good.replace("2030-01-01", "2030-02-30")),
      "rule-extension",
      6,
      37,
      /not an ISO 8601 date/,
    ],
    ["no detection", exception(good.replace(", detection: { User: a }", "")), "rule-extension", 6, 7, /must be a map/],
    ["an empty detection", exception(good.replace("{ User: a }", "{}")), "rule-extension", 6, 60, /must be a map/],
    ["an unknown modifier", exception(good.replace("User", "User|foo")), "rule-unknown-modifier", 6, 62, /"foo"/],
    [
      "an unknown name",
      exception(good.replace("{ User: a }", "{ a: { User: a }, condition: b }")),
      "rule-condition-unknown-name",
      6,
      89,
      /"b"/,
    ],
    ["an unknown key", exception(`${good}, until: x`), "rule-extension", 6, 73, /"until"/],
    [
      "a name twice",
      `exceptions:\n    - { ${good} }\n    - { ${good} }`,
      "rule-extension",
      6,
      5,
      /Two exceptions are named "n"/,
    ],
    ["no list", "exceptions: { name: n }", "rule-extension", 5, 15, /must be a list/],
    [
      "an unknown kind of entity",
      "entities: [ { kind: planet, field: f } ]",
      "rule-extension",
      5,
      23,
      /must be one of/,
    ],
    ["an entity without a field", "entities: [ { kind: user } ]", "rule-extension", 5, 15, /must name the field/],
    [
      "an example of an unknown log source key",
      "examples: [ { name: a, kind: negative, events: [ { logsource: { os: x }, document: {} } ] } ]",
      "rule-extension",
      5,
      67,
      /"os"/,
    ],
    [
      "an example of an empty log source",
      "examples: [ { name: a, kind: negative, events: [ { logsource: {}, document: {} } ] } ]",
      "rule-extension",
      5,
      65,
      /logsource/,
    ],
  ])("%s", (_name, text, code, line, column, message) => {
    const { rules, problems } = load(text);
    expect(rules).toEqual([]);
    expect(problems[0]).toMatchObject({
      code,
      line,
      column,
      severity: "error",
      message: expect.stringMatching(message),
    });
  });

  test("exceptions and entities of a correlation", () => {
    const { problems } = loadRules([
      {
        path: "c.yml",
        text: `${ruleText("s: { f: 1 }\ncondition: s")}---\ntitle: c\nid: c\ncorrelation: { type: event_count, rules: [00000000-0000-4000-8000-000000000001], group-by: [a], timespan: 1m, condition: { gte: 2 } }\nvedette:\n  exceptions: []\n  entities: []\n`,
      },
    ]);
    expect(problems.map(({ code, line, message }) => [code, line, message])).toEqual([
      ["rule-extension", 12, 'A correlation has no event that "exceptions" could look at.'],
      ["rule-extension", 13, 'A correlation has no event that "entities" could look at.'],
    ]);
  });
});

test.each<[string, number | undefined]>([
  ["2030-06-30", Date.UTC(2030, 5, 30)],
  ["2030-06-30T12:34Z", Date.UTC(2030, 5, 30, 12, 34)],
  ["2030-06-30 12:34:56.789", Date.UTC(2030, 5, 30, 12, 34, 56, 789)],
  ["2030-06-30T00:30:00-01:30", Date.UTC(2030, 5, 30, 2)],
  ["2028-02-29", Date.UTC(2028, 1, 29)],
  ["2030-02-29", undefined],
  ["2030-13-01", undefined],
  ["2030-06-30T24:00Z", undefined],
  ["2030-06-30T12:60Z", undefined],
  ["2030-06-30T12:00+25:00", undefined],
  ["0099-01-01", undefined],
  ["2030-6-30", undefined],
  ["tomorrow", undefined],
  ["", undefined],
])("an instant: %s", (text, expected) => {
  expect(parseInstant(text)).toBe(expected);
});
