import { describe, expect, it } from "vitest";
import type { Coverage, CoverageGap } from "./coverage.ts";
import { coveragePage, type CoverageReading, createCoverageLedger } from "./coverage-ledger.ts";
import type { KnownShard } from "./read-coverage.ts";

const NONE: Coverage["missed"] = {
  "before-start": 0,
  "rule-added-later": 0,
  "rule-changed": 0,
  behind: 0,
  "no-worker": 0,
  deleted: 0,
  forgotten: 0,
};
const shard = (number: number): KnownShard => ({
  resource: `source/logs/u/${number}`,
  source: "logs",
  index: "logs",
  shard: number,
  globalCheckpoint: 9,
  exists: true,
});
const gap = (more: Partial<CoverageGap> = {}): CoverageGap => ({
  resource: "source/logs/u/0",
  source: "logs",
  index: "logs",
  shard: 0,
  from: 0,
  to: 9,
  reason: "behind",
  cure: "wait",
  rules: ["r1"],
  ...more,
});

function stage(count: number) {
  const now = { time: 1_000 };
  const asked: number[] = [];
  let failing = false;
  const ledger = createCoverageLedger({
    reader: {
      read: async (_, shards) => {
        if (failing) throw new Error("no answer");
        asked.push(shards.length);
        return {
          shards: [],
          gaps: shards.map((one) => gap({ shard: one.shard })),
          missed: { ...NONE, behind: shards.length * 10 },
        };
      },
    },
    rules: [],
    shards: async () => Array.from({ length: count }, (_, number) => shard(number)),
    ports: { clock: { now: () => now.time }, timers: { sleep: async () => {} } },
  });
  return { ledger, now, asked, fail: () => void (failing = true) };
}

describe("createCoverageLedger", () => {
  it("adds up what it reads in pieces", async () => {
    const { ledger, asked } = stage(45);
    const { gaps, missed, at } = await ledger.read(0);
    expect(asked).toEqual([0, 20, 20, 5]);
    expect([gaps.length, missed.behind, missed.deleted, at]).toEqual([45, 450, 0, 1_000]);
  });

  it("reads again only when what it has is too old, and once for all who ask", async () => {
    const { ledger, now, asked } = stage(1);
    expect(ledger.last()).toBeUndefined();
    const [one, other] = await Promise.all([ledger.read(100), ledger.read(100)]);
    expect(other).toBe(one);
    now.time += 100;
    expect(await ledger.read(100)).toBe(one);
    now.time += 1;
    expect(await ledger.read(100)).not.toBe(one);
    expect(asked).toEqual([0, 1, 0, 1]);
  });

  it("keeps what it read last when it cannot read", async () => {
    const { ledger, now, fail } = stage(1);
    const read = await ledger.read(0);
    fail();
    now.time += 1;
    await expect(ledger.read(0)).rejects.toThrow("no answer");
    expect(ledger.last()).toBe(read);
  });
});

describe("coveragePage", () => {
  const many = Array.from({ length: 30 }, (_, at) => `r${at}`);
  const reading: CoverageReading = {
    at: 5,
    missed: NONE,
    gaps: [
      gap({ rules: ["r1"], source: "other" }),
      gap({ rules: many, reason: "rule-added-later", cure: "backfill" }),
      gap({ rules: ["r2"], to: null, reason: "deleted", cure: "none" }),
    ],
  };

  it("shows gaps of most rules first, page by page, and of many rules the first", () => {
    const first = coveragePage(reading, { limit: 1 });
    expect(first).toMatchObject({ at: 5, total: 3, nextCursor: "1", items: [{ ruleCount: 30, cure: "backfill" }] });
    expect(first.items[0]?.rules).toHaveLength(20);
    const last = coveragePage(reading, { limit: 5, cursor: "1" });
    expect(last.items.map(({ rules }) => rules)).toEqual([["r1"], ["r2"]]);
    expect(last).not.toHaveProperty("nextCursor");
  });

  it.each([
    [{ rule: "r29" }, [["r29"]]],
    [{ rule: "r2" }, [["r2"], ["r2"]]],
    [{ source: "other" }, [["r1"]]],
    [{ reason: "deleted" as const }, [["r2"]]],
    [{ reason: "forgotten" as const }, []],
  ])("narrows down by %j", (query, expected) => {
    expect(coveragePage(reading, { limit: 50, ...query }).items.map(({ rules }) => rules)).toEqual(expected);
  });
});
