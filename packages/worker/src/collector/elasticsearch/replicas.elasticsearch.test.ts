import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { connectCluster } from "../../elasticsearch/connect.ts";
import type { Log } from "../../ports.ts";
import { createNodePorts, steadyClock } from "../../ports-node.ts";
import { startNodes } from "../../testing/elasticsearch/cluster-of-nodes.ts";
import { type ShardTail, shardName } from "./shard-tail.ts";
import { createTailing } from "./tailing.ts";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const signal = new AbortController().signal;
const DOCUMENTS = 24_000;

it("loses nothing with a replica, where a tail without the refresh loses documents", async () => {
  await using nodes = await startNodes(2);
  const client = nodes.client();
  const index = "replicated";
  await client.indices.create({
    index,
    settings: { number_of_shards: 2, number_of_replicas: 1, refresh_interval: "50ms" },
    mappings: { properties: { v: { type: "keyword" }, text: { type: "text" } } },
  });
  await client.cluster.health({ index, wait_for_status: "green", timeout: "30s" });
  const cluster = await connectCluster({ urls: nodes.urls, requestTimeout: 30_000 }, { log: silent });
  const followers = [false, true].map((skipRefresh) => {
    const tailing = createTailing({
      ...createNodePorts(silent),
      cluster,
      steady: steadyClock,
      prefix: "vedette",
      patterns: [index],
      refreshEvery: 200,
      patience: 500,
      testing: { skipRefresh },
    });
    const tails = new Map<string, ShardTail>();
    const checkpoints = new Map<string, number>();
    const ids = new Set<string>();
    const step = async (): Promise<boolean> => {
      await tailing.watch.look();
      for (const { key } of tailing.watch.view().sights) {
        const name = shardName(key);
        const tail = tails.get(name) ?? tailing.open(key, undefined);
        tails.set(name, tail);
        for (let page = await tail.next(signal); page !== undefined; page = await tail.next(signal)) {
          for (const { id } of page.documents) ids.add(id);
          checkpoints.set(name, page.position.checkpoint);
        }
      }
      return tailing.watch
        .view()
        .sights.every(({ key, globalCheckpoint }) => checkpoints.get(shardName(key)) === globalCheckpoint);
    };
    return { ids, step };
  });
  let written = 0;
  const writers = Array.from({ length: 6 }, async (_, writer) => {
    for (let at = writer; at < DOCUMENTS; at += 6 * 20) {
      const operations = Array.from({ length: 20 }, (_, item) => at + item * 6)
        .filter((id) => id < DOCUMENTS)
        .flatMap((id) => [
          { index: { _index: index, _id: `${id}` } },
          { v: `${id}`, text: `word${id} `.repeat(id % 13) },
        ]);
      await client.bulk({ operations });
      written += operations.length / 2;
    }
  });
  const writing = Promise.all(writers).then(() => true);
  while (!(await Promise.race([writing, wait(5, false)])))
    await Promise.all(followers.map(async ({ step }) => await step()));
  for (const { step } of followers) for (let turn = 0; turn < 100 && !(await step()); turn += 1) await wait(100);
  expect(written).toBe(DOCUMENTS);
  const [safe, naive] = followers;
  process.stdout.write(
    `Without the refresh ${DOCUMENTS - (naive?.ids.size ?? 0)} of ${DOCUMENTS} documents were lost.\n`,
  );
  expect(safe?.ids.size).toBe(DOCUMENTS);
  expect(naive?.ids.size).toBeLessThan(DOCUMENTS);
  await client.close();
}, 240_000);
