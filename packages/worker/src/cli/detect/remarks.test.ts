import { type CorrelatorCounters, createCorrelator } from "@vedette/detection";
import { expect, test } from "vitest";
import type { RunTotals } from "./detection-run.ts";
import { remarksOn } from "./remarks.ts";

const NONE: CorrelatorCounters = createCorrelator([], { lateness: 0 }).counters();
const totals = (some: Partial<RunTotals>): RunTotals => ({
  events: 10,
  bytesRead: 0,
  bytes: 0,
  findings: 0,
  broken: 0,
  unmatched: 0,
  firstUnmatched: undefined,
  replaced: 0,
  undated: 0,
  byRule: new Map(),
  bySource: new Map(),
  excepted: new Map(),
  correlations: undefined,
  ...some,
});
const circumstances = { ruleProblems: 0, rulesEverywhere: 0, lateness: 3_600_000, interrupted: false };

test("a run that left nothing out is not remarked on", () => {
  expect(remarksOn(totals({ correlations: { ...NONE, groups: 3, bytes: 700 } }), circumstances)).toEqual([]);
});

test.each([
  [0, "2 of 10 events belong to no log source, so that no rule looked at them; the first is a:1."],
  [4, "2 of 10 events belong to no log source, so that of all rules only the 4 without a log source looked at them;"],
])("events without a log source, with %d rules that look everywhere", (rulesEverywhere, text) => {
  const [line, ...more] = remarksOn(totals({ unmatched: 2, firstUnmatched: "a:1" }), {
    ...circumstances,
    rulesEverywhere,
  });
  expect(line).toContain(text);
  expect(more).toEqual([]);
});

test.each([
  "lateDropped",
  "ungrouped",
  "unvalued",
  "groupsEvicted",
  "groupsEvictedForMemory",
  "membersDropped",
  "membersOmitted",
  "entitiesOmitted",
] as const)("%s are told", (name) => {
  const lines = remarksOn(totals({ correlations: { ...NONE, [name]: 41 } }), circumstances);
  expect(lines).toEqual([expect.stringMatching(/^41 [a-z].*\.$/)]);
});
