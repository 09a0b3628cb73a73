import { type Pipeline, type Problem, type Rule, type RuleFilter, loadRules } from "@vedette/detection";
import type { Config } from "../../config/schema.ts";
import type { CommandOutput } from "../command-output.ts";
import { type ChosenPipelines, choosePipelines } from "../detect/choose-pipelines.ts";
import { builtinRulesFolder, readRuleFiles, shadowIds, unknownShadow } from "../../rules/load.ts";

/** What a command knows of the rules it was given. */
export interface LoadedRules {
  readonly rules: readonly Rule[];
  readonly filters: readonly RuleFilter[];
  readonly problems: readonly Problem[];
  /** Whether a path could not be read. */
  readonly unreadable: boolean;
  /** Files that were read. */
  readonly files: number;
  /** Ids of imported rules that are on trial. */
  readonly shadow: ReadonlySet<string>;
}

/** Loads the rules of some paths; without a path, those that come with Vedette. */
export function loadFrom(
  paths: readonly string[],
  pipelines: readonly Pipeline[] = [],
  configuredShadow: readonly string[] = [],
): LoadedRules {
  const source = readRuleFiles(paths.length > 0 ? paths : [builtinRulesFolder()]);
  const { rules, filters, problems } = loadRules(source.files, { pipelines });
  return {
    rules,
    filters,
    problems: [...source.problems, ...problems, ...unknownShadow(rules, configuredShadow)],
    unreadable: source.problems.length > 0,
    files: source.files.length,
    shadow: shadowIds(rules, source.shadow, configuredShadow),
  };
}

/** Where a worker with this configuration has its rules from. */
export function rulePathsOf({ rules }: Config): readonly string[] {
  return [...(rules.builtin ? [builtinRulesFolder()] : []), ...rules.paths];
}

/** What `--pipeline` of a command about rules says; undefined, and complaints, when it cannot be honoured. */
export function pipelinesOf(names: readonly string[], output: CommandOutput): ChosenPipelines | undefined {
  const chosen = choosePipelines(names);
  for (const line of "error" in chosen ? [chosen.error] : chosen.warnings) output.complain(line);
  if (!("error" in chosen)) return chosen;
  output.exit(2);
  return undefined;
}

/** Problems that kept something from being loaded. */
export const errorsOf = (problems: readonly Problem[]): readonly Problem[] =>
  problems.filter(({ severity }) => severity === "error");

/** Says that rules were refused, when a rule that somebody looks for is not there. */
export function complainOfRefused(problems: readonly Problem[], output: CommandOutput): void {
  const errors = errorsOf(problems).length;
  if (errors > 0)
    output.complain(`${counted(errors, "problem")} kept rules from being loaded: "vedette rules check" says which.`);
}

/** A number with its noun. */
export const counted = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
