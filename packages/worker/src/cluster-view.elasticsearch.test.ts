import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type ElasticsearchStatus } from "@vedette/api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configSchema } from "./config/schema.ts";
import { createNodePorts } from "./ports-node.ts";
import { useElasticsearch } from "./testing/elasticsearch/use-elasticsearch.ts";
import { silentLog } from "./testing/silent-log.ts";
import { type RunningWorker, startWorker } from "./worker.ts";

const { client, url, prefix: base } = useElasticsearch();
const ports = createNodePorts(silentLog);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vedette-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rule = (id: string, level: string, selection: string): string => `
title: ${id}
id: ${id}
name: r${id.at(-1)}
status: stable
logsource: { product: linux, category: process_creation }
detection: { selection: { ${selection} }, condition: selection }
level: ${level}
vedette: { kind: security, suppression: { by: [user.name], window: 60s } }
`;
const ONE = "5ad9a1b0-0000-4000-8000-000000000011";
const TWO = "5ad9a1b0-0000-4000-8000-000000000012";
const CORRELATION = `
title: Often
id: 5ad9a1b0-0000-4000-8000-000000000013
correlation: { type: event_count, rules: [r1], group-by: [user.name], generate: true, timespan: 5m, condition: { gte: 40 } }
level: medium
vedette: { kind: security, suppression: { by: [user.name], window: 10m } }
`;

let started = 0;
async function start(prefix: string, patterns: readonly string[], rules: string): Promise<RunningWorker> {
  started += 1;
  const path = join(folder, `rules-${started}.yml`);
  writeFileSync(path, rules);
  return startWorker({
    config: configSchema.parse({
      dataFolder: join(folder, `data-${started}`),
      elasticsearch: { urls: [url], prefix, partitions: 2 },
      api: { port: 0 },
      otlp: { port: 0 },
      rules: { builtin: false, paths: [path] },
      sources: [
        {
          type: "elasticsearch",
          name: "logs",
          patterns,
          start: "beginning",
          logsource: { product: "linux", category: "process_creation" },
        },
      ],
    }),
    ports,
    mode: "worker",
    consoleFolder: () => undefined,
  });
}

async function standingOf(worker: RunningWorker): Promise<ElasticsearchStatus> {
  const { elasticsearch } = await worker.status();
  if (elasticsearch === undefined) throw new Error("the status says nothing of Elasticsearch");
  return elasticsearch;
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const begun = performance.now(); performance.now() - begun < 80_000; await ports.timers.sleep(100)) {
    // A shard of an index that is just being made does not answer yet.
    const found = await look().catch(() => undefined);
    if (found !== undefined) return found;
  }
  throw new Error(`waited in vain for: ${what}`);
}

const metricsOf = async ({ addresses }: RunningWorker): Promise<readonly string[]> =>
  (await (await fetch(`${addresses.api.url}/metrics`)).text()).split("\n");

