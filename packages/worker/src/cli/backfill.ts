import { Command } from "commander";
import type { Config } from "../config/schema.ts";
import type { PlacedFact } from "../detector/stage-one/judge-records.ts";
import { FINDING_HASH_FIELD } from "../detector/stage-one/fact-document.ts";
import { writeFacts } from "../detector/stage-one/write-facts.ts";
import { createBulkWriter } from "../elasticsearch/bulk-writer.ts";
import { createOnce } from "../elasticsearch/create-once.ts";
import { createNodePorts } from "../ports-node.ts";
import { SILENT_LOG, withCluster } from "./cluster-options.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { type LookBackOptions, grouped, lookBack, lookBackOptions } from "./hunt/hunt-command.ts";
import { rulesOf } from "./hunt.ts";

interface BackfillOptions extends LookBackOptions {
  readonly rules: readonly string[];
}

/** Builds `vedette backfill`. */
export function backfillCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("backfill")
    .summary("judge again what a cluster has stored, and write what was missed")
    .description(
      "Judges stored events as live detection does and writes the findings that are not there yet; the workers make of them what they would have made: exceptions, suppression and correlations are theirs. What was found before meets itself and changes nothing. Exit code: 0 done, 2 bad input or more to read than the limit, 130 interrupted.",
    )
    .requiredOption("--rules <path...>", "YAML files, folders, or .jsonl or .jsonl.gz with one {path, yaml} a line");
  for (const option of lookBackOptions()) command.addOption(option);
  return command.action((options: BackfillOptions) => backfill(options, output));
}

/** A source whose events are judged again. */
interface BackfilledSource {
  readonly name: string;
  readonly patterns: readonly string[];
  readonly options: BackfillOptions;
}

function sourcesOf({ sources }: Config, options: BackfillOptions): readonly BackfilledSource[] {
  if (options.index !== undefined) return [{ name: "backfill", patterns: [options.index], options }];
  return sources.flatMap((source) =>
    source.type === "elasticsearch"
      ? [
          {
            name: source.name,
            patterns: [...source.patterns, ...source.exclude.map((name) => `-${name}`)],
            options: {
              ...options,
              ...(source.logsource === undefined ? {} : { logsource: options.logsource ?? source.logsource }),
              ...(options.progress === undefined ? {} : { progress: `${options.progress}.${source.name}` }),
            },
          },
        ]
      : [],
  );
}

async function backfill(options: BackfillOptions, output: CommandOutput): Promise<void> {
  const rules = rulesOf(options.rules, output);
  if (rules === undefined) return;
  await withCluster(options, output, async (cluster, settings, config) => {
    const ports = createNodePorts(SILENT_LOG);
    const writer = createBulkWriter({ cluster, ...ports, prefix: settings.prefix });
    const sources = sourcesOf(config, options);
    if (sources.length === 0) {
      output.complain("Name the indices to judge with --index, or tail some in the configuration.");
      output.exit(2);
      return;
    }
    for (const { name, patterns, options: own } of sources) {
      let written = 0;
      let known = 0;
      let changed = 0;
      let refused = 0;
      const result = await lookBack(cluster, settings, {
        options: own,
        // A correlation's rules find what the workers correlate.
        rules: rules.filter(({ kind }) => kind === "signature"),
        command: `backfill ${name}`,
        patterns,
        output,
        source: name,
        onPage: async (page) => {
          const facts = page.flatMap(({ record, index, id, judgement }) =>
            judgement.facts.map((fact): PlacedFact => ({
              fact,
              origin: {
                prefix: settings.prefix,
                source: name,
                position: { index, id },
                undated: record.undated === true,
                received: record.receivedAt,
                shadow: false,
              },
            })),
          );
          const counts = await writeFacts(
            (documents, how) => createOnce(cluster, writer, documents, { hashField: FINDING_HASH_FIELD, ...how }),
            facts,
            {},
          );
          written += counts.facts;
          known += counts.known;
          changed += counts.changed;
          refused += counts.refused;
        },
      });
      if (result === undefined || result.totals.interrupted) return;
      output.print(
        `${name}: ${grouped(result.tally.documents)} documents judged, ${grouped(written)} findings written, ${grouped(known)} were there already${changed > 0 ? `, ${grouped(changed)} of events that were changed in between` : ""}${refused > 0 ? `, ${grouped(refused)} refused (see the dead letters)` : ""}.`,
      );
    }
  });
}
