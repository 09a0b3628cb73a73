import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "@elastic/elasticsearch";
import { startFaultProxy, type FaultProxy } from "../../packages/worker/src/testing/elasticsearch/fault-proxy.ts";
import { removeIndices } from "../../packages/worker/src/testing/elasticsearch/remove-indices.ts";
import { seededRandom } from "../../packages/worker/src/testing/elasticsearch/seeded-random.ts";
import { disturb, faultsOf } from "./chaos.ts";
import { check, type Verdict } from "./check.ts";
import { expectationOf } from "./oracle.ts";
import { readAlerts, readEpisodes, readFacts, readIncidents } from "./outcome.ts";
import { makePlan, type PlannedBatch } from "./plan.ts";
import { RULES } from "./rules.ts";
import { makeSource, shrinkFirst, type SourceKind } from "./source-index.ts";
import { WorkerFleet } from "./worker-fleet.ts";
import { type Places, write } from "./writer.ts";

/** What a run is told. */
export interface RunOptions {
  readonly seed: number;
  readonly events: number;
  readonly writers: number;
  readonly workers: number;
  /** How far the line is run: to the facts, or to the alerts. */
  readonly stage: "findings" | "alerts";
  readonly source: SourceKind;
  readonly replicas: number;
  /** Share of the events that match rules. */
  readonly matching?: number | undefined;
  /** Of the source; three shards that are refreshed every second by default. */
  readonly shards?: number | undefined;
  readonly refreshInterval?: string | undefined;
  /** Addresses of the cluster's nodes. */
  readonly urls: readonly string[];
  /** What is left out of the worker, to see the run fail. */
  readonly breaking?: "refresh" | "content-hash" | undefined;
  /** How often the proxy does something, as a multiple of the usual. */
  readonly faults: number;
  /** Milliseconds between two kills of workers. */
  readonly killEvery: number;
  /** Milliseconds that the writing should take. */
  readonly duration: number;
  /** Milliseconds without any progress after which what is missing counts as lost. */
  readonly patience: number;
  /** Something else that happens when a part of the writes is done. */
  readonly onHalf?: (source: { readonly name: string }) => Promise<void>;
  readonly print: (line: string) => void;
}

/** What a run found. */
export interface RunReport extends Verdict {
  readonly facts: number;
  readonly episodes: number | undefined;
  readonly alerts: number | undefined;
  readonly incidents: number | undefined;
  readonly chaos: Readonly<Record<string, number>>;
  /** Seconds from the start to the end of the writing, and to the end of the judging. */
  readonly writing: number;
  readonly total: number;
}

const TOKEN = "exactly-once-rig-token-0123456789abcdef";
const MAIN = resolve(import.meta.dirname, "../../packages/worker/src/cli/main.ts");

