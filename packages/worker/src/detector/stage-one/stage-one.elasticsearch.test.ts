import { DEFAULT_MAPPINGS, type JsonObject } from "@vedette/detection";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTailing } from "../../collector/elasticsearch/tailing.ts";
import { createBulkWriter } from "../../elasticsearch/bulk-writer.ts";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { connectCluster } from "../../elasticsearch/connect.ts";
import { createOnce } from "../../elasticsearch/create-once.ts";
import { createElasticsearchDocuments } from "../../leases/elasticsearch-documents.ts";
import { createElasticsearchLeases, leasesIndex, rememberedResources } from "../../leases/elasticsearch-leases.ts";
import { createNodePorts, steadyClock } from "../../ports-node.ts";
import type { RawRecord, RefusedInput } from "../../record.ts";
import { startFaultProxy } from "../../testing/elasticsearch/fault-proxy.ts";
import { useElasticsearch } from "../../testing/elasticsearch/use-elasticsearch.ts";
import { silentLog } from "../../testing/silent-log.ts";
import type { FindingDocument } from "../findings/finding-document.ts";
import { FINDING_HASH_FIELD } from "./fact-document.ts";
import { createCoverageReader, knownShards } from "./read-coverage.ts";
import { createReceivedEvents } from "./received-events.ts";
import { RULE_SET_PROPERTIES, type RuleRevision, type RuleSetDocument, ruleSetsIndex } from "./rule-set.ts";
import { createShardSources } from "./shard-sources.ts";
import { createStageOne, SOURCE_KIND } from "./stage-one.ts";
import { createWordJudge, wordRules } from "./testing/word-rules.ts";

const { client, url, prefix: base } = useElasticsearch();
const ports = createNodePorts(silentLog);
const START = Date.UTC(2026, 10, 21);
let cluster: Cluster;
beforeAll(async () => {
  cluster = await connectCluster({ urls: [url], requestTimeout: 30_000 }, { log: silentLog });
});
afterAll(async () => cluster[Symbol.asyncDispose]());

const until = async (what: string, is: () => boolean | Promise<boolean>, milliseconds = 30_000): Promise<void> => {
  const end = performance.now() + milliseconds;
  while (!(await is())) {
    if (performance.now() > end) throw new Error(`waited in vain for: ${what}`);
    await ports.timers.sleep(100);
  }
};

/** A client of which every request from a moment on goes unanswered, as from a process that was killed. */
function mortal(target: Cluster): { readonly cluster: Cluster; readonly kill: () => void } {
  let isDead = false;
  const dead = new Proxy(target.client, {
    get(inner, name) {
      const value: unknown = Reflect.get(inner, name, inner);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) =>
        isDead ? new Promise(() => {}) : (value as (...all: unknown[]) => unknown).apply(inner, given);
    },
  });
  const { uuid, name, capabilities } = target;
  return {
    cluster: { client: dead, uuid, name, capabilities, async [Symbol.asyncDispose]() {} },
    kill: () => void (isDead = true),
  };
}

interface WorkerOptions {
  readonly prefix: string;
  readonly pattern: string;
  readonly rules: readonly RuleRevision[];
  readonly refused?: RefusedInput[];
  readonly isReceived?: boolean;
  /** The cluster, where it is reached in another way. */
  readonly by?: Cluster;
}

function startWorker({ prefix, pattern, rules, refused = [], isReceived = false, by = cluster }: WorkerOptions) {
  const { cluster: own, kill } = mortal(by);
  const leases = createElasticsearchLeases({ cluster: own, prefix, ports });
  const writer = createBulkWriter({ cluster: own, ...ports, prefix });
  const tailing = createTailing({
    cluster: own,
    random: ports.random,
    steady: steadyClock,
    clock: ports.clock,
    timers: ports.timers,
    log: silentLog,
    patterns: [pattern],
    prefix,
    readsOwn: isReceived,
  });
  const sources = createShardSources({
    cluster: own,
    sources: [{ name: "logs", tailing, start: "beginning", isReceived }],
    startIndex: `${prefix}-source-starts`,
    ports,
  });
  const ruleSets = createElasticsearchDocuments<RuleSetDocument>({
    client: own.client,
    index: ruleSetsIndex(prefix),
    properties: RULE_SET_PROPERTIES,
    requestTimeout: 10_000,
  });
  const stageOne = createStageOne({
    prefix,
    leases,
    openTail: (shard, position, signal) => sources.openTail(shard, position, signal),
    writeFindings: (documents, options) =>
      createOnce(own, writer, documents, { ...options, hashField: FINDING_HASH_FIELD }),
    ruleSets,
    detector: createWordJudge(rules),
    mappings: DEFAULT_MAPPINGS,
    rules,
    isShadow: () => false,
    logSources: new Map(),
    refuse: async (inputs) => void refused.push(...inputs),
    ports,
  });
  const stopping = new AbortController();
  const running = sources.run((shards) => stageOne.follow(shards), stopping.signal);
  return {
    leases,
    stageOne,
    tailing,
    writer,
    ruleSets,
    kill,
    async stop(): Promise<void> {
      await leases[Symbol.asyncDispose]();
      await stageOne[Symbol.asyncDispose]();
      stopping.abort();
      await running;
      await tailing[Symbol.asyncDispose]();
    },
  };
}

