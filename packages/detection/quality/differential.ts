// The engine against the naive matcher over SigmaHQ's rules and every event of the labelled data: prints the pairs compared and each
// disagreement; exit code 1 when there is one.
import { parseArgs } from "node:util";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import type { JsonObject } from "../src/event.ts";
import { type Disagreement, createComparison } from "../src/testing/differential.ts";
import { EVENT_SETS } from "../src/testing/event-sets.ts";
import { type SharedRule, sharedLines } from "../src/testing/shared-data.ts";

interface Task {
  readonly gate: boolean;
  /** Of the distinct events of each set at most this many, evenly spread; 0 for all. */
  readonly sample: number;
  readonly only: string | undefined;
  readonly threads: number;
  readonly thread: number;
}

interface SetTotals {
  name: string;
  events: number;
  distinct: number;
  compared: number;
  pairs: number;
  gated: number;
  matches: number;
}

/** What a thread tells: a set is done, or a pair on which the two disagree. */
type Message =
  | { readonly kind: "set"; readonly totals: SetTotals }
  | { readonly kind: "rules"; readonly count: number; readonly files: number }
  | { readonly kind: "progress"; readonly compared: number }
  | { readonly kind: "disagreement"; readonly set: string; readonly disagreement: Disagreement };

/** Disagreements written with their event; the rest is counted. */
const WRITTEN = 200;

function work(task: Task, tell: (message: Message) => void): void {
  const files = sharedLines<SharedRule>("sigma-rules.jsonl.gz").map(({ path, yaml }) => ({ path, text: yaml }));
  const { rules, compare } = createComparison(files, { gate: task.gate });
  tell({ kind: "rules", count: rules.length, files: files.length });
  for (const { name, documents } of EVENT_SETS) {
    if (task.only !== undefined && !name.includes(task.only)) continue;
    const all = documents();
    const distinct = [
      ...new Map(
        all.map((entry) => [`${JSON.stringify(entry.document)}\0${JSON.stringify(entry.logSource)}`, entry]),
      ).values(),
    ];
    const step = task.sample === 0 ? 1 : Math.max(1, Math.floor(distinct.length / task.sample));
    const chosen = distinct.filter((_entry, index) => index % step === 0);
    const totals: SetTotals = {
      name,
      events: all.length,
      distinct: distinct.length,
      compared: 0,
      pairs: 0,
      gated: 0,
      matches: 0,
    };
    for (const [index, { document, logSource }] of chosen.entries()) {
      if (index % task.threads !== task.thread) continue;
      const { pairs, gated, matches, disagreements } = compare(document, logSource);
      totals.compared++;
      totals.pairs += pairs;
      totals.gated += gated;
      totals.matches += matches;
      for (const disagreement of disagreements) tell({ kind: "disagreement", set: name, disagreement });
      if (totals.compared % 500 === 0) tell({ kind: "progress", compared: 500 });
    }
    tell({ kind: "progress", compared: totals.compared % 500 });
    tell({ kind: "set", totals });
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      sample: { type: "string", default: "0" },
      threads: { type: "string", default: "1" },
      set: { type: "string" },
      ungated: { type: "boolean", default: false },
      progress: { type: "boolean", default: false },
    },
  });
  const threads = Number(values.threads);
  const sample = Number(values.sample);
  if (![threads, sample].every((number) => Number.isInteger(number) && number >= 0) || threads < 1)
    throw new RangeError("--sample and --threads take whole numbers");
  const started = performance.now();
  const sets = new Map<string, SetTotals>();
  let disagreements = 0;
  let compared = 0;
  let rules = "";
  const listen = (message: Message): void => {
    if (message.kind === "rules")
      rules = `${message.count} signatures of ${message.files} files of SigmaHQ's, ${values.ungated ? "each asked of every event as if the event were of its log source" : "each asked of events of its log source"}`;
    else if (message.kind === "progress") {
      compared += message.compared;
      if (values.progress)
        console.error(`${compared} events compared in ${((performance.now() - started) / 60_000).toFixed(1)} min`);
    } else if (message.kind === "set") {
      const known = sets.get(message.totals.name);
      if (known === undefined) sets.set(message.totals.name, message.totals);
      else for (const key of ["compared", "pairs", "gated", "matches"] as const) known[key] += message.totals[key];
    } else {
      disagreements++;
      const { ruleId, path, engine, naive, document } = message.disagreement;
      if (disagreements <= WRITTEN)
        console.log(
          `disagreement in ${message.set}: rule ${ruleId} (${path}): engine ${yes(engine)}, naive ${yes(naive)}: ${shorten(document)}`,
        );
    }
  };
  await Promise.all(
    Array.from({ length: threads }, async (_, thread) => {
      const worker = new Worker(new URL(import.meta.url), {
        workerData: { gate: !values.ungated, sample, only: values.set, threads, thread } satisfies Task,
      });
      worker.on("message", listen);
      await new Promise<void>((resolve, reject) => {
        worker.on("error", reject);
        worker.on("exit", (code) =>
          code === 0 ? resolve() : reject(new Error(`thread ${thread} ended with ${code}`)),
        );
      });
    }),
  );
  console.log(`${rules}; equal events of a set are compared once`);
  const row = (cells: readonly string[]): string =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(32) : cell.padStart(15))).join("");
  console.log(row(["events of", "there", "distinct", "compared", "pairs", "by condition", "matches"]));
  const sum: SetTotals = { name: "total", events: 0, distinct: 0, compared: 0, pairs: 0, gated: 0, matches: 0 };
  const counts = ["events", "distinct", "compared", "pairs", "gated", "matches"] as const;
  for (const totals of sets.values()) for (const key of counts) sum[key] += totals[key];
  for (const totals of [...sets.values(), sum])
    console.log(row([totals.name, ...counts.map((key) => totals[key].toLocaleString("en"))]));
  console.log(
    `${sum.pairs.toLocaleString("en")} pairs of rule and event compared, ${sum.gated.toLocaleString("en")} of them decided by the rule's condition (the rest by its log source), ${sum.matches.toLocaleString("en")} matches, ${disagreements} disagreements, ${((performance.now() - started) / 60_000).toFixed(1)} min`,
  );
  return disagreements === 0 && sum.pairs > 0 ? 0 : 1;
}

const yes = (value: boolean): string => (value ? "yes" : "no");
const shorten = (document: JsonObject): string => {
  const text = JSON.stringify(document);
  return text.length > 2_000 ? `${text.slice(0, 2_000)}…` : text;
};

if (isMainThread) process.exitCode = await main();
else work(workerData as Task, (message) => parentPort?.postMessage(message));
