import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import colors from "picocolors";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { createLog } from "../log.ts";
import { createNodePorts } from "../ports-node.ts";
import { testBreakOf } from "../test-break.ts";
import { startWorker, type RunningWorker } from "../worker.ts";
import { findConsole } from "./console-folder.ts";
import { writeProblems } from "./problems.ts";
import { onParentMessage, tellParent, untilAsked } from "./process-signals.ts";
import { explainStartFailure } from "./start-failure.ts";

const CONFIG_FILE = "vedette.yaml";

interface StartOptions {
  readonly config?: string;
  readonly data?: string;
}

/** Reads the configuration, or writes what is wrong with it and returns undefined. */
function configuration({ config: path, data }: StartOptions): Config | undefined {
  const file = path ?? (existsSync(CONFIG_FILE) ? CONFIG_FILE : undefined);
  let text: string | undefined;
  try {
    if (file !== undefined) text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    console.error(
      `vedette start: ${file} ${code === "ENOENT" ? "does not exist" : `cannot be read (${code})`}. Name another file with --config; docs/configuration.md says what goes into it.`,
    );
    return undefined;
  }
  const loaded = loadConfig({
    ...(file === undefined ? {} : { path: file }),
    ...(text === undefined ? {} : { text }),
    env: process.env,
  });
  if (!loaded.config) {
    writeProblems(loaded.problems);
    return undefined;
  }
  return data === undefined ? loaded.config : { ...loaded.config, dataFolder: resolve(data) };
}

/** Waits for whoever asks the worker to end, or for the worker's own failure. */
export async function untilOver(worker: RunningWorker): Promise<{ readonly failure?: unknown }> {
  const asked = untilAsked().then(() => ({}));
  return await Promise.race([asked, worker.failed.then((failure) => ({ failure }))]);
}

/** Where the worker keeps what it knows and what it tails, if that is Elasticsearch. */
function clusterLines({ elasticsearch, sources }: Config): readonly string[] {
  if (elasticsearch === undefined) return [];
  const tailed = sources.filter((source) => source.type === "elasticsearch");
  const at = elasticsearch.urls.map((url) => new URL(url).origin).join(", ");
  return [
    `  memory   Elasticsearch at ${at}, in ${elasticsearch.prefix}-*; vedette status shows how it does`,
    ...tailed.map(({ name, patterns, start }) => `  tails    ${name}: ${patterns.join(", ")}, first run from ${start}`),
    ...(tailed.length === 0 ? ["  tails    nothing: name indices under `sources` (docs/elasticsearch.md)"] : []),
  ];
}

/** `vedette start`: the worker on the user's own sources. */
export function startCommand(): Command {
  return new Command("start")
    .summary("run the worker on your own sources")
    .description(
      `Runs the worker until it is told to end (Ctrl-C, SIGTERM): OTLP receiver, sources, detector, alerting, response, API and console.\nIt then ends what it has begun, gives its share of a cluster to other workers, and exits with 0; told again, it ends at once (130, 143) and loses nothing either.\nIt exits with 2 when the configuration or a right is wrong, with 1 when it cannot go on. An Elasticsearch that cannot be reached is waited for.\nThe configuration is ${CONFIG_FILE} in this folder unless --config names another; without any, the defaults hold.`,
    )
    .option("--config <file>", "configuration file (docs/configuration.md)")
    .option("--data <folder>", "data folder, instead of the configuration's")
    .action(async (options: StartOptions) => {
      const config = configuration(options);
      if (!config) {
        process.exitCode = 2;
        return;
      }
      const secrets = [
        config.otlp.token,
        config.alerter.alertmanager.token,
        config.elasticsearch?.apiKey,
        config.elasticsearch?.password,
        ...config.api.tokens.map(({ token }) => token),
      ].filter((token) => token !== undefined);
      const log = createLog({ level: config.log.level, secrets });
      let worker: RunningWorker;
      try {
        worker = await startWorker({
          config,
          ports: createNodePorts(log),
          mode: "worker",
          consoleFolder: findConsole(process.env),
          testBreak: testBreakOf(process.env),
        });
      } catch (error) {
        console.error(explainStartFailure("vedette start", error));
        process.exitCode = 2;
        return;
      }
      writeProblems(worker.ruleProblems);
      const { api, otlp } = worker.addresses;
      if (process.env["VEDETTE_LISTENING_JSON"] === "1")
        console.log(JSON.stringify({ listening: { api, otlp: otlp ?? null } }));
      else {
        console.log(`${colors.bold("Vedette")} watches. Data: ${config.dataFolder}`);
        console.log(
          `  console  ${worker.createLoginLink("/")}   (opens once; the token is in ${join(config.dataFolder, "admin-token")})`,
        );
        if (otlp) console.log(`  OTLP     ${otlp.url}`);
        console.log(`  metrics  ${api.url}/metrics`);
        for (const line of clusterLines(config)) console.log(line);
        console.log(`  not yet  Kafka, behaviour profiles, enrichment, playbooks: docs/roadmap.md`);
      }
      onParentMessage("console-ready", () => console.log(`The console is built: ${worker.createLoginLink("/")}`));
      tellParent({ type: "ready" });
      const { failure } = await untilOver(worker);
      await worker[Symbol.asyncDispose]();
      if (failure !== undefined) {
        console.error(explainStartFailure("vedette start", failure));
        process.exitCode = 1;
      }
      process.exit();
    });
}
