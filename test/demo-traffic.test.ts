import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { gunzipSync } from "node:zlib";
import { findPayloadFile, LOUD_ATTACKER, QUIET_ATTACKER, runCampaign } from "@vedette/example-attacker";
import { createCorrelator, createDetector, loadRules, type Entity } from "@vedette/detection";
import { afterEach, expect, test } from "vitest";
import { requestLimits } from "../packages/worker/src/collector/otlp/limits.ts";
import { decodeLogs } from "../packages/worker/src/collector/otlp/logs.ts";
import type { RawRecord } from "../packages/worker/src/record.ts";
import { builtinRulesFolder, readRuleFiles } from "../packages/worker/src/rules/load.ts";

const root = resolve(import.meta.dirname, "..");
const ATTACKERS = new Set<string>([LOUD_ATTACKER, QUIET_ATTACKER]);
const LIMITS = requestLimits(4_194_304);
const SEED = Number(process.env["VEDETTE_TEST_SEED"] ?? 1);
const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Receives logs by OTLP and keeps them as the worker's collector would hand them on. */
async function openSink(): Promise<{ url: string; records: RawRecord[] }> {
  const records: RawRecord[] = [];
  const sink: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      if (request.url === "/v1/logs")
        records.push(
          ...decodeLogs(
            request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body,
            "protobuf",
            LIMITS,
            Date.now(),
          ).records,
        );
      response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  await new Promise<void>((listening) => sink.listen(0, "127.0.0.1", listening));
  stops.push(() => sink.close());
  return { url: `http://127.0.0.1:${(sink.address() as AddressInfo).port}`, records };
}

/** Starts the shop as the demo does; `close` ends it and resolves when its last telemetry is out. */
async function openShop(endpoint: string): Promise<{ url: string; close: () => Promise<void> }> {
  const child: ChildProcess = spawn(
    process.execPath,
    [
      "--conditions=vedette-source",
      "--disable-warning=ExperimentalWarning",
      "--import",
      "@vedette/instrumentation/register",
      "src/main.ts",
    ],
    {
      cwd: join(root, "examples", "shop"),
      env: {
        ...process.env,
        PORT: "0",
        SHOP_READY_JSON: "1",
        OTEL_SERVICE_NAME: "shop",
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
        OTEL_BLRP_SCHEDULE_DELAY: "200",
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  stops.push(() => child.kill("SIGKILL"));
  const { promise, resolve: opened } = Promise.withResolvers<string>();
  if (child.stdout !== null) createInterface({ input: child.stdout }).once("line", opened);
  const { url } = JSON.parse(await promise) as { url: string };
  return {
    url,
    async close() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

interface Finding {
  readonly title: string;
  readonly techniques: string;
  readonly addresses: readonly string[];
  readonly blocks: boolean;
  /** Unix milliseconds. */
  readonly time: number;
}

/** Judges records by the built-in rules and gives what an alert would be made of, in the order of time. */
function judge(records: readonly RawRecord[]): readonly Finding[] {
  const ruleSet = loadRules(readRuleFiles([builtinRulesFolder()]).files);
  const rules = new Map(ruleSet.rules.map((rule) => [rule.id, rule]));
  const detector = createDetector(ruleSet.rules);
  const correlator = createCorrelator(ruleSet.rules, { lateness: 3_600_000 });
  const found: { ruleId: string; entities: readonly Entity[]; time: number }[] = [];
  for (const record of records) {
    for (const fact of detector.judge(record).facts) {
      if (fact.alerts) found.push({ ruleId: fact.rule.id, entities: fact.entities, time: fact.time });
      correlator.observe(fact);
    }
  }
  correlator.advance(Number.MAX_SAFE_INTEGER);
  for (const episode of correlator.takeChanges().episodes) {
    if (episode.alerts && episode.mergedInto === undefined)
      found.push({ ruleId: episode.rule.id, entities: episode.entities, time: episode.to });
  }
  return found
    .map(({ ruleId, entities, time }) => {
      const rule = rules.get(ruleId);
      return {
        title: rule?.title ?? ruleId,
        techniques: rule?.tags.filter((tag) => /^attack\.t\d/.test(tag)).join() ?? "",
        addresses: entities.filter(({ kind }) => kind === "address").map(({ value }) => value),
        blocks: (rule?.extension.response.length ?? 0) > 0,
        time,
      };
    })
    .toSorted((a, b) => a.time - b.time);
}

test("the attackers are seen in many ways, and no ordinary customer is", async () => {
  const sink = await openSink();
  const shop = await openShop(sink.url);
  const payloads = findPayloadFile(undefined, process.env, root);
  const report = await runCampaign({
    target: shop.url,
    seconds: 30,
    pace: 0.5,
    seed: SEED,
    ...(payloads === undefined ? {} : { payloads }),
  });
  await shop.close();
  expect(report.ordinary.examples).toEqual([]);

  const findings = judge(sink.records);
  expect(findings.filter(({ addresses }) => !addresses.some((address) => ATTACKERS.has(address)))).toEqual([]);
  const titles = new Set(findings.map(({ title }) => title));
  const techniques = new Set(findings.map(({ techniques }) => techniques));
  expect([...titles]).toEqual(
    expect.arrayContaining([
      "AI agent calls a tool outside its scope",
      "A user probes for rights",
      "Business rules are tried out",
      "Command injection attempt",
      "Credential stuffing from one address",
      "Cross-site scripting attempt",
      "Forced browsing from one address",
      "Honeytoken touched",
      "Log-in succeeds after many failures",
      "One address keeps probing for weaknesses",
      "Password guessing against one account",
      "Path traversal attempt",
      "Security scanner at work",
      "Server-side request to an internal address",
      "Server-side request to cloud metadata",
      "Session tokens are guessed or forged",
      "SQL injection attempt",
    ]),
  );
  expect(techniques.size).toBeGreaterThanOrEqual(5);
  // Both attackers give cause for a block, and the loud one not before it has been seen in five ways.
  const blocked = findings.filter(({ blocks }) => blocks);
  expect(new Set(blocked.flatMap(({ addresses }) => addresses))).toEqual(ATTACKERS);
  const loud = findings.filter(({ addresses }) => addresses.includes(LOUD_ATTACKER));
  const first = loud.find(({ blocks }) => blocks)?.time ?? 0;
  expect(new Set(loud.filter(({ time }) => time < first).map(({ title }) => title)).size).toBeGreaterThanOrEqual(5);
});

test("ordinary customers alone raise no alert, however long they stay", async () => {
  const sink = await openSink();
  const shop = await openShop(sink.url);
  const report = await runCampaign({ target: shop.url, seconds: 200, pace: 0.06, attacks: false, seed: SEED });
  await shop.close();
  expect(report.ordinary.examples).toEqual([]);
  expect(report.ordinary.requests).toBeGreaterThan(300);
  expect(sink.records.length).toBeGreaterThan(30);
  expect(judge(sink.records)).toEqual([]);
});
