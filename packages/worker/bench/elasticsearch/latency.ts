import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Cluster } from "../../src/elasticsearch/cluster.ts";
import { freePorts } from "../../src/testing/elasticsearch/cluster-node.ts";
import { type Row, since, startBenchCluster } from "./bench-cluster.ts";
import { bulkIndex, shared } from "./windows-documents.ts";

const PREFIX = "bench-latency";
const INDEX = "bench-logs";
/** Events a second, and milliseconds from one bulk request to the next. */
const RATE = 1_500;
const EVERY = 100;
/** Milliseconds between two looks for alerts: no figure is finer. */
const LOOK_EVERY = 50;
/** Milliseconds for which events flow before any is measured, and for which alerts of the last ones are waited for. */
const WARM_UP = 8_000;
const PATIENCE = 30_000;
const START_LIMIT = 90_000;

const RULES = `
title: Forbidden tool
id: 5ad9a1b0-0000-4000-8000-000000000001
status: stable
description: A tool that nobody should start.
logsource: { product: linux, category: process_creation }
detection: { selection: { process.name: forbidden-tool }, condition: selection }
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
title: Many failed log-ins
id: 5ad9a1b0-0000-4000-8000-000000000003
status: stable
description: Many log-ins failed.
correlation: { type: event_count, rules: [failed_login], group-by: [user.name], timespan: 5m, condition: { gte: 4 } }
level: medium
vedette: { kind: security, suppression: { by: [user.name], window: 10m } }
---
title: Suspicious request
id: 5ad9a1b0-0000-4000-8000-000000000004
status: stable
description: A request that nobody should make.
logsource: { product: vedette, category: application, service: request.suspicious }
detection: { selection: { vedette.request.indicators: forbidden }, condition: selection }
level: high
vedette: { kind: security, suppression: { by: [user.name], window: 60s } }
`;

/** One way from an event to an alert. */
type Way = "tailed" | "correlated" | "received";

/** An event whose alert is waited for. */
interface Awaited {
  readonly way: Way;
  readonly sent: number;
  acknowledged?: number;
  /** When the worker says that it read the event and opened the alert. Unix milliseconds. */
  read?: number;
  opened?: number;
  found?: number;
}

/** A worker in a process of its own, as `vedette start` runs it, that judges the index and what it receives. */
const startWorker = async (folder: string, url: string) => {
  const [apiPort = 0, otlpPort = 0] = await freePorts(2);
  const rules = join(folder, "rules.yml");
  writeFileSync(rules, RULES);
  const sigma = join(shared, "data", "sigma-rules.jsonl.gz");
  const config = join(folder, "vedette.yaml");
  // What is JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      dataFolder: join(folder, "data"),
      elasticsearch: { urls: [url], prefix: PREFIX },
      api: { port: apiPort },
      otlp: { port: otlpPort },
      rules: { builtin: false, paths: [rules, ...(existsSync(sigma) ? [sigma] : [])] },
      sources: [
        {
          type: "elasticsearch",
          name: "logs",
          patterns: [INDEX],
          start: "beginning",
          logsource: { product: "linux", category: "process_creation" },
        },
      ],
    }),
  );
  const main = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");
  const child = spawn(
    process.execPath,
    ["--conditions=vedette-source", "--disable-warning=ExperimentalWarning", main, "start", "--config", config],
    { cwd: folder, stdio: ["ignore", "pipe", "pipe"] },
  );
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      tail.push(text);
      if (tail.length > 20) tail.shift();
    });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const endNow = (): void => void child.kill("SIGKILL");
  process.once("exit", endNow);
  return {
    pid: child.pid ?? 0,
    otlp: `http://127.0.0.1:${otlpPort}/v1/logs`,
    hasEnded: (): boolean => child.exitCode !== null || child.signalCode !== null,
    /** The last that it said. */
    output: (): string => tail.join("").slice(-2_000),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      const limit = setTimeout(endNow, 20_000);
      await ended;
      clearTimeout(limit);
      process.removeListener("exit", endNow);
    },
  };
};

const logOf = (user: string): object => {
  const attribute = (key: string, stringValue: string): object => ({ key, value: { stringValue } });
  const attributes = [
    attribute("vedette.request.indicators", "forbidden"),
    attribute("user.name", user),
    attribute("log.record.uid", `uid-${user}`),
  ];
  const logRecords = [{ timeUnixNano: `${Date.now()}000000`, eventName: "vedette.request.suspicious", attributes }];
  const resource = { attributes: [attribute("service.name", "shop")] };
  return { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] };
};

