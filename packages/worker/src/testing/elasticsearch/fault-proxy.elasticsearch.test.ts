import { errors } from "@elastic/elasticsearch";
import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startFaultProxy, type FaultProxy } from "./fault-proxy.ts";
import { useElasticsearch } from "./use-elasticsearch.ts";

const { url, client, prefix } = useElasticsearch();
const index = `${prefix}proxied`;
let proxy: FaultProxy;
let through: Client;

beforeAll(async () => {
  proxy = await startFaultProxy({ target: url, seed: 1 });
  through = new Client({ node: proxy.url, maxRetries: 0 });
});
afterAll(async () => {
  await through.close();
  await proxy[Symbol.asyncDispose]();
});
beforeEach(async () => {
  proxy.setRules([]);
  await client.indices.delete({ index, ignore_unavailable: true });
  await client.indices.create({ index, settings: { refresh_interval: "-1", number_of_replicas: 0 } });
});

const stored = async (): Promise<string[]> => {
  await client.indices.refresh({ index });
  const { hits } = await client.search({ index, size: 1_000 });
  return hits.hits.map(({ _id }) => _id ?? "").sort();
};

const creates = (...ids: string[]): object[] => ids.flatMap((id) => [{ create: { _index: index, _id: id } }, { id }]);

test("passes what no rule is for, compressed or not", async () => {
  const compressing = new Client({ node: proxy.url, maxRetries: 0, compression: true });
  await through.bulk({ operations: creates("a") });
  await compressing.bulk({ operations: creates("b") });
  expect(await compressing.exists({ index, id: "a" })).toBe(true);
  expect(await through.exists({ index, id: "none" })).toBe(false);
  expect(await stored()).toEqual(["a", "b"]);
  await compressing.close();
});

describe("a request that never reaches the node", () => {
  test.each([
    { fault: { kind: "reset" } as const, seen: errors.ConnectionError },
    { fault: { kind: "refuse", status: 429 } as const, seen: errors.ResponseError },
    { fault: { kind: "refuse", status: 503 } as const, seen: errors.ResponseError },
  ])("$fault.kind $fault.status changes nothing", async ({ fault, seen }) => {
    proxy.setRules([{ fault, probability: 1 }]);
    const failed = await through.bulk({ operations: creates("a") }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(seen);
    if ("status" in fault) expect(failed).toMatchObject({ statusCode: fault.status });
    expect(await stored()).toEqual([]);
  });
});

describe("a request whose answer does not come whole", () => {
  test.each(["cut", "lose-answer"] as const)("%s leaves what it wrote", async (kind) => {
    proxy.setRules([{ fault: { kind }, probability: 1 }]);
    await expect(through.bulk({ operations: creates("a", "b") })).rejects.toBeInstanceOf(errors.ConnectionError);
    expect(await stored()).toEqual(["a", "b"]);
  });
});

test.each([false, true])(
  "refuses some items of a bulk request and carries out the others (compressed: %s)",
  async (compression) => {
    const some = new Client({ node: proxy.url, maxRetries: 0, compression });
    proxy.setRules([{ fault: { kind: "refuse-items", share: 0.5 }, probability: 1 }]);
    await client.index({ index, id: "taken", document: {} });
    const ids = Array.from({ length: 20 }, (_, number) => `d${String(number).padStart(2, "0")}`);
    const { errors: hasErrors, items } = await some.bulk({
      operations: [...creates(...ids), { delete: { _index: index, _id: "taken" } }, ...creates(...ids)],
    });
    expect(hasErrors).toBe(true);
    expect(items).toHaveLength(41);
    const statuses = items.map((item) => Object.values(item)[0]?.status);
    expect(new Set(statuses)).toEqual(
      new Set([201, 429, ...statuses.filter((status) => status === 409 || status === 200)]),
    );
    const made = items.flatMap(({ create }) => (create?.status === 201 ? [create._id ?? ""] : []));
    const isDeleted = items[20]?.delete?.status === 200;
    expect(await stored()).toEqual([...made, ...(isDeleted ? [] : ["taken"])].sort());
    expect(items[0]?.create).toMatchObject({ _index: index, _id: "d00" });
    await some.close();
  },
);

test("refuses every item of a bulk request without asking the node", async () => {
  proxy.setRules([{ fault: { kind: "refuse-items", share: 1 }, probability: 1 }]);
  const { items } = await through.bulk({ index, operations: [{ create: { _id: "a" } }, {}] });
  expect(items).toMatchObject([{ create: { _index: index, _id: "a", status: 429 } }]);
  expect(await stored()).toEqual([]);
});

describe("a shard that fails", () => {
  beforeEach(async () => {
    proxy.setRules([{ fault: { kind: "fail-shards" }, probability: 1 }]);
    await client.index({ index, id: "a", document: {}, refresh: true });
  });

  test("leaves hits out where partial results are allowed", async () => {
    const { _shards: shards, hits } = await through.search({ index });
    expect(shards).toMatchObject({ failed: 1, failures: [{ index }] });
    expect(hits.hits).toEqual([]);
  });

  test("fails the search where they are not", async () => {
    const failed = through.search({ index, allow_partial_search_results: false });
    await expect(failed).rejects.toMatchObject({ statusCode: 503 });
  });
});

test("answers the same search with its old answer, but not with one from before a refresh", async () => {
  const count = async (): Promise<number> => (await through.search({ index })).hits.hits.length;
  await client.index({ index, id: "a", document: {}, refresh: true });
  expect(await count()).toBe(1);
  proxy.setRules([{ fault: { kind: "stale" }, probability: 1 }]);
  await client.index({ index, id: "b", document: {}, refresh: true });
  expect(await count()).toBe(1);
  await through.indices.refresh({ index });
  expect(await count()).toBe(2);
});

test("delays an answer", async () => {
  proxy.setRules([{ fault: { kind: "delay", milliseconds: [200, 300] }, probability: 1 }]);
  const begun = performance.now();
  await through.cluster.health();
  expect(performance.now() - begun).toBeGreaterThan(195);
});

test("does each rule as often as it says and counts by its name", async () => {
  const before = proxy.counts();
  proxy.setRules([
    { fault: { kind: "refuse", status: 503 }, probability: 1, path: /_count$/, limit: 2, name: "busy" },
    { fault: { kind: "refuse", status: 429 }, probability: 0 },
  ]);
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 4; attempt += 1)
    statuses.push(
      await through.count({ index }, { meta: true }).then(
        ({ statusCode }) => statusCode,
        (error: errors.ResponseError) => error.statusCode ?? 0,
      ),
    );
  await through.cluster.health();
  expect(statuses).toEqual([503, 503, 200, 200]);
  const { requests, faults } = proxy.counts();
  expect(requests - before.requests).toBe(5);
  expect(faults).toMatchObject({ busy: 2 });
});

test("the same seed and the same requests meet the same faults", async () => {
  const outcomes = async (seed: number): Promise<boolean[]> => {
    await using seeded = await startFaultProxy({ target: url, seed });
    seeded.setRules([{ fault: { kind: "refuse", status: 429 }, probability: 0.5 }]);
    const answers: boolean[] = [];
    for (let attempt = 0; attempt < 20; attempt += 1) answers.push((await fetch(`${seeded.url}/_cluster/health`)).ok);
    return answers;
  };
  const first = await outcomes(7);
  expect(await outcomes(7)).toEqual(first);
  expect(await outcomes(8)).not.toEqual(first);
  expect(new Set(first)).toEqual(new Set([true, false]));
});
