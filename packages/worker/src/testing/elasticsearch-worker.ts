import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Alert } from "@vedette/api";
import { afterAll } from "vitest";
import { configSchema } from "../config/schema.ts";
import type { Log } from "../ports.ts";
import { createNodePorts } from "../ports-node.ts";
import { type RunningWorker, startWorker } from "../worker.ts";
import { silentLog } from "./silent-log.ts";

/** How a worker of a test is started. */
export interface TestWorker {
  /** Address of the cluster, or of a proxy before it. */
  readonly url: string;
  readonly prefix: string;
  /** What the source `logs` reads, as process starts on Linux. */
  readonly pattern: string;
  /** Rules as YAML, kept in the folder of the tests. */
  readonly rules: string;
  /** More of the block `elasticsearch`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** More of the configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly log?: Log;
  /** Name of the data folder inside the folder of the tests; a new one by default. */
  readonly folder?: string;
}

/** Workers of a test file, with folders of their own that are removed at the end. */
export interface TestWorkers {
  readonly folder: string;
  start(worker: TestWorker): Promise<RunningWorker>;
}

/** Makes workers on Elasticsearch startable in a test file. Called once, outside of any test. */
export function useWorkers(): TestWorkers {
  const folder = mkdtempSync(join(tmpdir(), "vedette-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let started = 0;
  return {
    folder,
    start(worker) {
      started += 1;
      const rules = join(folder, `rules-${started}.yml`);
      writeFileSync(rules, worker.rules);
      const config = configSchema.parse({
        dataFolder: join(folder, worker.folder ?? `data-${started}`),
        elasticsearch: { urls: [worker.url], prefix: worker.prefix, partitions: 2, ...worker.settings },
        api: { port: 0 },
        otlp: { port: 0 },
        rules: { builtin: false, paths: [rules] },
        sources: [
          {
            type: "elasticsearch",
            name: "logs",
            patterns: [worker.pattern],
            start: "beginning",
            logsource: { product: "linux", category: "process_creation" },
          },
        ],
        ...worker.config,
      });
      const ports = createNodePorts(worker.log ?? silentLog);
      return startWorker({ config, ports, mode: "worker", consoleFolder: () => undefined });
    },
  };
}

const { timers } = createNodePorts(silentLog);

/** Milliseconds until something was true. Rejects when it was not within the time. */
export async function until(what: string, is: () => Promise<boolean>, milliseconds = 40_000): Promise<number> {
  const begun = performance.now();
  for (;;) {
    if (await is()) return performance.now() - begun;
    if (performance.now() - begun > milliseconds) throw new Error(`waited in vain for: ${what}`);
    await timers.sleep(50);
  }
}

/** Waits. */
export const pause = (milliseconds: number): Promise<void> => timers.sleep(milliseconds);

/** All alerts that a worker knows. */
export const alertsOf = async ({ store }: Pick<RunningWorker, "store">): Promise<readonly Alert[]> =>
  (await store.listAlerts({ limit: 500 })).items;

/** One record for OTLP, as the instrumentation sends it for a suspicious request. */
export const suspiciousRequest = (user: string, uid: string): object => {
  const attribute = (key: string, stringValue: string): object => ({ key, value: { stringValue } });
  return {
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
                  attribute("log.record.uid", uid),
                ],
              },
            ],
          },
        ],
      },
    ],
  };
};

/** Sends a record to a worker's receiver. */
export const sendOtlp = ({ addresses }: Pick<RunningWorker, "addresses">, body: object): Promise<Response> =>
  fetch(`${addresses.otlp?.url}/v1/logs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/** Rules of these tests: a tool, a log-in, a request, and log-ins that are many. */
export const TEST_RULES = `
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
