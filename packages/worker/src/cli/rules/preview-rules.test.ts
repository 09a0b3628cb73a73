import { expect, test } from "vitest";
import type { RuleTally } from "../../hunt/rule-tally.ts";
import { rank, verdictOf } from "./preview-rules.ts";

const tally = (level: string, events: number, facts: number): RuleTally => ({
  rule: { id: `${level} ${facts}`, level } as RuleTally["rule"],
  events,
  facts,
  days: new Map(),
  entities: [],
  excepted: 0,
});

test.each([
  ["critical", 0, 0, "no data"],
  ["critical", 10, 0, "silent"],
  ["critical", 100, 70, "start"],
  ["critical", 100, 71, "tune"],
  ["low", 1_000, 8, "tune"],
  ["low", 1_000, 141, "loud"],
] as const)("a %s rule with %s events and %s findings in seven days: %s", (level, events, facts, verdict) => {
  expect(verdictOf(tally(level, events, facts), 7)).toBe(verdict);
});

test("rules to start with come first, the gravest of them at the top", () => {
  const ranked = rank(
    [tally("low", 9, 0), tally("high", 9, 3), tally("critical", 9, 2), tally("low", 0, 0)],
    7,
    new Map(),
  );
  expect(ranked.map(({ rule, verdict }) => `${verdict} ${rule.level}`)).toEqual([
    "start critical",
    "start high",
    "silent low",
    "no data low",
  ]);
});