/** Writes, disturbs, and holds what the workers made of it against what must be there. */
export async function run(options: RunOptions): Promise<RunReport> {
  const { seed, print, stage } = options;
  const begun = performance.now();
  const seconds = (): number => Math.round((performance.now() - begun) / 100) / 10;
  const random = seededRandom(seed * 7_919 + 1);
  const name = `eo-${seed}-${Math.floor(performance.timeOrigin % 1e8).toString(36)}`;
  const prefix = `${name}-v`;
  const sourceName = `${name}-src`;
  const folder = mkdtempSync(join(tmpdir(), "vedette-exactly-once-"));
  const client = new Client({ nodes: [...options.urls], maxRetries: 3, requestTimeout: 60_000 });
  await using cleaning = new AsyncDisposableStack();
  let isKept = true;
  cleaning.defer(() => {
    if (!isKept) rmSync(folder, { recursive: true, force: true });
  });
  cleaning.defer(() => client.close());
  cleaning.defer(() => removeIndices(client, name));

  const plan = makePlan({ ...options, end: Date.now() });
  const expectation = expectationOf(plan.events);
  print(
    `seed ${seed}: ${plan.events.length} events in ${plan.writers.flat().length} bulk requests; ${expectation.facts.size} + ${expectation.lastFacts.size} facts (and up to ${expectation.passingFacts.size} passing ones), ${expectation.episodes.length} episodes, ${expectation.alerts.length} alerts must be there`,
  );
  const source = await makeSource(client, {
    kind: options.source,
    name: sourceName,
    replicas: options.replicas,
    shards: options.shards,
    refreshInterval: options.refreshInterval,
  });
  if (stage === "findings") await putFindingsTemplate(client, prefix, options.replicas);

  const proxies: FaultProxy[] = [];
  for (let worker = 0; worker < options.workers; worker += 1) {
    for (const [node, target] of options.urls.entries()) {
      const proxy = await startFaultProxy({ target, seed: seed * 1_000 + worker * 10 + node });
      cleaning.use(proxy);
      proxies.push(proxy);
    }
  }
  const urlsOf = (worker: number): string[] =>
    options.urls.map((_, node) => proxies[worker * options.urls.length + node]?.url ?? "");
  const log = join(folder, "workers.log");
  const fleet = new WorkerFleet({
    count: options.workers,
    log,
    env: {
      VEDETTE_LISTENING_JSON: "1",
      ...(options.breaking ? { NODE_ENV: "test", VEDETTE_TEST_BREAK: options.breaking } : {}),
    },
    argumentsOf: (worker) =>
      stage === "findings"
        ? [
            join(import.meta.dirname, "findings-worker.ts"),
            `--urls=${urlsOf(worker).join(",")}`,
            `--prefix=${prefix}`,
            `--pattern=${source.pattern}`,
            ...(options.breaking ? [`--break=${options.breaking}`] : []),
          ]
        : [
            MAIN,
            "start",
            "--config",
            writeConfig(folder, worker, urlsOf(worker), prefix, source.pattern),
            "--data",
            join(folder, `data-${worker}`),
          ],
  });
  cleaning.use(fleet);

  const stopping = new AbortController();
  let written = 0;
  const reachedHalf = Promise.withResolvers<void>();
  const places: Places = new Map();
  const writing = (batchesOf: (writer: number) => readonly PlannedBatch[]): Promise<unknown> =>
    Promise.all(
      plan.writers.map((batches, writer) =>
        write(
          {
            client,
            target: source.target,
            batches: batchesOf(writer),
            // The mean of the pauses is a quarter of the longest.
            longestPause: (4 * options.duration) / batches.length,
            onProgress: (writes) => {
              written += writes;
              if (written >= plan.events.length / 2) reachedHalf.resolve();
            },
            signal: stopping.signal,
          },
          places,
        ),
      ),
    );

  if (options.source === "shrunk") {
    await writing((writer) => first(plan.writers[writer] ?? []));
    const shrunk = await shrinkFirst(client, sourceName);
    print(`seed ${seed}: ${written} writes are in ${shrunk}`);
    for (const place of places.values()) place.index = shrunk;
  }
  fleet.startAll();
  // What is written while nobody reads can be read in any way.
  if (stage === "alerts")
    for (let waited = 0; fleet.apis.length === 0 && waited < START_PATIENCE; waited += 100) await wait(100);
  for (const proxy of proxies) proxy.setRules(faultsOf(name, options.faults));
  const calming = new AbortController();
  const disturbing = disturb({
    fleet,
    workers: options.workers,
    random,
    every: options.killEvery,
    signal: calming.signal,
  });
  const middle = (async () => {
    await reachedHalf.promise;
    if (options.source !== "shrunk") await source.rollOver();
    print(`seed ${seed}: rolled over at write ${written}`);
    await options.onHalf?.({ name: sourceName });
  })();
  middle.catch(() => undefined);
  try {
    await writing((writer) => {
      const batches = plan.writers[writer] ?? [];
      return options.source === "shrunk" ? batches.slice(first(batches).length) : batches;
    });
    await middle;
    print(`seed ${seed}: all are created after ${seconds()} s`);
    await untilJudged(async () => (await readFacts(client, prefix)).length, expectation.facts.size, options.patience);
    print(`seed ${seed}: judged as far as they will not change after ${seconds()} s; more of them are changed`);
    await writing((writer) => plan.encores[writer] ?? []);
  } finally {
    stopping.abort();
    calming.abort();
    await disturbing;
  }
  const writingTook = seconds();
  print(`seed ${seed}: written after ${writingTook} s`);

  const look = async (): Promise<Verdict & Pick<RunReport, "facts" | "episodes" | "alerts" | "incidents">> => {
    const facts = await readFacts(client, prefix);
    const [api] = fleet.apis;
    if (stage === "alerts" && api === undefined) throw new Error("no worker listens");
    const second =
      stage === "alerts" && api !== undefined
        ? {
            episodes: await readEpisodes(client, prefix),
            alerts: await readAlerts(api, TOKEN),
            incidents: await readIncidents(api, TOKEN),
          }
        : undefined;
    return {
      ...check(expectation, { facts, second }),
      facts: facts.length,
      episodes: second?.episodes.length,
      alerts: second?.alerts.length,
      incidents: second?.incidents.length,
    };
  };
  const verdict = await settle(look, options.patience, print);
  const faults: Record<string, number> = {};
  for (const proxy of proxies)
    for (const [fault, count] of Object.entries(proxy.counts().faults)) faults[fault] = (faults[fault] ?? 0) + count;
  const requests = proxies.reduce((sum, proxy) => sum + proxy.counts().requests, 0);
  const report = {
    ...verdict,
    chaos: { ...fleet.counts, requests, ...faults },
    writing: writingTook,
    total: seconds(),
  };
  isKept = verdict.lost.length + verdict.doubled.length + verdict.strange.length + fleet.counts.ends > 0;
  if (isKept) print(`workers' log: ${log}`);
  return report;
}

