// npm run quality -- log-scenarios [--case NAME]: our rules on the raw lines of the scenarios; exit code 1 when a case that is claimed
// does not give exactly its number of alerts.
import { parseArgs } from "node:util";
import { createScenarioRunner, scenarioCases, scenarioRules } from "./run.ts";

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const { values } = parseArgs({ options: { case: { type: "string" } } });
const { rules, problems } = scenarioRules();
for (const { path, line, message } of problems) process.stderr.write(`${path}:${line ?? 1}: ${message}\n`);
const run = createScenarioRunner(rules);
const results = scenarioCases()
  .map(run)
  .filter(({ name }) => values.case === undefined || name === values.case);
const row = (...cells: readonly string[]): string =>
  `${(cells[0] ?? "").padEnd(38)}${(cells[1] ?? "").padStart(8)}${(cells[2] ?? "").padStart(6)}  ${cells.slice(3).join("  ")}`.trimEnd();
say(row("scenario", "expected", "got", "ok"));
for (const { name, expected, got, reason, byScenario, expectedByScenario, lines, events } of results) {
  const ok = got === expected;
  const detail =
    got === undefined
      ? `left out: ${reason}`
      : ok
        ? "yes"
        : `NO   expected ${JSON.stringify(expectedByScenario)}, got ${JSON.stringify(byScenario)}, ${events} events of ${lines} lines`;
  say(row(name, String(expected), got === undefined ? "-" : String(got), detail));
}
const claimed = results.filter(({ got }) => got !== undefined);
const right = claimed.filter(({ got, expected }) => got === expected);
say(
  `${right.length} of ${claimed.length} scenarios that are claimed give exactly their number of alerts; ${results.length - claimed.length} of ${results.length} are left out, each for the reason beside it`,
);
process.exitCode = right.length === claimed.length && problems.length === 0 && results.length > 0 ? 0 : 1;
