import { type ExampleResult, testRule } from "@vedette/detection";
import colors from "picocolors";
import type { CommandOutput } from "../command-output.ts";
import { formatProblem } from "../problems.ts";
import { printable } from "../text-table.ts";
import { findRule } from "./find-rule.ts";
import { errorsOf, loadFrom } from "./loaded-rules.ts";

/** What `rules test` is told. */
export interface TestOptions {
  readonly format: "table" | "json";
  /** Only this rule. */
  readonly rule?: string;
}

/** Runs the examples inside rules. */
export function testRules(paths: readonly string[], { format, rule: only }: TestOptions, output: CommandOutput): void {
  const { rules, filters, problems, unreadable } = loadFrom(paths);
  const found = only === undefined ? undefined : findRule(only, rules);
  const chosen = found === undefined ? rules : "error" in found ? [] : [found];
  if (chosen.length === 0) {
    for (const problem of problems) output.complain(formatProblem(problem));
    output.complain(found !== undefined && "error" in found ? found.error : "No rule could be loaded.");
    output.exit(2);
    return;
  }
  const ruleSet = { rules, filters, problems };
  const results = chosen.map((rule) => ({ rule, results: testRule(rule, ruleSet) }));
  const flat: readonly ExampleResult[] = results.flatMap((entry) => entry.results);
  const failed = flat.filter(({ passed }) => !passed).length;
  const untested = results.filter((entry) => entry.results.length === 0).length;
  if (format === "json")
    output.print(
      JSON.stringify({
        problems,
        rules: results.map(({ rule, results: examples }) => ({
          id: rule.id,
          title: rule.title,
          path: rule.path,
          examples,
        })),
      }),
    );
  else {
    for (const problem of problems) output.complain(formatProblem(problem));
    for (const { rule, results: examples } of results) {
      for (const example of examples) {
        const mark = example.passed ? colors.green("ok  ") : colors.red("FAIL");
        output.print(
          `${mark}  ${printable(rule.title)} › ${printable(example.name)} (${example.kind})${example.passed ? "" : `: ${example.message} ${rule.path}`}`,
        );
      }
    }
    output.print(
      `${flat.length - failed} of ${flat.length} examples hold, in ${chosen.length} rules${untested > 0 ? `; ${untested} rules have none` : ""}.`,
    );
  }
  output.exit(unreadable ? 2 : failed > 0 || errorsOf(problems).length > 0 ? 1 : 0);
}
