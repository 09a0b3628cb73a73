import * as fc from "fast-check";
import { stringify } from "yaml";
import { describe, expect, test } from "vitest";
import type { JsonObject, SecurityEvent } from "../event.ts";
import { createDetector } from "../match/detector.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { ruleText } from "../testing/rule-text.ts";
import { RULE_SETS, type SharedRule, sharedLines, skipReason, withSharedData } from "../testing/shared-data.ts";
import { explain } from "./explain.ts";
import { explanationLines } from "./explanation-lines.ts";

const sysmon = (fields: JsonObject): JsonObject => ({
  EventID: 1,
  Channel: "Microsoft-Windows-Sysmon/Operational",
  Provider_Name: "Microsoft-Windows-Sysmon",
  ...fields,
});
const eventOf = (document: JsonObject, time = 0): SecurityEvent => ({ id: "e", time, document });

function explained(detection: string, fields: JsonObject, more = ""): readonly string[] {
  const { rules, problems } = loadRules([{ path: "rule.yml", text: ruleText(detection, more) }]);
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
  const [rule] = rules;
  if (rule === undefined) throw new Error("the rule was not loaded");
  return explanationLines(explain(rule, eventOf(sysmon(fields)))).slice(3);
}

describe("what decided is told", () => {
  test.each<[string, string, JsonObject, readonly string[]]>([
    [
      "a match, with what the event has",
      "s: { Image|endswith: ['\\cmd.exe', '\\sh.exe'], CommandLine|contains|all: [a, b] }\ncondition: s",
      { Image: "C:\\cmd.exe", CommandLine: "b a" },
      [
        "  it holds because:",
        "    s holds (2 of its 2 parts do):",
        '      Image ends with "\\cmd.exe" (1 of 2 listed, line 5)',
        '        the event has "C:\\cmd.exe"',
        '      CommandLine contains "a" and "b" (line 5)',
        '        the event has "b a"',
      ],
    ],
    [
      "a miss, by the parts that failed alone, and how near they were",
      "s: { Image: x, CommandLine|contains|all: [a, b, zz] }\ncondition: s",
      { Image: "X", CommandLine: "b a" },
      [
        "  it does not hold because:",
        "    s does not hold (1 of its 2 parts do not):",
        '      CommandLine does not contain "zz" (line 5)',
        '        the event has "b a"',
        '        2 of the 3 values asked for are there; missing: "zz"',
      ],
    ],
    [
      "a filter that holds",
      "s: { Image: x }\nf: { User: [root, bob] }\ncondition: s and not f",
      { Image: "X", User: "bob" },
      [
        "  it does not hold because:",
        "    1 of 2 parts, of which each is needed, does not hold:",
        "      not: this must not hold, and it does:",
        "        f holds:",
        '          User is "bob" (1 of 2 listed, line 6)',
        '            the event has "bob"',
      ],
    ],
    [
      "one of several search identifiers",
      "s1: { Image: x }\ns2: { Image: y }\ncondition: 1 of s*",
      { Image: "y" },
      [
        "  it holds because:",
        "    1 of s* holds: 1 of 2 do:",
        "      s2 holds:",
        '        Image is "y" (line 6)',
        '          the event has "y"',
      ],
    ],
    [
      "entries of which one is enough",
      "s:\n  - Image: x\n  - User: y\ncondition: s",
      { Image: "z" },
      [
        "  it does not hold because:",
        "    s does not hold (none of its 2 entries):",
        '      Image is not "x" (line 6)',
        '        the event has "z"',
        '      User is not "y" (line 7)',
        "        the event has no User; looked for at User",
      ],
    ],
    [
      "keywords",
      "k: [evil, worse]\ncondition: k",
      { Image: "evil.exe" },
      [
        "  it holds because:",
        "    k holds:",
        '      a value of the event contains "evil" (1 of 2 listed, line 5)',
        '        found in "evil.exe"',
      ],
    ],
    [
      "a value that the rule excludes",
      "s: { Image|neq: x }\ncondition: s",
      { Image: "X" },
      [
        "  it does not hold because:",
        "    s does not hold:",
        '      Image is "x", which the rule excludes (line 5)',
        '        the event has "X"',
      ],
    ],
  ])("%s", (_name, detection, fields, expected) => {
    expect(explained(detection, fields)).toEqual([expect.stringContaining("read by the mapping windows"), ...expected]);
  });

  test.each<[string, JsonObject, string]>([
    ["Image|re: '^a+$'", { Image: "b" }, "Image does not match the regular expression /^a+$/ (line 5)"],
    ["Image|cidr: 10.0.0.0/8", { Image: "10.1.2.3" }, "Image is in the network 10.0.0.0/8 (line 5)"],
    ["Image|cidr: 10.0.0.0/8", { Image: "x" }, "the value is not an address"],
    ["Image|gte: 5", { Image: 4 }, "Image is not at least 5 (line 5)"],
    ["Image|hour: 5", { Image: "2026-01-01T05:00:00Z" }, "Image is in its hour equal to 5 (line 5)"],
    ["Image|exists: true", {}, "Image is absent (line 5)"],
    ["Image|exists: false", {}, "Image is absent (line 5)"],
    ["Image: null", { Image: "x" }, "Image has a value (line 5)"],
    ["Image: ''", { Image: "x" }, "Image is not empty (line 5)"],
    ["Image|fieldref: User", { Image: "x", User: "X" }, "Image is the value of User (line 5)"],
    [
      "Image|cased: ABC",
      { Image: "abc" },
      "is there in other upper and lower case, and the rule asks for these (cased)",
    ],
    ["Image|endswith: abc", { Image: "abcd" }, '"abc" is in the value, but not at its end'],
    ["Image: abc", { Image: "abc " }, '"abc" would hold without the white space around the value'],
    [
      "Image|base64offset|contains: secret",
      { Image: "x" },
      'Image does not contain "secret" (as Base64 at any offset)',
    ],
    ["Image|windash: -x", { Image: "/x" }, 'Image is "-x" (with any dash) (line 5)'],
    ["Image: a?c*d", { Image: "abcd" }, 'Image is like "a?c*d" (line 5)'],
    ["Image: x", { image: "x" }, 'the event has "image"; names of fields are compared with their upper and lower case'],
    ["Image: x", { Image: ["a", "b"] }, 'the event has "a", "b"'],
    ["Image: x", { Image: "a\nb\u202e" }, 'the event has "a\\u000ab\\u202e"'],
  ])("%s of %j", (item, fields, expected) => {
    expect(explained(`s: { ${item} }\ncondition: s`, fields).join("\n")).toContain(expected);
  });

  test("long values are cut around what was looked for", () => {
    const lines = explained("s: { Image|contains: needle }\ncondition: s", {
      Image: `${"a".repeat(500)}needle${"b".repeat(500)}`,
    });
    expect(lines.at(-1)).toMatch(/^ +the event has "…a{10,}needleb{10,}…"$/);
    expect(lines.at(-1)?.length).toBeLessThan(220);
  });
});

