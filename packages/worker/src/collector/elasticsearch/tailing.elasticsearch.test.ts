import { setTimeout as wait } from "node:timers/promises";
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { connectCluster } from "../../elasticsearch/connect.ts";
import type { Log } from "../../ports.ts";
import { createNodePorts, steadyClock } from "../../ports-node.ts";
import { startFaultProxy } from "../../testing/elasticsearch/fault-proxy.ts";
import { useElasticsearch } from "../../testing/elasticsearch/use-elasticsearch.ts";
import { createTailing, type Tailing, type TailingOptions } from "./tailing.ts";
import { decideStart, keepStart, startPosition } from "./start-position.ts";
import { type ShardPosition, shardName, type ShardTail } from "./shard-tail.ts";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const { url, client, prefix } = useElasticsearch();
const signal = new AbortController().signal;

const open = async (
  options: Partial<TailingOptions> & Pick<TailingOptions, "patterns">,
  from = url,
): Promise<Tailing> => {
  const ports = createNodePorts(silent);
  const cluster = await connectCluster({ urls: [from], requestTimeout: 30_000 }, { log: silent });
  return createTailing({
    ...ports,
    cluster,
    steady: steadyClock,
    prefix: "vedette",
    activeInterval: 50,
    refreshEvery: 100,
    patience: 200,
    ...options,
  });
};

/** What a follower of a set of patterns got. */
class Follower implements AsyncDisposable {
  readonly ids = new Map<string, number>();
  readonly contents = new Map<string, unknown>();
  superseded = 0;
  order = true;
  errors = 0;
  readonly tails = new Map<string, ShardTail>();
  readonly positions = new Map<string, ShardPosition>();
  readonly tailing: Tailing;
  constructor(tailing: Tailing) {
    this.tailing = tailing;
  }
  async step(): Promise<number> {
    let count = 0;
    await this.tailing.watch.look().catch(() => (this.errors += 1));
    for (const { key } of this.tailing.watch.view().sights) {
      const name = shardName(key);
      const tail = this.tails.get(name) ?? this.tailing.open(key, undefined);
      this.tails.set(name, tail);
      for (;;) {
        const page = await tail.next(signal).catch(() => {
          this.errors += 1;
          return undefined;
        });
        if (page === undefined) break;
        let last = this.positions.get(name)?.checkpoint ?? -1;
        for (const { index, id, seqNo, source } of page.documents) {
          if (seqNo < last) this.order = false;
          last = seqNo;
          count += 1;
          this.ids.set(`${index}/${id}`, (this.ids.get(`${index}/${id}`) ?? 0) + 1);
          this.contents.set(`${index}/${id}`, source.v);
        }
        this.superseded += page.superseded;
        this.positions.set(name, page.position);
      }
    }
    return count;
  }
  /** Reads for as long as something else goes on. */
  async during(work: Promise<unknown>): Promise<void> {
    const ended = work.then(() => true);
    while (!(await Promise.race([ended, wait(20, false)]))) await this.step();
  }
  /** Reads until every shard is read up to its global checkpoint. */
  async settle(seconds = 20): Promise<void> {
    for (const until = Date.now() + seconds * 1000; Date.now() < until; await wait(50)) {
      await this.step();
      const { sights } = this.tailing.watch.view();
      if (
        sights.length > 0 &&
        sights.every(
          ({ key, globalCheckpoint = -2 }) =>
            (this.positions.get(shardName(key))?.checkpoint ?? -1) >= globalCheckpoint,
        )
      )
        return;
    }
    throw new Error("the tail did not catch up");
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.tailing[Symbol.asyncDispose]();
  }
}

const follow = async (
  patterns: readonly string[],
  options: Partial<TailingOptions> = {},
  from = url,
): Promise<Follower> => new Follower(await open({ patterns, ...options }, from));

const liveOf = async (index: string): Promise<Map<string, unknown>> => {
  await client.indices.refresh({ index });
  const live = new Map<string, unknown>();
  for await (const hit of client.helpers.scrollSearch<{ v: unknown }>({ index, size: 2_000 }))
    for (const { _index, _id, _source } of hit.body.hits.hits) live.set(`${_index}/${_id ?? ""}`, _source?.v);
  return live;
};

