import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ApiError, type Client, coverageReasonSchema, createClient, type Status } from "@vedette/api";
import { Command, Option } from "commander";
import { loadConfig } from "../config/load.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { formatOption } from "./data-folder.ts";
import { formatProblem } from "./problems.ts";
import { coverageLines } from "./status/coverage-lines.ts";
import { statusLines } from "./status/status-lines.ts";
import { printable } from "./text-table.ts";

interface StatusOptions {
  readonly config: string;
  readonly url?: string;
  readonly data?: string;
  readonly tokenFile?: string;
  readonly coverage?: boolean;
  readonly rule?: string;
  readonly source?: string;
  readonly reason?: string;
  readonly limit: string;
  readonly cursor?: string;
  readonly format: "table" | "json";
}

/** Milliseconds that the worker may take to answer. */
const PATIENCE = 30_000;

/** Builds `vedette status`. */
export function statusCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  return new Command("status")
    .summary("ask the running worker how it does")
    .description(
      "Asks the worker that runs with this configuration what it is doing and what is wrong: sources and how far they are read, who holds which lease, which events rules did not look at.\nExit code 0 when nothing is wrong, 1 when something is, 2 when no worker answers.",
    )
    .option("--config <file>", "configuration of the worker", "vedette.yaml")
    .option("--url <url>", "address of the worker's API, instead of the configuration's")
    .option("--data <folder>", "data folder of the worker, whose `admin-token` is used, instead of the configuration's")
    .option("--token-file <file>", "file with a token of the API, where the data folder is not at hand")
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
        output.complain(explain(error, place.baseUrl));
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

/** Where the worker is and what it is asked with; what is missing is told. */
function placeOf(
  options: StatusOptions,
  output: CommandOutput,
): { readonly baseUrl: string; readonly token: string } | undefined {
  const hasFile = existsSync(options.config);
  if (!hasFile && options.config !== "vedette.yaml") {
    output.complain(`There is no ${options.config}: name the worker's configuration with --config.`);
    return undefined;
  }
  const loaded = loadConfig({
    env: process.env,
    ...(hasFile ? { path: options.config, text: readFileSync(options.config, "utf8") } : {}),
  });
  if (loaded.problems !== undefined) {
    for (const problem of loaded.problems) output.complain(formatProblem(problem));
    return undefined;
  }
  const { api, dataFolder } = loaded.config;
  const tokenFile =
    options.tokenFile ?? join(options.data === undefined ? dataFolder : resolve(options.data), "admin-token");
  let token: string;
  try {
    token = readFileSync(tokenFile, "utf8").trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    output.complain(
      code === "ENOENT"
        ? `There is no ${tokenFile}: no worker was started with this data folder. Name its folder with --data, or a file with a token with --token-file.`
        : `${tokenFile} cannot be read (${code}): run the command as the worker's user, or name a file with a token with --token-file.`,
    );
    return undefined;
  }
  const baseUrl = options.url ?? api.publicUrl ?? addressOf(api);
  return { baseUrl: baseUrl.replace(/\/+$/, ""), token };
}

/** Where a listener is reached from the same machine. */
function addressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

function explain(error: unknown, baseUrl: string): string {
  if (error instanceof ApiError) {
    const { code, title, detail, cure } = error.problem;
    return printable(`${code}: ${detail ?? `${title}.`}${cure === undefined ? "" : ` ${cure}`}`);
  }
  if (error instanceof Error && error.name === "TimeoutError")
    return `The worker at ${baseUrl} has not answered within ${PATIENCE / 1_000} seconds.`;
  return `No worker answers at ${baseUrl}. Start one with "vedette start", or name its address with --url.`;
}
