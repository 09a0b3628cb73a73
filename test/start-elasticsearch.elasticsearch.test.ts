import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import { startFaultProxy } from "../packages/worker/src/testing/elasticsearch/fault-proxy.ts";
import { useElasticsearch } from "../packages/worker/src/testing/elasticsearch/use-elasticsearch.ts";
import { TEST_RULES, until } from "../packages/worker/src/testing/elasticsearch-worker.ts";

const { client, url, prefix: base } = useElasticsearch();
const folder = mkdtempSync(join(tmpdir(), "vedette-start-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "rules.yml"), TEST_RULES);

const ROOT = resolve(import.meta.dirname, "..");
const MAIN = resolve(ROOT, "packages/worker/src/cli/main.ts");

interface Started {
  readonly child: ChildProcess;
  /** All that it wrote so far. */
  output(): string;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
  /** Resolves when it listens. */
  readonly listens: Promise<void>;
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

let started = 0;
function start(address: string, prefix: string, environment: Readonly<Record<string, string>> = {}): Started {
  started += 1;
  const config = join(folder, `vedette-${started}.yaml`);
  writeFileSync(
    config,
    JSON.stringify({
      dataFolder: join(folder, `data-${started}`),
      elasticsearch: { urls: [address], prefix, partitions: 2 },
      api: { port: 0 },
      otlp: { port: 0 },
      rules: { builtin: false, paths: [join(folder, "rules.yml")] },
      sources: [
        {
          type: "elasticsearch",
          name: "logs",
          patterns: [`${prefix.slice(0, -2)}-logs`],
          start: "beginning",
          logsource: { product: "linux", category: "process_creation" },
        },
      ],
    }),
  );
  const child = spawn(
    process.execPath,
    ["--conditions=vedette-source", "--disable-warning=ExperimentalWarning", MAIN, "start", "--config", config],
    { cwd: ROOT, env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] },
  );
  children.push(child);
  let output = "";
  const listening = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => {
      output += `${line}\n`;
      if (line.includes("not yet  ")) listening.resolve();
    });
  const ended = new Promise<number | string | null>((resolve) =>
    child.on("close", (code, signal) => resolve(code ?? signal)),
  );
  return { child, output: () => output, ended, listens: listening.promise };
}

const owners = async (prefix: string): Promise<Readonly<Record<string, string | null>>> => {
  await client.indices.refresh({ index: `${prefix}-leases`, ignore_unavailable: true });
  const { hits } = await client.search<{ resource: string; owner: string | null }>({
    index: `${prefix}-leases`,
    ignore_unavailable: true,
    size: 100,
  });
  return Object.fromEntries(hits.hits.flatMap(({ _source }) => (_source ? [[_source.resource, _source.owner]] : [])));
};

/** Facts of the rule on tools. */
const found = async (prefix: string): Promise<number> => {
  await client.indices.refresh({ index: `${prefix}-findings-*`, ignore_unavailable: true });
  const { count } = await client.count({
    index: `${prefix}-findings-*`,
    query: { term: { "rule.id": "5ad9a1b0-0000-4000-8000-000000000001" } },
  });
  return count;
};

/** Findings of alerts, each once. */
const members = async (prefix: string): Promise<number> => {
  await client.indices.refresh({ index: `${prefix}-alert-members` });
  return (await client.count({ index: `${prefix}-alert-members` })).count;
};

test("gives its leases back on SIGTERM in the middle of work, and the next worker finds what is left, once", async () => {
  const index = `${base}load-logs`;
  const prefix = `${base}load-v`;
  await client.indices.create({
    index,
    settings: { number_of_shards: 2, number_of_replicas: 0 },
    mappings: { dynamic: false, properties: { "@timestamp": { type: "date" } } },
  });
  let number = 0;
  const full = new AbortController();
  const next = (): readonly object[] => {
    number += 1;
    return [
      { create: { _index: index, _id: `e${number}` } },
      {
        "@timestamp": new Date().toISOString(),
        process: { name: number % 5 === 0 ? "forbidden" : "ls" },
        user: { name: `user${number % 7}` },
      },
    ];
  };
  const write = async (): Promise<void> => {
    while (!full.signal.aborted) {
      await client.bulk({ operations: Array.from({ length: 50 }, next).flat() });
      await wait(50);
    }
  };
  const load = write();
  try {
    const first = start(url, prefix);
    await first.listens;
    expect(first.output()).toContain(`tails    logs: ${index}`);
    expect(first.output()).toContain(`in ${prefix}-*`);
    await until("the first findings", async () => (await found(prefix)) > 0);
    const asked = performance.now();
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    process.stdout.write(`SIGTERM → end: ${Math.round(performance.now() - asked)} ms\n`);
    const after = await owners(prefix);
    expect(Object.keys(after).length).toBeGreaterThanOrEqual(5);
    expect(Object.values(after).filter((owner) => owner !== null)).toEqual([]);

    const second = start(url, prefix);
    await second.listens;
    const before = await found(prefix);
    await until("more findings", async () => (await found(prefix)) > before);
    // As if somebody lost patience: the second signal ends it where it stands.
    second.child.kill("SIGSTOP");
    second.child.kill("SIGTERM");
    second.child.kill("SIGCONT");
    await wait(1_200);
    second.child.kill("SIGTERM");
    expect([0, 143]).toContain(await second.ended);
  } finally {
    full.abort();
    await load;
  }
  const third = start(url, prefix);
  await third.listens;
  const expected = Math.floor(number / 5);
  await until("every finding", async () => (await found(prefix)) >= expected);
  await wait(2_000);
  expect(await found(prefix)).toBe(expected);
  await until("every member of an alert", async () => (await members(prefix)) === expected);
  third.child.kill("SIGTERM");
  expect(await third.ended).toBe(0);
}, 180_000);

test("ends at once when it is told a second time while the cluster keeps it from ending", async () => {
  const prefix = `${base}twice-v`;
  await using proxy = await startFaultProxy({ target: url, seed: 1 });
  const worker = start(proxy.url, prefix);
  await worker.listens;
  await until("leases", async () => Object.values(await owners(prefix)).some((owner) => owner !== null));
  proxy.setRules([{ fault: { kind: "delay", milliseconds: [60_000, 60_000] }, probability: 1 }]);
  worker.child.kill("SIGINT");
  // A Ctrl-C comes from the terminal and from npm, too.
  worker.child.kill("SIGINT");
  await wait(1_500);
  expect(worker.child.exitCode).toBe(null);
  const asked = performance.now();
  worker.child.kill("SIGINT");
  expect(await worker.ended).toBe(130);
  expect(performance.now() - asked).toBeLessThan(1_000);
}, 90_000);

test("waits for a cluster that is not there yet, says so once, and starts when it is", async () => {
  const prefix = `${base}wait-v`;
  await using proxy = await startFaultProxy({ target: url, seed: 1 });
  proxy.setRules([{ fault: { kind: "refuse", status: 503 }, probability: 1 }]);
  const worker = start(proxy.url, prefix);
  const nowhere = start("http://127.0.0.1:1", prefix);
  for (const { output } of [worker, nowhere])
    await until("word of it", async () => output().includes("waits for Elasticsearch"));
  await wait(4_000);
  for (const { output, child } of [worker, nowhere]) {
    expect(child.exitCode).toBe(null);
    expect(output().match(/waits for Elasticsearch/g)).toHaveLength(1);
  }
  expect(nowhere.output()).toContain("elasticsearch.urls");
  proxy.setRules([]);
  await worker.listens;
  nowhere.child.kill("SIGTERM");
  // Nothing was begun: the system's own way to end it is as good as any.
  expect(["SIGTERM", 0]).toContain(await nowhere.ended);
  worker.child.kill("SIGTERM");
  expect(await worker.ended).toBe(0);
}, 90_000);
