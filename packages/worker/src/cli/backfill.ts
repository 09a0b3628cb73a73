import { type LogSource, type Rule, timeRange } from "@vedette/detection";
import { Command } from "commander";
import type { Config } from "../config/schema.ts";
import type { CoverageGap } from "../detector/stage-one/coverage.ts";
import { createBulkWriter } from "../elasticsearch/bulk-writer.ts";
import type { Cluster } from "../elasticsearch/cluster.ts";
import { keepFilledGaps, planGaps, readGaps } from "../hunt/gap-plan.ts";
import type { GroupPlan } from "../hunt/hunt-plan.ts";
import { addFound, type FoundCounts, NOTHING_FOUND, writeFound } from "../hunt/write-found.ts";
import { createNodePorts } from "../ports-node.ts";
import { RECEIVED_SOURCE } from "../worker-parts.ts";
import { type ElasticsearchSettings, SILENT_LOG, withCluster } from "./cluster-options.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { configuredRules } from "./hunt/configured-rules.ts";
import { type LookBackOptions, grouped, lookBack, lookBackOptions } from "./hunt/hunt-command.ts";

interface BackfillOptions extends LookBackOptions {
  readonly rules?: readonly string[];
  readonly gaps?: boolean;
}

/** Builds `vedette backfill`. */
export function backfillCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("backfill")
    .summary("judge again what a cluster has stored, and write what was missed")
    .description(
      "Judges stored events as live detection does, with the configuration's pipelines and processors, and writes the findings that are not there yet; the workers make of them what they would have made: exceptions, suppression and correlations are theirs. What was found before meets itself and changes nothing. Exit code: 0 done, 2 bad input or more to read than the limit, 130 interrupted.",
    )
    .option(
      "--rules <path...>",
      "YAML files, folders, or .jsonl or .jsonl.gz with one {path, yaml} a line; by default the rules of the configuration",
    )
    .option(
      "--gaps",
      "judge what the ledger of coverage says that rules have not looked at (rules added or changed later, events before the start of a source) instead of a span of time; --since and --from narrow it down",
    );
  for (const option of lookBackOptions()) command.addOption(option);
  return command.action((options: BackfillOptions) => backfill(options, output));
}

/** A source whose events are judged again. */
interface BackfilledSource {
  readonly name: string;
  readonly patterns: readonly string[];
  readonly options: BackfillOptions;
  readonly plans?: readonly GroupPlan[];
  /** The gaps that are filled, and from when on if that was narrowed down, Unix milliseconds. */
  readonly gaps?: readonly CoverageGap[];
  readonly since?: number | undefined;
}

function sourcesOf(
  { sources }: Config,
  { prefix }: ElasticsearchSettings,
  options: BackfillOptions,
): readonly BackfilledSource[] {
  if (options.index !== undefined) return [{ name: "backfill", patterns: [options.index], options }];
  const own = (name: string, logSource?: LogSource): BackfillOptions => ({
    ...options,
    ...(logSource === undefined ? {} : { logsource: options.logsource ?? logSource }),
    ...(options.progress === undefined ? {} : { progress: `${options.progress}.${name}` }),
  });
  return [
    ...sources.flatMap((source) =>
      source.type === "elasticsearch"
        ? [
            {
              name: source.name,
              patterns: [...source.patterns, ...source.exclude.map((name) => `-${name}`)],
              options: own(source.name, source.logsource),
            },
          ]
        : [],
    ),
    // What workers received themselves.
    { name: RECEIVED_SOURCE, patterns: [`${prefix}-events-*`], options: own(RECEIVED_SOURCE) },
  ];
}

async function withGaps(
  sources: readonly BackfilledSource[],
  { cluster, settings, rules }: { cluster: Cluster; settings: ElasticsearchSettings; rules: readonly Rule[] },
  output: CommandOutput,
): Promise<readonly BackfilledSource[]> {
  const { prefix, requestTimeout } = settings;
  const gaps = await readGaps({ cluster, prefix, requestTimeout, rules });
  if (gaps.length === 0) output.print("The ledger of coverage has no gaps that judging again fills.");
  const result: BackfilledSource[] = [];
  for (const source of sources) {
    const own = gaps.filter((gap) => gap.source === source.name);
    if (own.length === 0) continue;
    for (const { index, shard, from, to, reason, rules: missed } of own)
      output.complain(`${index}/${shard}: ${from} to ${to ?? "the end"} (${reason}), ${grouped(missed.length)} rules`);
    const { since, from = since === undefined ? undefined : Date.now() - since, to = Date.now() } = source.options;
    const range = from === undefined ? undefined : timeRange(source.options.timeField, from, to);
    result.push({ ...source, gaps: own, since: from, plans: await planGaps(cluster.client, own, rules, range) });
  }
  return result;
}

async function backfill(options: BackfillOptions, output: CommandOutput): Promise<void> {
  await withCluster(options, output, async (cluster, settings, config) => {
    const configured = configuredRules(config, options.rules, output);
    if (configured === undefined) return;
    const { shadow, process } = configured;
    const { rules } = configured;
    if (rules.some(({ kind }) => kind === "correlation"))
      output.complain(
        `Workers correlate what is written here as far as it is no older than the lateness that they allow (${config.detector.lateness / 60_000} min behind the newest event); "vedette hunt" tells what correlations find in older events.`,
      );
    const ports = createNodePorts(SILENT_LOG);
    const writer = createBulkWriter({ cluster, ...ports, prefix: settings.prefix });
    const named = sourcesOf(config, settings, options);
    const sources = options.gaps === true ? await withGaps(named, { cluster, settings, rules }, output) : named;
    for (const source of sources) {
      const { name, patterns, plans } = source;
      let counts = NOTHING_FOUND;
      const result = await lookBack(cluster, settings, {
        // Queries ask documents as they are stored, not as processors make them.
        options: process === undefined || options.way !== "auto" ? source.options : { ...source.options, way: "scan" },
        rules,
        command: `backfill ${name}`,
        patterns,
        output,
        source: name,
        process,
        plans,
        onPage: async (page) => {
          counts = addFound(
            counts,
            await writeFound(page, {
              cluster,
              writer,
              prefix: settings.prefix,
              isShadow: (ruleId) => shadow.has(ruleId),
            }),
          );
        },
      });
      if (result === undefined || result.totals.interrupted) return;
      const { gaps, since } = source;
      // What ends before now leaves something out that the ledger has to go on telling of.
      if (gaps !== undefined && source.options.to === undefined)
        await keepFilledGaps(
          { cluster, prefix: settings.prefix, requestTimeout: settings.requestTimeout, rules },
          gaps,
          {
            now: Date.now(),
            since,
          },
        );
      output.print(summaryOf(name, result.tally.documents, counts));
    }
  });
}

function summaryOf(name: string, documents: number, { facts, known, changed, refused }: FoundCounts): string {
  return `${name}: ${grouped(documents)} documents judged, ${grouped(facts)} findings written, ${grouped(known)} were there already${changed > 0 ? `, ${grouped(changed)} of events that were changed in between` : ""}${refused > 0 ? `, ${grouped(refused)} refused (see the dead letters)` : ""}.`;
}
