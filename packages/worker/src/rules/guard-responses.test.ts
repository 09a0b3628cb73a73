import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { configSchema } from "../config/schema.ts";
import { createNodePorts } from "../ports-node.ts";
import { silentLog } from "../testing/silent-log.ts";
import { startWorker } from "../worker.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vedette-responses-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const rule = `title: Probes
id: 11111111-1111-4111-8111-111111111111
level: high
logsource: { product: nodejs }
detection: { s: { a: evil }, condition: s }
vedette:
  suppression: { by: [user.hash], window: 1m }
  response:
    - { action: step_up, field: user.hash, for: 1h }
    - { action: throttle, field: ip, target: client.address, route: /login, rate: 5/1m, burst: 2, for: 1h }
---
title: Many
id: 22222222-2222-4222-8222-222222222222
level: high
correlation:
  type: event_count
  rules: [11111111-1111-4111-8111-111111111111]
  group-by: [session]
  timespan: 1h
  condition: { gte: 2 }
  generate: true # the rule alerts by itself, too
vedette:
  response: [ { action: end_session, field: session, target: session.id, for: 8h } ]
`;

test("a rule and a correlation have the guards do what their responses say, to whom their fields name", async () => {
  writeFileSync(join(folder, "rule.yml"), rule);
  const event = (second: number) => ({
    "@timestamp": new Date(Date.now() + second * 1_000 - 10_000).toISOString(),
    a: "evil",
    user: { hash: "4f2a91c0" },
    session: "77aa",
    ip: "203.0.113.7",
  });
  writeFileSync(join(folder, "events.jsonl"), [0, 5].map((second) => `${JSON.stringify(event(second))}\n`).join(""));
  await using worker = await startWorker({
    config: configSchema.parse({
      dataFolder: join(folder, "data"),
      otlp: { enabled: false },
      api: { port: 0 },
      rules: { builtin: false, paths: [folder] },
      sources: [
        {
          type: "file",
          name: "events",
          path: join(folder, "events.jsonl"),
          logsource: { product: "nodejs" },
          pollInterval: "20ms",
        },
      ],
    }),
    ports: createNodePorts(silentLog),
    mode: "worker",
    consoleFolder: () => undefined,
  });
  expect(worker.ruleProblems.filter(({ severity }) => severity === "error")).toEqual([]);
  await vi.waitFor(async () => expect(await worker.store.denyListInForce(Date.now())).toHaveLength(3), {
    timeout: 10_000,
  });
  const entries = (await worker.store.denyListInForce(Date.now())).map(({ action, targets, rate }) => ({
    action,
    targets,
    rate,
  }));
  expect(entries.toSorted((a, b) => ((a.action ?? "") < (b.action ?? "") ? -1 : 1))).toEqual([
    { action: "end_session", targets: [{ kind: "session.id", value: "77aa" }], rate: undefined },
    { action: "step_up", targets: [{ kind: "user.hash", value: "4f2a91c0" }], rate: undefined },
    {
      action: "throttle",
      targets: [
        { kind: "client.address", value: "203.0.113.7" },
        { kind: "http.route", value: "/login" },
      ],
      rate: { limit: 5, seconds: 60, burst: 2 },
    },
  ]);
});
