import { expect, test } from "vitest";
import type { Log } from "./ports.ts";
import {
  alertsOf,
  pause,
  sendOtlp,
  suspiciousRequest,
  TEST_RULES,
  until,
  useWorkers,
} from "./testing/elasticsearch-worker.ts";
import type { Fault } from "./testing/elasticsearch/fault-rules.ts";
import { startFaultProxy } from "./testing/elasticsearch/fault-proxy.ts";
import { useElasticsearch } from "./testing/elasticsearch/use-elasticsearch.ts";

const { client, url, prefix: base } = useElasticsearch();
const workers = useWorkers();

/** Milliseconds for which the cluster is away: longer than every patience in the worker. */
const AWAY = 65_000;

/** A log that keeps warnings and errors. */
const listening = (): Log & { readonly lines: string[] } => {
  const lines: string[] = [];
  const keep = (fields: object, message: string): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { lines, debug() {}, info() {}, warn: keep, error: keep };
};

const OUTAGES: readonly (readonly [string, Fault])[] = [
  ["answers 503 to everything", { kind: "refuse", status: 503 }],
  ["closes every connection", { kind: "reset" }],
  ["answers nothing", { kind: "delay", milliseconds: [AWAY, AWAY] }],
];

for (const [what, fault] of OUTAGES) {
  test.concurrent(`waits for a cluster that ${what}, says so once, and loses and doubles nothing`, async () => {
    const prefix = `${base}${fault.kind}`;
    const index = `${prefix}-logs`;
    await client.indices.create({
      index,
      settings: { number_of_shards: 2, number_of_replicas: 0, refresh_interval: "1s" },
      mappings: { dynamic: false, properties: { "@timestamp": { type: "date" } } },
    });
    let number = 0;
    const write = async (document: object): Promise<void> => {
      number += 1;
      const stamped = { "@timestamp": new Date().toISOString(), ...document };
      await client.create({ index, id: `e${number}`, document: stamped });
    };
    await using proxy = await startFaultProxy({ target: url, seed: 1 });
    const log = listening();
    const about = { url: proxy.url, prefix: `${prefix}-v`, pattern: index, rules: TEST_RULES };
    await using worker = await workers.start({ ...about, log });
    const other = await workers.start(about);
    let hasFailed = false;
    void worker.failed.then(() => (hasFailed = true));
    const get = (path: string): Promise<Response> => fetch(`${worker.addresses.api.url}${path}`);
    await write({ process: { name: "forbidden" }, user: { name: "ana" } });
    for (let at = 0; at < 3; at += 1) await write({ event: { outcome: "failure" }, user: { name: "bob" } });
    await until("the first alert", async () => (await alertsOf(worker)).length === 1);
    const linesBefore = log.lines.length;

    proxy.setRules([{ fault, probability: 1 }]);
    const goneAt = performance.now();
    await write({ process: { name: "forbidden" }, user: { name: "ana" } });
    await write({ process: { name: "forbidden" }, user: { name: "eve" } });
    for (let at = 0; at < 3; at += 1) await write({ event: { outcome: "failure" }, user: { name: "bob" } });
    const request = suspiciousRequest("carl", "uid-carl");
    const received = async (): Promise<number> => {
      const begun = performance.now();
      const answer = await sendOtlp(worker, request);
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
      return performance.now() - begun;
    };
    // Senders give up after 10 seconds without an answer.
    expect(await received()).toBeLessThan(10_000);
    await until("an answer at once", async () => (await received()) < 1_000);
    const endedAfter = performance.now();
    await other[Symbol.asyncDispose]();
    expect(performance.now() - endedAfter).toBeLessThan(25_000);
    expect((await get("/healthz")).status).toBe(200);
    expect((await get("/readyz")).status).toBe(503);
    await pause(Math.max(0, AWAY - (performance.now() - goneAt)));
    expect(hasFailed).toBe(false);
    const lines = log.lines.slice(linesBefore);
    process.stdout.write(`${what}: ${lines.length} lines\n${lines.join("\n")}\n`);
    expect(lines.filter((line) => line.startsWith("Elasticsearch does nothing"))).toHaveLength(1);
    expect(lines.length).toBeLessThan(20);

    proxy.setRules([]);
    const backAt = performance.now();
    await until("the receiver", async () => (await sendOtlp(worker, request)).status === 200);
    // A request that was sent while nothing was answered is given up only when its time is over.
    await until("all alerts", async () => (await alertsOf(worker)).length === 4, 90_000);
    const took = performance.now() - backAt;
    process.stdout.write(`${what}: all is there ${Math.round(took)} ms after the cluster\n`);
    await until("readiness", async () => (await get("/readyz")).status === 200);
    // What is doubled would come late.
    await pause(2_500);
    const found = (await alertsOf(worker)).map(({ title, findingCount, eventCount }) => [
      title,
      findingCount,
      eventCount,
    ]);
    expect(found.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
      ["Forbidden tool", 1, 1],
      ["Forbidden tool", 2, 2],
      ["Many failed log-ins", 1, 6],
      ["Suspicious request", 1, 1],
    ]);
    expect((await worker.status()).problems).toEqual([]);
  }, 300_000);
}
