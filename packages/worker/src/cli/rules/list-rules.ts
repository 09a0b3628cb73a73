import type { Rule } from "@vedette/detection";
import { SEVERITY_LEVELS, type SeverityLevel } from "@vedette/semconv";
import type { CommandOutput } from "../command-output.ts";
import { formatProblem } from "../problems.ts";
import { type Column, textTable } from "../text-table.ts";
import { type ClusterOptions, withCluster } from "../cluster-options.ts";
import { countFindings, type FindingCounts } from "./count-findings.ts";
import { errorsOf, loadFrom, rulePathsOf } from "./loaded-rules.ts";

/** What `rules list` is told. */
export interface ListOptions {
  readonly format: "table" | "json";
  /** Of this level or above. */
  readonly level?: SeverityLevel;
  readonly tag?: string;
  /** How far back findings are counted, milliseconds; absent: they are not. */
  readonly findings?: number;
}

/** Lists rules with what each has found in the cluster that the configuration names. */
export async function listRulesWithFindings(
  paths: readonly string[],
  options: ListOptions & ClusterOptions,
  output: CommandOutput,
): Promise<void> {
  const { findings: since } = options;
  if (since === undefined) return listRules(paths, options, output);
  await withCluster(options, output, async (cluster, { prefix }, config) => {
    const chosen = paths.length > 0 ? paths : rulePathsOf(config);
    listRules(chosen, options, output, {
      counts: await countFindings(cluster, prefix, Date.now() - since),
      configuredShadow: config.rules.shadow,
    });
  });
}

/** What is known besides the rules themselves. */
interface ListContext {
  readonly counts?: ReadonlyMap<string, FindingCounts>;
  readonly configuredShadow?: readonly string[];
}

const columns = (
  shadow: ReadonlySet<string>,
  counts: ReadonlyMap<string, FindingCounts> | undefined,
): readonly Column<Rule>[] => [
  ...(counts === undefined
    ? []
    : [
        { title: "FINDINGS", text: ({ id }: Rule) => String(counts.get(id)?.findings ?? 0), width: 9 },
        { title: "IN SHADOW", text: ({ id }: Rule) => String(counts.get(id)?.shadow ?? 0), width: 9 },
      ]),
  // Only where there is something to tell apart.
  ...(shadow.size === 0
    ? []
    : [{ title: "STATE", text: ({ id }: Rule) => (shadow.has(id) ? "shadow" : "active"), width: 6 }]),
  { title: "LEVEL", text: ({ level }) => level, width: 13 },
  { title: "KIND", text: ({ kind }) => kind, width: 11 },
  {
    title: "LOG SOURCE",
    text: ({ logSource }) =>
      [logSource.product, logSource.category, logSource.service].filter((part) => part !== undefined).join("/"),
    width: 44,
  },
  { title: "EXAMPLES", text: ({ extension }) => String(extension.examples.length), width: 8 },
  { title: "TITLE", text: ({ title }) => title, width: 70 },
  { title: "ID", text: ({ id }) => id, width: 64 },
];

/** Lists rules. */
export function listRules(
  paths: readonly string[],
  { format, level, tag }: ListOptions,
  output: CommandOutput,
  { counts, configuredShadow = [] }: ListContext = {},
): void {
  const { rules, problems, unreadable, shadow } = loadFrom(paths, [], configuredShadow);
  const least = level === undefined ? -1 : SEVERITY_LEVELS.indexOf(level);
  const chosen = rules.filter(
    (rule) => SEVERITY_LEVELS.indexOf(rule.level) >= least && (tag === undefined || rule.tags.includes(tag)),
  );
  for (const problem of errorsOf(problems)) output.complain(formatProblem(problem));
  if (format === "json") {
    const rows = chosen.map(
      ({ id, title, level: severity, status, kind, logSource, tags, path, revision, extension }) => ({
        id,
        title,
        level: severity,
        status,
        state: shadow.has(id) ? "shadow" : "active",
        kind,
        logSource,
        tags,
        path,
        revision,
        examples: extension.examples.length,
        ...(counts === undefined ? {} : { findings: 0, findingsInShadow: 0, ...countsOf(counts.get(id)) }),
      }),
    );
    output.print(JSON.stringify(rows));
  } else {
    for (const line of textTable(columns(shadow, counts), chosen)) output.print(line);
    output.print(`${chosen.length} of ${rules.length} rules.`);
  }
  output.exit(unreadable ? 2 : 0);
}

const countsOf = (counts: FindingCounts | undefined): object =>
  counts === undefined ? {} : { findings: counts.findings, findingsInShadow: counts.shadow };
