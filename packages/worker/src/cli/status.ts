import { type Client, coverageReasonSchema, createClient, type Status } from "@vedette/api";
import { Command, Option } from "commander";
import { addPlace, explainFailure, PATIENCE, placeOf, type WorkerPlaceOptions } from "./ask-worker.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { formatOption } from "./data-folder.ts";
import { coverageLines } from "./status/coverage-lines.ts";
import { statusLines } from "./status/status-lines.ts";

interface StatusOptions extends WorkerPlaceOptions {
  readonly coverage?: boolean;
  readonly rule?: string;
  readonly source?: string;
  readonly reason?: string;
  readonly limit: string;
  readonly cursor?: string;
  readonly format: "table" | "json";
}

/** Builds `vedette status`. */
export function statusCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  return addPlace(new Command("status"))
    .summary("ask the running worker how it does")
    .description(
      "Asks the worker that runs with this configuration what it is doing and what is wrong: sources and how far they are read, who holds which lease, which events rules did not look at.\nExit code 0 when nothing is wrong, 1 when something is, 2 when no worker answers.",
    )
    .option("--coverage", "list the events that rules did not look at, and why")
    .option("--rule <id>", "with --coverage: of this rule")
    .option("--source <name>", "with --coverage: of this source")
    .addOption(
      new Option("--reason <reason>", "with --coverage: for this reason").choices(coverageReasonSchema.options),
    )
    .option("--limit <count>", "with --coverage: how many at most, up to 500", "50")
    .option("--cursor <cursor>", "with --coverage: the next page, as the last one named it")
    .addOption(formatOption())
    .action(async (options: StatusOptions) => {
      const place = placeOf(options, output);
      if (place === undefined) return output.exit(2);
      try {
        await ask(createClient(place), options, output);
      } catch (error) {
        output.complain(explainFailure(error, place.baseUrl));
        output.exit(2);
      }
    });
}

async function ask(client: Client, options: StatusOptions, output: CommandOutput): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE);
  const print = (lines: readonly string[]): void => {
    for (const line of lines) output.print(line);
  };
  if (options.coverage === true) {
    const { rule, source, limit, cursor } = options;
    const reason = coverageReasonSchema.optional().parse(options.reason);
    const page = await client.getCoverage({ query: { rule, source, reason, limit, cursor } }, { signal });
    print(options.format === "json" ? [JSON.stringify(page)] : coverageLines(page));
    return output.exit(page.total > 0 ? 1 : 0);
  }
  const status = await withCoverage(await client.getStatus({}, { signal }), client, signal);
  print(options.format === "json" ? [JSON.stringify(status)] : statusLines(status));
  output.exit(status.ready && status.problems.length === 0 ? 0 : 1);
}

/** The ledger of coverage is read for whoever asks: a worker that has not looked into it lately leaves it out of its status. */
async function withCoverage(status: Status, client: Client, signal: AbortSignal): Promise<Status> {
  const { elasticsearch } = status;
  if (elasticsearch === undefined || elasticsearch.coverage !== undefined) return status;
  const { at, missed, total } = await client.getCoverage({ query: { limit: 1 } }, { signal });
  return { ...status, elasticsearch: { ...elasticsearch, coverage: { at, missed, gaps: total } } };
}
