import type { Rule } from "@vedette/detection";
import { SEVERITY_LEVELS, type SeverityLevel } from "@vedette/semconv";
import type { CommandOutput } from "../command-output.ts";
import { formatProblem } from "../problems.ts";
import { type Column, textTable } from "../text-table.ts";
import { errorsOf, loadFrom } from "./loaded-rules.ts";

/** What `rules list` is told. */
export interface ListOptions {
  readonly format: "table" | "json";
  /** Of this level or above. */
  readonly level?: SeverityLevel;
  readonly tag?: string;
}

const columns = (shadow: ReadonlySet<string>): readonly Column<Rule>[] => [
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
export function listRules(paths: readonly string[], { format, level, tag }: ListOptions, output: CommandOutput): void {
  const { rules, problems, unreadable, shadow } = loadFrom(paths);
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
      }),
    );
    output.print(JSON.stringify(rows));
  } else {
    for (const line of textTable(columns(shadow), chosen)) output.print(line);
    output.print(`${chosen.length} of ${rules.length} rules.`);
  }
  output.exit(unreadable ? 2 : 0);
}
