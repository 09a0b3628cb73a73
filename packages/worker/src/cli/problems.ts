import type { Problem } from "@vedette/detection";
import colors from "picocolors";
import { printable } from "./text-table.ts";

/** Problems written out in full; of more, their number is said. */
const WRITTEN = 50;

/** One problem as compilers write it: place, what is wrong, code, and what to do. */
export function formatProblem({ path, line, column, severity, message, code, suggestion }: Problem): string {
  const place = printable([path, line, column].filter((part) => part !== undefined).join(":"));
  const kind = severity === "error" ? colors.red("error") : colors.yellow("warning");
  const cure = suggestion === undefined ? "" : `\n    ${printable(suggestion)}`;
  // Messages of parsers may run over lines; each is made harmless, because a rule file can come from anywhere.
  const text = message.split("\n").map(printable).join("\n    ");
  return `${place}: ${kind}: ${text} (${code})${cure}`;
}

/** Writes problems to standard error. */
export function writeProblems(problems: readonly Problem[]): void {
  for (const problem of problems.slice(0, WRITTEN)) console.error(formatProblem(problem));
  if (problems.length > WRITTEN)
    console.error(`… and ${problems.length - WRITTEN} more: vedette rules check lists them all.`);
}
