import { parseDuration } from "@vedette/detection";
import { SEVERITY_LEVELS } from "@vedette/semconv";
import { Command, InvalidArgumentError, Option } from "commander";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { type ClusterOptions, clusterOptions } from "./cluster-options.ts";
import { eventOptions, logSourceOption, pipelineFileOption } from "./options.ts";
import { type CheckOptions, checkRules } from "./rules/check-rules.ts";
import { type ExplainRuleOptions, explainRule } from "./rules/explain-rule.ts";
import { type ImportOptions, importRules } from "./rules/import-rules.ts";
import { type ListOptions, listRulesWithFindings } from "./rules/list-rules.ts";
import { lookBackOptions } from "./hunt/hunt-command.ts";
import { type PreviewOptions, previewRules } from "./rules/preview-rules.ts";
import { type PromoteOptions, setImportState } from "./rules/promote-rules.ts";
import { type ShowOptions, showRule } from "./rules/show-rule.ts";
import { type TestOptions, testRules } from "./rules/test-rules.ts";

/** Builds `vedette rules check|test|list|show|explain|import|promote|demote|preview`. */
export function rulesCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("rules").description(
    "check, test, list, show, explain and import rules; without a path, the rules that come with Vedette",
  );
  const paths = "YAML files, folders, or .jsonl or .jsonl.gz files";
  const format = (): Option =>
    new Option("--format <format>", "how to print").choices(["table", "json"]).default("table");
  const textFormat = (): Option =>
    new Option("--format <format>", "how to print").choices(["text", "json"]).default("text");
  command
    .command("check")
    .description(
      "load rules and list every problem with file, line and column; exit code 1 when a rule is refused, 2 when a path cannot be read",
    )
    .argument("[path...]", paths)
    .option("--strict", "exit code 1 also when there is a warning")
    .addOption(pipelineFileOption())
    .addOption(format())
    .action((given: readonly string[], options: CheckOptions) => checkRules(given, options, output));
  command
    .command("test")
    .description("run the examples inside rules on the production engine; exit code 1 when one fails")
    .argument("[path...]", "as for check")
    .option("--rule <id>", "only this rule (id, name, title, or the beginning of an id)")
    .addOption(format())
    .action((given: readonly string[], options: TestOptions) => testRules(given, options, output));
  const list = command
    .command("list")
    .description("list rules")
    .argument("[path...]", "as for check")
    .addOption(new Option("--level <level>", "of this level or above").choices([...SEVERITY_LEVELS]))
    .option("--tag <tag>", "with this tag, such as attack.t1110")
    .addOption(
      new Option(
        "--findings [duration]",
        "with what each has found in the cluster, by default in 7d; then without a path the rules of the configuration",
      )
        .argParser(durationOption)
        .preset("7d"),
    )
    .addOption(format());
  for (const option of clusterOptions()) list.addOption(option);
  list.action((given: readonly string[], options: ListOptions & ClusterOptions) =>
    listRulesWithFindings(given, options, output),
  );
  command
    .command("show")
    .description("show one rule in words; exit code 2 when there is no such rule")
    .argument("<rule>", "its id, name or title, or the beginning of its id")
    .argument("[path...]", "as for check")
    .addOption(pipelineFileOption())
    .addOption(textFormat())
    .action((rule: string, given: readonly string[], options: ShowOptions) => showRule(rule, given, options, output));
  const explain = command
    .command("explain")
    .description(
      "say why a rule matches events or does not: which part of its condition decided, and what the event has there; exit code 2 on bad input",
    )
    .argument("<rule>", "its id, name or title, or the beginning of its id")
    .argument("[path...]", "as for check")
    .requiredOption(
      "--event <file>",
      "events: JSON, JSON lines, also gzip or zstd; - is standard input; may be given again",
      (file: string, before: readonly string[] | undefined) => [...(before ?? []), file],
    )
    .option("--index <number>", "only the event with this number, counted from 0 over all files", indexOption)
    .addOption(textFormat());
  for (const option of eventOptions()) explain.addOption(option);
  explain.action((rule: string, given: readonly string[], options: ExplainRuleOptions) =>
    explainRule(rule, given, options, output),
  );
  const preview = command
    .command("preview")
    .description(
      "say of every rule what it would have found in what a cluster has stored: does it have data, how often a day, on whom, what it costs; those to start with first",
    )
    .option("--rules <path...>", "as for check; without a path, the rules that come with Vedette")
    .addOption(format());
  for (const option of lookBackOptions()) preview.addOption(option);
  preview.action((options: PreviewOptions) => previewRules(options, output));
  command
    .command("import")
    .description(
      "copy or convert rules into a folder of yours, in shadow until promoted; again, it shows what changed and overwrites nothing that you changed. Exit code 1 when something of yours stood in the way, 2 when nothing could be read or written",
    )
    .argument("<origin>", "sigmahq, elastalert, or a folder or .jsonl or .jsonl.gz file of Sigma rules")
    .option("--from <path>", "of sigmahq and elastalert: a checkout, a folder, or a .jsonl or .jsonl.gz file")
    .requiredOption("--to <folder>", "where the rules go")
    .option("--dry-run", "only say what would be done")
    .option("--all", "of sigmahq: also what is deprecated, unsupported or a placeholder")
    .addOption(new Option("--level <level>", "only of this level or above").choices([...SEVERITY_LEVELS]))
    .option("--product <name>", "only of this product, such as windows")
    .addOption(
      new Option(
        "--logsource <list>",
        "of elastalert: log source where the index does not tell it, e.g. product=linux,service=auth",
      ).argParser(logSourceOption),
    )
    .addOption(format())
    .action((what: string, options: ImportOptions) => importRules(what, options, output, new Date()));
  const stateOf = (name: "promote" | "demote", description: string): Command =>
    command
      .command(name)
      .description(description)
      .argument("[rule...]", "ids of rules, or files or folders below the folder of the import")
      .requiredOption("--in <folder>", "the folder of the import")
      .option("--all", "all of them");
  stateOf("promote", "let imported rules alert").action((ids: readonly string[], options: PromoteOptions) =>
    setImportState(ids, "active", options, output),
  );
  stateOf("demote", "put imported rules back into shadow, or off")
    .option("--off", "do not judge by them at all")
    .action((ids: readonly string[], options: PromoteOptions) =>
      setImportState(ids, options.off === true ? "off" : "shadow", options, output),
    );
  return command;
}

function indexOption(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("write a whole number from 0 on.");
  return Number(text);
}

function durationOption(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined)
    throw new InvalidArgumentError("a duration is a whole number and s, m, h, d or w, such as 7d.");
  return milliseconds;
}
