import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Alert } from "@vedette/api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configSchema } from "./config/schema.ts";
import { createNodePorts } from "./ports-node.ts";
import { silentLog } from "./testing/silent-log.ts";
import { useElasticsearch } from "./testing/elasticsearch/use-elasticsearch.ts";
import { type RunningWorker, startWorker } from "./worker.ts";

const { client, url, prefix: base } = useElasticsearch();
const ports = createNodePorts(silentLog);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vedette-"));
  writeFileSync(join(folder, "rules.yml"), RULES);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RULES = `
title: Forbidden tool
id: 5ad9a1b0-0000-4000-8000-000000000001
status: stable
description: A tool that nobody should start.
logsource: { product: linux, category: process_creation }
detection: { selection: { process.name: forbidden }, condition: selection }
level: high
vedette: { kind: security, suppression: { by: [user.name], window: 60s } }
---
title: Failed log-in
id: 5ad9a1b0-0000-4000-8000-000000000002
name: failed_login
status: stable
description: A log-in failed.
logsource: { product: linux, category: process_creation }
detection: { selection: { event.outcome: failure }, condition: selection }
level: informational
vedette: { kind: security }
---
title: Suspicious request
id: 5ad9a1b0-0000-4000-8000-000000000004
status: stable
description: A request that nobody should make.
logsource: { product: vedette, category: application, service: request.suspicious }
detection: { selection: { vedette.request.indicators: forbidden }, condition: selection }
level: high
vedette: { kind: security, suppression: { by: [user.name], window: 60s } }
---
title: Many failed log-ins
id: 5ad9a1b0-0000-4000-8000-000000000003
status: stable
description: Many log-ins failed.
correlation: { type: event_count, rules: [failed_login], group-by: [user.name], timespan: 5m, condition: { gte: 4 } }
level: medium
vedette: { kind: security, suppression: { by: [user.name], window: 10m } }
`;

const until = async (what: string, is: () => Promise<boolean>, milliseconds = 40_000): Promise<number> => {
  const begun = performance.now();
  while (!(await is())) {
    if (performance.now() - begun > milliseconds) throw new Error(`waited in vain for: ${what}`);
    await ports.timers.sleep(50);
  }
  return performance.now() - begun;
};

let started = 0;
async function start(prefix: string, pattern: string): Promise<RunningWorker> {
  started += 1;
  const config = configSchema.parse({
    dataFolder: join(folder, `data-${started}`),
    elasticsearch: { urls: [url], prefix, partitions: 2 },
    api: { port: 0 },
    otlp: { port: 0 },
    rules: { builtin: false, paths: [join(folder, "rules.yml")] },
    sources: [
      {
        type: "elasticsearch",
        name: "logs",
        patterns: [pattern],
        start: "beginning",
        logsource: { product: "linux", category: "process_creation" },
      },
    ],
  });
  return startWorker({ config, ports, mode: "worker", consoleFolder: () => undefined });
}

const alertsOf = async ({ store }: RunningWorker): Promise<readonly Alert[]> =>
  (await store.listAlerts({ limit: 100 })).items;

test("two workers alert, correlate over shards and restart without doubling", async () => {
  const prefix = `${base}work`;
  const index = `${base}logs`;
  await client.indices.create({
    index,
    settings: { number_of_shards: 2, number_of_replicas: 0, refresh_interval: "1s" },
    mappings: { dynamic: false, properties: { "@timestamp": { type: "date" } } },
  });
  let number = 0;
  const write = async (document: object): Promise<void> => {
    number += 1;
    await client.create({ index, id: `e${number}`, document: { "@timestamp": new Date().toISOString(), ...document } });
  };
  const first = await start(prefix, index);
  const second = await start(prefix, index);
  await write({ process: { name: "forbidden" }, user: { name: "ana" } });
  const took = await until("the first alert", async () => (await alertsOf(second)).length === 1);
  process.stdout.write(`indexed → alert: ${Math.round(took)} ms\n`);
  for (let at = 0; at < 6; at += 1) await write({ event: { outcome: "failure" }, user: { name: "bob" } });
  await until("the correlation", async () =>
    (await alertsOf(first)).some(({ title, eventCount }) => title === "Many failed log-ins" && eventCount === 6),
  );
  for (let round = 0; round < 3; round += 1) {
    const user = { name: `carl${round}` };
    await write({ process: { name: "forbidden" }, user });
    const milliseconds = await until("an alert", async () =>
      (await alertsOf(first)).some(({ suppressionKey }) => suppressionKey.includes(user.name)),
    );
    process.stdout.write(`indexed → alert, once all runs: ${Math.round(milliseconds)} ms\n`);
  }
  await first[Symbol.asyncDispose]();
  await write({ process: { name: "forbidden" }, user: { name: "ana" } });
  await until("the second finding", async () =>
    (await alertsOf(second)).some(({ title, findingCount }) => title === "Forbidden tool" && findingCount === 2),
  );
  await second[Symbol.asyncDispose]();
  const third = await start(prefix, index);
  await write({ process: { name: "forbidden" }, user: { name: "eve" } });
  await until("the alert after a restart", async () => (await alertsOf(third)).length === 6);
  const alerts = (await alertsOf(third)).map(({ title, findingCount, eventCount }) => [
    title,
    findingCount,
    eventCount,
  ]);
  expect(alerts.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
    ...Array.from({ length: 4 }, () => ["Forbidden tool", 1, 1]),
    ["Forbidden tool", 2, 2],
    ["Many failed log-ins", 1, 6],
  ]);
  await third[Symbol.asyncDispose]();
}, 180_000);

test("what is received by OTLP is alerted on, once, whichever worker took it", async () => {
  const prefix = `${base}otlp`;
  const worker = await start(prefix, `${base}none*`);
  const send = async (user: string): Promise<number> => {
    const attribute = (key: string, stringValue: string): object => ({ key, value: { stringValue } });
    const body = {
      resourceLogs: [
        {
          resource: { attributes: [attribute("service.name", "shop")] },
          scopeLogs: [
            {
              logRecords: [
                {
                  timeUnixNano: `${Date.now()}000000`,
                  eventName: "vedette.request.suspicious",
                  attributes: [
                    attribute("vedette.request.indicators", "forbidden"),
                    attribute("user.name", user),
                    attribute("log.record.uid", `uid-${user}`),
                  ],
                },
              ],
            },
          ],
        },
      ],
    };
    const answer = await fetch(`${worker.addresses.otlp?.url}/v1/logs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return answer.status;
  };
  for (const user of ["ana", "bob", "eve"]) {
    expect(await send(user)).toBe(200);
    const milliseconds = await until("the alert", async () =>
      (await alertsOf(worker)).some(({ suppressionKey }) => suppressionKey.includes(user)),
    );
    process.stdout.write(`received → alert: ${Math.round(milliseconds)} ms\n`);
    expect(await send(user)).toBe(200);
  }
  await until("the tail", async () => (await worker.status()).eventsJudged >= 3);
  await ports.timers.sleep(2_500);
  expect((await alertsOf(worker)).map(({ findingCount }) => findingCount)).toEqual([1, 1, 1]);
  const { sources, problems } = await worker.status();
  expect(problems).toEqual([expect.stringContaining("nothing fits")]);
  expect(sources.map(({ name }) => name)).toEqual(expect.arrayContaining(["logs", "received"]));
  await worker[Symbol.asyncDispose]();
}, 120_000);
