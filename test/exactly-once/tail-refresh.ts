import { setTimeout as wait } from "node:timers/promises";
import { Client } from "@elastic/elasticsearch";
import { createTailing } from "../../packages/worker/src/collector/elasticsearch/tailing.ts";
import { connectCluster } from "../../packages/worker/src/elasticsearch/connect.ts";
import { createNodePorts, steadyClock } from "../../packages/worker/src/ports-node.ts";
import { startNodes } from "../../packages/worker/src/testing/elasticsearch/cluster-of-nodes.ts";
import { silentLog } from "../../packages/worker/src/testing/silent-log.ts";
import { positiveNumber, readOptions } from "../command-options.ts";

/**
 * `npm run quality -- tail-refresh`: the tail, and the same tail without its refresh step, read one index side by side while eight writers fill it. What the second one loses is what
 * the step is for; the first one must lose nothing.
 */

const USAGE = `Usage: npm run quality -- tail-refresh [OPTIONS]
  --documents N      documents of a round; 20000 by default
  --rounds N         3 by default
  --elasticsearch URLS  a running cluster instead of an own one, its nodes with commas between`;
const values = readOptions(USAGE, {
  documents: { type: "string", default: "20000" },
  rounds: { type: "string", default: "3" },
  elasticsearch: { type: "string" },
});
const documents = positiveNumber(USAGE, "documents", values.documents);
const rounds = positiveNumber(USAGE, "rounds", values.rounds);
const WRITERS = 8;
const MOST_AT_ONCE = 100;
/** Milliseconds without a new document after which a tail has read what it will read. */
const QUIET = 4_000;

type Connection = InstanceType<typeof Client>;

async function write(client: Connection, index: string): Promise<void> {
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      for (let at = writer; at < documents;) {
        const size = 1 + Math.floor(Math.random() * MOST_AT_ONCE);
        const own = Array.from({ length: size }, (_unused, n) => at + n * WRITERS).filter((n) => n < documents);
        await client.bulk({ operations: own.flatMap((n) => [{ index: { _index: index, _id: String(n) } }, { v: n }]) });
        at += size * WRITERS;
        await wait(Math.random() * 30);
      }
    }),
  );
}

/** Reads an index until it is quiet after all is written; gives the ids that were read. */
function reader(urls: readonly string[], index: string, skipRefresh: boolean) {
  const stop = new AbortController();
  const ids = new Set<string>();
  let readAt = Date.now();
  const reading = (async () => {
    await using cluster = await connectCluster({ urls, requestTimeout: 30_000 }, { log: silentLog });
    await using tailing = createTailing({
      ...createNodePorts(silentLog),
      cluster,
      steady: steadyClock,
      prefix: "vedette",
      patterns: [index],
      activeInterval: 50,
      testing: { skipRefresh },
    });
    await tailing.watch.look();
    tailing.watch.start();
    await Promise.all(
      tailing.watch.view().sights.map(async ({ key }) => {
        const poller = tailing.poll(tailing.open(key, undefined));
        while (!stop.signal.aborted) {
          const page = await poller.next(stop.signal, 500);
          if (page === undefined) continue;
          readAt = Date.now();
          for (const { id } of page.documents) ids.add(id);
        }
      }),
    );
  })();
  return {
    ids,
    async end() {
      while (ids.size < documents && Date.now() - readAt < QUIET) await wait(200);
      stop.abort();
      await reading;
    },
  };
}

async function compare(urls: readonly string[]): Promise<{ whole: number; naive: number }> {
  await using client = Object.assign(new Client({ nodes: [...urls] }), {
    async [Symbol.asyncDispose](this: Connection) {
      await this.close();
    },
  });
  const index = `tail-refresh-${process.pid}-${Date.now()}`;
  await client.indices.create({
    index,
    settings: { number_of_shards: 1, number_of_replicas: urls.length > 1 ? 1 : 0, refresh_interval: "100ms" },
    mappings: { properties: { v: { type: "long" } } },
  });
  try {
    await client.cluster.health({ index, wait_for_status: "green", timeout: "30s" });
    const whole = reader(urls, index, false);
    const naive = reader(urls, index, true);
    await write(client, index);
    await client.indices.refresh({ index });
    await Promise.all([whole.end(), naive.end()]);
    return { whole: documents - whole.ids.size, naive: documents - naive.ids.size };
  } finally {
    await client.indices.delete({ index });
  }
}

await using cluster = values.elasticsearch === undefined ? await startNodes(2) : undefined;
const urls = values.elasticsearch?.split(",") ?? cluster?.urls ?? [];
const lost = { whole: 0, naive: 0 };
for (let round = 1; round <= rounds; round += 1) {
  const { whole, naive } = await compare(urls);
  lost.whole += whole;
  lost.naive += naive;
  process.stdout.write(
    `round ${round}: of ${documents} documents the tail lost ${whole}, without its refresh ${naive}\n`,
  );
}
const isShown = lost.whole === 0 && lost.naive > 0;
process.stdout.write(
  `${isShown ? "shown" : lost.whole > 0 ? "THE TAIL LOST DOCUMENTS" : "not shown: the writes were too calm on this machine"}\n`,
);
process.exitCode = isShown ? 0 : 1;
