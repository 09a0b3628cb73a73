import type { JsonObject, JsonValue } from "@vedette/detection";
import { describe, expect, it } from "vitest";
import type { ShardPosition, ShardTail, TailDocument, TailPage } from "../../collector/elasticsearch/shard-tail.ts";
import { ElasticsearchError } from "../../elasticsearch/errors.ts";
import { type Lease, LeaseLostError } from "../../leases/lease.ts";
import { createSimulatedTime } from "../../leases/testing/simulated-time.ts";
import type { Log } from "../../ports.ts";
import type { RefusedInput } from "../../record.ts";
import type { ShardProgress } from "../findings/finding-document.ts";
import { followShard, progressOf } from "./follow-shard.ts";
import { createRecordJudge } from "./judge-records.ts";
import { Slots } from "./slots.ts";
import { tailedRecord } from "./tailed-record.ts";
import { createMemoryFindings } from "./testing/memory-findings.ts";
import { createWordJudge, wordRules } from "./testing/word-rules.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const START = Date.UTC(2026, 10, 21);
const away = (): ElasticsearchError =>
  new ElasticsearchError("elasticsearch-unavailable", "It is away.", { retryable: true });

const document = (seqNo: number, fields: JsonObject): TailDocument => ({
  index: ".ds-logs-2026.11.21-000001",
  id: `d${seqNo}`,
  seqNo,
  source: { "@timestamp": new Date(START + seqNo).toISOString(), ...fields },
});

const pageOf = (documents: readonly TailDocument[], caughtUp = false, historyUuid = "h"): TailPage => ({
  documents,
  position: { historyUuid, checkpoint: documents.at(-1)?.seqNo ?? -1 },
  superseded: 0,
  caughtUp,
});

/** Pages one after the other; a function stands for what a call does instead. */
function tailOf(pages: readonly (TailPage | undefined | (() => Promise<TailPage | undefined>))[]) {
  const left = [...pages];
  const calls: number[] = [];
  const tail: ShardTail = {
    key: { clusterUuid: "c", index: ".ds-logs-2026.11.21-000001", indexUuid: "i", shard: 0 },
    async next() {
      calls.push(left.length);
      const page = left.shift();
      return typeof page === "function" ? page() : page;
    },
  };
  return { tail, calls };
}

function leaseOf(payload?: ShardProgress) {
  const lost = new AbortController();
  const recalled = new AbortController();
  const saved: ShardProgress[] = [];
  const lease: Lease = {
    resource: "source/logs/i/0",
    epoch: 1,
    payload: payload as unknown as JsonValue | undefined,
    lost: lost.signal,
    recalled: recalled.signal,
    async save(next) {
      if (lost.signal.aborted) throw new LeaseLostError("lost");
      saved.push(next as unknown as ShardProgress);
    },
    async release() {},
  };
  return { lease, lost, recalled, saved };
}

function stage(pages: Parameters<typeof tailOf>[0], payload?: ShardProgress) {
  const time = createSimulatedTime();
  const { timers } = time.process();
  const ports = { clock: { now: () => START + time.now() }, timers, log: silent };
  const { tail, calls } = tailOf(pages);
  const lease = leaseOf(payload);
  const findings = createMemoryFindings();
  const refused: RefusedInput[] = [];
  const opened: (ShardPosition | undefined)[] = [];
  const troubles: (string | undefined)[] = [];
  const shown: boolean[] = [];
  const rules = wordRules("red", "blue");
  const origin = { source: "logs", stream: "logs", partition: "logs/0", isReceived: false };
  const slots = new Slots(4);
  const running = followShard({
    lease: lease.lease,
    partition: "logs/0",
    async openTail(position) {
      opened.push(position);
      return { tail, position: position ?? { historyUuid: "h", checkpoint: -1 } };
    },
    recordsOf: (page) => ({
      records: page.documents.map((one) => ({
        record: tailedRecord(one, origin, [], ports.clock.now()),
        position: { index: one.index, id: one.id },
      })),
      early: 0,
    }),
    judge: createRecordJudge({
      prefix: "v",
      detector: createWordJudge(rules),
      isShadow: (id) => id === "blue",
      logSources: new Map(),
      futureTolerance: 300_000,
      ports,
    }),
    async writeOnce(documents, options) {
      shown.push(options.refresh === true);
      return findings.writeOnce(documents, options);
    },
    refuse: async (inputs) => void refused.push(...inputs),
    ruleSet: "rules",
    slots,
    ports,
    pollInterval: 500,
    saveInterval: 1_000,
    onPage() {},
    onTrouble: (trouble) => void troubles.push(trouble),
  });
  const outcome = running.then(
    () => "ended",
    (error: unknown) => error,
  );
  return { time, lease, findings, refused, opened, troubles, calls, outcome, slots, shown };
}

