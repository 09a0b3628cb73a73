import { once } from "node:events";
import { statSync } from "node:fs";
import { type LogSource, type RuleSet, loadRules, looksEverywhere, parseDuration } from "@vedette/detection";
import { Command, InvalidArgumentError, Option } from "commander";
import { type RuleSource, readRuleFiles } from "../rules/load.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { choosePipelines } from "./detect/choose-pipelines.ts";
import { createOutputBlocks } from "./detect/output-blocks.ts";
import { type Printer, type PrintFormat, PRINT_FORMATS, createPrinter } from "./detect/printer.ts";
import { type Progress, createProgress, grouped } from "./detect/progress.ts";
import { remarksOn } from "./detect/remarks.ts";
import { type InputProblem, type RunTotals, inputName } from "./detect/detection-run.ts";
import { runDetection } from "./detect/run-detection.ts";
import { statisticsLines, statisticsOf } from "./detect/statistics.ts";
import { eventOptions } from "./options.ts";
import { formatProblem } from "./problems.ts";
import { printable } from "./text-table.ts";

interface DetectOptions {
  readonly logsource?: LogSource;
  readonly rules: readonly string[];
  readonly events: readonly string[];
  readonly pipeline: readonly string[];
  readonly format: PrintFormat;
  readonly lateness: number;
  readonly threads: number;
  readonly progress?: boolean;
  readonly stats?: "text" | "json";
}

/** Problems of one kind written out; the rest is counted. */
const WRITTEN = 20;
const MAX_THREADS = 256;

/** Builds `vedette detect`. */
export function detectCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("detect")
    .summary("judge files of events with Sigma rules")
    .description(
      "Judges every event with every rule and prints what was found. Exit code: 0 nothing found, 1 something found, 2 bad input (a rule path, an events file or a line of one that cannot be read), 130 interrupted.",
    )
    .requiredOption("--rules <path...>", "YAML files, folders, or .jsonl or .jsonl.gz with one {path, yaml} a line")
    .requiredOption("--events <file...>", "JSON, JSON lines, also gzip or zstd; - is standard input")
    .addOption(new Option("--format <format>", "how to print").choices([...PRINT_FORMATS]).default("jsonl"))
    .addOption(
      new Option("--lateness <duration>", "how much older than the newest event one may be and still be correlated")
        .argParser(durationOption)
        .default(3_600_000, "1h"),
    )
    .option("--threads <number>", "threads that judge; each has the rules in its own memory", threadsOption, 1)
    .option("--progress", "tell on standard error how far it is")
    .addOption(
      new Option("--stats [format]", "tell on standard error at the end what was judged and what it cost")
        .choices(["text", "json"])
        .preset("text"),
    )
    .action((options: DetectOptions) => detect(options, output));
  for (const option of eventOptions()) command.addOption(option);
  return command;
}

function threadsOption(text: string): number {
  const threads = Number(text);
  if (!/^\d+$/.test(text) || threads < 1 || threads > MAX_THREADS)
    throw new InvalidArgumentError(`write a whole number from 1 to ${MAX_THREADS}.`);
  return threads;
}

function durationOption(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined)
    throw new InvalidArgumentError("a duration is a whole number and ms, s, m, h, d or w, such as 30m.");
  return milliseconds;
}