describe("why a rule is not asked", () => {
  const [rule] = loadRules([{ path: "rule.yml", text: ruleText("s: { Image: x }\ncondition: s") }]).rules;
  if (rule === undefined) throw new Error("the rule was not loaded");

  test("the event belongs to other log sources", () => {
    expect(explain(rule, eventOf({ ...sysmon({}), EventID: 3 }))).toMatchObject({
      matched: false,
      outcome: "log-source",
      decision: null,
      summary:
        "The rule does not look at the event: it is for product windows, category process_creation, and the event belongs to product windows, category network_connection, service sysmon.",
    });
  });

  test("the event belongs to no log source, or is read by no mapping", () => {
    expect(explain(rule, eventOf({ a: 1 }))).toMatchObject({ outcome: "no-log-source", mapping: "json" });
    expect(explain(rule, eventOf({ a: 1 }), { mappings: [] })).toMatchObject({ outcome: "no-mapping", mapping: null });
  });
});

test("an exception that hides a finding is told, and one that has expired", () => {
  const exception = `vedette:
  exceptions:
    - { name: backup, owner: ops@example.org, expires: 2026-02-01, detection: { User: backup } }
`;
  const { rules } = loadRules([{ path: "rule.yml", text: ruleText("s: { Image: x }\ncondition: s", exception) }]);
  const [rule] = rules;
  if (rule === undefined) throw new Error("the rule was not loaded");
  const outcome = (user: string, time: string): unknown => {
    const {
      matched,
      outcome: found,
      exceptions,
    } = explain(rule, eventOf(sysmon({ Image: "x", User: user }), Date.parse(time)));
    return [matched, found, exceptions.map(({ held, inForce }) => [held, inForce])];
  };
  expect(outcome("backup", "2026-01-01T00:00:00Z")).toEqual([false, "excepted", [[true, true]]]);
  expect(outcome("backup", "2026-02-01T00:00:00Z")).toEqual([true, "matched", [[true, false]]]);
  expect(outcome("eve", "2026-01-01T00:00:00Z")).toEqual([true, "matched", [[false, true]]]);
});

