import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { loadConfig } from "../src/config/load.ts";
import { createLog } from "../src/log.ts";
import { createNodePorts } from "../src/ports-node.ts";
import { startWorker, type RunningWorker } from "../src/worker.ts";

interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** Sends one OTLP/HTTP request and resolves with its status. */
const post = (url: string, body: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const sending = request(
      url,
      { method: "POST", agent, headers: { "content-type": "application/json" } },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
      },
    );
    sending.on("error", reject);
    sending.end(body);
  });

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
let serial = 0;

/** One event of the instrumentation; an attack when `indicator` is given. */
const logRecord = (address: string, indicator?: string) => ({
  timeUnixNano: `${Date.now()}000000`,
  eventName: indicator ? "vedette.request.suspicious" : "vedette.authentication",
  attributes: [
    attribute("log.record.uid", `bench-${(serial += 1)}`),
    attribute("client.address", address),
    attribute("url.path", "/search"),
    attribute("user.name", `user-${serial % 5000}`),
    ...(indicator
      ? [{ key: "vedette.request.indicators", value: { arrayValue: { values: [{ stringValue: indicator }] } } }]
      : [attribute("event.outcome", "success"), attribute("vedette.auth.method", "password")]),
  ],
});
const body = (records: readonly object[]): string =>
  JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: [attribute("service.name", "bench")] },
        scopeLogs: [{ scope: { name: "bench" }, logRecords: records }],
      },
    ],
  });

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

async function throughput(worker: RunningWorker, requests: number, batch: number): Promise<Row[]> {
  const url = `${worker.addresses.otlp?.url}/v1/logs`;
  const bodies = Array.from({ length: requests }, (_, index) =>
    body(
      Array.from({ length: batch }, (_, record) =>
        logRecord(`10.${index % 250}.${record % 250}.7`, record % 100 === 0 ? "sql_injection" : undefined),
      ),
    ),
  );
  const judged = async (): Promise<number> => (await worker.status()).eventsJudged;
  const before = await judged();
  const started = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let index = next++; index < bodies.length; index = next++) {
        const status = await post(url, bodies[index] ?? "");
        if (status !== 200) throw new Error(`the receiver answered ${status}`);
      }
    }),
  );
  const acknowledged = performance.now();
  while ((await judged()) - before < requests * batch) await wait(20);
  const ended = performance.now();
  const total = requests * batch;
  return [
    {
      name: `OTLP/JSON acknowledged on disk, ${batch} records a request`,
      value: (total / (acknowledged - started)) * 1000,
      unit: "events/s",
    },
    {
      name: "… judged, alerts and incidents stored (1 % attacks)",
      value: (total / (ended - started)) * 1000,
      unit: "events/s",
    },
  ];
}

async function latency(worker: RunningWorker, count: number): Promise<Row[]> {
  const url = `${worker.addresses.otlp?.url}/v1/logs`;
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = worker.store.onChange((changes) => {
      if (changes.some(({ kind, revision }) => kind === "alert" && revision === 1)) resolve();
    });
    const started = performance.now();
    await post(url, body([logRecord(`172.16.${index >> 8}.${index & 255}`, "command_injection")]));
    await promise;
    times.push(performance.now() - started);
    stop();
  }
  times.sort((a, b) => a - b);
  return [
    { name: "event sent to alert stored, p50", value: percentile(times, 0.5), unit: "ms" },
    { name: "event sent to alert stored, p99", value: percentile(times, 0.99), unit: "ms" },
  ];
}

/** The whole line in one process: OTLP in, alerts on disk. */
export async function run({ quick }: { readonly quick: boolean }): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "vedette-bench-"));
  try {
    const { config } = loadConfig({
      text: JSON.stringify({ dataFolder: folder, api: { port: 0 }, otlp: { port: 0 } }),
      env: {},
    });
    if (!config) throw new Error("the configuration of the benchmark does not load");
    const ports = createNodePorts(createLog({ level: "error" }));
    await using worker = await startWorker({ config, ports, mode: "worker", consoleFolder: () => undefined });
    await throughput(worker, 20, 100);
    const rows = [...(await throughput(worker, quick ? 100 : 500, 100)), ...(await latency(worker, quick ? 50 : 500))];
    return [
      ...rows,
      {
        name: "resident memory of the process, sender included",
        value: process.memoryUsage.rss() / 2 ** 20,
        unit: "MiB",
      },
    ];
  } finally {
    agent.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
}
