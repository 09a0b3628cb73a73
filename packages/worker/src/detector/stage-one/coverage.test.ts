import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ShardProgress } from "../findings/finding-document.ts";
import { type CoverageShard, coverageOf, type GapReason, revisionIn, type RuleSets } from "./coverage.ts";
import { addJudged, FORGOTTEN_RULES, type JudgedRange, MAX_RANGES } from "./judged-ranges.ts";

const ruleSets: RuleSets = new Map([
  ["one", new Map([["a", "1"]])],
  [
    "two",
    new Map([
      ["a", "1"],
      ["b", "1"],
    ]),
  ],
  [
    "three",
    new Map([
      ["a", "2"],
      ["b", "1"],
    ]),
  ],
]);

const progress = (
  checkpoint: number,
  judged: readonly JudgedRange[],
  more: Partial<ShardProgress> = {},
): ShardProgress => ({
  position: { historyUuid: "h", checkpoint },
  partition: "logs/0",
  newest: null,
  lastReceived: null,
  counters: {},
  judged,
  began: -1,
  caughtUp: true,
  ...more,
});

const shard = (more: Partial<CoverageShard>): CoverageShard => ({
  resource: "source/logs/x/0",
  source: "logs",
  index: "logs",
  shard: 0,
  progress: undefined,
  owner: "worker",
  globalCheckpoint: undefined,
  exists: true,
  ...more,
});

const judged = (from: number, to: number, ruleSet: string): JudgedRange => ({ from, to, ruleSet });
const RULES = [
  { id: "a", revision: "2" },
  { id: "b", revision: "1" },
];

type Expected = readonly [from: number, to: number | null, reason: GapReason, rules: string];

