import { DEFAULT_MAPPINGS, type JsonObject, type Rule } from "@vedette/detection";
import { Command, Option } from "commander";
import type { Cluster } from "../elasticsearch/cluster.ts";
import { calling } from "../elasticsearch/errors.ts";
import { missingPrivileges } from "../elasticsearch/privilege-check.ts";
import { RUN_PRIVILEGES } from "../elasticsearch/privileges.ts";
import { builtinRulesFolder } from "../rules/load.ts";
import { type ClusterOptions, clusterOptions, withCluster } from "./cluster-options.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { loadFrom } from "./rules/loaded-rules.ts";
import { patternsOf } from "./setup/source-patterns.ts";
import { textTable } from "./text-table.ts";

interface DoctorOptions extends ClusterOptions {
  readonly source?: readonly string[];
  readonly format: "table" | "json";
}

/** Something to be put right, and how. */
interface Remark {
  /** 1 comes first. */
  readonly rank: 1 | 2 | 3;
  readonly what: string;
  readonly do: string;
}

/** What is known of one index or backing index. */
interface IndexReport {
  readonly index: string;
  readonly documents: number;
  readonly bytes: number;
  readonly health: string;
  /** Newest `@timestamp`, ISO 8601. */
  readonly newest: string | undefined;
  readonly sampled: number;
  /** Sampled documents by mapping that reads them; `none` for those that no mapping takes. */
  readonly mappings: Readonly<Record<string, number>>;
  readonly logSources: readonly string[];
}

const SAMPLE = 200;
const MAX_INDICES = 200;

/** Builds `vedette doctor`. */
export function doctorCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("doctor")
    .description(
      "say what a cluster holds, which mappings its documents follow, how many rules have data, and what to do first. Exit code 0 when nothing is wrong, 1 when something is, 2 when the cluster cannot be used",
    )
    .option("--source <pattern...>", "indices and data streams to look at, instead of the configuration's")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json"]).default("table"));
  for (const option of clusterOptions()) command.addOption(option);
  return command.action((options: DoctorOptions) =>
    withCluster(options, output, async (cluster, { prefix }, config) => {
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
      const reports = await reportIndices(cluster, prefix, asked, remarks);
      const folders = [...(config.rules.builtin ? [builtinRulesFolder()] : []), ...config.rules.paths];
      const { rules, problems, shadow } = folders.length === 0 ? loadFrom([]) : loadFrom(folders);
      const refused = problems.filter(({ severity }) => severity === "error").length;
      if (refused > 0)
        remarks.push({ rank: 2, what: `${refused} problems keep rules from being loaded.`, do: "vedette rules check" });
      const there = reports.flatMap(({ logSources }) => logSources);
      const signatures = rules.filter(({ kind }) => kind === "signature");
      const withData = signatures.filter((rule) => there.some((source) => hasData(rule, source)));
      if (reports.length > 0 && withData.length === 0)
        remarks.push({
          rank: 1,
          what: "No rule has data: none of the sampled documents belongs to a log source that a rule asks for.",
          do: "Give the source a logsource in vedette.yaml, or import rules for what is there: vedette rules import.",
        });
      remarks.sort((a, b) => a.rank - b.rank);
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
            remarks,
          }),
        );
      else print(output, cluster, reports, rulesReport, remarks);
      output.exit(remarks.length > 0 ? 1 : 0);
    }),
  );
}

const sourceText = ({
  product,
  category,
  service,
}: {
  product?: string | undefined;
  category?: string | undefined;
  service?: string | undefined;
}): string => `${product ?? ""}/${category ?? ""}/${service ?? ""}`;

function hasData({ logSource }: Rule, source: string): boolean {
  const [product, category, service] = source.split("/");
  const fits = (asked: string | undefined, given: string | undefined): boolean =>
    asked === undefined || asked === given;
  return fits(logSource.product, product) && fits(logSource.category, category) && fits(logSource.service, service);
}