test("a correlation is explained by what the event is to its rules", () => {
  const text = `${ruleText("s: { Image: x }\ncondition: s", "name: one\n")}---
title: Often
id: 00000000-0000-4000-8000-000000000002
correlation: { type: event_count, rules: [one], group-by: [User], timespan: 90s, condition: { gte: 3 } }
`;
  const { rules } = loadRules([{ path: "rules.yml", text }]);
  const often = rules.find(({ kind }) => kind === "correlation");
  if (often === undefined) throw new Error("the correlation was not loaded");
  const counted = explain(often, eventOf(sysmon({ Image: "x", User: "eve" })), { rules });
  expect(counted).toMatchObject({ matched: false, outcome: "correlation", correlation: { counts: true } });
  expect(explanationLines(counted)).toEqual([
    "Often (medium, 00000000-0000-4000-8000-000000000002)",
    "  in rules.yml",
    "  The rule is a correlation, and the event counts for it.",
    "  event_count: at least 3 findings within 90 seconds with equal User.",
    "  counts for it: Test (00000000-0000-4000-8000-000000000001)",
    '    User is "eve"',
    "    in rules.yml",
    "    The rule matches.",
    expect.stringContaining("read by the mapping windows"),
    "    it holds because:",
    "      s holds:",
    '        Image is "x" (line 6)',
    '          the event has "x"',
  ]);
  const nobody = explain(often, eventOf(sysmon({ Image: "x" })), { rules });
  expect(nobody.correlation?.counts).toBe(false);
  expect(explanationLines(nobody).join("\n")).toContain(
    "the event has no User, so that the finding belongs to no group",
  );
});

