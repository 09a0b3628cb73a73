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
  loadRules,
  PushDown,
  type Query,
  type Rule,
} from "@vedette/detection";
import type { Cluster } from "../../src/elasticsearch/cluster.ts";
import { type Row, since, startBenchCluster, type Usage } from "./bench-cluster.ts";
import { BENCH_PREFIX, followIndex } from "./tailed-judging.ts";
import { parse } from "yaml";
import { naiveMatch, type RawRule } from "../../../detection/src/testing/naive-matcher.ts";
import { createWindowsIndex, hasSharedData, indexDocuments, sigmaFiles, windowsEvents } from "./windows-documents.ts";

const VERSION = "2.31.0";
const RULES = 200;
const QUICK_RULES = 50;
const WRITEBACK = "bench-elastalert";
/** Milliseconds that installing it and one run of it may take. */
const INSTALL_LIMIT = 300_000;
const RUN_LIMIT = 100_000;
/** Milliseconds that the documents are spread over, and how far back it looks for what came late: as in its own example of a configuration. */
const SPAN = 40 * 60_000;
const LOOK_BACK_MINUTES = 15;
const INDEX = "bench-windows";

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

/** A rule, the query that finds exactly what it finds, and what it says word by word. */
interface Equivalent {
  readonly rule: Rule;
  readonly query: Query;
  readonly raw: RawRule;
}

const detectorFor = (rules: readonly Rule[]) => createDetector([...rules], { mappings: DEFAULT_MAPPINGS });

const mappingOf = (document: JsonObject) => DEFAULT_MAPPINGS.find((mapping) => mapping.accepts(document));

/** Rules for Windows that the cluster answers exactly: those that find something in the events first, the rarest of them before the others. */
const equivalents = async (
  { client }: Cluster,
  events: readonly JsonObject[],
  most: number,
): Promise<readonly Equivalent[]> => {
  const { mappings } = (await client.indices.getMapping({ index: INDEX }))[INDEX] ?? {};
  const mapping = DEFAULT_MAPPINGS.find(({ name }) => name === "windows");
  if (mapping === undefined) throw new Error("there is no mapping for flat Windows events");
  const fields = describeIndex({ mappings: mappings as JsonObject });
  const pushing = new PushDown({ fields, mapping, mappings: [mapping] });
  const exact = sigmaFiles().flatMap((file): Equivalent[] => {
    const [rule, ...others] = loadRules([file]).rules;
    if (rule === undefined || others.length > 0 || rule.logSource.product !== "windows") return [];
    const pushed = pushing.rule(rule);
    if ("refused" in pushed || pushed.exactness !== "exact" || "match_none" in pushed.query) return [];
    return [{ rule, query: pushed.query, raw: parse(file.text) as RawRule }];
  });
  const detector = detectorFor(exact.map(({ rule }) => rule));
  const hits = new Map<string, number>();
  for (const [at, document] of events.entries())
    for (const { rule } of detector.judge({ id: String(at), time: 0, document }).facts)
      hits.set(rule.id, (hits.get(rule.id) ?? 0) + 1);
  const count = ({ rule }: Equivalent): number => hits.get(rule.id) ?? Number.POSITIVE_INFINITY;
  return exact
    .toSorted((a, b) => (count(a) === count(b) ? 0 : count(a) - count(b)) || (a.rule.id < b.rule.id ? -1 : 1))
    .slice(0, most);
};

/** What each event must be found by, read word by word from the rules: neither engine has a part in it. */
const expectedOf = (events: readonly JsonObject[], rules: readonly Equivalent[]): readonly (readonly string[])[] =>
  events.map((document) => {
    const mapping = mappingOf(document);
    if (mapping === undefined) return [];
    return rules.filter(({ raw }) => naiveMatch(raw, document, mapping)).map(({ rule }) => rule.id);
  });

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