/** What is written before anybody reads. */
const first = <T>(batches: readonly T[]): readonly T[] => batches.slice(0, Math.ceil(batches.length / 3));

/** Workers may take so long to start and to find what to read. Milliseconds. */
const START_PATIENCE = 90_000;

/** Waits until there are so many, or until there have not been more for so long. */
async function untilJudged(count: () => Promise<number>, wanted: number, patience: number): Promise<void> {
  let best = 0;
  const limit = (): number => (best === 0 ? Math.max(patience, START_PATIENCE) : patience);
  for (let since = performance.now(); performance.now() - since < limit(); await wait(1_000)) {
    const found = await count().catch(() => -1);
    if (found >= wanted) return;
    if (found > best) since = performance.now();
    best = Math.max(best, found);
  }
}

/** Looks until nothing is wrong, and once more a little later; or until what is wrong has not changed for so long. */
async function settle<T extends Verdict>(
  look: () => Promise<T>,
  patience: number,
  print: (line: string) => void,
): Promise<T> {
  let changedAt = performance.now();
  let last = "";
  let isSecondLook = false;
  for (;;) {
    const verdict = await look().catch((error: unknown) => {
      print(`looking failed: ${String(error)}`);
      return undefined;
    });
    if (verdict) {
      const wrong = verdict.lost.length + verdict.doubled.length + verdict.strange.length;
      const state = `${verdict.lost.length} missing, ${verdict.doubled.length} doubled, ${verdict.strange.length} strange`;
      if (wrong === 0 && isSecondLook) return verdict;
      isSecondLook = wrong === 0;
      if (state !== last) {
        changedAt = performance.now();
        last = state;
        print(state);
      }
      if (!isSecondLook && performance.now() - changedAt > patience) return verdict;
    } else if (performance.now() - changedAt > patience) throw new Error("what was found could not be read");
    await wait(isSecondLook ? 5_000 : 2_000);
  }
}

function writeConfig(folder: string, worker: number, urls: readonly string[], prefix: string, pattern: string): string {
  const rules = join(folder, "rules.yml");
  writeFileSync(rules, RULES);
  const path = join(folder, `worker-${worker}.yaml`);
  const config = {
    elasticsearch: { urls, prefix, requestTimeout: "10s", partitions: 4 },
    sources: [
      { type: "elasticsearch", name: "rig", patterns: [pattern], start: "beginning", logsource: { product: "rig" } },
    ],
    rules: { builtin: false, paths: [rules] },
    detector: { lateness: "24h" },
    otlp: { port: 0 },
    api: { port: 0, tokens: [{ name: "rig", role: "admin", token: TOKEN }] },
    log: { level: "info" },
  };
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(config));
  return path;
}

async function putFindingsTemplate(client: Client, prefix: string, replicas: number): Promise<void> {
  await client.indices.putIndexTemplate({
    name: prefix,
    index_patterns: [`${prefix}-findings-*`],
    priority: 500,
    template: {
      settings: { number_of_shards: 2, number_of_replicas: replicas },
      mappings: {
        dynamic: false,
        properties: {
          vedette: {
            properties: {
              finding: {
                properties: {
                  kind: { type: "keyword" },
                  content_hash: { type: "keyword" },
                  body: { type: "object", enabled: false },
                },
              },
            },
          },
        },
      },
    },
  });
}