describe("an explanation says what the engine says", () => {
  const piece = fc.constantFrom("a", "A", "b", "*", "?", "\\", "-", "/", " ", "1", "ß");
  const text = fc.array(piece, { maxLength: 4 }).map((parts) => parts.join(""));
  const modifier = fc.constantFrom(
    "",
    "|contains",
    "|startswith",
    "|endswith",
    "|cased",
    "|windash|contains",
    "|contains|all",
    "|neq",
    "|base64offset|contains",
  );
  const item = fc.tuple(fc.constantFrom("Image", "User", "a.b"), modifier).map((parts) => parts.join(""));
  const values = fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 }));
  const map = fc.dictionary(item, values, { minKeys: 1, maxKeys: 2 });
  const search = fc.oneof(
    map,
    fc.array(map, { minLength: 1, maxLength: 2 }),
    fc.array(text, { minLength: 1, maxLength: 2 }),
  );
  const operand = fc.constantFrom(
    "s1",
    "s2",
    "f",
    "1 of s*",
    "all of s*",
    "2 of them",
    "not s1",
    "(s1 or f)",
    "not (f and s2)",
  );
  const condition = fc
    .array(fc.tuple(operand, fc.constantFrom("and", "or")), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.map(([name, word], index) => (index === 0 ? name : `${word} ${name}`)).join(" "));
  const rule = fc.record({ s1: search, s2: search, f: search, condition });
  const eventText = fc.array(fc.constantFrom("a", "A", "b", "\\", "-", "/", " ", "1", "ß", "YQ"), { maxLength: 5 });
  const value = fc.oneof(
    eventText.map((parts) => parts.join("")),
    fc.array(
      eventText.map((parts) => parts.join("")),
      { maxLength: 2 },
    ),
    fc.constantFrom<null | number>(null, 1),
  );
  const document = fc.record({ Image: value, User: value, "a.b": value }, { requiredKeys: [] });

  test("for generated rules and events", () => {
    let matches = 0;
    let misses = 0;
    fc.assert(
      fc.property(rule, fc.array(document, { minLength: 1, maxLength: 4 }), (detection, documents) => {
        const { rules } = loadRules([{ path: "r.yml", text: ruleText(stringify(detection)) }]);
        const [loaded] = rules;
        if (loaded === undefined) return;
        const detector = createDetector(rules);
        for (const fields of documents) {
          const event = eventOf(sysmon(fields));
          const explanation = explain(loaded, event);
          const facts = detector.judge(event).facts.length;
          if (facts > 0) matches++;
          else misses++;
          expect(explanation.matched).toBe(facts > 0);
          expect(explanation.decision?.held).toBe(facts > 0);
          expect(explanationLines(explanation).length).toBeGreaterThan(4);
        }
      }),
      { numRuns: 1_500 },
    );
    expect([matches, misses].every((count) => count > 300)).toBe(true);
  });

  test.runIf(withSharedData)(`for SigmaHQ's rules and recorded events${skipReason}`, () => {
    const files = sharedLines<SharedRule>("sigma-rules.jsonl.gz")
      .filter(({ set }, index) => RULE_SETS.includes(set) && index % 4 === 0)
      .map(({ path, yaml }) => ({ path, text: yaml }));
    const { rules } = loadRules(files);
    const byId = new Map(rules.map((loaded) => [loaded.id, loaded]));
    const detector = createDetector(rules);
    const cases = sharedLines<{ readonly events_flat: readonly JsonObject[] }>("sigma-regression.jsonl.gz");
    const attacks = sharedLines<{ readonly events: readonly JsonObject[] }>("windows-attack.jsonl.gz");
    const documents = [
      ...cases.flatMap(({ events_flat }) => events_flat),
      ...attacks.flatMap(({ events }) => events.filter((_, index) => index % 50 === 0)),
    ];
    let matches = 0;
    for (const [index, document] of documents.entries()) {
      const event = eventOf(document);
      const matched = new Set(detector.judge(event).facts.map((fact) => fact.rule.id));
      matches += matched.size;
      const sample = new Set([...matched, ...rules.filter((_, at) => at % 10 === index % 10).map(({ id }) => id)]);
      for (const id of sample) {
        const loaded = byId.get(id);
        if (loaded === undefined) throw new Error(`there is no rule ${id}`);
        const { matched: says, decision } = explain(loaded, event);
        if (says !== matched.has(id)) expect.fail(`${id} (${loaded.path}): ${JSON.stringify({ says, decision })}`);
      }
    }
    expect(matches).toBeGreaterThan(50);
  });
});

test("of a rule for every event, too, a correlation says by what its findings are grouped", () => {
  const text = `${ruleText("s: { Image: x }\ncondition: s", "name: one\n")}---
title: Often
id: 00000000-0000-4000-8000-000000000002
correlation: { type: event_count, rules: [one], group-by: [User], timespan: 90s, condition: { gte: 3 } }
`;
  const loaded = loadRules([{ path: "rules.yml", text }]).rules;
  const rules = loaded.map((rule) => (rule.kind === "signature" ? { ...rule, logSource: {} } : rule));
  const often = rules.find(({ kind }) => kind === "correlation");
  if (often === undefined) throw new Error("the correlation was not loaded");
  const of = (fields: JsonObject) => explain(often, eventOf(fields), { rules }).correlation;
  expect(of({ Image: "x", User: "eve" })).toMatchObject({ counts: true, rules: [{ group: { User: "eve" } }] });
  expect(of({ Image: "x" })).toMatchObject({ counts: false, rules: [{ group: { User: null } }] });
});
