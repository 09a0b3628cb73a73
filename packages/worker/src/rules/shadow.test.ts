import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { setImportState } from "../cli/rules/promote-rules.ts";
import { captureOutput } from "../cli/testing/capture-output.ts";
import { configSchema } from "../config/schema.ts";
import { createNodePorts } from "../ports-node.ts";
import { silentLog } from "../testing/silent-log.ts";
import { startWorker } from "../worker.ts";
import { writeManifest } from "./import/manifest.ts";
import { shadowIds, unknownShadow } from "./load.ts";

const SIGNATURE = "11111111-1111-4111-8111-111111111111";
const CORRELATION = "22222222-2222-4222-8222-222222222222";
const HASH = "0".repeat(64);
const signature = `title: Evil\nid: ${SIGNATURE}\nlevel: high\nlogsource: { product: nodejs }\ndetection: { s: { a: evil }, condition: s }\nvedette: { suppression: { by: [n], window: 1s }, response: [{ action: block_address, field: ip, for: 15m }] }\n`;
const correlation = `title: Often\nid: ${CORRELATION}\nlevel: high\ncorrelation: { type: event_count, rules: [${SIGNATURE}], timespan: 1h, condition: { gte: 2 } }\n`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vedette-shadow-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type State = "shadow" | "active";
function place(states: { readonly signature: State; readonly correlation: State }): void {
  writeFileSync(join(folder, "signature.yml"), signature);
  writeFileSync(join(folder, "correlation.yml"), correlation);
  const file = (state: State, id: string) => ({ state, rules: [id], source: "x", sourceHash: HASH, writtenHash: HASH });
  writeManifest(folder, {
    version: 1,
    origin: { kind: "folder", from: "x", imported: "2026-01-01T00:00:00.000Z" },
    files: {
      "signature.yml": file(states.signature, SIGNATURE),
      "correlation.yml": file(states.correlation, CORRELATION),
    },
  });
}

/** Runs a worker over two evil events and tells what it made of them. */
async function outcome(from: number, judged = 2, shadow: readonly string[] = []): Promise<unknown> {
  const events = join(folder, `events-${from}.jsonl`);
  const at = (second: number): string => new Date(Date.now() + (from + second - 200) * 1_000).toISOString();
  writeFileSync(
    events,
    [0, 5]
      .map((second) => `${JSON.stringify({ "@timestamp": at(second), a: "evil", n: second, ip: "192.0.2.7" })}\n`)
      .join(""),
  );
  const config = configSchema.parse({
    dataFolder: join(folder, "data"),
    otlp: { enabled: false },
    api: { port: 0 },
    rules: { builtin: false, paths: [folder], shadow },
    sources: [
      {
        type: "file",
        name: "events",
        path: join(folder, "events-*.jsonl"),
        logsource: { product: "nodejs" },
        pollInterval: "20ms",
      },
    ],
  });
  await using worker = await startWorker({
    config,
    ports: createNodePorts(silentLog),
    mode: "worker",
    consoleFolder: () => undefined,
  });
  await vi.waitFor(async () => expect((await worker.status()).eventsJudged).toBe(judged), { timeout: 10_000 });
  const [counts, recovered, denied] = await Promise.all([
    worker.store.counts(),
    worker.store.recover(0),
    worker.store.denyListInForce(Date.now()),
  ]);
  const alerting = [...new Set(recovered.alerts.map(({ rule }) => rule.title))].sort();
  return { facts: counts.facts + counts.factsShadow, alerts: counts.alertsTotal, alerting, denied: denied.length };
}

describe("rules in shadow", () => {
  test.each([
    ["both", { signature: "shadow", correlation: "shadow" }, { facts: 2, alerts: 0, alerting: [], denied: 0 }],
    [
      "the signature, whose facts its correlation counts",
      { signature: "shadow", correlation: "active" },
      { facts: 2, alerts: 1, alerting: ["Often"], denied: 0 },
    ],
    [
      "the correlation, which does not keep the signature quiet",
      { signature: "active", correlation: "shadow" },
      { facts: 2, alerts: 2, alerting: ["Evil"], denied: 1 },
    ],
    ["none", { signature: "active", correlation: "active" }, { facts: 2, alerts: 1, alerting: ["Often"], denied: 0 }],
  ] as const)("record, and alert and act not at all: %s", async (_, states, expected) => {
    place(states);
    expect(await outcome(0)).toEqual(expected);
  });

  test("can be named in the configuration", async () => {
    place({ signature: "active", correlation: "active" });
    const shadow = [CORRELATION, "signature.yml"];
    expect(await outcome(0, 2, shadow)).toEqual({ facts: 2, alerts: 0, alerting: [], denied: 0 });
  });

  test.each([
    ["an id", SIGNATURE, 1],
    ["a file", "signature.yml", 1],
    ["a folder", "./imported/", 2],
    ["a part of a name", "sign", 0],
    ["nothing", " ", 0],
  ])("are named by %s", (_, entry, count) => {
    const rules = [
      { id: SIGNATURE, name: undefined, path: "/etc/imported/signature.yml" },
      { id: CORRELATION, name: "often", path: "/etc/imported/correlation.yml" },
    ];
    const none = { paths: new Set<string>(), ids: new Set<string>() };
    expect(shadowIds(rules, none, [entry]).size).toBe(count);
    expect(unknownShadow(rules, [entry]).map(({ code }) => code)).toEqual(count === 0 ? ["rule-shadow-unknown"] : []);
  });

  test("alert from then on when they are promoted", async () => {
    place({ signature: "shadow", correlation: "shadow" });
    expect(await outcome(0)).toMatchObject({ facts: 2, alerts: 0 });
    setImportState(["correlation.yml"], "off", { in: folder }, captureOutput().output);
    setImportState([SIGNATURE], "active", { in: folder }, captureOutput().output);
    expect(await outcome(100, 4)).toEqual({ facts: 4, alerts: 2, alerting: ["Evil"], denied: 1 });
  });
});
