import type { Entity, Episode, Fact, Finding, Rule, RuleReference } from "@vedette/detection";
import { Command, Option } from "commander";
import type { Config } from "../config/schema.ts";
import { withEpisodes } from "../hunt/rule-tally.ts";
import { withCluster } from "./cluster-options.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { type LookBackOptions, grouped, lookBack, lookBackOptions } from "./hunt/hunt-command.ts";
import { formatProblem } from "./problems.ts";
import { errorsOf, loadFrom } from "./rules/loaded-rules.ts";
import { type Column, textTable } from "./text-table.ts";

interface HuntOptions extends LookBackOptions {
  readonly rules: readonly string[];
  readonly format: "jsonl" | "table" | "summary";
}

/** Builds `vedette hunt`. */
export function huntCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("hunt")
    .summary("look for what rules find in what a cluster has stored")
    .description(
      "Turns rules into queries, has the cluster find what they may be about, and judges that as live detection does. Exit code: 0 nothing found, 1 something found, 2 bad input or more to read than the limit, 130 interrupted.",
    )
    .requiredOption("--rules <path...>", "YAML files, folders, or .jsonl or .jsonl.gz with one {path, yaml} a line")
    .addOption(new Option("--format <format>", "how to print").choices(["jsonl", "table", "summary"]).default("jsonl"));
  for (const option of lookBackOptions()) command.addOption(option);
  return command.action((options: HuntOptions) => hunt(options, output));
}

/** The patterns that a configuration tails. */
export function tailedPatterns({ sources }: Config): readonly string[] {
  return sources.flatMap((source) =>
    source.type === "elasticsearch" ? [...source.patterns, ...source.exclude.map((name) => `-${name}`)] : [],
  );
}

/** Loads the rules of paths and complains of what could not be loaded; undefined when nothing is left. */
export function rulesOf(paths: readonly string[], output: CommandOutput): readonly Rule[] | undefined {
  const { rules, problems } = loadFrom(paths);
  const errors = errorsOf(problems);
  for (const problem of errors.slice(0, 5)) output.complain(formatProblem(problem));
  if (errors.length > 5)
    output.complain(`… and ${errors.length - 5} more problems: "vedette rules check" lists them all.`);
  if (rules.length > 0) return rules;
  output.complain("No rule could be loaded.");
  output.exit(2);
  return undefined;
}

async function hunt(options: HuntOptions, output: CommandOutput): Promise<void> {
  const rules = rulesOf(options.rules, output);
  if (rules === undefined) return;
  await withCluster(options, output, async (cluster, settings, config) => {
    const found: Row[] = [];
    const result = await lookBack(cluster, settings, {
      options,
      rules,
      correlates: true,
      command: "hunt",
      patterns: tailedPatterns(config),
      output,
      onPage: (page) => {
        for (const { judgement, index, id } of page)
          for (const fact of judgement.facts) {
            if (options.format === "jsonl") output.print(lineOf(fact, index, id));
            else if (options.format === "table" && found.length < MAX_ROWS)
              found.push({ ...rowOf(fact), document: `${index}/${id}` });
          }
      },
    });
    if (result === undefined) return;
    const { tally, seconds, totals, correlated } = result;
    const episodes = correlated?.episodes ?? [];
    for (const episode of episodes)
      if (options.format === "jsonl") output.print(episodeLineOf(episode));
      else if (options.format === "table" && found.length < MAX_ROWS) found.push(rowOf(episode));
    if (options.format === "table") for (const line of textTable(COLUMNS, found)) output.print(line);
    if (options.format === "summary") {
      const found = withEpisodes(tally.of(rules), correlated).filter(({ facts }) => facts > 0);
      for (const line of textTable(
        SUMMARY,
        found.toSorted((a, b) => b.facts - a.facts),
      ))
        output.print(line);
    }
    output.complain(
      `${grouped(tally.facts)} findings${episodes.length > 0 ? ` and ${grouped(episodes.length)} episodes of correlations` : ""} in ${grouped(tally.documents)} documents that were read, ${seconds.toFixed(1)} s.`,
    );
    if (!totals.interrupted) output.exit(tally.facts + episodes.length > 0 ? 1 : 0);
  });
}

/** Rows of a table; of more findings the number is told. */
const MAX_ROWS = 1_000;

const lineOf = (fact: Fact, index: string, id: string): string =>
  JSON.stringify({
    rule: { id: fact.rule.id, title: fact.rule.title, level: fact.rule.level },
    events: [{ id: fact.eventId, index, document: id }],
    time: new Date(fact.time).toISOString(),
    entities: fact.entities,
  });

const episodeLineOf = (episode: Episode): string =>
  JSON.stringify({
    rule: { id: episode.rule.id, title: episode.rule.title, level: episode.rule.level },
    events: episode.eventIds.map((id) => ({ id })),
    time: new Date(episode.from).toISOString(),
    until: new Date(episode.to).toISOString(),
    group: episode.group,
    entities: episode.entities,
  });

/** A line of the table. */
interface Row {
  readonly rule: RuleReference;
  readonly time: number;
  readonly entities: readonly Entity[];
  readonly document: string;
}

const rowOf = (finding: Finding): Row => ({
  rule: finding.rule,
  time: finding.kind === "fact" ? finding.time : finding.from,
  entities: finding.entities,
  document: finding.kind === "fact" ? "" : `${grouped(finding.eventIds.length)} events`,
});

const COLUMNS: readonly Column<Row>[] = [
  { title: "time", width: 24, text: ({ time }) => new Date(time).toISOString() },
  { title: "level", width: 13, text: ({ rule }) => rule.level },
  { title: "rule", width: 60, text: ({ rule }) => rule.title },
  { title: "entities", width: 60, text: ({ entities }) => entities.map(({ value }) => value).join(", ") },
  { title: "document", width: 80, text: ({ document }) => document },
];

const SUMMARY: readonly Column<{
  readonly rule: Rule;
  readonly facts: number;
  readonly entities: readonly (readonly [string, number])[];
}>[] = [
  { title: "findings", width: 12, text: ({ facts }) => grouped(facts) },
  { title: "level", width: 13, text: ({ rule }) => rule.level },
  { title: "rule", width: 70, text: ({ rule }) => rule.title },
  {
    title: "on whom",
    width: 60,
    text: ({ entities }) =>
      entities
        .slice(0, 3)
        .map(([name, count]) => `${name} (${count})`)
        .join(", "),
  },
];
