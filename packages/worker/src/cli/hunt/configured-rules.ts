import type { Rule } from "@vedette/detection";
import type { ProcessRecords } from "../../collector/processors/processors.ts";
import { createProcessors } from "../../collector/processors/processors.ts";
import type { Config } from "../../config/schema.ts";
import { createMetricsObserver } from "../../collector/metrics-observer.ts";
import { createMetrics } from "../../server/metrics.ts";
import { builtinRulesFolder } from "../../rules/load.ts";
import { readPipelines } from "../../rules/pipelines.ts";
import { SILENT_LOG } from "../cluster-options.ts";
import type { CommandOutput } from "../command-output.ts";
import { formatProblem } from "../problems.ts";
import { errorsOf, loadFrom } from "../rules/loaded-rules.ts";

/** What judges events as the workers of a configuration do. */
export interface ConfiguredRules {
  readonly rules: readonly Rule[];
  /** Ids of rules that are on trial. */
  readonly shadow: ReadonlySet<string>;
  /** The configuration's processors; undefined when it has none. */
  readonly process: ProcessRecords | undefined;
}

/**
 * The rules of some paths, or those of the configuration, put through its pipelines; undefined, and complaints, when there are none or a pipeline cannot
 * be read: without it rules would look for something else.
 */
export function configuredRules(
  config: Config,
  paths: readonly string[] | undefined,
  output: CommandOutput,
): ConfiguredRules | undefined {
  const pipelines = readPipelines(config.rules.pipelines);
  const own = paths ?? [...(config.rules.builtin ? [builtinRulesFolder()] : []), ...config.rules.paths];
  const isBroken = errorsOf(pipelines.problems).length > 0;
  const { rules, problems, shadow } = loadFrom(own, pipelines.pipelines);
  const errors = errorsOf([...pipelines.problems, ...problems]);
  for (const problem of errors.slice(0, 5)) output.complain(formatProblem(problem));
  if (errors.length > 5)
    output.complain(`… and ${errors.length - 5} more problems: "vedette rules check" lists them all.`);
  if (isBroken || rules.length === 0) {
    output.complain(isBroken ? "A pipeline of the configuration cannot be read." : "No rule could be loaded.");
    output.exit(2);
    return undefined;
  }
  const process =
    config.processors.length === 0
      ? undefined
      : createProcessors(config.processors, { observer: createMetricsObserver(createMetrics()), log: SILENT_LOG });
  return { rules, shadow, process };
}