async function detect(options: DetectOptions, output: CommandOutput): Promise<void> {
  const pipelines = choosePipelines(options.pipeline);
  if ("error" in pipelines) {
    output.complain(pipelines.error);
    output.exit(2);
    return;
  }
  for (const line of pipelines.warnings) output.complain(line);
  const began = performance.now();
  const source = readRuleFiles(options.rules);
  const ruleSet = loadRules(source.files, { pipelines: pipelines.pipelines });
  const problems = [...source.problems, ...ruleSet.problems];
  for (const problem of problems.slice(0, WRITTEN)) output.complain(formatProblem(problem));
  if (problems.length > WRITTEN)
    output.complain(`… and ${problems.length - WRITTEN} more problems: "vedette rules check" lists them all.`);
  if (ruleSet.rules.length === 0) {
    output.complain("No rule could be loaded.");
    output.exit(2);
    return;
  }
  const isProcess = output === PROCESS_OUTPUT;
  const progress = options.progress === true ? progressOf(options.events, output) : undefined;
  const blocks = createOutputBlocks((text) => {
    progress?.hide();
    process.stdout.write(text);
  });
  const guarded: CommandOutput = {
    ...output,
    print: isProcess ? blocks.print : output.print,
    complain: (line) => {
      blocks.flush();
      progress?.hide();
      output.complain(line);
    },
  };
  const printer = createPrinter(options.format, ruleSet.rules, guarded);
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  if (isProcess) process.once("SIGINT", interrupt);
  let complaints = 0;
  let ready = { time: began, processor: process.cpuUsage() };
  const totals = await runDetection({
    rules: ruleSet.rules,
    mappings: pipelines.mappings,
    inputs: options.events,
    lateness: options.lateness,
    threads: options.threads,
    logSource: options.logsource,
    countSources: options.stats !== undefined,
    signal: interrupted.signal,
    form: printer.form,
    onLine: printer.addLine,
    onFinding: printer.add,
    onProblem: (problem) => {
      if (complaints++ < WRITTEN) guarded.complain(formatInputProblem(problem));
    },
    onReady: () => {
      ready = { time: performance.now(), processor: process.cpuUsage() };
    },
    onProgress: (current) => {
      blocks.flush();
      progress?.update(current);
      return isProcess ? untilWritable(interrupted.signal) : undefined;
    },
  }).finally(blocks.flush);
  process.off("SIGINT", interrupt);
  progress?.hide();
  finish({
    options,
    output: guarded,
    source,
    ruleSet,
    totals,
    printer,
    complaints,
    interrupted: interrupted.signal.aborted,
  });
  blocks.flush();
  if (options.stats !== undefined) {
    const used = process.cpuUsage(ready.processor);
    const cost = {
      elapsed: performance.now() - ready.time,
      processor: (used.user + used.system) / 1_000,
      loading: ready.time - began,
      threads: options.threads,
      peakMemory: process.resourceUsage().maxRSS * 1_024,
    };
    const refused = problems.filter(({ severity }) => severity === "error").length;
    const figures = statisticsOf(totals, cost, ruleSet.rules, refused);
    if (options.stats === "json") output.complain(JSON.stringify(figures));
    else for (const line of statisticsLines(figures)) output.complain(line);
  }
}

interface Finished {
  readonly options: DetectOptions;
  readonly output: CommandOutput;
  readonly source: RuleSource;
  readonly ruleSet: RuleSet;
  readonly totals: RunTotals;
  readonly printer: Printer;
  readonly complaints: number;
  readonly interrupted: boolean;
}

function finish({ options, output, source, ruleSet, totals, printer, complaints, interrupted }: Finished): void {
  printer.finish(totals);
  if (complaints > WRITTEN) output.complain(`… and ${complaints - WRITTEN} more lines like these.`);
  const ruleProblems = source.problems.length + ruleSet.problems.length;
  const remarks = remarksOn(totals, {
    ruleProblems: ruleProblems > WRITTEN ? ruleProblems : 0,
    rulesEverywhere: ruleSet.rules.filter(looksEverywhere).length,
    lateness: options.lateness,
    interrupted,
  });
  for (const line of remarks) output.complain(line);
  if (interrupted) {
    const open = ruleSet.rules.some(({ kind }) => kind === "correlation")
      ? " Correlations that were still open are not reported."
      : "";
    output.complain(
      `Interrupted after ${grouped(totals.events)} events and ${grouped(totals.findings)} findings.${open}`,
    );
    output.exit(130);
  } else output.exit(source.problems.length > 0 || totals.broken > 0 ? 2 : totals.findings > 0 ? 1 : 0);
}

/** Holds the reading up while nobody takes what was printed. */
function untilWritable(signal: AbortSignal): Promise<void> | undefined {
  if (!process.stdout.writableNeedDrain) return undefined;
  return once(process.stdout, "drain", { signal }).then(
    () => undefined,
    (error: unknown) => {
      if (!signal.aborted) throw error;
    },
  );
}

function progressOf(inputs: readonly string[], output: CommandOutput): Progress {
  const isTerminal = output === PROCESS_OUTPUT && process.stderr.isTTY;
  const write = isTerminal
    ? (text: string): void => void process.stderr.write(text)
    : (text: string): void => output.complain(text.trimEnd());
  return createProgress({ write, isTerminal }, sizeOf(inputs), () => performance.now());
}

/** Bytes of all inputs; undefined where one is not a plain file. */
function sizeOf(inputs: readonly string[]): number | undefined {
  let size = 0;
  for (const path of inputs) {
    const found = path === "-" ? undefined : statSync(path, { throwIfNoEntry: false });
    if (found?.isFile() !== true) return undefined;
    size += found.size;
  }
  return size;
}

function formatInputProblem({ code, path, line, detail }: InputProblem): string {
  return `${inputName(path)}${line === undefined ? "" : `:${line}`}: ${printable(detail)} (${code})`;
}
