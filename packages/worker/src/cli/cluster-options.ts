import { existsSync, readFileSync } from "node:fs";
import { Option } from "commander";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { Cluster } from "../elasticsearch/cluster.ts";
import { connectCluster } from "../elasticsearch/connect.ts";
import { ElasticsearchError } from "../elasticsearch/errors.ts";
import type { Log } from "../ports.ts";
import type { CommandOutput } from "./command-output.ts";
import { formatProblem } from "./problems.ts";

/** What names a cluster on the command line. */
export interface ClusterOptions {
  readonly config: string;
  readonly url?: readonly string[];
}

/** `--config` and `--url`: how a command finds its cluster; keys and passwords come from the file or the environment, never from the command line. */
export function clusterOptions(): readonly Option[] {
  return [
    new Option("--config <file>", "configuration whose block `elasticsearch` names the cluster").default(
      "vedette.yaml",
    ),
    new Option(
      "--url <url...>",
      "address of the cluster, instead of the file's; a key or password is read from the environment (VEDETTE_ELASTICSEARCH_…)",
    ),
  ];
}

/** The settings of a cluster, as they were given. */
export type ElasticsearchSettings = NonNullable<Config["elasticsearch"]>;

/** A log that keeps nothing: a command tells what matters itself. */
export const SILENT_LOG: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * Connects to the cluster that the options name and works with it; what is wrong with the options or the cluster ends the command with exit code 2 and
 * the reason.
 */
export async function withCluster(
  options: ClusterOptions,
  output: CommandOutput,
  work: (cluster: Cluster, settings: ElasticsearchSettings, config: Config) => Promise<void>,
): Promise<void> {
  const hasFile = existsSync(options.config);
  if (!hasFile && options.url === undefined) {
    output.complain(`There is no ${options.config}: name a configuration with --config, or a cluster with --url.`);
    output.exit(2);
    return;
  }
  const loaded = loadConfig({
    env: process.env,
    ...(hasFile && options.url === undefined
      ? { path: options.config, text: readFileSync(options.config, "utf8") }
      : { text: JSON.stringify({ elasticsearch: { urls: options.url ?? [] } }) }),
  });
  if (loaded.problems !== undefined) {
    for (const problem of loaded.problems) output.complain(formatProblem(problem));
    output.exit(2);
    return;
  }
  const settings = loaded.config.elasticsearch;
  if (settings === undefined) {
    output.complain(`${options.config} has no block \`elasticsearch\`: add one, or name a cluster with --url.`);
    output.exit(2);
    return;
  }
  try {
    await using cluster = await connectCluster(settings, { log: SILENT_LOG });
    await work(cluster, settings, loaded.config);
  } catch (error) {
    if (!(error instanceof ElasticsearchError)) throw error;
    output.complain(`${error.code}: ${error.message}`);
    output.exit(2);
  }
}
