import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type Detector, type JsonObject, type Rule, createDetector, loadRules } from "@vedette/detection";
import { type Row, hasSharedData, mixedWindows, processCreations, withOwnLines } from "./streams.ts";
import { variantsOf } from "./variants.ts";

const SETS = new Set(["rules", "rules-emerging-threats", "rules-threat-hunting"]);
/** Evaluations of each stream, at least. */
const EVENTS = 20_000;
/** Events that are timed together; of several rounds the best counts for each, because other programs only ever add time. */
const CHUNK = 1_000;
const COUNTS = [100, 1_000, 3_000, 10_000];

/**
 * Measures matching on SigmaHQ's rules and the labelled events, in processor time (user and system) of one thread: parsing alone, and parsing
 * and judging each event at once, as a stream is read. The match is the difference.
 */
export async function run({ quick }: { readonly quick: boolean }): Promise<readonly Row[]> {
  if (!hasSharedData)
    return [{ name: "matching: not measured, the labelled data is not there", value: 0, unit: "events" }];
  const rounds = quick ? 3 : 10;
  const { rules } = loadRules(ruleFiles());
  const creations = processCreations();
  const mixed = mixedWindows();
  const rows: Row[] = [...footprint()];
  for (const [name, events, texts] of [
    ["process creation", creations, repeated(creations)],
    ["process creation, no command line twice", creations, withoutRepetition(creations)],
    ["mixed Windows", mixed, repeated(mixed)],
  ] as const) {
    const { parse, both, findings } = measure(texts, createDetector(rules), rounds);
    const label = `${name}, ${rules.length.toLocaleString("en")} rules`;
    rows.push(
      { name: `${label}: different events`, value: events.length, unit: "events" },
      { name: `${label}: JSON.parse`, value: parse, unit: "µs/event" },
      {
        name: `${label}: match (${findings} findings in ${texts.length} events)`,
        value: both - parse,
        unit: "µs/event",
      },
      { name: `${label}: match to JSON.parse`, value: (both - parse) / parse, unit: "×" },
      { name: `${label}: parse and match, one thread`, value: 1e6 / both, unit: "events/CPU-s" },
    );
  }
  const ofCreations = rules.filter(
    ({ logSource }) => logSource.product === "windows" && logSource.category === "process_creation",
  );
  rows.push(...curve("process creation", ofCreations, repeated(creations), rounds));
  rows.push(
    ...curve(
      "mixed Windows",
      rules.filter(({ logSource }) => logSource.product === "windows"),
      repeated(mixed),
      rounds,
    ),
  );
  return rows;
}

function ruleFiles(): { path: string; text: string }[] {
  const shared =
    process.env["VEDETTE_SHARED"] ?? join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "..", "shared");
  return gunzipSync(readFileSync(join(shared, "data", "sigma-rules.jsonl.gz")))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { path: string; yaml: string; set: string })
    .filter(({ set }) => SETS.has(set))
    .map(({ path, yaml }) => ({ path, text: yaml }));
}

function repeated(events: readonly JsonObject[]): readonly string[] {
  const texts = events.map((event) => JSON.stringify(event));
  return Array.from({ length: Math.ceil(EVENTS / texts.length) }, () => texts).flat();
}

/** The same, each with command lines of its own: what is remembered of values is of no use for them. */
function withoutRepetition(events: readonly JsonObject[]): readonly string[] {
  return repeated(events).map((text, index) => JSON.stringify(withOwnLines(JSON.parse(text) as JsonObject, index)));
}

