import type { Problem } from "@vedette/detection";
import colors from "picocolors";

/** Problems written out in full; of more, their number is said. */
const WRITTEN = 50;

/** One problem as compilers write it: place, what is wrong, code, and what to do. */
export function formatProblem({ path, line, column, severity, message, code, suggestion }: Problem): string {
  const place = [path, line, column].filter((part) => part !== undefined).join(":");
  return `${place}: ${severity === "error" ? colors.red("error") : colors.yellow("warning")}: ${message} (${code})${suggestion === undefined ? "" : `\n    ${suggestion}`}`;
}

/** Writes problems to standard error. */
export function writeProblems(problems: readonly Problem[]): void {
  for (const problem of problems.slice(0, WRITTEN)) console.error(formatProblem(problem));
  if (problems.length > WRITTEN) console.error(`… and ${problems.length - WRITTEN} more: vedette rules check lists them all.`);
}
