// npm run quality -- preview [--documents N]: `vedette rules preview` over labelled events, killed in the middle and run again, against judging the same documents as a
// worker judges them; exit code 1 when a count differs. Needs an Elasticsearch: VEDETTE_TEST_ELASTICSEARCH.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { createCorrelator } from "../../packages/detection/src/correlation/correlator.ts";
import type { JsonObject } from "../../packages/detection/src/event.ts";
import type { Fact } from "../../packages/detection/src/finding.ts";
import { DEFAULT_MAPPINGS } from "../../packages/detection/src/mappings/default-mappings.ts";
import { createDetector } from "../../packages/detection/src/match/detector.ts";
import { loadRules } from "../../packages/detection/src/sigma/load-rules.ts";
import { EVENT_SETS } from "../../packages/detection/src/testing/event-sets.ts";
import { type SharedRule, sharedLines } from "../../packages/detection/src/testing/shared-data.ts";
import { createRecordJudge } from "../../packages/worker/src/detector/stage-one/judge-records.ts";
import { tailedRecord } from "../../packages/worker/src/detector/stage-one/tailed-record.ts";
import { createNodePorts } from "../../packages/worker/src/ports-node.ts";
import { silentLog } from "../../packages/worker/src/testing/silent-log.ts";
import { endWithUsage, positiveNumber, readOptions } from "../command-options.ts";

const USAGE = `Usage: npm run quality -- preview [OPTIONS]
  --documents N  documents that are indexed; 200000 by default
VEDETTE_TEST_ELASTICSEARCH names an Elasticsearch without security, such as http://127.0.0.1:9200.`;
const values = readOptions(USAGE, { documents: { type: "string", default: "200000" } });
const node = process.env["VEDETTE_TEST_ELASTICSEARCH"] ?? endWithUsage(USAGE, "VEDETTE_TEST_ELASTICSEARCH is not set.");
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const wanted = positiveNumber(USAGE, "documents", values.documents);
const index = `h-preview-${process.pid}`;
const START = Date.UTC(2026, 9, 1);
/** Milliseconds between two events. */
const APART = 2_000;

/** Id of the rule that the correlation counts. */
const CORRELATED = "5ad9a1b0-0000-4000-8000-0000000000f2";

/** A correlation beside the rules, which have none of their own. */
const CORRELATION = `
title: Many new processes of one computer
id: 5ad9a1b0-0000-4000-8000-0000000000f1
correlation: { type: event_count, rules: [${CORRELATED}], group-by: [Computer], timespan: 1m, condition: { gte: 5 } }
level: medium
---
title: New process
id: ${CORRELATED}
logsource: { product: windows, category: process_creation }
detection: { selection: { CommandLine|contains: powershell }, condition: selection }
level: informational
`;

const folder = mkdtempSync(join(tmpdir(), "vedette-preview-"));
const rulesPath = join(folder, "rules.jsonl");
const shared = sharedLines<SharedRule>("sigma-rules.jsonl.gz");
writeFileSync(
  rulesPath,
  [...shared, { path: "own.yml", yaml: CORRELATION }]
    .map(({ path, yaml }) => JSON.stringify({ path, yaml }))
    .join("\n"),
);
const { rules } = loadRules(
  [...shared, { path: "own.yml", yaml: CORRELATION }].map(({ path, yaml }) => ({ path, text: yaml })),
);

const sources = ["sigma-regression, flat", "windows-attack", "otrf-windows", "cloudtrail-mixed"];
const events: JsonObject[] = EVENT_SETS.filter(({ name }) => sources.includes(name)).flatMap(({ documents }) =>
  documents().map(({ document }) => document),
);
const eventAt = (number: number): JsonObject => ({
  ...events[number % events.length],
  "@timestamp": new Date(START + number * APART).toISOString(),
});