test("shows sources, leases, lines and what rules did not look at, and tells the metrics once", async () => {
  const prefix = `${base}work`;
  const index = `${base}logs`;
  await client.indices.create({
    index,
    settings: { number_of_shards: 2, number_of_replicas: 0 },
    mappings: { dynamic: false, properties: { "@timestamp": { type: "date" } } },
  });
  for (let at = 0; at < 10; at += 1)
    await client.index({
      index,
      id: `e${at}`,
      document: { "@timestamp": new Date().toISOString(), process: { name: "bad" }, user: { name: `u${at}` } },
    });
  const first = await start(
    prefix,
    [index, `${base}nothing-*`],
    rule(ONE, "high", "process.name: bad") + `---${CORRELATION}`,
  );
  const second = await start(
    prefix,
    [index, `${base}nothing-*`],
    rule(ONE, "high", "process.name: bad") + `---${CORRELATION}`,
  );
  const workers = [first, second];

  const now = await until("all lines to run and all documents to be read", async () => {
    const standing = await standingOf(first);
    const [logs] = standing.sources;
    const isRun = standing.lines.every(({ owner }) => owner !== undefined);
    return isRun && logs?.states.current === 2 && (await first.store.counts()).alertsTotal === 10
      ? standing
      : undefined;
  });
  expect(now.cluster.version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(now.sources[0]).toMatchObject({
    name: "logs",
    start: "beginning",
    shards: 2,
    states: { current: 2, behind: 0, stalled: 0, red: 0, byTime: 0 },
    lag: 0,
    red: [],
    unmatched: [`${base}nothing-*`],
    waiting: [],
  });
  expect(now.lines.map(({ line }) => line)).toEqual(["case/default", "correlate/0", "correlate/1"]);
  expect(now.leases.map(({ kind, total, unowned }) => [kind, total, unowned])).toEqual([
    ["source", expect.any(Number), []],
    ["correlate", 2, []],
    ["case", 1, []],
  ]);
  expect((await first.status()).problems).toContain(`Source logs: nothing fits ${base}nothing-*.`);

  const holder = (await standingOf(first)).lines[0]?.here === true ? first : second;
  await until("the ledger to say that all was judged", async () => {
    const lines = (await metricsOf(holder)).filter((line) => line.startsWith("vedette_rule_coverage_gap_events{"));
    return lines.length === 7 && lines.every((line) => line.endsWith(" 0")) ? true : undefined;
  });
  const told = await Promise.all(workers.map(metricsOf));
  const sumOf = (name: string): number =>
    told
      .flat()
      .filter((line) => line.startsWith(name))
      .reduce((all, line) => all + Number(line.split(" ").at(-1)), 0);
  expect(sumOf('vedette_leases_held{kind="case"}')).toBe(1);
  expect(sumOf('vedette_leases_held{kind="correlate"}')).toBe(2);
  expect(sumOf('vedette_source_shards{source="logs"}')).toBe(2);
  expect(sumOf('vedette_records_received_total{source="logs"}')).toBe(10);
  expect(sumOf("vedette_events_judged_total")).toBe(10);
  expect(sumOf("vedette_alerts_open{")).toBe(10);
  expect(sumOf("vedette_alerts_total{")).toBe(10);
  expect(sumOf('vedette_journal_steps_total{line="case/default"}')).toBeGreaterThan(0);
  expect(sumOf('vedette_elasticsearch_requests_total{outcome="ok"}')).toBeGreaterThan(10);
  expect(told.every((lines) => lines.includes('vedette_source_shards_seen{source="logs",state="current"} 2'))).toBe(
    true,
  );
  expect(told.every((lines) => lines.includes('vedette_source_lag_operations{source="logs"} 0'))).toBe(true);
  await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));

  const both = `${rule(ONE, "high", "process.name: bad")}---${CORRELATION}---${rule(TWO, "low", "process.name: new")}`;
  await using third = await start(prefix, [index], both);
  await until("the shards to be followed", async () =>
    (await standingOf(third)).sources[0]?.here === 2 ? true : undefined,
  );
  const api = createClient({ baseUrl: third.addresses.api.url, token: tokenOf(third) });
  const page = await api.getCoverage({ query: { rule: TWO } });
  expect(page.missed["rule-added-later"]).toBe(10);
  expect(page.items.map(({ reason, cure, rules }) => [reason, cure, rules])).toEqual([
    ["rule-added-later", "backfill", [TWO]],
    ["rule-added-later", "backfill", [TWO]],
  ]);
  expect((await api.getCoverage({ query: { rule: ONE } })).total).toBe(0);
  await expect(api.getCoverage({ query: { cursor: "x" } })).rejects.toMatchObject({ status: 400 });
}, 300_000);

const tokenOf = ({ dataFolder }: RunningWorker): string => readFileSync(join(dataFolder, "admin-token"), "utf8").trim();
