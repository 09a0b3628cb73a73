import { once } from "node:events";
import {
  DEFAULT_MAPPINGS,
  type FieldMapping,
  type Finding,
  type LogSource,
  type Rule,
  loadRules,
  parseDuration,
} from "@vedette/detection";
import { SEVERITY_LEVELS } from "@vedette/semconv";
import { Command, InvalidArgumentError, Option } from "commander";

import { readRuleFiles } from "../rules/load.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { findingLine, indexOf, timeOf } from "./detect/finding-line.ts";
import { type InputProblem, type RunTotals, runDetection } from "./detect/run-detection.ts";
import { formatProblem } from "./problems.ts";
import { printable, textTable } from "./text-table.ts";

interface DetectOptions {
  readonly logsource?: LogSource;
  readonly rules: readonly string[];
  readonly events: readonly string[];
  readonly pipeline?: string;
  readonly format: "jsonl" | "table" | "summary";
  readonly lateness: number;
  readonly progress?: boolean;
}

/** Problems of one kind written out; the rest is counted. */
const WRITTEN = 20;

/** Builds `vedette detect`. */
export function detectCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  return new Command("detect")
    .summary("judge files of events with Sigma rules")
    .description(
      "Judges every event with every rule and prints what was found. Exit code: 0 nothing found, 1 something found, 2 bad input (a rule path, an events file or a line of one that cannot be read).",
    )
    .requiredOption("--rules <path...>", "YAML files, folders, or .jsonl or .jsonl.gz with one {path, yaml} a line")
    .requiredOption("--events <file...>", "JSON, JSON lines, also gzip or zstd; - is standard input")
    .addOption(
      new Option(
        "--pipeline <name>",
        "read every event by this mapping; by default each by the first that accepts it",
      ).choices(DEFAULT_MAPPINGS.map(({ name }) => name)),
    )
    .option(
      "--logsource <list>",
      "Sigma log source of events whose own fields do not tell it, e.g. product=nodejs,category=application",
      logSourceOption,
    )
    .addOption(new Option("--format <format>", "how to print").choices(["jsonl", "table", "summary"]).default("jsonl"))
    .option(
      "--lateness <duration>",
      "how much older than the newest event one may be and still be correlated",
      durationOption,
      3_600_000,
    )
    .option("--progress", "tell on standard error how far it is")
    .action((options: DetectOptions) => detect(options, output));
}

/** Reads `product=a,category=b,service=c`. */
function logSourceOption(text: string): LogSource {
  const parts: [string, string][] = [];
  for (const part of text.split(",")) {
    const [key, value, ...rest] = part.trim().split("=");
    if (!/^(product|category|service)$/.test(key ?? "") || !value || rest.length > 0)
      throw new InvalidArgumentError("write it as product=NAME,category=NAME,service=NAME; each may be left out.");
    parts.push([key ?? "", value.toLowerCase()]);
  }
  return Object.fromEntries(parts);
}

async function detect(options: DetectOptions, output: CommandOutput): Promise<void> {
  const source = readRuleFiles(options.rules);
  const ruleSet = loadRules(source.files);
  const problems = [...source.problems, ...ruleSet.problems];
  for (const problem of problems.slice(0, WRITTEN)) output.complain(formatProblem(problem));
  if (problems.length > WRITTEN)
    output.complain(`… and ${problems.length - WRITTEN} more problems: "vedette rules check" lists them all.`);
  if (ruleSet.rules.length === 0) {
    output.complain("No rule could be loaded.");
    output.exit(2);
    return;
  }
  const mappings: readonly FieldMapping[] =
    options.pipeline === undefined
      ? DEFAULT_MAPPINGS
      : DEFAULT_MAPPINGS.filter(({ name }) => name === options.pipeline);
  const printer = createPrinter(options.format, ruleSet.rules, output);
  const progress = options.progress === true ? createProgress(output) : undefined;
  let complaints = 0;
  const totals = await runDetection({
    rules: ruleSet.rules,
    mappings,
    inputs: options.events,
    lateness: options.lateness,
    ...(options.logsource === undefined ? {} : { logSource: options.logsource }),
    onFinding: printer.add,
    onProblem: (problem) => {
      if (complaints++ < WRITTEN) output.complain(formatInputProblem(problem));
    },
    onEvent: (current) => {
      progress?.(current);
      return output === PROCESS_OUTPUT && process.stdout.writableNeedDrain
        ? once(process.stdout, "drain").then(() => undefined)
        : undefined;
    },
  });
  printer.finish(totals);
  if (complaints > WRITTEN) output.complain(`… and ${complaints - WRITTEN} more lines like these.`);
  for (const line of remarks(totals, problems.length, options)) output.complain(line);
  output.exit(source.problems.length > 0 || totals.broken > 0 ? 2 : totals.findings > 0 ? 1 : 0);
}

interface Printer {
  readonly add: (finding: Finding) => void;
  readonly finish: (totals: RunTotals) => void;
}

