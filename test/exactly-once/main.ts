import { setTimeout as wait } from "node:timers/promises";
import { Client } from "@elastic/elasticsearch";
import { startNodes, type ClusterOfNodes } from "../../packages/worker/src/testing/elasticsearch/cluster-of-nodes.ts";
import { endWithUsage, positiveNumber, readOptions } from "../command-options.ts";
import { run, type RunReport } from "./run.ts";
import { SCENARIOS, type Scenario, type ScenarioName } from "./scenarios.ts";
import { makeRedForAWhile } from "./source-index.ts";

/** `npm run quality -- exactly-once`: writes events, hurts everything between them and the findings, and tells what was lost or doubled. */

const USAGE = `Usage: npm run quality -- exactly-once [OPTIONS]
  --scenario NAME    ${Object.keys(SCENARIOS).join(", ")}; plain by default
  --seeds A..B       one run for each; 1..1 by default
  --events N         documents of a run; 200000 by default
  --seconds N        that the writing should take; 120 by default
  --workers N        3 by default
  --kill-every N     seconds between two kills, about; 6 by default
  --faults N         how often the proxy does something, as a multiple of the usual; 1 by default, 0 for never
  --patience N       seconds without progress after which what is missing is lost; 60 by default
  --stage NAME       findings (facts alone) or alerts; alerts by default
  --break NAME       refresh or content-hash: what is left out of the worker, to see the run fail
  --elasticsearch URLS  a running cluster instead of an own one, its nodes with commas between`;

const values = readOptions(USAGE, {
  scenario: { type: "string", default: "plain" },
  seeds: { type: "string", default: "1..1" },
  events: { type: "string", default: "200000" },
  seconds: { type: "string", default: "120" },
  workers: { type: "string", default: "3" },
  "kill-every": { type: "string", default: "6" },
  faults: { type: "string", default: "1" },
  patience: { type: "string", default: "60" },
  stage: { type: "string", default: "alerts" },
  break: { type: "string" },
  elasticsearch: { type: "string" },
});

const print = (line: string): void => void process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);

const usage = (problem: string): never => endWithUsage(USAGE, problem);

function oneOf<T extends string>(option: string, value: string | undefined, known: readonly T[]): T {
  const found = known.find((name) => name === value);
  return found ?? usage(`--${option} ${value}: expected one of ${known.join(", ")}`);
}

function positive(option: "events" | "seconds" | "workers" | "kill-every" | "patience"): number {
  return positiveNumber(USAGE, option, values[option]);
}

const name: ScenarioName = oneOf("scenario", values.scenario, Object.keys(SCENARIOS) as ScenarioName[]);
const scenario: Scenario = SCENARIOS[name];
const stage = oneOf("stage", values.stage, ["findings", "alerts"] as const);
const breaking =
  values.break === undefined ? undefined : oneOf("break", values.break, ["refresh", "content-hash"] as const);
const seeds = /^(\d+)(?:\.\.(\d+))?$/.exec(values.seeds) ?? usage(`--seeds ${values.seeds}: expected A..B`);
const firstSeed = Number(seeds[1]);
const lastSeed = Number(seeds[2] ?? seeds[1]);
const counts = {
  events: positive("events"),
  workers: positive("workers"),
  duration: positive("seconds") * 1_000,
  killEvery: positive("kill-every") * 1_000,
  patience: positive("patience") * 1_000,
};

async function killMaster(cluster: ClusterOfNodes): Promise<void> {
  const master = await cluster.master();
  await master.kill();
  print(`the master at ${master.url} is killed`);
  await wait(20_000);
  await cluster.restart(master);
  print("it is back");
}

/** What else happens in the middle of a run. */
async function onHalf(cluster: ClusterOfNodes | undefined, urls: readonly string[], source: string): Promise<void> {
  if (scenario.killsMaster === true && cluster) await killMaster(cluster);
  if (scenario.redFor === undefined) return;
  const client = new Client({ nodes: [...urls] });
  try {
    print(`${source}'s first index is red`);
    await makeRedForAWhile(client, source, scenario.redFor);
    print("it is back");
  } finally {
    await client.close();
  }
}

const summary = (
  seed: number,
  { lost, doubled, strange, facts, episodes, alerts, incidents, chaos, writing, total }: RunReport,
): string =>
  `seed ${seed}: ${lost.length} lost, ${doubled.length} doubled, ${strange.length} strange; ${facts} facts, ${episodes ?? "no"} episodes, ${alerts ?? "no"} alerts, ${incidents ?? "no"} incidents; written in ${writing} s, all over after ${total} s; ${Object.entries(
    chaos,
  )
    .map(([what, count]) => `${what} ${count}`)
    .join(", ")}`;

/** An error while another one is cleaned up after hides it. */
function causesOf(error: unknown): unknown[] {
  if (!(error instanceof SuppressedError)) return [error];
  return [...causesOf(error.suppressed), ...causesOf(error.error)];
}

process.on("uncaughtException", (error) => {
  for (const cause of causesOf(error))
    process.stderr.write(`${cause instanceof Error ? cause.stack : String(cause)}\n`);
  process.exit(1);
});

let wrong = 0;
for (let seed = firstSeed; seed <= lastSeed; seed += 1) {
  await using cluster = values.elasticsearch === undefined ? await startNodes(scenario.nodes) : undefined;
  const urls = cluster?.urls ?? values.elasticsearch?.split(",") ?? [];
  print(`seed ${seed}: scenario ${name} at ${urls.join(", ")}`);
  const report = await run({
    ...counts,
    seed,
    writers: scenario.writers ?? 4,
    stage,
    source: scenario.source,
    shards: scenario.shards,
    matching: scenario.matching,
    refreshInterval: scenario.refreshInterval,
    replicas: Math.min(scenario.replicas, urls.length - 1),
    urls,
    breaking,
    faults: Number(values.faults),
    onHalf: ({ name: source }) => onHalf(cluster, urls, source),
    print,
  });
  print(summary(seed, report));
  for (const kind of ["lost", "doubled", "strange"] as const)
    for (const what of report[kind].slice(0, 10)) print(`  ${kind}: ${what}`);
  if (report.lost.length + report.doubled.length + report.strange.length > 0) wrong += 1;
}
print(`${lastSeed - firstSeed + 1 - wrong} of ${lastSeed - firstSeed + 1} runs as they must be`);
process.exitCode = wrong > 0 ? 1 : 0;
