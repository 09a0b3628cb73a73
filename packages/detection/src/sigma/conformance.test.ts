import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { createCorrelator } from "../correlation/correlator.ts";
import { createDetector } from "../match/detector.ts";
import { CONFORMANCE } from "../testing/conformance/conformance.ts";
import { CONFORMANCE_MAPPING, testNameOf } from "../testing/conformance/entry.ts";
import { conformanceMarkdown } from "../testing/conformance/markdown.ts";
import { createFollower, standing } from "../testing/correlation-follower.ts";
import { type RawRule, naiveMatch } from "../testing/naive-matcher.ts";
import { sharedText, skipReason, withSharedData } from "../testing/shared-data.ts";
import { loadRules } from "./load-rules.ts";

describe("the specification", () => {
  test.each(CONFORMANCE.map((entry) => [testNameOf(entry), entry] as const))("%s", (_name, entry) => {
    const { rules, problems } = loadRules([{ path: "rule.yml", text: entry.yaml }], {
      placeholders: entry.placeholders ?? {},
    });
    const errors = problems.filter(({ severity }) => severity === "error");
    // Rows about conditions share one detection and name the part of it that they are about.
    const warnings = problems.filter(
      ({ severity, code }) => severity === "warning" && (code !== "rule-unused-search" || entry.warns === code),
    );
    if (entry.refused !== undefined) {
      expect(errors.map(({ code }) => code)).toContain(entry.refused);
      for (const problem of errors)
        expect(problem).toMatchObject({
          line: expect.any(Number),
          column: expect.any(Number),
          path: "rule.yml",
          suggestion: expect.stringMatching(/./),
        });
      return;
    }
    expect(errors).toEqual([]);
    expect([...new Set(warnings.map(({ code }) => code))]).toEqual(entry.warns === undefined ? [] : [entry.warns]);
    for (const { line, column } of warnings) expect([line, column]).toEqual([expect.any(Number), expect.any(Number)]);
    if (entry.loads !== undefined) expect(rules[0]).toMatchObject(entry.loads);
    const detector = createDetector(rules, { mappings: [CONFORMANCE_MAPPING] });
    for (const { events, episodes } of entry.timelines ?? []) {
      const correlator = createCorrelator(rules, { lateness: 0 });
      const seen = createFollower();
      for (const [index, [seconds, document]] of events.entries()) {
        const { facts } = detector.judge({ id: `e${index}`, time: seconds * 1_000, document });
        for (const fact of facts) correlator.observe(fact);
        correlator.advance(seconds * 1_000);
        seen.follow(correlator);
      }
      correlator.advance(Number.MAX_SAFE_INTEGER);
      seen.follow(correlator);
      const found = standing(seen.episodes.values()).filter(({ rule }) => rule.id === "correlation");
      expect([events, found.length]).toEqual([events, episodes]);
    }
    const documents = [...(entry.matches ?? []), ...(entry.misses ?? [])];
    if (documents.length === 0) return;
    const raw = parse(entry.meaning ?? entry.yaml) as RawRule;
    const expected = documents.map((document) => ({ document, found: entry.matches?.includes(document) ?? false }));
    const found = documents.map((document) => ({
      document,
      found: detector.judge({ id: "event", time: 0, document }).facts.length > 0,
    }));
    expect(found).toEqual(expected);
    const naive = documents.map((document) => ({
      document,
      found: naiveMatch(raw, document, CONFORMANCE_MAPPING, entry.placeholders),
    }));
    expect(naive, "naive").toEqual(expected);
  });

  test("is shown by tests with names of their own, each of which shows something", () => {
    const names = CONFORMANCE.map(testNameOf);
    expect(names.filter((name, index) => names.indexOf(name) < index)).toEqual([]);
    const empty = CONFORMANCE.filter(
      ({ refused, warns, loads, matches, misses, timelines }) =>
        (refused ?? warns ?? loads ?? matches ?? misses ?? timelines) === undefined,
    );
    expect(empty.map(testNameOf)).toEqual([]);
  });
});

