import { expect, test } from "vitest";
import { createDetector } from "../match/detector.ts";
import { loadRules } from "./load-rules.ts";

const rule = (item: string): string => `title: T
id: leading-zeros
logsource: { category: test }
detection:
  selection:
    ${item}
  condition: selection
`;

test.each([
  ["a text that holds the zeros", "Details|contains: 00000429", "layout 00000429", true],
  ["a text that holds the digits alone", "Details|contains: 00000429", "layout 10429", false],
  ["digits that YAML 1.1 reads as octal", "Details: 0777", "0777", true],
  ["a number to compare with", "Details|gte: 08", "9", true],
  ["an hour", "Details|hour: 08", "2026-01-01T08:30:00Z", true],
])("digits after a leading zero are kept in %s", (_name, item, value, expected) => {
  const { rules, problems } = loadRules([{ path: "rule.yml", text: rule(item) }]);
  expect(problems).toEqual([]);
  const { facts } = createDetector(rules).judge({
    id: "event",
    time: 0,
    document: { Details: value },
    logSource: { category: "test" },
  });
  expect(facts.length > 0).toBe(expected);
});