const client = new Client({ node, requestTimeout: 120_000 });
let running: ChildProcess | undefined;
try {
  await client.indices.create({
    index,
    settings: {
      number_of_shards: 2,
      number_of_replicas: 0,
      refresh_interval: "-1",
      "index.mapping.total_fields.limit": 20_000,
    },
    mappings: { dynamic: false, properties: { "@timestamp": { type: "date" } } },
  });
  for (let from = 0; from < wanted; from += 2_000) {
    const count = Math.min(2_000, wanted - from);
    const operations = Array.from({ length: count }, (_, at) => [
      { create: { _index: index, _id: String(from + at) } },
      eventAt(from + at),
    ]).flat();
    const { errors } = await client.bulk({ operations });
    if (errors) throw new Error("an event could not be indexed");
  }
  await client.indices.refresh({ index });

  const expected = await judgeLive();
  const args = [
    "--conditions=vedette-source",
    "packages/worker/src/cli/main.ts",
    "rules",
    "preview",
    "--rules",
    rulesPath,
  ].concat(
    ["--url", node, "--index", index, "--format", "json", "--progress", join(folder, "progress.json"), "--yes"],
    ["--from", new Date(START).toISOString(), "--to", new Date(START + wanted * APART).toISOString()],
  );
  const began = performance.now();
  let kills = 0;
  let printed = "";
  for (;;) {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    running = child;
    printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
    const before = doneSlices();
    // Killed without warning when a slice more is done, twice.
    const killer =
      kills < 2
        ? setInterval(() => {
            if (doneSlices() > before) child.kill("SIGKILL");
          }, 50)
        : undefined;
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    clearInterval(killer);
    if (code !== null) {
      if (code !== 0) throw new Error(`the command ended with ${code}`);
      break;
    }
    kills++;
  }
  const seconds = (performance.now() - began) / 1_000;
  const found = new Map(
    printed
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly rule: { readonly id: string }; readonly findings: number })
      .map(({ rule, findings }) => [rule.id, findings]),
  );
  const wrong = rules.filter(({ id }) => (found.get(id) ?? -1) !== (expected.get(id) ?? 0));
  for (const { id, title } of wrong.slice(0, 20))
    say(`${title}: preview ${found.get(id) ?? "nothing"}, live ${expected.get(id) ?? 0}`);
  const total = [...found.values()].reduce((sum, count) => sum + count, 0);
  say(
    `${wanted.toLocaleString("en")} documents, ${rules.length.toLocaleString("en")} rules, ${[...expected.values()].filter((count) => count > 0).length} of them find something, ${total.toLocaleString("en")} findings; killed ${kills} times; ${seconds.toFixed(1)} s; ${wrong.length} rules with another count than live judging.`,
  );
  process.exitCode = wrong.length === 0 && total > 0 && kills > 0 ? 0 : 1;
} finally {
  running?.kill("SIGKILL");
  await client.indices.delete({ index, ignore_unavailable: true });
  await client.close();
  rmSync(folder, { recursive: true, force: true });
}

function doneSlices(): number {
  const path = join(folder, "progress.json");
  if (!existsSync(path)) return 0;
  return (JSON.parse(readFileSync(path, "utf8")) as { readonly done: readonly string[] }).done.length;
}

/**
 * Findings by rule, as a worker's first stage finds them, and a correlator that takes them in the order of their events' times. The recordings tell times of their own, of years
 * ago and in no order: a worker that met them one after the other would count most as late.
 */
async function judgeLive(): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const judge = createRecordJudge({
    prefix: "none",
    detector: createDetector(rules, { mappings: DEFAULT_MAPPINGS }),
    isShadow: () => false,
    logSources: new Map(),
    futureTolerance: Infinity,
    ports: createNodePorts(silentLog),
  });
  const correlator = createCorrelator(rules, { lateness: 3_600_000 });
  const correlated: Fact[] = [];
  const episodes = new Map<string, string>();
  const origin = { source: "elasticsearch", stream: index, partition: index, isReceived: false };
  for (let number = 0; number < wanted; number++) {
    const record = tailedRecord(
      { index, id: String(number), seqNo: number, source: eventAt(number) },
      origin,
      DEFAULT_MAPPINGS,
      START,
    );
    const { facts } = await judge([{ record, position: { index, id: String(number) } }]);
    for (const { fact } of facts) {
      counts.set(fact.rule.id, (counts.get(fact.rule.id) ?? 0) + 1);
      if (fact.rule.id === CORRELATED) correlated.push(fact);
    }
  }
  for (const fact of correlated.toSorted((a, b) => a.time - b.time)) {
    correlator.observe(fact);
    correlator.advance(fact.time);
    for (const { id, rule, withdrawn, mergedInto } of correlator.takeChanges().episodes)
      if (withdrawn === true || mergedInto !== undefined) episodes.delete(id);
      else episodes.set(id, rule.id);
  }
  for (const ruleId of episodes.values()) counts.set(ruleId, (counts.get(ruleId) ?? 0) + 1);
  return counts;
}
