import { describe, expect, it } from "vitest";
import { silentLog } from "../../testing/silent-log.ts";
import type { RawRecord, RefusedInput } from "../../record.ts";
import { createEarlyJudgement } from "./early-judgement.ts";
import { addCounts, createRecordJudge, NO_COUNTS } from "./judge-records.ts";
import { createMemoryFindings } from "./testing/memory-findings.ts";
import { createWordJudge, wordRules } from "./testing/word-rules.ts";

const NOW = Date.UTC(2026, 10, 21);
const record = (n: number, more: Partial<RawRecord> = {}): RawRecord => ({
  id: `event-${n}`,
  source: "otlp",
  position: String(n),
  partition: "shop",
  time: NOW + n,
  receivedAt: NOW,
  document: { words: ["red"], user: `u${n}` },
  ...more,
});

function stage(limits: { maxWaiting?: number; maxRemembered?: number } = {}) {
  const findings = createMemoryFindings();
  const refused: RefusedInput[] = [];
  let counters = NO_COUNTS;
  const early = createEarlyJudgement({
    prefix: "v",
    judge: createRecordJudge({
      prefix: "v",
      detector: createWordJudge(wordRules("red")),
      isShadow: () => false,
      logSources: new Map(),
      futureTolerance: 1_000,
      ports: { clock: { now: () => NOW }, timers: { sleep: async () => {} }, log: silentLog },
    }),
    writeOnce: (documents, options) => findings.writeOnce(documents, options),
    refuse: async (inputs) => void refused.push(...inputs),
    log: silentLog,
    onJudged: (more) => (counters = addCounts(counters, more)),
    ...limits,
  });
  return { findings, refused, early, counters: () => counters };
}

describe("judging at once", () => {
  it("writes the facts of a record and remembers it, once", async () => {
    const { early, findings, counters } = stage();
    early.take([record(1), record(2)]);
    await early.settled();
    expect(findings.findings().map(({ vedette: { finding } }) => finding.position)).toEqual(
      expect.arrayContaining([
        { index: "v-events-2026.11", id: "event-1" },
        { index: "v-events-2026.11", id: "event-2" },
      ]),
    );
    expect(counters()).toMatchObject({ judged: 2, facts: 2 });
    expect(early.wasJudged(record(1))).toBe(true);
    expect(early.wasJudged(record(1))).toBe(false);
  });

  it("does not take a record that was received at another time for the same", async () => {
    const { early } = stage();
    early.take([record(1)]);
    await early.settled();
    expect(early.wasJudged(record(1, { receivedAt: NOW + 1 }))).toBe(false);
  });

  it("leaves to the tail what could not be written", async () => {
    const { early, findings } = stage();
    findings.gate = () => Promise.reject(new Error("away"));
    early.take([record(1)]);
    await early.settled();
    expect(early.wasJudged(record(1))).toBe(false);
    findings.gate = undefined;
    early.take([record(2)]);
    await early.settled();
    expect(early.wasJudged(record(2))).toBe(true);
  });

  it("leaves to the tail what is too much, and says how much", async () => {
    const { early, findings } = stage({ maxWaiting: 3 });
    early.take([1, 2, 3, 4, 5].map((n) => record(n)));
    await early.settled();
    expect(early.leftOut).toBe(2);
    expect(findings.findings()).toHaveLength(3);
  });

  it("remembers a bounded number of records", async () => {
    const { early } = stage({ maxRemembered: 2 });
    early.take([1, 2, 3].map((n) => record(n)));
    await early.settled();
    expect([1, 2, 3].map((n) => early.wasJudged(record(n)))).toEqual([false, true, true]);
  });

  it("lists an event that the detector fails on", async () => {
    const { early, refused } = stage();
    early.take([record(1, { document: { poison: true } }), record(2)]);
    await early.settled();
    expect(refused).toMatchObject([{ reason: "detector_failed" }]);
    expect(early.wasJudged(record(2))).toBe(true);
  });

  it("takes nothing after it has ended", async () => {
    const { early, findings } = stage();
    await early[Symbol.asyncDispose]();
    early.take([record(1)]);
    await early.settled();
    expect(findings.findings()).toEqual([]);
  });
});