async function findings(prefix: string): Promise<FindingDocument[]> {
  const index = `${prefix}-findings-*`;
  await client.indices.refresh({ index, ignore_unavailable: true, allow_no_indices: true });
  const { hits } = await client.search<FindingDocument>({ index, size: 10_000, allow_no_indices: true });
  return hits.hits.flatMap(({ _source }) => _source ?? []);
}

/** Facts as `rule event user`, sorted. */
const factsOf = (found: readonly FindingDocument[]): string[] =>
  found
    .map(({ rule, vedette: { finding } }) => {
      const { body } = finding;
      return body.kind === "fact" ? `${rule.id} ${body.eventId} ${String(body.values["user"])}` : "?";
    })
    .toSorted((a, b) => (a < b ? -1 : 1));

async function createIndex(index: string, shards: number): Promise<void> {
  await client.indices.create({
    index,
    settings: { number_of_shards: shards, number_of_replicas: 0, refresh_interval: "200ms" },
    mappings: { dynamic: false, properties: { "@timestamp": { type: "date" } } },
  });
}

/** Writes documents and keeps the list of facts that are to be found. */
function writerTo(index: string) {
  const expected: string[] = [];
  let number = 0;
  return {
    expected,
    async write(count: number, to = index): Promise<void> {
      const operations: object[] = [];
      for (let at = 0; at < count; at += 1) {
        const id = `e${(number += 1)}`;
        const words = number % 5 === 0 ? ["red", "blue"] : number % 3 === 0 ? ["red"] : [];
        const user = `u${number % 7}`;
        // Some are hours late.
        const time = new Date(START - (number % 4) * 3_600_000 + number).toISOString();
        operations.push({ create: { _index: to, _id: id } }, { "@timestamp": time, words, user });
        for (const word of words) expected.push(`${word} ${index}/${id} ${user}`);
      }
      const { errors } = await client.bulk({ operations });
      expect(errors).toBe(false);
    },
    facts: () => expected.toSorted((a, b) => (a < b ? -1 : 1)),
  };
}

