import { existsSync, readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { missingPrivileges } from "../elasticsearch/privilege-check.ts";
import { RUN_PRIVILEGES } from "../elasticsearch/privileges.ts";
import { type ClusterOptions, clusterOptions, withCluster } from "./cluster-options.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { checkMachine, checkPorts } from "./doctor/embedded.ts";
import { checkAlertmanagers } from "./doctor/endpoints.ts";
import { type IndexReport, logSourceText, reportIndices, SAMPLE } from "./doctor/index-report.ts";
import { loadForWorker } from "./doctor/loaded-for-worker.ts";
import { type Remark, ranked, remarkLines } from "./doctor/remark.ts";
import { checkRuleFields, checkTextFields, fits } from "./doctor/rule-fields.ts";
import { formatProblem } from "./problems.ts";
import { patternsOf } from "./setup/source-patterns.ts";
import { textTable } from "./text-table.ts";

interface DoctorOptions extends ClusterOptions {
  readonly source?: readonly string[];
  readonly format: "table" | "json";
}

/** Builds `vedette doctor`. */
export function doctorCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("doctor")
    .description(
      "say what a cluster holds, which mappings its documents follow, how many rules have data, and what to do first; without a cluster, whether a worker can run here. Exit code 0 when nothing is wrong, 1 when something is, 2 when the configuration or the cluster cannot be used",
    )
    .option("--source <pattern...>", "indices and data streams to look at, instead of the configuration's")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json"]).default("table"));
  for (const option of clusterOptions()) command.addOption(option);
  return command.action(async (options: DoctorOptions) => {
    if (options.url === undefined) {
      const config = readConfig(options.config, output);
      if (config === undefined) return;
      if (config.elasticsearch === undefined) return examineMachine(config, options, output);
    }
    return examineCluster(options, output);
  });
}

/** The configuration, or the defaults where there is no file; undefined, and complaints, when it cannot be used. */
function readConfig(path: string, output: CommandOutput): Config | undefined {
  const loaded = loadConfig({
    env: process.env,
    ...(existsSync(path) ? { path, text: readFileSync(path, "utf8") } : {}),
  });
  if (loaded.problems === undefined) return loaded.config;
  for (const problem of loaded.problems) output.complain(formatProblem(problem));
  output.exit(2);
  return undefined;
}

async function examineMachine(config: Config, { format }: DoctorOptions, output: CommandOutput): Promise<void> {
  const remarks: Remark[] = [];
  const machine = await checkMachine(config, remarks);
  const { rules, shadow, refused } = loadForWorker(config, remarks);
  await checkAlertmanagers(config, remarks);
  if (format === "json")
    output.print(
      JSON.stringify({
        machine,
        rules: { loaded: rules.length, refused, shadow: shadow.size },
        remarks: ranked(remarks),
      }),
    );
  else {
    const { node, dataFolder, free, ports } = machine;
    output.print(`No cluster is configured: the worker keeps everything in ${dataFolder}. Node.js ${node}.`);
    if (free !== undefined) output.print(`Free on its disk: ${(free / 1024 ** 3).toFixed(1)} GiB.`);
    const listening = Object.entries(ports).map(([address, state]) => `${address} ${state}`);
    output.print(`Ports: ${listening.join(", ") || "any"}.`);
    output.print(`${rules.length} rules loaded, ${shadow.size} of them in shadow.`);
    for (const line of remarkLines(remarks)) output.print(line);
  }
  output.exit(remarks.length > 0 ? 1 : 0);
}

