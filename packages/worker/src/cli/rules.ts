import { type ExampleResult, type Problem, type Rule, loadRules, testRule } from "@vedette/detection";
import { SEVERITY_LEVELS, type SeverityLevel } from "@vedette/semconv";
import { Command, Option } from "commander";
import colors from "picocolors";
import { builtinRulesFolder, readRuleFiles } from "../rules/load.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { formatProblem } from "./problems.ts";
import { type Column, printable, textTable } from "./text-table.ts";

interface Common {
  readonly format: "table" | "json";
}

/** Builds `vedette rules check|test|list`. */
export function rulesCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("rules").description(
    "check, test and list rules; without a path, the rules that come with Vedette",
  );
  const format = (): Option =>
    new Option("--format <format>", "how to print").choices(["table", "json"]).default("table");
  command
    .command("check")
    .description(
      "load rules and list every problem with file, line and column; exit code 1 when a rule is refused, 2 when a path cannot be read",
    )
    .argument("[path...]", "YAML files, folders, or .jsonl or .jsonl.gz files")
    .addOption(format())
    .action((paths: readonly string[], options: Common) => check(paths, options, output));
  command
    .command("test")
    .description("run the examples inside rules on the production engine; exit code 1 when one fails")
    .argument("[path...]", "as for check")
    .option("--rule <id>", "only this rule")
    .addOption(format())
    .action((paths: readonly string[], options: Common & { readonly rule?: string }) =>
      runTests(paths, options, output),
    );
  command
    .command("list")
    .description("list rules")
    .argument("[path...]", "as for check")
    .addOption(new Option("--level <level>", "of this level or above").choices([...SEVERITY_LEVELS]))
    .option("--tag <tag>", "with this tag, such as attack.t1110")
    .addOption(format())
    .action((paths: readonly string[], options: Common & { readonly level?: SeverityLevel; readonly tag?: string }) =>
      list(paths, options, output),
    );
  return command;
}

interface Loaded {
  readonly rules: readonly Rule[];
  readonly problems: readonly Problem[];
  readonly unreadable: boolean;
}

function load(paths: readonly string[]): Loaded {
  const source = readRuleFiles(paths.length > 0 ? paths : [builtinRulesFolder()]);
  const { rules, problems } = loadRules(source.files);
  return { rules, problems: [...source.problems, ...problems], unreadable: source.problems.length > 0 };
}

const counted = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

const errorsOf = (problems: readonly Problem[]): readonly Problem[] =>
  problems.filter(({ severity }) => severity === "error");

function check(paths: readonly string[], { format }: Common, output: CommandOutput): void {
  const { rules, problems, unreadable } = load(paths);
  const errors = errorsOf(problems).length;
  // A path without any rule is a slip of the pen more often than a wish.
  const nothing = rules.length === 0 && problems.length === 0;
  if (nothing) output.complain(`There is no rule in ${paths.map(printable).join(", ")}.`);
  if (format === "json") output.print(JSON.stringify({ loaded: rules.length, problems }));
  else {
    for (const problem of problems) output.print(formatProblem(problem));
    output.print(
      `${counted(rules.length, "rule")} loaded, ${counted(errors, "error")}, ${counted(problems.length - errors, "warning")}.`,
    );
  }
  output.exit(unreadable || nothing ? 2 : errors > 0 ? 1 : 0);
}

function runTests(
  paths: readonly string[],
  { format, rule: only }: Common & { readonly rule?: string },
  output: CommandOutput,
): void {
  const { rules, problems, unreadable } = load(paths);
  const chosen = rules.filter(({ id }) => only === undefined || id === only.toLowerCase());
  if (chosen.length === 0) {
    for (const problem of problems) output.complain(formatProblem(problem));
    output.complain(only === undefined ? "No rule could be loaded." : `There is no rule ${printable(only)}.`);
    output.exit(2);
    return;
  }
  const ruleSet = { rules, problems };
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

const COLUMNS: readonly Column<Rule>[] = [
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

function list(
  paths: readonly string[],
  { format, level, tag }: Common & { readonly level?: SeverityLevel; readonly tag?: string },
  output: CommandOutput,
): void {
  const { rules, problems, unreadable } = load(paths);
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
    for (const line of textTable(COLUMNS, chosen)) output.print(line);
    output.print(`${chosen.length} of ${rules.length} rules.`);
  }
  output.exit(unreadable ? 2 : 0);
}