describe("following a shard", () => {
  it("saves where it begins, writes facts, and moves on only behind them", async () => {
    const { time, lease, findings, opened } = stage([
      pageOf([document(0, { words: ["red", "blue"], user: "ann" }), document(1, { words: [] }), document(2, {})], true),
    ]);
    let canWrite = (): void => {};
    findings.gate = () => new Promise((resolve) => (canWrite = resolve));
    await time.run(2_000);
    expect(opened).toEqual([undefined]);
    expect(lease.saved.map(({ position }) => position.checkpoint)).toEqual([-1]);
    canWrite();
    await time.run(10);
    expect(lease.saved.at(-1)).toMatchObject({
      position: { historyUuid: "h", checkpoint: 2 },
      partition: "logs/0",
      newest: START + 2,
      began: -1,
      caughtUp: true,
      judged: [{ from: 0, to: 2, ruleSet: "rules" }],
      counters: { read: 3, judged: 3, unmatched: 1, facts: 2 },
    });
    const shadows = findings.findings().map(({ vedette: { finding } }) => [finding.body.rule.id, finding.shadow]);
    expect(Object.fromEntries(shadows)).toEqual({ blue: true, red: false });
    expect(findings.findings()[0]).toMatchObject({
      event: { kind: "signal", id: "logs/d0" },
      vedette: {
        finding: { kind: "fact", position: { index: ".ds-logs-2026.11.21-000001", id: "d0" }, source: "logs" },
      },
    });
    lease.recalled.abort();
  });

  it("shows facts at once when nothing is left to read, and not while a shard is read up", async () => {
    const { time, lease, shown } = stage([
      pageOf([document(0, { words: ["red"] })], false),
      pageOf([document(1, { words: ["red"] })], true),
    ]);
    await time.run(2_000);
    expect(shown).toEqual([false, true]);
    lease.recalled.abort();
    await time.run(1_000);
  });

  it("fetches the next page while one is judged and another is written, and no further", async () => {
    const pages = Array.from({ length: 10 }, (_, n) => pageOf([document(n, { words: ["red"] })]));
    const { time, lease, findings, calls } = stage(pages);
    let canWrite = (): void => {};
    findings.gate = () => new Promise((resolve) => (canWrite = resolve));
    await time.run(1_000);
    expect(calls).toHaveLength(3);
    canWrite();
    await time.run(1_000);
    expect(calls).toHaveLength(4);
    lease.lost.abort();
    canWrite();
  });

  it("saves about once a second while there is more, in order, and when nothing is left", async () => {
    const slow = (n: number) => (): Promise<TailPage> => wait().then(() => pageOf([document(n, { words: ["red"] })]));
    let wait = async (): Promise<void> => {};
    const pages = Array.from({ length: 25 }, (_, n) => slow(n));
    const it = stage(pages);
    const { timers } = it.time.process();
    wait = () => timers.sleep(100);
    await it.time.run(10_000);
    const checkpoints = it.lease.saved.map(({ position }) => position.checkpoint);
    expect(checkpoints).toEqual(checkpoints.toSorted((a, b) => a - b));
    expect(checkpoints.length).toBeLessThan(6);
    expect(checkpoints.at(-1)).toBe(24);
    it.lease.recalled.abort();
  });

  it("counts and lists an event that the detector fails on, and goes on", async () => {
    const { time, lease, findings, refused } = stage([
      pageOf([document(0, { poison: true }), document(1, { words: ["red"] })], true),
    ]);
    await time.run(100);
    expect(refused).toMatchObject([{ source: "logs", reason: "detector_failed" }]);
    expect(findings.findings()).toHaveLength(1);
    expect(lease.saved.at(-1)).toMatchObject({ position: { checkpoint: 1 }, counters: { failed: 1, judged: 1 } });
    lease.recalled.abort();
  });

  it.each([
    ["beside dated ones", [{}, { "@timestamp": undefined }], START],
    ["with a time that is none, beside dated ones", [{ "@timestamp": "soon" }, {}], START + 1],
    ["alone", [{ "@timestamp": undefined }], START + 3_600_000],
  ])("counts events without a time, %s", async (_, contents, newest) => {
    const documents = contents.map((fields, seqNo) => document(seqNo, fields as JsonObject));
    const { time, lease } = stage([
      async () => {
        await time.process().timers.sleep(3_600_000);
        return pageOf(documents, true);
      },
    ]);
    await time.run(3_600_100);
    expect(lease.saved.at(-1)).toMatchObject({ newest, position: { checkpoint: documents.length - 1 } });
  });

  it("leaves events dated in the future out of the newest time", async () => {
    const future = { words: ["red"], "@timestamp": new Date(START + 86_400_000).toISOString() };
    const { time, lease, findings } = stage([pageOf([document(0, { words: [] }), document(1, future)], true)]);
    await time.run(100);
    expect(lease.saved.at(-1)).toMatchObject({ newest: START, counters: { quarantined: 1, facts: 1 } });
    expect(findings.findings()[0]?.vedette.finding.received).toBe(START);
    lease.recalled.abort();
  });

  it("lets a judgement of changed content stand beside the first one, and meets both again", async () => {
    const twice = (user: string, seqNo: number): TailDocument => ({ ...document(7, { words: ["red"], user }), seqNo });
    const { time, lease, findings } = stage([
      pageOf([twice("ann", 0)]),
      pageOf([twice("bob", 1)]),
      pageOf([twice("ann", 2)]),
      pageOf([twice("bob", 3)], true),
    ]);
    await time.run(1_000);
    const [first, second, ...more] = findings.findings();
    expect(more).toEqual([]);
    const hash = second?.vedette.finding.content_hash ?? "";
    expect(second?.vedette.finding.id).toBe(`${first?.vedette.finding.id}.${hash.slice(0, 12)}`);
    expect(second?.vedette.finding.body).toMatchObject({ id: second?.vedette.finding.id, values: { user: "bob" } });
    expect(lease.saved.at(-1)?.counters).toMatchObject({ facts: 2, changed: 1, known: 2 });
    lease.recalled.abort();
  });

  it("meets the fact of an event without a time again, however much later it is judged", async () => {
    const undated = (seqNo: number): TailDocument => ({ ...document(7, {}), seqNo, source: { words: ["red"] } });
    const { time, lease, findings } = stage([pageOf([undated(0)]), undefined, undefined, pageOf([undated(1)], true)]);
    await time.run(10_000);
    expect([...findings.documents.keys()]).toEqual([expect.stringMatching(/^v-findings-undated\//)]);
    expect(lease.saved.at(-1)?.counters).toMatchObject({ facts: 1, known: 1 });
    lease.recalled.abort();
  });

  it("goes on where the owner before it had saved, with its numbers", async () => {
    const payload: ShardProgress = {
      position: { historyUuid: "h", checkpoint: 4 },
      partition: "logs/0",
      newest: START + 1_000,
      lastReceived: START,
      counters: { read: 5, judged: 5 },
      judged: [{ from: 0, to: 4, ruleSet: "before" }],
      began: -1,
    };
    const { time, lease, opened } = stage([pageOf([document(5, { words: ["red"] })], true)], payload);
    await time.run(100);
    expect(opened).toEqual([payload.position]);
    expect(lease.saved).toHaveLength(1);
    expect(lease.saved[0]).toMatchObject({
      newest: START + 1_000,
      counters: { read: 6, judged: 6, facts: 1 },
      judged: [
        { from: 0, to: 4, ruleSet: "before" },
        { from: 5, to: 5, ruleSet: "rules" },
      ],
    });
    lease.recalled.abort();
  });

  it("starts its ledger anew when the shard has given its numbers anew", async () => {
    const payload: ShardProgress = {
      ...(progressOf({ position: { historyUuid: "old", checkpoint: 9 } }) as ShardProgress),
      counters: {},
      newest: null,
      judged: [{ from: 5, to: 9, ruleSet: "before" }],
      began: 4,
    };
    const { time, lease } = stage([pageOf([document(2, {})], true, "new")], payload);
    await time.run(100);
    expect(lease.saved.at(-1)).toMatchObject({ judged: [{ from: 0, to: 2, ruleSet: "rules" }], began: -1 });
    lease.recalled.abort();
  });

  it("waits for a cluster that is away, reading and writing, and says so", async () => {
    const { time, lease, findings, troubles } = stage([
      () => Promise.reject(away()),
      pageOf([document(0, { words: ["red"] })], true),
    ]);
    let failures = 3;
    findings.gate = async () => {
      failures -= 1;
      if (failures >= 0) throw away();
    };
    await time.run(10_000);
    expect(troubles).toContain("It is away.");
    expect(troubles.at(-1)).toBeUndefined();
    expect(lease.saved.at(-1)?.position.checkpoint).toBe(0);
    expect(findings.findings()).toHaveLength(1);
    lease.recalled.abort();
  });

  it.each(["reading", "writing"])("gives the shard back when %s fails for good, and keeps no place", async (what) => {
    const forbidden = new ElasticsearchError("elasticsearch-forbidden", "No.", { retryable: false });
    const { time, lease, findings, outcome, slots } = stage([
      pageOf([document(0, { words: ["red"] })]),
      what === "reading" ? () => Promise.reject(forbidden) : undefined,
    ]);
    if (what === "writing") findings.gate = () => Promise.reject(forbidden);
    await time.run(5_000);
    expect(await outcome).toBe(forbidden);
    expect(lease.saved.at(-1)?.position.checkpoint).toBe(-1);
    const places = Promise.all([1, 2, 3, 4].map(() => slots.take()));
    expect(await places).toHaveLength(4);
  });

  it("ends what it is at and saves it when it is recalled", async () => {
    const { time, lease, findings, outcome } = stage([
      pageOf([document(0, { words: ["red"] })]),
      pageOf([document(1, { words: ["red"] })]),
      ...Array.from({ length: 50 }, (_, n) => pageOf([document(2 + n, { words: ["red"] })])),
    ]);
    let canWrite = (): void => {};
    findings.gate = () => new Promise((resolve) => (canWrite = resolve));
    await time.run(100);
    lease.recalled.abort();
    for (let turn = 0; turn < 10; turn += 1) {
      canWrite();
      await time.run(10);
    }
    expect(await outcome).toBe("ended");
    const checkpoint = lease.saved.at(-1)?.position.checkpoint ?? -1;
    expect(checkpoint).toBeLessThan(5);
    expect(findings.findings()).toHaveLength(checkpoint + 1);
  });

  it("saves nothing after its lease is lost", async () => {
    const { time, lease, findings, outcome } = stage([pageOf([document(0, { words: ["red"] })], true)]);
    let canWrite = (): void => {};
    findings.gate = () => new Promise((resolve) => (canWrite = resolve));
    await time.run(100);
    lease.lost.abort();
    canWrite();
    await time.run(1_000);
    expect(await outcome).toBeInstanceOf(LeaseLostError);
    expect(lease.saved.map(({ position }) => position.checkpoint)).toEqual([-1]);
  });
});
