import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import {
  createDetector,
  DEFAULT_MAPPINGS,
  describeIndex,
  type JsonObject,
  PushDown,
  type Query,
  type Rule,
} from "@vedette/detection";
import { tailedRecord } from "../../src/detector/stage-one/tailed-record.ts";
import type { Cluster } from "../../src/elasticsearch/cluster.ts";
import { type Row, since, startBenchCluster, type Usage } from "./bench-cluster.ts";
import { BENCH_PREFIX, followIndex } from "./tailed-judging.ts";
import { hasSharedData, type Indexed, indexWindowsEvents, sigmaRules } from "./windows-documents.ts";

const VERSION = "2.31.0";
const RULES = 200;
const WRITEBACK = "bench-elastalert";
/** Milliseconds that installing it and one run of it may take. */
const INSTALL_LIMIT = 300_000;
const RUN_LIMIT = 900_000;

const run_ = promisify(execFile);

/** Puts ElastAlert 2 into the cache, once; says in one sentence why not where that fails. It asks for Python 3.12 and runs on 3.11 as well. */
const install = async (): Promise<{ readonly bin: string } | { readonly missing: string }> => {
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "vedette", `elastalert2-${VERSION}`);
  const bin = join(cache, "bin");
  if (existsSync(join(cache, ".ready"))) return { bin };
  try {
    console.log(`  ElastAlert ${VERSION} is put into ${cache}`);
    mkdirSync(cache, { recursive: true });
    await run_("python3", ["-m", "venv", cache], { timeout: INSTALL_LIMIT });
    const wanted = ["install", "--quiet", "--ignore-requires-python", `elastalert2==${VERSION}`];
    await run_(join(bin, "pip"), wanted, { timeout: INSTALL_LIMIT });
    writeFileSync(join(cache, ".ready"), "");
    return { bin };
  } catch (error) {
    return { missing: `ElastAlert ${VERSION} cannot be installed: ${String(error).slice(0, 300)}` };
  }
};

/** A rule and the query that finds exactly what it finds. */
interface Equivalent {
  readonly rule: Rule;
  readonly query: Query;
}

const detectorFor = (rules: readonly Rule[]) => createDetector([...rules], { mappings: DEFAULT_MAPPINGS });

/** What the rules find, as `rule id/document id`: judged in this process, without the cluster. */
const findingsOf = ({ index, count, document }: Indexed, rules: readonly Rule[]): Set<string> => {
  const detector = detectorFor(rules);
  const origin = { source: "bench", stream: index, partition: index, isReceived: false };
  const found = new Set<string>();
  for (let number = 0; number < count; number += 1) {
    const tailed = { index, id: String(number), seqNo: number, source: document(number) };
    const { id, time, document: event } = tailedRecord(tailed, origin, DEFAULT_MAPPINGS, 0);
    for (const fact of detector.judge({ id, time, document: event }).facts) found.add(`${fact.rule.id}/${number}`);
  }
  return found;
};

/** Rules for Windows that the cluster answers exactly: those that find something first, the rarest of them before the others. */
const equivalents = async (cluster: Cluster, indexed: Indexed): Promise<readonly Equivalent[]> => {
  const { client } = cluster;
  const mappings = (await client.indices.getMapping({ index: indexed.index }))[indexed.index]?.mappings;
  const mapping = DEFAULT_MAPPINGS.find(({ name }) => name === "windows");
  if (mapping === undefined) throw new Error("there is no mapping for flat Windows events");
  const fields = describeIndex({ mappings: mappings as JsonObject });
  const pushing = new PushDown({ fields, mapping, mappings: [mapping] });
  const exact = sigmaRules().flatMap((rule): Equivalent[] => {
    if (rule.logSource.product !== "windows") return [];
    const pushed = pushing.rule(rule);
    if ("refused" in pushed || pushed.exactness !== "exact" || "match_none" in pushed.query) return [];
    return [{ rule, query: pushed.query }];
  });
  const hits = new Map<string, number>();
  const all = exact.map(({ rule }) => rule);
  for (const finding of findingsOf(indexed, all)) {
    const id = finding.slice(0, finding.lastIndexOf("/"));
    hits.set(id, (hits.get(id) ?? 0) + 1);
  }
  const count = ({ rule }: Equivalent): number => hits.get(rule.id) ?? Number.POSITIVE_INFINITY;
  return exact
    .toSorted((a, b) => (count(a) === count(b) ? 0 : count(a) - count(b)) || (a.rule.id < b.rule.id ? -1 : 1))
    .slice(0, RULES);
};

