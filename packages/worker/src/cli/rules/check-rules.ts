import type { Problem } from "@vedette/detection";
import type { CommandOutput } from "../command-output.ts";
import { formatProblem } from "../problems.ts";
import { printable, textTable } from "../text-table.ts";
import { counted, errorsOf, loadFrom, pipelinesOf } from "./loaded-rules.ts";

/** What `rules check` is told. */
export interface CheckOptions {
  readonly format: "table" | "json";
  /** Whether a warning makes the exit code 1. */
  readonly strict?: boolean;
  readonly pipeline: readonly string[];
}

/** Loads rules and lists every problem, then how many there are of each kind. */
export function checkRules(
  paths: readonly string[],
  { format, strict, pipeline }: CheckOptions,
  output: CommandOutput,
): void {
  const pipelines = pipelinesOf(pipeline, output);
  if (pipelines === undefined) return;
  const { rules, filters, problems, unreadable, files } = loadFrom(paths, pipelines.pipelines);
  const errors = errorsOf(problems).length;
  const warnings = problems.length - errors;
  // A path without any rule is a slip of the pen more often than a wish.
  const nothing = rules.length === 0 && problems.length === 0;
  if (nothing) output.complain(`There is no rule in ${paths.map(printable).join(", ")}.`);
  const codes = byCode(problems);
  if (format === "json") {
    const signatures = rules.filter(({ kind }) => kind === "signature").length;
    output.print(
      JSON.stringify({
        files,
        loaded: rules.length,
        signatures,
        correlations: rules.length - signatures,
        filters: filters.length,
        errors,
        warnings,
        codes: Object.fromEntries(codes.map(({ code, count }) => [code, count])),
        problems,
      }),
    );
  } else {
    for (const problem of problems) output.print(formatProblem(problem));
    if (codes.length > 1) {
      const columns = [
        { title: "PROBLEMS", text: ({ count }: CodeCount) => String(count), width: 10 },
        { title: "KIND", text: ({ severity }: CodeCount) => severity, width: 10 },
        { title: "CODE", text: ({ code }: CodeCount) => code, width: 60 },
      ];
      for (const line of textTable(columns, codes)) output.print(line);
    }
    output.print(
      `${counted(rules.length, "rule")} loaded, ${counted(errors, "error")}, ${counted(warnings, "warning")}.`,
    );
  }
  const failed = errors > 0 || (strict === true && warnings > 0);
  output.exit(unreadable || nothing ? 2 : failed ? 1 : 0);
}

interface CodeCount {
  readonly code: string;
  readonly severity: Problem["severity"];
  readonly count: number;
}

/** How often each code occurs, the most frequent first, errors before warnings. */
function byCode(problems: readonly Problem[]): readonly CodeCount[] {
  const counts = new Map<string, CodeCount>();
  for (const { code, severity } of problems) {
    const key = `${severity} ${code}`;
    counts.set(key, { code, severity, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  const rank = ({ severity, count }: CodeCount): number => (severity === "error" ? 1e9 : 0) + count;
  return [...counts.values()].sort((a, b) => rank(b) - rank(a) || (a.code < b.code ? -1 : 1));
}