/** Writers that create, update and delete at once. */
const churn = async (
  index: string,
  { writers = 3, rounds = 12, size = 40 }: { writers?: number; rounds?: number; size?: number } = {},
): Promise<void> => {
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let round = 0; round < rounds; round += 1) {
        const operations: object[] = [];
        for (let item = 0; item < size; item += 1) {
          const id = `${writer}-${round}-${item}`;
          operations.push({ index: { _index: index, _id: id } }, { v: randomBytes(4).toString("hex") });
          if (item % 5 === 0 && round > 0)
            operations.push(
              { index: { _index: index, _id: `${writer}-${round - 1}-${item + 1}` } },
              { v: `u${round}` },
            );
          if (item % 11 === 0 && round > 0)
            operations.push({ delete: { _index: index, _id: `${writer}-${round - 1}-${item}` } });
        }
        await client.bulk({ operations });
        await wait(Math.random() * 20);
      }
    }),
  );
};

const expectWhole = async (follower: Follower, index: string): Promise<void> => {
  const live = await liveOf(index);
  expect([...live.keys()].filter((id) => !follower.ids.has(id))).toEqual([]);
  for (const [id, value] of live) expect(follower.contents.get(id), id).toBe(value);
  expect(follower.order).toBe(true);
};

describe("tailing", () => {
  it("loses nothing through a proxy that delays, cuts, resets, refuses, fails shards and gives old answers", async () => {
    const index = `${prefix}faults`;
    await client.indices.create({
      index,
      settings: { number_of_shards: 3, number_of_replicas: 0, refresh_interval: "1s" },
    });
    await using proxy = await startFaultProxy({ target: url, seed: 5 });
    await using follower = await follow([index], { pageSize: { min: 10, max: 37 } }, proxy.url);
    proxy.setRules([
      { fault: { kind: "stale" }, probability: 0.1 },
      { fault: { kind: "cut" }, probability: 0.05 },
      { fault: { kind: "reset" }, probability: 0.05 },
      { fault: { kind: "refuse", status: 503 }, probability: 0.05 },
      { fault: { kind: "refuse", status: 429 }, probability: 0.05 },
      { fault: { kind: "fail-shards" }, probability: 0.05 },
      { fault: { kind: "lose-answer" }, probability: 0.05 },
      { fault: { kind: "delay", milliseconds: [1, 30] }, probability: 0.1 },
    ]);
    await follower.during(churn(index));
    await follower.settle(40);
    await expectWhole(follower, index);
    expect(follower.errors).toBeGreaterThan(0);
    expect(proxy.counts().faults["stale"]).toBeGreaterThan(0);
  });

  it.each(["1s", "30s", "-1"])(
    "loses nothing and keeps the order under writes, updates and deletes with a refresh interval of %s",
    async (refresh) => {
      const index = `${prefix}churn-${refresh.replace("-", "m")}`;
      await client.indices.create({
        index,
        settings: { number_of_shards: 3, number_of_replicas: 0, refresh_interval: refresh },
      });
      await using follower = await follow([index], { pageSize: { min: 10, max: 37 } });
      await follower.during(churn(index));
      await follower.settle();
      await expectWhole(follower, index);
      expect(follower.superseded).toBeGreaterThan(0);
    },
  );

  it("follows a data stream, an alias and a plain index found by one pattern, over a rollover", async () => {
    const name = `${prefix}logs`;
    await client.indices.putIndexTemplate({
      name: `${prefix}template`,
      index_patterns: [`${name}-stream*`],
      data_stream: {},
      template: { settings: { number_of_replicas: 0 } },
    });
    const stream = `${name}-stream`;
    const create = async (id: number): Promise<unknown> =>
      await client.create({ index: stream, id: `s${id}`, document: { "@timestamp": new Date().toISOString(), v: id } });
    for (let id = 0; id < 20; id += 1) await create(id);
    await client.indices.create({
      index: `${prefix}other`,
      settings: { number_of_replicas: 0 },
      aliases: { [`${name}-alias`]: { filter: { term: { v: 1 } } } },
    });
    await client.indices.create({ index: `${name}-plain`, settings: { number_of_replicas: 0 } });
    for (const v of [1, 2]) {
      await client.index({ index: `${prefix}other`, document: { v } });
      await client.index({ index: `${name}-plain`, document: { v } });
    }
    await using follower = await follow([`${name}-*`]);
    await follower.settle();
    expect(follower.ids.size).toBe(23);
    await client.indices.rollover({ alias: stream });
    for (let id = 20; id < 30; id += 1) await create(id);
    await follower.settle();
    expect(follower.ids.size).toBe(33);
    const { sights } = follower.tailing.watch.view();
    expect(sights.filter(({ dataStream }) => dataStream === stream)).toHaveLength(2);
    expect(sights.find(({ key }) => key.index === `${prefix}other`)?.filter).toEqual({ term: { v: 1 } });
    const [old] = sights.filter(({ dataStream }) => dataStream === stream);
    await client.indices.delete({ index: old?.key.index ?? "" });
    const view = await follower.tailing.watch.look();
    expect(view.sights.some(({ key }) => key.indexUuid === old?.key.indexUuid)).toBe(false);
    expect(await follower.tails.get(shardName(old!.key))?.next(signal)).toBeUndefined();
  });

  it("reads a shrunk index, whose numbers are not unique, whole", async () => {
    const index = `${prefix}wide`;
    const target = `${prefix}shrunk`;
    await client.indices.create({ index, settings: { number_of_shards: 4, number_of_replicas: 0 } });
    await churn(index, { writers: 2, rounds: 5, size: 40 });
    await client.indices.putSettings({ index, settings: { "index.blocks.write": true } });
    await client.indices.shrink({
      index,
      target,
      settings: { "index.blocks.write": null, "index.number_of_replicas": 0, "index.refresh_interval": "-1" },
    });
    await client.cluster.health({ index: target, wait_for_status: "green", timeout: "20s" });
    await using follower = await follow([target], { pageSize: { min: 2, max: 13 } });
    await follower.step();
    await churn(target, { writers: 2, rounds: 5, size: 40 });
    await follower.settle();
    await expectWhole(follower, target);
  });

  it.each([
    ["that takes no large pages", { "index.max_result_window": 20 }, { min: 100, max: 1_000 }, 100],
    ["in pages as large as can be asked for", {}, { min: 10_000, max: 10_000 }, 10_050],
  ])("reads an index %s", { timeout: 60_000 }, async (name, settings, pageSize, count) => {
    const index = `${prefix}${name.replaceAll(" ", "-")}`;
    await client.indices.create({ index, settings: { number_of_replicas: 0, ...settings } });
    const operations = Array.from({ length: count }, (_, id) => [{ create: { _id: `w${id}` } }, { v: id }]).flat();
    await client.bulk({ index, operations, refresh: true });
    await using follower = await follow([index], { pageSize });
    await follower.step();
    expect(follower.errors).toBe(0);
    expect(follower.ids.size).toBe(count);
    expect([...follower.ids.values()].every((times) => times === 1)).toBe(true);
  });

  it("reads an index with logsdb mode", async () => {
    const index = `${prefix}logsdb`;
    await client.indices.create({
      index,
      settings: { "index.mode": "logsdb", number_of_replicas: 0 },
      mappings: { properties: { v: { type: "keyword" }, "@timestamp": { type: "date" } } },
    });
    const operations = Array.from({ length: 300 }, (_, id) => [
      { create: { _index: index, _id: `l${id}` } },
      { "@timestamp": new Date(1e12 + ((id * 7919) % 300)).toISOString(), v: `v${id}` },
    ]).flat();
    await client.bulk({ operations });
    await using follower = await follow([index], { pageSize: { min: 10, max: 50 } });
    await follower.settle();
    await expectWhole(follower, index);
    expect(follower.ids.size).toBe(300);
  });

  it("waits at an index without documents or mapping, names a closed one, and begins anew where a name is taken again", async () => {
    const index = `${prefix}empty`;
    await client.indices.create({ index, settings: { number_of_replicas: 0 } });
    await using follower = await follow([index, `${prefix}nothing-*`]);
    await follower.step();
    expect(follower.ids.size).toBe(0);
    expect(follower.tailing.watch.view().unmatched).toEqual([`${prefix}nothing-*`]);
    await client.index({ index, id: "1", document: { v: 1 } });
    await follower.settle();
    await client.indices.close({ index });
    expect((await follower.tailing.watch.look()).sights).toEqual([]);
    expect(follower.tailing.watch.view().closed).toEqual([index]);
    await client.indices.open({ index });
    await client.indices.delete({ index });
    await client.indices.create({ index, settings: { number_of_replicas: 0 } });
    await client.index({ index, id: "1", document: { v: 2 } });
    await follower.settle();
    expect(follower.contents.get(`${index}/1`)).toBe(2);
  });

  it("names a red shard and goes on when it is back", async () => {
    const index = `${prefix}red`;
    await client.indices.create({
      index,
      settings: { number_of_shards: 2, number_of_replicas: 0, "index.routing.allocation.require._name": "nobody" },
      wait_for_active_shards: 0,
    });
    await using follower = await follow([index]);
    await follower.step();
    const { sights } = follower.tailing.watch.view();
    expect(sights.map(({ key, globalCheckpoint }) => [key.shard, globalCheckpoint])).toEqual([
      [0, undefined],
      [1, undefined],
    ]);
    await client.indices.putSettings({ index, settings: { "index.routing.allocation.require._name": null } });
    await client.cluster.health({ index, wait_for_status: "green", timeout: "20s" });
    await churn(index, { writers: 1, rounds: 2 });
    await follower.settle();
    await expectWhole(follower, index);
  });

  it("starts at now, at a time or at the beginning, reads later indices whole, and keeps what was decided", async () => {
    const index = `${prefix}start`;
    await client.indices.create({
      index,
      settings: { number_of_shards: 1, number_of_replicas: 0, refresh_interval: "-1" },
      mappings: { properties: { "@timestamp": { type: "date" } } },
    });
    const put = async (id: string, day: number, into = index): Promise<unknown> =>
      await client.index({ index: into, id, document: { "@timestamp": `2026-11-0${day}T00:00:00Z`, v: id } });
    for (const [id, day] of [
      ["a", 1],
      ["b", 3],
      ["c", 2],
      ["d", 4],
    ] as const)
      await put(id, day);
    await using tailing = await open({ patterns: [`${index}*`] });
    const { sights } = await tailing.watch.look();
    const store = `${prefix}starts`;
    const readFrom = async (choice: string): Promise<readonly string[]> => {
      const start = await decideStart({ ask: tailing.ask, choice, sights }, signal);
      const tail = tailing.open(sights[0]!.key, startPosition(start, sights[0]!));
      await client.indices.refresh({ index });
      return (await tail.next(signal))?.documents.map(({ id }) => id) ?? [];
    };
    expect(await readFrom("now")).toEqual([]);
    expect(await readFrom("beginning")).toEqual(["a", "b", "c", "d"]);
    expect(await readFrom("2026-11-03T00:00:00Z")).toEqual(["b", "c", "d"]);
    expect(await readFrom("2026-11-05")).toEqual([]);
    const cluster = { client };
    const first = await keepStart(
      { cluster, index: store, source: "s" },
      () => decideStart({ ask: tailing.ask, choice: "now", sights }, signal),
      signal,
    );
    const again = await keepStart(
      { cluster, index: store, source: "s" },
      async () => ({ choice: "beginning", checkpoints: {} }),
      signal,
    );
    expect(again).toEqual(first);
    await put("e", 1, `${index}-later`);
    const later = (await tailing.watch.look()).sights.find(({ key }) => key.index === `${index}-later`);
    expect(startPosition(again, later!).checkpoint).toBe(-1);
    expect(startPosition(again, sights[0]!).checkpoint).toBe(3);
  });

  it("reads documents alone that are too large for a page, and keys that no other parser takes", async () => {
    const index = `${prefix}large`;
    await client.indices.create({ index, settings: { number_of_replicas: 0 }, mappings: { enabled: false } });
    const raw = async (id: number, body: string): Promise<void> => {
      for (let status = 429; status === 429; await wait(100))
        ({ status } = await fetch(`${url}/${index}/_doc/${id}`, {
          method: "PUT",
          body,
          headers: { "content-type": "application/json" },
        }));
    };
    const big = "x".repeat(5 * 1024 * 1024);
    for (let id = 0; id < 5; id += 1) await raw(id, JSON.stringify({ v: id, big }));
    await raw(5, '{"v":5,"__proto__":{"a":1}}');
    await using follower = await follow([index]);
    await follower.settle();
    expect(follower.ids.size).toBe(6);
  });

  it("never finds Vedette's own indices unless the worker asks for them", async () => {
    const own = `${prefix}own`;
    await client.indices.create({ index: `${own}-findings-2026.11`, settings: { number_of_replicas: 0 } });
    await using user = await open({ patterns: [`${prefix}own*`], prefix: own });
    expect((await user.watch.look()).sights).toEqual([]);
    await using worker = await open({ patterns: [`${own}-findings-*`], prefix: own, readsOwn: true });
    expect((await worker.watch.look()).sights).toHaveLength(1);
  });

  it("goes back to the beginning when the numbers were given anew", async () => {
    const index = `${prefix}history`;
    await client.indices.create({ index, settings: { number_of_replicas: 0 } });
    await client.index({ index, id: "1", document: { v: 1 } });
    await using tailing = await open({ patterns: [index] });
    const { sights } = await tailing.watch.look();
    await client.indices.refresh({ index });
    const other = tailing.open(sights[0]!.key, { historyUuid: "another", checkpoint: 500 });
    expect((await other.next(signal))?.documents).toHaveLength(1);
    const beyond = tailing.open(sights[0]!.key, { historyUuid: sights[0]!.historyUuid ?? "", checkpoint: 500 });
    expect(await beyond.next(signal)).toBeUndefined();
  });
});