interface Cost {
  readonly wall: number;
  readonly cpu: number;
  readonly usage: Usage;
}

/** Processor time of the children of this process that have ended, in seconds. */
const childrenCpu = (): number => {
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
};

/** Runs ElastAlert once over the time of all documents; every match is an alert of its own. */
const runElastAlert = async (
  bench: { readonly url: string; usage(): Promise<Usage> },
  bin: string,
  folder: string,
  { index, from, to }: Indexed,
  rules: readonly Equivalent[],
): Promise<Cost> => {
  mkdirSync(join(folder, "rules"));
  for (const [number, { rule, query }] of rules.entries()) {
    const text = JSON.stringify({
      name: rule.id,
      type: "any",
      index,
      filter: [{ query }],
      realert: { minutes: 0 },
      alert: ["debug"],
    });
    writeFileSync(join(folder, "rules", `${number}.yaml`), text);
  }
  const { hostname, port } = new URL(bench.url);
  const config = join(folder, "config.yaml");
  writeFileSync(
    config,
    JSON.stringify({
      rules_folder: join(folder, "rules"),
      run_every: { minutes: 60 },
      buffer_time: { days: 30 },
      es_host: hostname,
      es_port: Number(port),
      writeback_index: WRITEBACK,
    }),
  );
  const options = { cwd: folder, timeout: RUN_LIMIT, maxBuffer: 1 << 30 };
  await run_(join(bin, "elastalert-create-index"), ["--config", config], options);
  const iso = (time: number): string => new Date(time).toISOString().slice(0, 19);
  const before = await bench.usage();
  const cpuBefore = childrenCpu();
  const span = ["--start", iso(from - 60_000), "--end", iso(to + 60_000)];
  const wall = await untilAllRan(join(bin, "elastalert"), ["--config", config, "--verbose", ...span], rules.length);
  return { wall, cpu: childrenCpu() - cpuBefore, usage: since(before, await bench.usage()) };
};

/** Seconds until each rule has run once; ElastAlert is ended then, because it would wait for its next round. */
const untilAllRan = async (program: string, args: readonly string[], rules: number): Promise<number> => {
  const started = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  const limit = setTimeout(() => child.kill("SIGKILL"), RUN_LIMIT);
  let wall: number | undefined;
  let ran = 0;
  const tail: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    tail.push(line);
    if (tail.length > 20) tail.shift();
    if (!line.startsWith("INFO:elastalert:Ran ")) return;
    ran += 1;
    if (ran < rules) return;
    wall ??= (performance.now() - started) / 1_000;
    child.kill("SIGTERM");
  });
  await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  clearTimeout(limit);
  if (wall === undefined) throw new Error(`ElastAlert ran ${ran} of ${rules} rules:\n${tail.join("\n")}`);
  return wall;
};

/** Everything in an index, a field or two of each document. */
const readAll = async <T>({ client }: Cluster, index: string, fields: readonly string[]): Promise<readonly T[]> => {
  await client.indices.refresh({ index });
  const { id } = await client.openPointInTime({ index, keep_alive: "1m" });
  const found: T[] = [];
  for (let after: number[] | undefined; ;) {
    const { hits } = await client.search<T>({
      pit: { id, keep_alive: "1m" },
      size: 5_000,
      sort: ["_shard_doc"],
      _source_includes: [...fields],
      ...(after === undefined ? {} : { search_after: after }),
    });
    found.push(...hits.hits.flatMap(({ _source }) => (_source === undefined ? [] : [_source])));
    after = hits.hits.at(-1)?.sort as number[] | undefined;
    if (after === undefined) break;
  }
  await client.closePointInTime({ id });
  return found;
};