describe("the coverage ledger", () => {
  it.each<[name: string, shard: Partial<CoverageShard>, gaps: Expected[]]>([
    ["everything judged", { progress: progress(9, [judged(0, 9, "three")]), globalCheckpoint: 9 }, []],
    ["an empty shard", { progress: progress(-1, []), globalCheckpoint: -1 }, []],
    [
      "what was judged again with the rules as they are, and a part of it",
      {
        progress: progress(29, [judged(0, 19, "one"), judged(20, 29, "three")]),
        globalCheckpoint: 29,
        filled: [
          { from: 0, to: 19, ruleSet: "two" },
          { from: 5, to: 9, ruleSet: "three" },
          { from: 0, to: 19, ruleSet: "unknown" },
        ],
      },
      [
        [0, 4, "rule-changed", "a"],
        [10, 19, "rule-changed", "a"],
      ],
    ],
    [
      "what was judged again only from some time on is still a gap",
      {
        progress: progress(9, [judged(0, 9, "one")]),
        globalCheckpoint: 9,
        filled: [{ from: 0, to: 9, ruleSet: "three", since: 1_000 }],
      },
      [
        [0, 9, "rule-added-later", "b"],
        [0, 9, "rule-changed", "a"],
      ],
    ],
    [
      "a rule that changed and one that came later",
      {
        progress: progress(29, [judged(0, 9, "one"), judged(10, 19, "two"), judged(20, 29, "three")]),
        globalCheckpoint: 29,
      },
      [
        [0, 9, "rule-added-later", "b"],
        [0, 19, "rule-changed", "a"],
      ],
    ],
    [
      "what was there before the start",
      { progress: progress(9, [judged(5, 9, "three")], { began: 4 }), globalCheckpoint: 9 },
      [[0, 4, "before-start", "a,b"]],
    ],
    [
      "what a worker is on the way to",
      { progress: progress(9, [judged(0, 9, "three")]), globalCheckpoint: 14 },
      [[10, 14, "behind", "a,b"]],
    ],
    [
      "a shard that no worker reads",
      { progress: progress(9, [judged(0, 9, "three")]), globalCheckpoint: 14, owner: undefined },
      [[10, 14, "no-worker", "a,b"]],
    ],
    ["a shard that was never read", { globalCheckpoint: 3, owner: undefined }, [[0, 3, "no-worker", "a,b"]]],
    ["a red shard that was never read", { owner: undefined }, []],
    ["an index deleted after it was read", { progress: progress(9, [judged(0, 9, "three")]), exists: false }, []],
    [
      "an index deleted before all of it was read",
      { progress: progress(9, [judged(0, 9, "three")], { caughtUp: false }), exists: false },
      [[10, null, "deleted", "a,b"]],
    ],
    [
      "an index deleted, with its last number known",
      { progress: progress(9, [judged(0, 9, "three")], { caughtUp: false }), exists: false, globalCheckpoint: 12 },
      [[10, 12, "deleted", "a,b"]],
    ],
    ["an index deleted before anything was read", { exists: false }, [[0, null, "deleted", "a,b"]]],
    [
      "rules that are not remembered, and a set that is not to be found",
      {
        progress: progress(29, [judged(0, 9, FORGOTTEN_RULES), judged(10, 19, "lost"), judged(20, 29, "three")]),
        globalCheckpoint: 29,
      },
      [[0, 19, "forgotten", "a,b"]],
    ],
  ])("tells of %s", (_, more, expected) => {
    const coverage = coverageOf({ rules: RULES, ruleSets, shards: [shard(more)] });
    const found = coverage.gaps.map(({ from, to, reason, rules }) => [from, to, reason, rules.join()]);
    expect(found).toEqual(expected);
  });

  it("takes what was judged again from some time on for enough when earlier events are of no interest", () => {
    const shards = [
      shard({
        progress: progress(9, [judged(0, 9, "one")]),
        globalCheckpoint: 9,
        filled: [{ from: 0, to: 9, ruleSet: "three", since: 1_000 }],
      }),
    ];
    const missed = (horizon: number) => coverageOf({ rules: RULES, ruleSets, shards, horizon }).gaps.length;
    expect([missed(999), missed(1_000), missed(5_000)]).toEqual([2, 0, 0]);
  });

  it("says with which revision a range was judged", () => {
    const ranges = [judged(0, 9, "two"), judged(10, 19, "three")];
    const { shards } = coverageOf({
      rules: RULES,
      ruleSets,
      shards: [shard({ progress: progress(19, ranges), globalCheckpoint: 19 })],
    });
    const group = shards[0]?.groups.find(({ rules }) => rules.includes("a"));
    expect(group?.ranges.map((range) => [range.from, range.to, range.state, revisionIn(range, "a", ruleSets)])).toEqual(
      [
        [0, 9, "rule-changed", "1"],
        [10, 19, "evaluated", "2"],
      ],
    );
  });

  it("counts what was missed once for each reason, over rules and shards", () => {
    const coverage = coverageOf({
      rules: [...RULES, { id: "c", revision: "1" }],
      ruleSets,
      shards: [
        shard({ progress: progress(19, [judged(0, 9, "one"), judged(10, 19, "two")]), globalCheckpoint: 24 }),
        shard({ resource: "other", globalCheckpoint: 99, owner: undefined }),
      ],
    });
    expect(coverage.missed).toEqual({
      "before-start": 0,
      "rule-added-later": 20,
      "rule-changed": 20,
      behind: 5,
      "no-worker": 100,
      deleted: 0,
      forgotten: 0,
    });
  });

  it("treats thousands of rules in few groups", () => {
    const rules = Array.from({ length: 3_000 }, (_, n) => ({ id: `rule-${n}`, revision: "1" }));
    const sets: RuleSets = new Map([["all", new Map(rules.slice(0, 2_900).map(({ id }) => [id, "1"]))]]);
    const { shards, gaps } = coverageOf({
      rules,
      ruleSets: sets,
      shards: [shard({ progress: progress(9, [judged(0, 9, "all")]), globalCheckpoint: 9 })],
    });
    expect(shards[0]?.groups).toHaveLength(2);
    expect(gaps.map(({ rules: ids }) => ids.length)).toEqual([100]);
  });
});

describe("judged ranges", () => {
  it("cover what was judged, in bounded number, whatever changes", () => {
    const set = fc.constantFrom("one", "two", "three");
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), set), { maxLength: 300 }), (steps) => {
        let ranges: readonly JudgedRange[] = [];
        let next = 0;
        const truth: string[] = [];
        for (const [count, ruleSet] of steps) {
          ranges = addJudged(ranges, { from: next, to: next + count - 1, ruleSet });
          for (let at = 0; at < count; at += 1) truth.push(ruleSet);
          next += count;
        }
        expect(ranges.length).toBeLessThanOrEqual(MAX_RANGES);
        let expected = 0;
        for (const { from, to, ruleSet } of ranges) {
          expect(from).toBe(expected);
          expected = to + 1;
          for (let at = from; at <= to; at += 1) {
            if (ruleSet !== FORGOTTEN_RULES) expect(truth[at]).toBe(ruleSet);
          }
        }
        expect(expected).toBe(next);
      }),
    );
  });

  it("leave out what is empty", () => {
    expect(addJudged([], { from: 5, to: 4, ruleSet: "one" })).toEqual([]);
  });
});