/** ElastAlert with its configuration, rules and index of what it did. */
const setUpElastAlert = async (url: string, bin: string, folder: string, rules: readonly Equivalent[]) => {
  mkdirSync(join(folder, "rules"));
  for (const [number, { rule, query }] of rules.entries()) {
    const text = JSON.stringify({
      name: rule.id,
      type: "any",
      index: INDEX,
      filter: [{ query }],
      realert: { minutes: 0 },
      alert: ["debug"],
    });
    writeFileSync(join(folder, "rules", `${number}.yaml`), text);
  }
  const { hostname, port } = new URL(url);
  const config = join(folder, "config.yaml");
  writeFileSync(
    config,
    JSON.stringify({
      rules_folder: join(folder, "rules"),
      run_every: { minutes: 10 },
      buffer_time: { minutes: LOOK_BACK_MINUTES },
      es_host: hostname,
      es_port: Number(port),
      writeback_index: WRITEBACK,
      // By default a rule whose turn comes five seconds late is left out: with this many at a start, most are.
      misfire_grace_time: 3_600,
    }),
  );
  const answers = ["--no-auth", "--no-ssl", "--no-verify-certs", "--url-prefix", "", "--old-index", ""];
  const where = ["--config", config, "--index", WRITEBACK, "--recreate", "false"];
  await run_(join(bin, "elastalert-create-index"), [...where, ...answers], { cwd: folder, timeout: RUN_LIMIT });
  return { program: join(bin, "elastalert"), args: ["--config", config, "--verbose"] };
};

/** Runs ElastAlert until so many rules have run, and ends it with a signal; resolves with the seconds until then. Of itself it would wait for its next round. */
const runElastAlert = async (
  { program, args }: { readonly program: string; readonly args: readonly string[] },
  { rules, signal, start }: { readonly rules: number; readonly signal: NodeJS.Signals; readonly start?: number },
): Promise<number> => {
  const begun = performance.now();
  const from = start === undefined ? [] : ["--start", new Date(start).toISOString().slice(0, 19)];
  const child = spawn(program, [...args, ...from], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, TZ: "UTC" },
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), RUN_LIMIT);
  let wall: number | undefined;
  const ran = new Set<string>();
  const tail: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    tail.push(line);
    if (tail.length > 20) tail.shift();
    const [, rule] = /^INFO:elastalert:Ran (\S+) from/.exec(line) ?? [];
    if (rule === undefined) return;
    ran.add(rule);
    if (ran.size < rules || wall !== undefined) return;
    wall = (performance.now() - begun) / 1_000;
    child.kill(signal);
    // It does not always end on SIGTERM.
    setTimeout(() => child.kill("SIGKILL"), 3_000).unref();
  });
  await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  clearTimeout(limit);
  if (wall === undefined)
    throw new Error(`ElastAlert ran ${ran.size} of ${rules} rules in ${RUN_LIMIT / 1_000} s:\n${tail.join("\n")}`);
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

const plus = (costs: readonly Cost[]): Cost =>
  costs.reduce((sum, { wall, cpu, usage }) => ({
    wall: sum.wall + wall,
    cpu: sum.cpu + cpu,
    usage: {
      cpu: sum.usage.cpu + usage.cpu,
      queries: sum.usage.queries + usage.queries,
      bytesRead: sum.usage.bytesRead + usage.bytesRead,
    },
  }));