const compared = (found: readonly string[], expected: ReadonlySet<string>) => {
  const distinct = new Set(found);
  const right = [...distinct].filter((one) => expected.has(one)).length;
  return {
    right,
    wrong: distinct.size - right,
    missed: expected.size - right,
    doubled: found.length - distinct.size,
  };
};

const rowsOf = (
  name: string,
  { wall, cpu, usage }: Cost,
  verdicts: ReturnType<typeof compared>,
  bytes: number,
): readonly Row[] => [
  { name: `${name}: wall time`, value: wall, unit: "s" },
  { name: `${name}: its processor time`, value: cpu, unit: "s" },
  { name: `${name}: processor time of Elasticsearch`, value: usage.cpu, unit: "s" },
  {
    name: `${name}: processor time of Elasticsearch for each GB judged`,
    value: usage.cpu / (bytes / 1e9),
    unit: "s/GB",
  },
  { name: `${name}: queries`, value: usage.queries, unit: "queries" },
  { name: `${name}: read from Elasticsearch`, value: usage.bytesRead / 1e6, unit: "MB" },
  ...Object.entries(verdicts).map(([kind, value]) => ({ name: `${name}: findings ${kind}`, value, unit: "findings" })),
];

/** Measures the worker beside ElastAlert 2 with the same rules over the same index, one after the other, each writing what it finds to the same server. */
export async function run({ quick }: { readonly quick: boolean }): Promise<readonly Row[]> {
  const skipped = (why: string): readonly Row[] => [{ name: `not measured: ${why}`, value: 0, unit: "" }];
  if (!hasSharedData || process.platform !== "linux") return skipped("it takes the labelled data and Linux");
  const installed = await install();
  if ("missing" in installed) return skipped(installed.missing);
  const started = await startBenchCluster();
  if ("missing" in started) return skipped(started.missing);
  await using bench = started;
  const { cluster } = bench;
  const folder = mkdtempSync(join(tmpdir(), "vedette-elastalert-"));
  try {
    const indexed = await indexWindowsEvents(cluster, "bench-windows", quick ? 20_000 : 200_000);
    const rules = await equivalents(cluster, indexed);
    const ours = rules.map(({ rule }) => rule);
    const expected = findingsOf(indexed, ours);

    const before = await bench.usage();
    const followed = await followIndex(cluster, indexed, ours, { writes: true });
    const usage = since(before, await bench.usage());
    const facts = await readAll<{ rule: { id: string }; vedette: { finding: { position: { id: string } } } }>(
      cluster,
      `${BENCH_PREFIX}-findings-*`,
      ["rule.id", "vedette.finding.position.id"],
    );
    const ourFindings = facts.map(({ rule, vedette }) => `${rule.id}/${vedette.finding.position.id}`);

    const theirs = await runElastAlert(bench, installed.bin, folder, indexed, rules);
    const alerts = await readAll<{ rule_name: string; match_body?: { _id?: string } }>(cluster, WRITEBACK, [
      "rule_name",
      "match_body._id",
    ]);
    const theirFindings = alerts.map(({ rule_name, match_body }) => `${rule_name}/${match_body?._id ?? ""}`);

    const { count, bytes } = indexed;
    const label = `${count.toLocaleString("en")} documents, ${(bytes / 1e6).toFixed(0)} MB, ${rules.length} rules`;
    return [
      { name: `findings to be made (${label})`, value: expected.size, unit: "findings" },
      ...rowsOf("vedette", { ...followed, usage }, compared(ourFindings, expected), bytes),
      ...rowsOf(`ElastAlert ${VERSION}`, theirs, compared(theirFindings, expected), bytes),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