const eventOf = (number: number, more: object): object => ({
  "@timestamp": new Date().toISOString(),
  host: { name: `host-${number % 40}`, ip: `10.0.${number % 40}.7` },
  process: {
    name: "backup",
    pid: 1_000 + (number % 30_000),
    executable: "/usr/local/bin/backup",
    command_line: `/usr/local/bin/backup --volume ${number % 977} --number ${number}`,
    parent: { name: "scheduler", pid: 1 },
  },
  user: { name: `service-${number % 25}` },
  message: `volume ${number % 977} of host-${number % 40} was saved as number ${number}`,
  ...more,
});

interface FoundAlert {
  readonly user?: { readonly name?: string | readonly string[] };
  readonly vedette: { readonly opened_at: number };
}

/** Looks for the alerts that are waited for, again and again, as somebody who searches the cluster sees them. */
const lookForAlerts = async ({ client }: Cluster, waiting: ReadonlyMap<string, Awaited>, signal: AbortSignal) => {
  while (!signal.aborted) {
    // Right after its creation the index has no shard that answers.
    const found = await client
      .search<FoundAlert>({
        index: `${PREFIX}-alerts`,
        ignore_unavailable: true,
        size: 100,
        sort: [{ "vedette.opened_at": { order: "desc", unmapped_type: "double" } }],
        _source: ["user.name", "vedette.opened_at"],
        track_total_hits: false,
      })
      .catch(() => undefined);
    const now = Date.now();
    for (const { _source } of found?.hits.hits ?? [])
      for (const name of [_source?.user?.name ?? []].flat()) {
        const awaited = waiting.get(name);
        if (awaited === undefined || awaited.found !== undefined) continue;
        awaited.found = now;
        awaited.opened = _source?.vedette.opened_at ?? now;
      }
    await wait(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
  }
};

/** When each finding's event was read, by the name of its user. */
const readTimes = async ({ client }: Cluster): Promise<ReadonlyMap<string, number>> => {
  const index = `${PREFIX}-findings-*`;
  await client.indices.refresh({ index });
  const { hits } = await client.search<{
    vedette: { finding: { received?: number; body: { entities?: readonly { readonly value: string }[] } } };
  }>({ index, size: 10_000, _source: ["vedette.finding.received", "vedette.finding.body.entities"] });
  const times = new Map<string, number>();
  for (const { _source } of hits.hits)
    for (const { value } of _source?.vedette.finding.body.entities ?? [])
      times.set(value, Math.max(times.get(value) ?? 0, _source?.vedette.finding.received ?? 0));
  return times;
};

const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
};

const rowsOf = (name: string, milliseconds: readonly number[], target?: string): readonly Row[] =>
  [0.5, 0.95].map((share) => ({
    name: `${name}: p${share * 100}${share === 0.95 && target !== undefined ? ` (${target})` : ""}`,
    value: quantile(milliseconds, share) / 1_000,
    unit: "s",
  }));

