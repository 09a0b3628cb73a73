import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ApiError } from "@vedette/api";
import type { Command } from "commander";
import { loadConfig } from "../config/load.ts";
import type { CommandOutput } from "./command-output.ts";
import { formatProblem } from "./problems.ts";
import { printable } from "./text-table.ts";

/** How a person says which running worker a command is for. */
export interface WorkerPlaceOptions {
  readonly config: string;
  readonly url?: string;
  readonly data?: string;
  readonly tokenFile?: string;
}

/** Milliseconds that the worker may take to answer. */
export const PATIENCE = 30_000;

/** Adds the options that say which worker is asked. */
export const addPlace = (command: Command): Command =>
  command
    .option("--config <file>", "configuration of the worker", "vedette.yaml")
    .option("--url <url>", "address of the worker's API, instead of the configuration's")
    .option("--data <folder>", "data folder of the worker, whose `admin-token` is used, instead of the configuration's")
    .option("--token-file <file>", "file with a token of the API, where the data folder is not at hand");

/** Where the worker is and what it is asked with; what is missing is told. */
export function placeOf(
  options: WorkerPlaceOptions,
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

/** What to say of a failure to ask the worker. */
export function explainFailure(error: unknown, baseUrl: string): string {
  if (error instanceof ApiError) {
    const { code, title, detail, cure } = error.problem;
    return printable(`${code}: ${detail ?? `${title}.`}${cure === undefined ? "" : ` ${cure}`}`);
  }
  if (error instanceof Error && error.name === "TimeoutError")
    return `The worker at ${baseUrl} has not answered within ${PATIENCE / 1_000} seconds.`;
  return `No worker answers at ${baseUrl}. Start one with "vedette start", or name its address with --url.`;
}
