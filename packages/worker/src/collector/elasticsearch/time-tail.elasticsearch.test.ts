import { expect, it } from "vitest";
import { connectCluster } from "../../elasticsearch/connect.ts";
import type { Log } from "../../ports.ts";
import { createNodePorts } from "../../ports-node.ts";
import { useElasticsearch } from "../../testing/elasticsearch/use-elasticsearch.ts";
import { createAskCluster } from "./ask-cluster.ts";
import { createShardWatch } from "./shard-watch.ts";
import { createTimeTail, type TimePosition, type TimeTail } from "./time-tail.ts";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const { url, client, prefix } = useElasticsearch();
const signal = new AbortController().signal;
const ports = createNodePorts(silent);
const askNode = async () =>
  createAskCluster({
    cluster: await connectCluster({ urls: [url], requestTimeout: 30_000 }, { log: silent }),
    random: ports.random,
  });

const readAll = async (
  tail: TimeTail,
): Promise<{ readonly ids: readonly string[]; readonly position: TimePosition | undefined }> => {
  const ids: string[] = [];
  let position: TimePosition | undefined;
  for (let page = await tail.next(signal); page !== undefined; page = await tail.next(signal)) {
    ids.push(...page.documents.map(({ id }) => id));
    position = page.position;
  }
  return { ids, position };
};

it("takes an index whose sequence numbers are disabled for one that is read by time, each document once, late ones in the overlap", async () => {
  const index = `${prefix}numberless`;
  await client.indices.create({
    index,
    settings: { number_of_shards: 2, number_of_replicas: 0, "index.disable_sequence_numbers": true },
    mappings: { properties: { "@timestamp": { type: "date" } } },
  });
  const ask = await askNode();
  const watch = createShardWatch({
    ask,
    clusterUuid: "c",
    steady: ports.clock,
    timers: ports.timers,
    log: silent,
    patterns: [index],
    prefix: "vedette",
  });
  const { fallbacks, sights } = await watch.look();
  expect(sights).toEqual([]);
  expect(fallbacks.map(({ target }) => target)).toEqual([index]);
  const [fallback] = fallbacks;
  if (fallback === undefined) throw new Error("no fall-back");
  const options = { ask, clock: ports.clock, fallback, pageSize: { min: 2, max: 7 }, prefix: "vedette" };
  const tail = createTimeTail({ ...options, position: undefined });
  const write = async (from: number, to: number, time: number): Promise<void> => {
    const operations = Array.from({ length: to - from }, (_, at) => [
      { create: { _index: index, _id: `t${from + at}` } },
      { "@timestamp": new Date(time + at * 10).toISOString() },
    ]).flat();
    await client.bulk({ operations, refresh: true });
  };
  const now = Date.now() - 60_000;
  await write(0, 40, now - 3_600_000);
  await write(40, 60, now);
  const first = await readAll(tail);
  expect(first.ids).toHaveLength(60);
  await write(60, 70, now + 1_000);
  // Dated before what was read, within the overlap.
  await write(70, 80, now - 30_000);
  expect([...(await readAll(tail)).ids].sort()).toEqual(Array.from({ length: 20 }, (_, at) => `t${60 + at}`));
  expect((await readAll(tail)).ids).toEqual([]);
  const resumed = await readAll(createTimeTail({ ...options, position: first.position }));
  expect(resumed.ids.length).toBeGreaterThanOrEqual(20);
  expect(resumed.ids).not.toContain("t0");
});