/** Measures how long it takes from an event to its alert being found by a search, while other events flow, the worker and the server on the same machine. */
export async function run({ quick }: { readonly quick: boolean }): Promise<readonly Row[]> {
  const started = await startBenchCluster();
  if ("missing" in started) return [{ name: `not measured: ${started.missing}`, value: 0, unit: "" }];
  await using bench = started;
  const { cluster } = bench;
  const folder = mkdtempSync(join(tmpdir(), "vedette-latency-"));
  const stopping = new AbortController();
  try {
    await cluster.client.indices.create({
      index: INDEX,
      settings: { number_of_shards: 1, number_of_replicas: 0, refresh_interval: "1s" },
      mappings: { properties: { "@timestamp": { type: "date" } } },
    });
    await using worker = await startWorker(folder, bench.url);
    const waiting = new Map<string, Awaited>();
    const looking = lookForAlerts(cluster, waiting, stopping.signal);

    let number = 0;
    /** Sends bulk requests at their times, one after the other, each with events that are waited for among them. */
    const flow = async (milliseconds: number, isMeasured: boolean): Promise<number> => {
      const begun = performance.now();
      const otlp: Promise<void>[] = [];
      let sentEvents = 0;
      for (let turn = 0; performance.now() - begun < milliseconds; turn += 1) {
        await wait(Math.max(0, begun + turn * EVERY - performance.now()));
        const due = Math.round(((turn + 1) * RATE * EVERY) / 1_000) - sentEvents;
        const documents: object[] = [];
        const named: Awaited[] = [];
        const await_ = (way: Way, user: string): void => {
          const awaited: Awaited = { way, sent: Date.now() };
          if (isMeasured) waiting.set(user, awaited);
          named.push(awaited);
        };
        for (let event = 0; event < due; event += 1) documents.push(eventOf((number += 1), {}));
        if (turn % 3 === 0) {
          const user = { name: `tailed-${number}` };
          await_("tailed", user.name);
          documents[turn % due] = eventOf(number, { process: { name: "forbidden-tool" }, user });
        }
        if (turn % 10 === 4) {
          const user = { name: `correlated-${number}` };
          await_("correlated", user.name);
          for (let time = 0; time < 4; time += 1)
            // Not where the event above stands.
            documents[(turn + 7 + 20 * time) % due] = eventOf(number, { event: { outcome: "failure" }, user });
        }
        if (turn % 5 === 2) {
          const user = `received-${number}`;
          const awaited: Awaited = { way: "received", sent: Date.now() };
          if (isMeasured) waiting.set(user, awaited);
          otlp.push(
            fetch(worker.otlp, {
              method: "POST",
              headers: { "content-type": "application/json" },
              body: JSON.stringify(logOf(user)),
            }).then((answer) => {
              if (!answer.ok) throw new Error(`the worker answered ${answer.status} to a record`);
              awaited.acknowledged = Date.now();
            }),
          );
        }
        await bulkIndex(cluster, INDEX, documents);
        sentEvents += due;
        for (const awaited of named) awaited.acknowledged = Date.now();
      }
      await Promise.all(otlp);
      return sentEvents / ((performance.now() - begun) / 1_000);
    };

    const settle = async (limit: number, what: string): Promise<void> => {
      const until = performance.now() + limit;
      while ([...waiting.values()].some(({ found }) => found === undefined)) {
        if (worker.hasEnded()) throw new Error(`the worker ended: ${worker.output()}`);
        if (performance.now() > until) {
          if (what !== "") throw new Error(`waited in vain for ${what}: ${worker.output()}`);
          return;
        }
        await wait(LOOK_EVERY);
      }
    };

    waiting.set("first", { way: "tailed", sent: Date.now() });
    await bulkIndex(cluster, INDEX, [eventOf(0, { process: { name: "forbidden-tool" }, user: { name: "first" } })]);
    await settle(START_LIMIT, "the first alert");
    waiting.clear();
    await flow(WARM_UP, false);
    const before = await bench.usage();
    const length = quick ? 10_000 : 60_000;
    const rate = await flow(length, true);
    const usage = since(before, await bench.usage());
    await settle(PATIENCE, "");
    stopping.abort();
    await looking;
    for (const [user, time] of await readTimes(cluster)) {
      const awaited = waiting.get(user);
      if (awaited !== undefined) awaited.read = time;
    }

    const of = (way: Way, from: (one: Awaited) => number | undefined, to: (one: Awaited) => number | undefined) =>
      [...waiting.values()].flatMap((one) => {
        const [begin, end] = [from(one), to(one)];
        return one.way !== way || begin === undefined || end === undefined ? [] : [end - begin];
      });
    const acknowledged = ({ acknowledged: at }: Awaited) => at;
    const sent = ({ sent: at }: Awaited) => at;
    const found = ({ found: at }: Awaited) => at;
    const read = ({ read: at }: Awaited) => at;
    const opened = ({ opened: at }: Awaited) => at;
    const missing = [...waiting.values()].filter((one) => one.found === undefined).length;
    return [
      { name: "events a second that were indexed meanwhile", value: rate, unit: "events/s" },
      { name: "alerts that were waited for", value: waiting.size, unit: "alerts" },
      { name: `alerts that did not come within ${PATIENCE / 1_000} s`, value: missing, unit: "alerts" },
      ...rowsOf("event acknowledged by Elasticsearch → alert found", of("tailed", acknowledged, found), "target 3.5 s"),
      ...rowsOf("event sent to Elasticsearch → alert found", of("tailed", sent, found)),
      ...rowsOf("of that, acknowledged → read", of("tailed", acknowledged, read)),
      ...rowsOf("of that, read → alert opened", of("tailed", read, opened)),
      ...rowsOf("of that, alert opened → found", of("tailed", opened, found)),
      ...rowsOf("fourth event acknowledged → alert of a correlation found", of("correlated", acknowledged, found)),
      ...rowsOf("event sent by OTLP → alert found", of("received", sent, found), "target 1 s"),
      ...rowsOf("of that, sent → acknowledged by the worker", of("received", sent, acknowledged)),
      ...rowsOf("of that, acknowledged by the worker → alert opened", of("received", acknowledged, opened)),
      ...rowsOf("of that, alert opened → found", of("received", opened, found)),
      {
        name: "processor time of Elasticsearch meanwhile, everything with it",
        value: usage.cpu / (length / 1_000),
        unit: "of a processor",
      },
    ];
  } finally {
    stopping.abort();
    rmSync(folder, { recursive: true, force: true });
  }
}
