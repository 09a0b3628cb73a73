import { describe, expect, test } from "vitest";
import type { JsonValue } from "../event.ts";
import { factOf, rulesWith } from "../testing/correlation-rules.ts";
import { type Correlator, createCorrelator } from "./correlator.ts";
import type { CorrelatorLimits } from "./limits.ts";

const HOUR = 3_600_000;
/** Many times as much, for a run by hand. */
const SCALE = Number(process.env["VEDETTE_HOSTILE_SCALE"] ?? 1);

function correlatorOf(section: string, limits: Partial<CorrelatorLimits> = {}): Correlator {
  return createCorrelator(rulesWith({ x: section }).rules, { lateness: HOUR, limits });
}

/** How many times as much processor time a run takes with four times as many facts; the shortest of three runs each. */
function growth(run: (count: number) => void, few: number): number {
  const shortest = (count: number): number =>
    Math.min(
      ...[1, 2, 3].map(() => {
        const before = process.cpuUsage();
        run(count);
        const { user, system } = process.cpuUsage(before);
        return user + system;
      }),
    );
  run(few);
  return shortest(4 * few) / shortest(few);
}

test("ever new groups take no more than the bounds, and every group that goes is counted", () => {
  const limits = { groups: 1_000, bytes: 2 ** 20 };
  const correlator = correlatorOf(
    "{ type: event_count, rules: [a], group-by: [user], timespan: 1h, condition: { gte: 3 } }",
    limits,
  );
  const count = 10_000 * SCALE;
  for (let index = 0; index < count; index++) {
    correlator.observe(factOf("a", `f${index}`, index, { user: `u${index}` }));
    if (index % 1_000 === 999) correlator.takeChanges();
  }
  const { groups, bytes, groupsEvicted, groupsEvictedForMemory } = correlator.counters();
  expect(groups).toBeLessThanOrEqual(limits.groups);
  expect(bytes).toBeLessThanOrEqual(limits.bytes);
  expect(groups + groupsEvicted + groupsEvictedForMemory).toBe(count);
});

describe("four times the facts in one group take little more than four times the time:", () => {
  test.each([
    ["event_count", "{ type: event_count, rules: [a], group-by: [user], timespan: 1h, condition: { gte: 10 } }"],
    [
      "value_count",
      "{ type: value_count, rules: [a], group-by: [user], timespan: 1h, condition: { field: ip, gte: 10 } }",
    ],
    [
      "value_sum",
      "{ type: value_sum, rules: [a], group-by: [user], timespan: 1h, condition: { field: n, gt: 1000000000 } }",
    ],
    ["temporal", "{ type: temporal, rules: [a, b], group-by: [user], timespan: 1h }"],
    ["temporal_ordered", "{ type: temporal_ordered, rules: [b, a], group-by: [user], timespan: 1h }"],
  ])("%s", { timeout: 120_000 * SCALE }, (_type, section) => {
    const run = (count: number): void => {
      const correlator = correlatorOf(section, { membersPerGroup: 100 });
      for (let index = 0; index < count; index++) {
        correlator.observe(factOf("a", `f${index}`, index, { user: "u", ip: `${index}`, n: index }));
        if (index % 1_000 === 999) correlator.takeChanges();
      }
      const { membersOmitted, membersDropped } = correlator.counters();
      expect(membersOmitted + membersDropped).toBeGreaterThan(count - 1_100);
    };
    expect(growth(run, 4_000 * SCALE)).toBeLessThan(10);
  });
});

test("facts of one moment, in the worst order, are kept apart in time that grows little faster than they do", () => {
  const run = (count: number): void => {
    const correlator = correlatorOf(
      "{ type: event_count, rules: [a], group-by: [user], timespan: 1h, condition: { gte: 10000 } }",
      { membersPerGroup: 20_000 * SCALE },
    );
    for (let index = 0; index < count; index++)
      correlator.observe(factOf("a", `f${String(count - index).padStart(8, "0")}`, 0, { user: "u" }));
    expect(correlator.counters()).toMatchObject({ groups: 1, duplicates: 0 });
  };
  expect(growth(run, 4_000 * SCALE)).toBeLessThan(12);
});

test("keys of a megabyte, and keys that are objects and lists, are groups of their own that outlive a restart", () => {
  const section = "{ type: event_count, rules: [a], group-by: [user, host], timespan: 1h, condition: { gte: 2 } }";
  const { rules } = rulesWith({ x: section });
  const long = "k".repeat(2 ** 20);
  const hosts: readonly JsonValue[] = [
    `${long}1`,
    `${long}2`,
    `${long.slice(1)}\ud800`,
    { a: [long], b: null },
    [long],
    [[[]]],
    "[[[]]]",
    "\0",
    true,
    JSON.parse('{"__proto__":1}') as JsonValue,
  ];
  let correlator = createCorrelator(rules, { lateness: HOUR });
  for (const [index, host] of hosts.entries()) correlator.observe(factOf("a", `f${index}`, index, { user: "u", host }));
  const stored = correlator.takeChanges().groups.map(({ key, value }) => [key, value ?? ""] as const);
  expect(stored).toHaveLength(hosts.length);
  for (const [key] of stored) expect(key.length).toBeLessThan(100);
  correlator = createCorrelator(rules, { lateness: HOUR });
  correlator.restore(stored);
  for (const [index, host] of hosts.entries()) correlator.observe(factOf("a", `g${index}`, index, { user: "u", host }));
  const { episodes } = correlator.takeChanges();
  expect(episodes.map(({ factIds }) => factIds)).toEqual(hosts.map((_, index) => [`f${index}`, `g${index}`]));
  expect(episodes.map(({ group }) => group["host"])).toEqual(hosts);
});

test.each<[string, readonly JsonValue[], number, number]>([
  ["the largest numbers there are, which cancel out", [1.7e308, 1.7e308, -1.7e308, -1.7e308, 5], 1, 0],
  ["a sum above all numbers", [1.7e308, 1.7e308], 1, 0],
  [
    "numbers beside what is none",
    [3, "NaN", Number.NaN, "Infinity", "0x10", "1e400", [4], { n: 4 }, true, "", null],
    0,
    10,
  ],
  ["the smallest numbers there are", [5e-324, -5e-324, 4], 1, 0],
])("value_sum over %s is exact, or counted as left out", (_what, numbers, episodes, unvalued) => {
  const correlator = correlatorOf(
    "{ type: value_sum, rules: [a], group-by: [user], timespan: 1h, condition: { field: n, gt: 3 } }",
  );
  for (const [index, n] of numbers.entries()) correlator.observe(factOf("a", `f${index}`, index, { user: "u", n }));
  expect(correlator.takeChanges().episodes).toHaveLength(episodes);
  expect(correlator.counters().unvalued).toBe(unvalued);
});