describe("stage one on a real cluster", () => {
  it("finds each fact exactly once over three shards, two workers, a death, a rollover and a poison document", async () => {
    const prefix = `${base}one`;
    const stream = `${base}logs`;
    const backing = (n: number): string => `.ds-${stream}-2026.11.21-00000${n}`;
    await createIndex(backing(1), 3);
    const source = writerTo(stream);
    await source.write(300, backing(1));
    const refused: RefusedInput[] = [];
    const rules = wordRules("red", "blue");
    const options = { prefix, pattern: `.ds-${stream}-*`, rules, refused };
    const first = startWorker(options);
    const second = startWorker(options);
    await until("shares", () => first.stageOne.shards().length > 0 && second.stageOne.shards().length > 0);
    for (let round = 0; round < 5; round += 1) await source.write(200, backing(1));
    first.kill();
    const poison: JsonObject = { "@timestamp": new Date(START).toISOString(), poison: true };
    await client.index({ index: backing(1), id: "poison", document: poison });
    await source.write(300, backing(1));
    await createIndex(backing(2), 3);
    await source.write(400, backing(2));
    await until("all facts", async () => (await findings(prefix)).length >= source.expected.length, 40_000);
    await until("six shards", () => second.stageOne.shards().length === 6);
    await ports.timers.sleep(1_500);
    expect(factsOf(await findings(prefix))).toEqual(source.facts());
    expect(refused.map(({ reason }) => reason)).toContain("detector_failed");

    const known = async () =>
      knownShards(
        second.tailing.watch.view().sights.map((sight) => ({ source: "logs", sight })),
        await rememberedResources(cluster, prefix, SOURCE_KIND),
      );
    await client.indices.refresh({ index: leasesIndex(prefix) });
    const shards = await known();
    const reader = createCoverageReader({ ...second, filledRanges: { read: async (ids) => ids.map(() => undefined) } });
    const now = await reader.read(rules, shards);
    expect(now.gaps).toEqual([]);
    const later = await reader.read([...rules, { id: "green", revision: "1" }], shards);
    expect(later.missed["rule-added-later"]).toBe(source.expected.length === 0 ? 0 : 2_001);

    await client.indices.delete({ index: backing(1) });
    await until("the index to be gone", async () => (await known()).some(({ exists }) => !exists));
    const without = await reader.read(rules, await known());
    expect(without.shards.map(({ shard: { index, exists } }) => [index, exists])).toEqual([
      ...[0, 1, 2].map(() => [backing(2), true]),
      ...[0, 1, 2].map(() => [backing(1), false]),
    ]);
    expect(without.gaps).toEqual([]);
    await until("no work on what is gone", () => second.stageOne.shards().length === 3);
    await second.stop();
  }, 120_000);

  it("finds each fact exactly once through a proxy that delays, cuts, resets, refuses and loses answers", async () => {
    const prefix = `${base}faults`;
    const index = `${base}hurt`;
    await createIndex(index, 3);
    await using proxy = await startFaultProxy({ target: url, seed: 11 });
    await using hurt = await connectCluster({ urls: [proxy.url], requestTimeout: 5_000 }, { log: silentLog });
    const source = writerTo(index);
    const options = { prefix, pattern: index, rules: wordRules("red", "blue"), by: hurt };
    const workers = [startWorker(options), startWorker(options)];
    await until("shares", () => workers.every(({ stageOne }) => stageOne.shards().length > 0));
    proxy.setRules([
      { fault: { kind: "cut" }, probability: 0.03 },
      { fault: { kind: "reset" }, probability: 0.03 },
      { fault: { kind: "refuse", status: 503 }, probability: 0.03 },
      { fault: { kind: "refuse", status: 429 }, probability: 0.03 },
      { fault: { kind: "refuse-items", share: 0.3 }, probability: 0.1 },
      { fault: { kind: "fail-shards" }, probability: 0.03 },
      { fault: { kind: "lose-answer" }, probability: 0.05 },
      { fault: { kind: "stale" }, probability: 0.05 },
      { fault: { kind: "delay", milliseconds: [1, 50] }, probability: 0.1 },
    ]);
    for (let round = 0; round < 12; round += 1) {
      await source.write(100);
      await ports.timers.sleep(250);
    }
    await until("all facts", async () => (await findings(prefix)).length >= source.expected.length, 40_000);
    await ports.timers.sleep(2_000);
    proxy.setRules([]);
    expect(factsOf(await findings(prefix))).toEqual(source.facts());
    expect(proxy.counts().faults["lose-answer"]).toBeGreaterThan(0);
    for (const worker of workers) await worker.stop();
  }, 120_000);

  it("judges a changed document again, and an unchanged one to the same facts", async () => {
    const prefix = `${base}two`;
    const index = `${base}plain`;
    await createIndex(index, 1);
    const worker = startWorker({ prefix, pattern: index, rules: wordRules("red") });
    const put = async (user: string): Promise<void> => {
      await client.index({
        index,
        id: "x",
        document: { "@timestamp": new Date(START).toISOString(), words: ["red"], user },
      });
    };
    await put("ann");
    await until("the first fact", async () => (await findings(prefix)).length === 1);
    await put("ann");
    await put("bob");
    await until("the second fact", async () => (await findings(prefix)).length === 2);
    await put("ann");
    await ports.timers.sleep(2_000);
    expect(factsOf(await findings(prefix))).toEqual([`red ${index}/x ann`, `red ${index}/x bob`]);
    await worker.stop();
  }, 60_000);

  it("judges received records at once, and the tail adds nothing", async () => {
    const prefix = `${base}three`;
    const worker = startWorker({ prefix, pattern: `${prefix}-events-*`, rules: wordRules("red"), isReceived: true });
    const received = createReceivedEvents({ writer: worker.writer, prefix });
    const record = (n: number, more: Partial<RawRecord> = {}): RawRecord => ({
      id: `event:${n}`,
      source: "otlp",
      position: `hash/${n}`,
      partition: "shop",
      time: START + n,
      receivedAt: START + 5_000,
      document: { "@timestamp": new Date(START + n).toISOString(), words: ["red"], user: `u${n}`, vedette: { own: n } },
      ...more,
    });
    const undated = record(9, { time: START + 5_000, undated: true, document: { words: ["red"], user: "u9" } });
    const records = [...Array.from({ length: 9 }, (_, n) => record(n)), undated];
    const at = performance.now();
    const result = await received.append(records);
    expect(result).toMatchObject({ appended: 10, duplicate: 0 });
    worker.stageOne.judgeReceived(result.fresh.slice(0, 5));
    await worker.stageOne.settled();
    expect(performance.now() - at).toBeLessThan(3_000);
    expect(await received.append([record(0, { receivedAt: START + 9_000 })])).toMatchObject({
      appended: 0,
      duplicate: 1,
    });
    const expected = records.map(({ id, document }) => `red ${id} ${String(document["user"])}`);
    await until("all facts", async () => (await findings(prefix)).length >= 10);
    worker.stageOne.judgeReceived([undated]);
    await worker.stageOne.settled();
    await ports.timers.sleep(1_000);
    const found = await findings(prefix);
    expect(factsOf(found)).toEqual(expected.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(found.every(({ vedette: { finding } }) => finding.source === "otlp")).toBe(true);
    expect(worker.stageOne.counters()).toMatchObject({ facts: 10, early: 5 });
    const { count } = await client.count({ index: `${prefix}-events-undated` });
    expect(count).toBe(1);
    await worker.stop();
  }, 60_000);
});