test("every entry stands in a table of docs/sigma.md, with what shows it", () => {
  const rows: (readonly string[])[] = [];
  const text = conformanceMarkdown((head, more) => {
    rows.push(...more);
    return head.join(" | ");
  });
  expect(rows.map(([feature, section]) => `${section}: ${feature}`).toSorted()).toEqual(
    CONFORMANCE.map(({ section, feature }) => `${section}: ${feature}`).toSorted(),
  );
  expect(rows.filter(([, , shown]) => shown === "")).toEqual([]);
  expect(text).toContain(`${CONFORMANCE.length} entries.`);
});

/** Headings that hold other headings, or say nothing that software could honour. */
const WITHOUT_CONTENT = ["File Structure", "Components", "History", "Introduction", "Global filter", "Examples"];
/** Headings that only point to another text, which has its own entries. */
const POINTERS = ["Rule Correlation", "Sigma Filters", "YAML File"];
/** Headings of the correlation text that compare it with what was before, or hold other headings. */
const BACKGROUND = [
  "Compatibility",
  "Type of Correlation rules",
  "Correlation rules",
  "Correlation section",
  "Correlation Types",
];
/** Examples of the correlation text: `correlation/specification.test.ts` runs them whole. */
const EXAMPLES = ["Example", "Field Name Aliases Example", "Failed Logins Followed by Successful Login"];

describe.skipIf(!withSharedData)(`nothing of the specification is missing${skipReason}`, () => {
  const sections = (text: string): readonly string[] =>
    CONFORMANCE.filter((entry) => entry.text === text).map(({ section }) => section);
  const headings = (name: string): readonly string[] =>
    [
      ...sharedText(`sigma-spec/${name}`)
        .replaceAll(/^```[^]*?^```/gm, "")
        .matchAll(/^#{2,6} (.+)$/gm),
    ]
      .map(([, title]) => title ?? "")
      .filter((title) => ![...WITHOUT_CONTENT, ...POINTERS, ...BACKGROUND, ...EXAMPLES].includes(title));
  const topics = new Set(CONFORMANCE.flatMap((entry) => entry.topics ?? []));

  test.each([
    ["rules", "sigma-rules-specification.md"],
    ["modifiers", "sigma-appendix-modifiers.md"],
    ["filters", "sigma-filters-specification.md"],
    ["correlations", "sigma-correlation-rules-specification.md"],
  ])("each section of the %s text has an entry", (text, file) => {
    expect(headings(file).length).toBeGreaterThan(5);
    expect(headings(file).filter((title) => !sections(text).includes(title))).toEqual([]);
  });

  test("each entry stands under a section that there is", () => {
    for (const [text, file] of [
      ["rules", "sigma-rules-specification.md"],
      ["modifiers", "sigma-appendix-modifiers.md"],
      ["filters", "sigma-filters-specification.md"],
      ["correlations", "sigma-correlation-rules-specification.md"],
    ] as const)
      expect(sections(text).filter((section) => !headings(file).includes(section))).toEqual([]);
  });

  test("each modifier of the appendix has an entry", () => {
    const names = [
      ...sharedText("sigma-spec/sigma-appendix-modifiers.md").matchAll(/^ *- `(\w+)`(?=:| sub-| ?\()/gm),
    ].map(([, name]) => name ?? "");
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => !topics.has(`modifier ${name}`))).toEqual([]);
    expect([...topics].filter((topic) => topic.startsWith("modifier ")).map((topic) => topic.slice(9))).toEqual(
      expect.arrayContaining([...new Set(names)]),
    );
  });

  test("each form of condition has an entry", () => {
    const text = /### Condition\n([^]*?)\nOperator Precedence/.exec(
      sharedText("sigma-spec/sigma-rules-specification.md"),
    )?.[1];
    const forms = [...(text ?? "").matchAll(/^- (.+)$/gm)].map(([, form]) => form ?? "");
    expect(forms).toHaveLength(5);
    expect(forms.filter((form) => !topics.has(`condition ${form}`))).toEqual([]);
  });

  test("each correlation type has an entry", () => {
    const types = headings("sigma-correlation-rules-specification.md").flatMap(
      (title) => /\((\w+)\)$/.exec(title)?.[1] ?? [],
    );
    expect(types).toHaveLength(7);
    expect(types.filter((type) => !topics.has(`correlation ${type}`))).toEqual([]);
  });
});
