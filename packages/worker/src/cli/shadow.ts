import { parseDuration } from "@vedette/detection";
import { Command, InvalidArgumentError, Option } from "commander";
import { type ClusterOptions, clusterOptions, withCluster } from "./cluster-options.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { compareAlerts } from "./shadow/compare-alerts.ts";
import { comparisonLines, comparisonTables, summarize } from "./shadow/comparison-report.ts";
import { readOurFindings } from "./shadow/our-findings.ts";
import { readRuleMap } from "./shadow/rule-map.ts";
import { ALERT_PRESETS, type AlertPreset, type PresetName, presetOf, readTheirAlerts } from "./shadow/their-alerts.ts";

interface CompareOptions extends ClusterOptions {
  readonly theirs?: string;
  readonly preset?: PresetName;
  readonly time?: string;
  readonly rule?: string;
  readonly entity?: readonly string[];
  readonly document?: string;
  readonly documentIndex?: string;
  readonly since: number;
  readonly window: number;
  readonly map?: string;
  readonly format: "table" | "jsonl";
  readonly list: number;
  readonly limit: number;
}

/** Builds `vedette shadow compare`. */
export function shadowCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("shadow").description("judge rules on trial by what another system finds");
  const compare = command
    .command("compare")
    .description(
      "set our findings, in shadow and active, beside another system's alerts in the same cluster: what both have, what we missed, what they missed, what either told twice. Exit code 0 when we missed nothing, 1 when we missed something, 2 when it cannot be compared",
    )
    .option("--theirs <pattern>", "indices with their alerts; those of the preset by default")
    .addOption(
      new Option("--preset <name>", "whose alerts they are; by default what the pattern tells, else ecs").choices(
        Object.keys(ALERT_PRESETS),
      ),
    )
    .option("--time <field>", "field with the time of the event, else of the alert")
    .option("--rule <field>", "field with the name of their rule")
    .option("--entity <field...>", "fields with users, hosts and addresses")
    .option("--document <field>", "field with the _id of the event")
    .option("--document-index <field>", "field with the index of the event")
    .addOption(new Option("--since <duration>", "how far back").argParser(duration).default(7 * 86_400_000, "7d"))
    .addOption(
      new Option("--window <duration>", "how far apart two may be that have no event in common")
        .argParser(duration)
        .default(600_000, "10m"),
    )
    .option(
      "--map <file>",
      "YAML: the name of their rule, and the id of ours or a list of ids; else equal names are taken",
    )
    .addOption(new Option("--format <format>", "how to print").choices(["table", "jsonl"]).default("table"))
    .addOption(new Option("--list <number>", "rows of each list in a table").argParser(count).default(20))
    .addOption(
      new Option("--limit <number>", "most alerts or findings that are read").argParser(count).default(200_000),
    );
  for (const option of clusterOptions()) compare.addOption(option);
  compare.action((options: CompareOptions) => compareCommand(options, output));
  return command;
}

function duration(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined)
    throw new InvalidArgumentError("a duration is a whole number and s, m, h, d or w, such as 7d.");
  return milliseconds;
}

function count(text: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new InvalidArgumentError("write a whole number above 0.");
  return Number(text);
}

/** The preset with what was said instead; undefined without a pattern. */
function presetFrom(options: CompareOptions): { readonly pattern: string; readonly preset: AlertPreset } | undefined {
  const known: AlertPreset = ALERT_PRESETS[options.preset ?? presetOf(options.theirs ?? "")];
  const pattern = options.theirs ?? known.pattern;
  if (pattern === undefined) return undefined;
  const { document = known.document, documentIndex } = options;
  const { index: _, document: __, ...rest } = known;
  const index = documentIndex ?? (options.document === undefined ? known.index : undefined);
  const preset: AlertPreset = {
    ...rest,
    ...(options.time === undefined ? {} : { time: [options.time] }),
    ...(options.rule === undefined ? {} : { rule: options.rule }),
    ...(options.entity === undefined ? {} : { entity: options.entity }),
    ...(document === undefined ? {} : { document }),
    ...(index === undefined ? {} : { index }),
    needs: options.rule === undefined ? known.needs : [],
  };
  return { pattern, preset };
}

async function compareCommand(options: CompareOptions, output: CommandOutput): Promise<void> {
  const fail = (message: string): void => {
    output.complain(message);
    output.exit(2);
  };
  const theirs = presetFrom(options);
  if (theirs === undefined)
    return fail("Name the indices with their alerts with --theirs, or whose alerts they are with --preset.");
  let map: ReadonlyMap<string, readonly string[]> = new Map();
  try {
    if (options.map !== undefined) map = readRuleMap(options.map);
  } catch (error) {
    return fail((error as Error).message);
  }
  await withCluster(options, output, async (cluster, { prefix }) => {
    const to = Date.now();
    const span = { from: to - options.since, to };
    // What is near the ends is compared with what lies just outside.
    const wide = { from: span.from - options.window, to: span.to + options.window, limit: options.limit };
    const alerts = await readTheirAlerts(cluster, theirs.pattern, theirs.preset, wide);
    if (!alerts.hasIndex) return fail(`There is no index ${theirs.pattern}, or the key may not read it.`);
    const findings = await readOurFindings(cluster, prefix, wide);
    if (alerts.isCut || findings === undefined)
      return fail(
        `There are more than ${options.limit} ${alerts.isCut ? "alerts of theirs" : "findings of ours"}: name a shorter --since, or a larger --limit.`,
      );
    const comparison = compareAlerts(alerts.alerts, findings, { map, window: options.window, span });
    const lines = options.format === "jsonl" ? comparisonLines(comparison) : comparisonTables(comparison, options.list);
    for (const line of lines) output.print(line);
    if (alerts.unread > 0)
      output.complain(`${alerts.unread} of their documents have no rule or no time and were left out.`);
    if (theirs.preset.remark !== undefined) output.complain(theirs.preset.remark);
    output.exit(summarize(comparison).theirs.weMissed > 0 ? 1 : 0);
  });
}