function createPrinter(format: DetectOptions["format"], rules: readonly Rule[], output: CommandOutput): Printer {
  if (format === "jsonl") return { add: (finding) => output.print(findingLine(finding)), finish: () => undefined };
  if (format === "table") {
    const row = (time: string, level: string, title: string, events: string, entities: string): string =>
      `${time.padEnd(24)}  ${level.padEnd(13)}  ${title.padEnd(60)}  ${events.padEnd(10)}  ${entities}`;
    let titled = false;
    const title = (): void => {
      if (!titled) output.print(row("TIME", "LEVEL", "RULE", "EVENTS", "ENTITIES").trimEnd());
      titled = true;
    };
    return {
      add: (finding) => {
        title();
        const ids = finding.kind === "fact" ? [finding.eventId] : finding.eventIds;
        const events = ids.length === 1 ? String(indexOf(ids[0] ?? "")) : `${indexOf(ids[0] ?? "")} +${ids.length - 1}`;
        const entities = finding.entities.map(({ kind, value }) => `${kind}=${printable(value)}`).join(" ");
        output.print(
          row(
            timeOf(finding) ?? "-",
            finding.rule.level,
            printable(finding.rule.title).slice(0, 60),
            events,
            entities,
          ).trimEnd(),
        );
      },
      finish: title,
    };
  }
  const counts = new Map<string, number>();
  return {
    add: ({ rule }) => counts.set(rule.id, (counts.get(rule.id) ?? 0) + 1),
    finish: (totals) => {
      const found = rules.flatMap((rule) => (counts.has(rule.id) ? [{ rule, count: counts.get(rule.id) ?? 0 }] : []));
      const rank = ({ rule, count }: (typeof found)[number]): number =>
        SEVERITY_LEVELS.indexOf(rule.level) * 1e9 + count;
      const columns = [
        { title: "FINDINGS", text: ({ count }: (typeof found)[number]) => String(count), width: 10 },
        { title: "LEVEL", text: ({ rule }: (typeof found)[number]) => rule.level, width: 13 },
        { title: "RULE", text: ({ rule }: (typeof found)[number]) => rule.title, width: 90 },
        { title: "ID", text: ({ rule }: (typeof found)[number]) => rule.id, width: 64 },
      ];
      for (const line of textTable(
        columns,
        found.toSorted((a, b) => rank(b) - rank(a)),
      ))
        output.print(line);
      output.print(
        `${totals.findings} findings of ${found.length} rules in ${totals.events} events (${rules.length} rules loaded).`,
      );
    },
  };
}

/** What a person must know besides the findings: everything that was left out. */
function remarks(totals: RunTotals, ruleProblems: number, options: DetectOptions): readonly string[] {
  const lines: string[] = [];
  if (ruleProblems > WRITTEN) lines.push(`${ruleProblems} problems with rules.`);
  if (totals.broken > 0) lines.push(`${totals.broken} inputs or lines could not be read and were left out.`);
  if (totals.unmatched > 0)
    lines.push(
      `${totals.unmatched} of ${totals.events} events belong to no log source, so that no rule looked at them; the first is ${totals.firstUnmatched ?? ""}. Say with --logsource what they are.`,
    );
  if (totals.undated > 0) lines.push(`${totals.undated} findings have no time and were not correlated.`);
  const { correlations } = totals;
  if (correlations === undefined) return lines;
  if (correlations.lateDropped > 0)
    lines.push(
      `${correlations.lateDropped} findings were more than ${options.lateness} ms older than the newest event and were not correlated: sort the input or raise --lateness.`,
    );
  if (correlations.ungrouped > 0)
    lines.push(`${correlations.ungrouped} findings lack a field that a correlation groups by.`);
  if (correlations.groupsEvicted > 0)
    lines.push(`${correlations.groupsEvicted} groups were forgotten because there were too many.`);
  if (correlations.membersDropped > 0)
    lines.push(
      `${correlations.membersDropped} findings were forgotten before they could be correlated because there were too many.`,
    );
  if (correlations.membersOmitted > 0)
    lines.push(`${correlations.membersOmitted} findings are not listed in their episodes because there were too many.`);
  return lines;
}

function formatInputProblem({ code, path, line, detail }: InputProblem): string {
  return `${path === "-" ? "standard input" : path}${line === undefined ? "" : `:${line}`}: ${printable(detail)} (${code})`;
}

function createProgress(output: CommandOutput): (totals: RunTotals) => void {
  const started = performance.now();
  let next = started + 1_000;
  return ({ events, findings }) => {
    if (events % 256 !== 0) return;
    const now = performance.now();
    if (now < next) return;
    next = now + 1_000;
    output.complain(
      `${events} events, ${findings} findings, ${Math.round((events * 1_000) / (now - started))} events/s`,
    );
  };
}

function durationOption(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined)
    throw new InvalidArgumentError("a duration is a whole number and ms, s, m, h, d or w, such as 30m.");
  return milliseconds;
}