async function reportIndices(
  cluster: Cluster,
  prefix: string,
  patterns: readonly string[],
  remarks: Remark[],
): Promise<readonly IndexReport[]> {
  const rows = await calling("Listing the indices", () =>
    cluster.client.cat.indices({
      index: [...patterns],
      format: "json",
      bytes: "b",
      expand_wildcards: ["open", "hidden"],
      h: ["index", "docs.count", "store.size", "health"],
    }),
  );
  const own = (index: string): boolean => index.startsWith(`${prefix}-`) || /^\.(?!ds-)/.test(index);
  const found = rows
    .filter(({ index }) => index !== undefined && !own(index))
    .toSorted((a, b) => Number(b["docs.count"] ?? 0) - Number(a["docs.count"] ?? 0));
  if (found.length === 0)
    remarks.push({
      rank: 1,
      what: `There is no index for ${patterns.join(", ")}.`,
      do: "Correct the patterns, or send events first.",
    });
  if (found.length > MAX_INDICES)
    remarks.push({
      rank: 3,
      what: `Of ${found.length} indices the ${MAX_INDICES} largest were looked at.`,
      do: "Name fewer with --source.",
    });
  const reports: IndexReport[] = [];
  for (const row of found.slice(0, MAX_INDICES)) {
    const index = row.index ?? "";
    const health = row.health ?? "unknown";
    if (health === "red") {
      remarks.push({
        rank: 1,
        what: `${index} has shards that are not there (red); the worker waits for them.`,
        do: `GET _cluster/allocation/explain says why.`,
      });
      reports.push({
        index,
        documents: 0,
        bytes: 0,
        health,
        newest: undefined,
        sampled: 0,
        mappings: {},
        logSources: [],
      });
      continue;
    }
    reports.push(
      await sample(cluster, index, health, Number(row["docs.count"] ?? 0), Number(row["store.size"] ?? 0), remarks),
    );
  }
  return reports;
}

async function sample(
  cluster: Cluster,
  index: string,
  health: string,
  documents: number,
  bytes: number,
  remarks: Remark[],
): Promise<IndexReport> {
  const answer = await calling(`Reading samples of ${index}`, () =>
    cluster.client.search<JsonObject>({
      index,
      size: SAMPLE,
      sort: [{ "@timestamp": { order: "desc", unmapped_type: "date" } }],
    }),
  );
  const counts: Record<string, number> = {};
  const sources = new Set<string>();
  let newest: number | undefined;
  for (const { _source: document } of answer.hits.hits) {
    if (document === undefined) continue;
    const mapping = DEFAULT_MAPPINGS.find((one) => one.accepts(document));
    const name = mapping?.name ?? "none";
    counts[name] = (counts[name] ?? 0) + 1;
    for (const source of mapping?.logSources(document) ?? []) sources.add(sourceText(source));
    const time = mapping?.time(document);
    if (time !== undefined && (newest === undefined || time > newest)) newest = time;
  }
  const sampled = answer.hits.hits.length;
  if (sampled > 0 && sources.size === 0)
    remarks.push({
      rank: 2,
      what: `${index}: no log source is known of its documents, so no rule looks at them.`,
      do: "Set `logsource` of its source in vedette.yaml, such as { product: linux, service: auth }.",
    });
  if (sampled > 0 && newest === undefined)
    remarks.push({
      rank: 3,
      what: `${index}: its documents have no time.`,
      do: "They are judged at the time at which they are read; write @timestamp.",
    });
  return {
    index,
    documents,
    bytes,
    health,
    newest: newest === undefined ? undefined : new Date(newest).toISOString(),
    sampled,
    mappings: counts,
    logSources: [...sources].sort(),
  };
}

function print(
  output: CommandOutput,
  cluster: Cluster,
  reports: readonly IndexReport[],
  rules: {
    readonly loaded: number;
    readonly refused: number;
    readonly shadow: number;
    readonly signatures: number;
    readonly withData: number;
  },
  remarks: readonly Remark[],
): void {
  output.print(`Elasticsearch ${cluster.capabilities.version}, cluster "${cluster.name}", ${reports.length} indices.`);
  const lines = textTable<IndexReport>(
    [
      { title: "INDEX", text: ({ index }) => index, width: 48 },
      { title: "DOCUMENTS", text: ({ documents }) => String(documents), width: 12 },
      { title: "BYTES", text: ({ bytes }) => String(bytes), width: 14 },
      { title: "HEALTH", text: ({ health }) => health, width: 7 },
      { title: "NEWEST", text: ({ newest }) => newest ?? "-", width: 24 },
      { title: "READ AS", text: ({ mappings }) => Object.keys(mappings).join(", "), width: 24 },
      { title: "LOG SOURCES", text: ({ logSources }) => logSources.join(", "), width: 60 },
    ],
    reports,
  );
  for (const line of lines) output.print(line);
  output.print(
    `${rules.loaded} rules loaded, ${rules.shadow} of them in shadow; ${rules.withData} of ${rules.signatures} signatures have data (by samples of ${SAMPLE} documents an index).`,
  );
  if (remarks.length === 0) output.print("Nothing is wrong.");
  else output.print("What to do first:");
  for (const [number, remark] of remarks.entries()) output.print(`  ${number + 1}. ${remark.what}\n     ${remark.do}`);
}