/**
 * Measures the worker beside ElastAlert 2 with the same rules over the same index, each writing what it finds to the same server. First both go through what is there. Then events come in, some
 * of them with a time before what ElastAlert looks back to, ElastAlert is killed half-way and started again, and our side is stopped and begun again at an older position.
 */
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
    const count = quick ? 8_000 : 60_000;
    const numbers = Array.from({ length: count }, (_, number) => number);
    const isLate = (number: number): boolean => number < count / 4 && number % 4 === 1;
    const isSecond = (number: number): boolean => number >= count * 0.9 || isLate(number);
    const all = windowsEvents();
    const stride = Math.ceil(all.length / (quick ? 1_500 : 6_000));
    const events = all.filter((_, at) => at % stride === 0);
    const eventAt = (number: number): number => (number * 7) % events.length;
    const from = Date.now() - SPAN;
    let newest = 0;
    const document = (number: number): JsonObject => ({
      ...events[eventAt(number)],
      "@timestamp": new Date(number < count * 0.9 ? from + (number * SPAN) / count : (newest += 1)).toISOString(),
      EventRecordID: 1_000_000 + number,
    });
    await createWindowsIndex(cluster, INDEX);
    const first = numbers.filter((number) => !isSecond(number));
    const second = numbers.filter(isSecond);
    let bytes = await indexDocuments(cluster, INDEX, first, document);
    const rules = await equivalents(cluster, events, quick ? QUICK_RULES : RULES);
    const byEvent = expectedOf(events, rules);
    const expected = new Set(numbers.flatMap((at) => (byEvent[eventAt(at)] ?? []).map((rule) => `${rule}/${at}`)));
    const late = [...expected].filter((finding) => isLate(Number(finding.slice(finding.lastIndexOf("/") + 1)))).length;

    const cost = async (wallOf: () => Promise<{ readonly wall: number; readonly cpu: number }>): Promise<Cost> => {
      const before = await bench.usage();
      const { wall, cpu } = await wallOf();
      return { wall, cpu, usage: since(before, await bench.usage()) };
    };
    const detector = detectorFor(rules.map(({ rule }) => rule));
    let at = -1;
    const follow = async (documents: number, isKept: boolean): Promise<Cost> =>
      cost(async () => {
        const part = { index: INDEX, count: documents };
        const followed = await followIndex(cluster, part, detector, { writes: true, after: at });
        // One that is killed forgets where it was since it last saved that.
        if (isKept) at = followed.checkpoint;
        return followed;
      });
    const elastAlert = await setUpElastAlert(bench.url, installed.bin, folder, rules);
    const alert = async (options: Parameters<typeof runElastAlert>[1]): Promise<Cost> =>
      cost(async () => {
        const cpu = childrenCpu();
        const wall = await runElastAlert(elastAlert, options);
        return { wall, cpu: childrenCpu() - cpu };
      });

    const ours = [await follow(first.length, true)];
    const theirs = [await alert({ rules: rules.length, signal: "SIGTERM", start: from - 60_000 })];
    newest = Date.now();
    bytes += await indexDocuments(cluster, INDEX, second, document);
    ours.push(await follow(Math.ceil(second.length / 2), false), await follow(second.length, true));
    theirs.push(
      await alert({ rules: Math.ceil(rules.length / 2), signal: "SIGKILL" }),
      await alert({ rules: rules.length, signal: "SIGTERM" }),
    );

    const facts = await readAll<{ rule: { id: string }; vedette: { finding: { position: { id: string } } } }>(
      cluster,
      `${BENCH_PREFIX}-findings-*`,
      ["rule.id", "vedette.finding.position.id"],
    );
    const ourFindings = facts.map(({ rule, vedette }) => `${rule.id}/${vedette.finding.position.id}`);
    const alerts = await readAll<{ rule_name: string; match_body?: { _id?: string } }>(cluster, WRITEBACK, [
      "rule_name",
      "match_body._id",
    ]);
    const theirFindings = alerts.map(({ rule_name, match_body }) => `${rule_name}/${match_body?._id ?? ""}`);
    const label = `${count.toLocaleString("en")} documents, ${(bytes / 1e6).toFixed(0)} MB, ${rules.length} rules`;
    return [
      { name: `findings to be made (${label})`, value: expected.size, unit: "findings" },
      {
        name: `of them in events that are indexed late, 30 to 40 minutes after their time`,
        value: late,
        unit: "findings",
      },
      ...rowsOf("vedette", plus(ours), compared(ourFindings, expected), bytes),
      ...rowsOf(`ElastAlert ${VERSION}`, plus(theirs), compared(theirFindings, expected), bytes),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