/** The cost of matching by the number of rules: real ones as far as they go, then variants of them with other literals. */
function curve(name: string, rules: readonly Rule[], texts: readonly string[], rounds: number): readonly Row[] {
  const costs = COUNTS.map((count) => {
    const step = Math.max(1, Math.floor(rules.length / count));
    const some = rules.filter((_, index) => index % step === 0).slice(0, count);
    const { parse, both } = measure(
      texts,
      createDetector([...some, ...variantsOf(some, count - some.length)]),
      Math.ceil(rounds / 2),
    );
    return { count, cost: both - parse };
  });
  const at = (wanted: number): number => costs.find(({ count }) => count === wanted)?.cost ?? Number.NaN;
  return [
    ...costs.map(({ count, cost }) => ({
      name: `${name}: match with ${count.toLocaleString("en")} rules${count > rules.length ? `, ${(count - rules.length).toLocaleString("en")} of them variants` : ""}`,
      value: cost,
      unit: "µs/event",
    })),
    { name: `${name}: match with 10,000 rules to match with 1,000`, value: at(10_000) / at(1_000), unit: "×" },
  ];
}

/** Microseconds of processor time an event. */
function measure(
  texts: readonly string[],
  detector: Detector,
  rounds: number,
): { parse: number; both: number; findings: number } {
  const chunks: (readonly string[])[] = [];
  for (let from = 0; from < texts.length; from += CHUNK) chunks.push(texts.slice(from, from + CHUNK));
  const parse = chunks.map(() => Infinity);
  const both = chunks.map(() => Infinity);
  let findings = 0;
  for (let round = 0; round < rounds; round++) {
    globalThis.gc?.();
    findings = 0;
    for (const [index, chunk] of chunks.entries()) {
      const alone = processorTime(() => {
        for (const text of chunk) JSON.parse(text);
      });
      parse[index] = Math.min(parse[index] ?? Infinity, alone);
      const judged = processorTime(() => {
        for (const text of chunk)
          findings += detector.judge({ id: "event", time: 0, document: JSON.parse(text) as JsonObject, json: text })
            .facts.length;
      });
      both[index] = Math.min(both[index] ?? Infinity, judged);
    }
  }
  const mean = (times: readonly number[]): number => times.reduce((sum, time) => sum + time, 0) / texts.length;
  return { parse: mean(parse), both: mean(both), findings };
}

/** Microseconds. */
function processorTime(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Loads and compiles all rules in a process of its own, which then says what it takes. */
function footprint(): readonly Row[] {
  const child = spawnSync(
    process.execPath,
    ["--conditions=vedette-source", "--expose-gc", "--no-warnings", fileURLToPath(import.meta.url), "--footprint"],
    { encoding: "utf8" },
  );
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout) as Row[];
}

function measureFootprint(): readonly Row[] {
  const empty = process.memoryUsage().rss;
  const files = ruleFiles();
  let rules: readonly Rule[] = [];
  const load = processorTime(() => {
    rules = loadRules(files).rules;
  });
  const detector = createDetector(rules);
  // One event of each kind: programs are compiled when the first comes.
  const kinds = new Map<string, JsonObject>();
  for (const event of [...processCreations(), ...mixedWindows()]) {
    const kind = `${String(event["Channel"])} ${String(event["EventID"])}`;
    if (!kinds.has(kind)) kinds.set(kind, event);
  }
  const compile = processorTime(() => {
    for (const document of kinds.values()) detector.judge({ id: "event", time: 0, document });
  });
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const mebibytes = (bytes: number): number => bytes / 2 ** 20;
  return [
    { name: `load ${rules.length.toLocaleString("en")} rules`, value: load / 1_000, unit: "ms" },
    {
      name: `compile for ${kinds.size} kinds of Windows event, and judge one of each`,
      value: compile / 1_000,
      unit: "ms",
    },
    { name: "load and compile", value: (load + compile) / 1_000, unit: "ms" },
    { name: "heap and buffers, everything loaded", value: mebibytes(heapUsed + external), unit: "MiB" },
    { name: "resident, everything loaded and the events read", value: mebibytes(rss), unit: "MiB" },
    { name: "resident before anything was loaded", value: mebibytes(empty), unit: "MiB" },
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--footprint")) process.stdout.write(JSON.stringify(measureFootprint()));
  else
    for (const { name, value, unit } of await run({ quick: process.argv.includes("--quick") }))
      process.stdout.write(`${name.padEnd(84)} ${value.toPrecision(4).padStart(10)} ${unit}\n`);
}