async function examineCluster(options: DoctorOptions, output: CommandOutput): Promise<void> {
  await withCluster(options, output, async (cluster, { prefix }, config) => {
    const patterns = patternsOf(config, options.source);
    const asked = patterns.length > 0 ? patterns : ["*"];
    const remarks: Remark[] = [];
    if (patterns.length === 0)
      remarks.push({
        rank: 2,
        what: "No source is configured; all indices were looked at.",
        do: "Add a source of the type elasticsearch to vedette.yaml (docs/elasticsearch.md).",
      });
    const lacking = await missingPrivileges(cluster, RUN_PRIVILEGES, { prefix, patterns });
    for (const { scope, name, reason } of lacking)
      remarks.push({
        rank: 1,
        what: `The key lacks ${name} (${scope}), needed ${reason}.`,
        do: "vedette setup elasticsearch --dry-run prints the role that is needed.",
      });
    const indices = await reportIndices(cluster, prefix, asked, config, Date.now(), remarks);
    const reports = indices.map(({ report }) => report);
    const { rules, shadow, refused } = loadForWorker(config, remarks);
    const told = new Map(
      indices
        .flatMap(({ samples }) => samples.flatMap((one) => one.logSources))
        .map((one) => [logSourceText(one), one]),
    );
    const signatures = rules.filter(({ kind }) => kind === "signature");
    const withData = signatures.filter((rule) => [...told.values()].some((source) => fits(rule.logSource, source)));
    if (reports.length > 0 && signatures.length > 0 && withData.length === 0)
      remarks.push({
        rank: 1,
        what: "No rule has data: none of the sampled documents belongs to a log source that a rule asks for.",
        do: "Give the source a logsource in vedette.yaml, or import rules for what is there: vedette rules import.",
      });
    checkRuleFields(rules, indices, remarks);
    await checkTextFields(cluster, rules, indices, remarks);
    await checkAlertmanagers(config, remarks);
    const ports = options.url === undefined ? await checkPorts(config, remarks) : undefined;
    const { version, serverless } = cluster.capabilities;
    const rulesReport = {
      loaded: rules.length,
      refused,
      shadow: shadow.size,
      signatures: signatures.length,
      withData: withData.length,
    };
    if (options.format === "json")
      output.print(
        JSON.stringify({
          cluster: { name: cluster.name, version, serverless },
          indices: reports,
          rules: rulesReport,
          ...(ports === undefined ? {} : { ports }),
          remarks: ranked(remarks),
        }),
      );
    else {
      output.print(`Elasticsearch ${version}, cluster "${cluster.name}", ${reports.length} indices.`);
      for (const line of textTable(COLUMNS, reports)) output.print(line);
      output.print(
        `${rules.length} rules loaded, ${shadow.size} of them in shadow; ${withData.length} of ${signatures.length} signatures have data (by samples of ${SAMPLE} documents an index).`,
      );
      for (const line of remarkLines(remarks)) output.print(line);
    }
    output.exit(remarks.length > 0 ? 1 : 0);
  });
}

const seconds = (milliseconds: number): string => `${Math.round(milliseconds / 1_000)} s`;

const COLUMNS = [
  { title: "INDEX", text: ({ index }: IndexReport) => index, width: 48 },
  { title: "DOCUMENTS", text: ({ documents }: IndexReport) => String(documents), width: 12 },
  { title: "BYTES", text: ({ bytes }: IndexReport) => String(bytes), width: 14 },
  { title: "AN HOUR", text: ({ perHour }: IndexReport) => (perHour === undefined ? "-" : String(perHour)), width: 12 },
  { title: "HEALTH", text: ({ health }: IndexReport) => health, width: 7 },
  { title: "NEWEST", text: ({ newest }: IndexReport) => newest ?? "-", width: 24 },
  {
    title: "LATE (P95)",
    text: ({ lateness }: IndexReport) => (lateness === undefined ? "-" : seconds(lateness.p95)),
    width: 10,
  },
  { title: "REFRESH", text: ({ refreshInterval }: IndexReport) => refreshInterval ?? "-", width: 7 },
  { title: "READ AS", text: ({ mappings }: IndexReport) => Object.keys(mappings).join(", "), width: 24 },
  { title: "LOG SOURCES", text: ({ logSources }: IndexReport) => logSources.join(", "), width: 60 },
];
