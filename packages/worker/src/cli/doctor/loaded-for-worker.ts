import type { Rule } from "@vedette/detection";
import type { Config } from "../../config/schema.ts";
import { readPipelines } from "../../rules/pipelines.ts";
import { formatProblem } from "../problems.ts";
import { counted, errorsOf, loadFrom, rulePathsOf } from "../rules/loaded-rules.ts";
import type { Remark } from "./remark.ts";

/** Rules as a worker with this configuration would have them. */
export interface WorkerRules {
  readonly rules: readonly Rule[];
  readonly shadow: ReadonlySet<string>;
  /** Problems that keep something from being loaded. */
  readonly refused: number;
}

/** Loads the rules that a configuration names, through its pipelines, as a worker does. */
export function loadForWorker(config: Config, remarks: Remark[]): WorkerRules {
  const { rules: settings } = config;
  const pipelines = readPipelines(settings.pipelines);
  const [broken] = errorsOf(pipelines.problems);
  if (broken !== undefined) {
    remarks.push({
      rank: 1,
      what: `No rule is loaded, because a pipeline cannot be honoured: ${formatProblem(broken)}`,
      do: `vedette rules check --pipeline ${settings.pipelines.join(" --pipeline ")}`,
    });
    return { rules: [], shadow: new Set(), refused: errorsOf(pipelines.problems).length };
  }
  const paths = rulePathsOf(config);
  if (paths.length === 0) {
    remarks.push({ rank: 1, what: "No rule is configured.", do: "Set rules.builtin or rules.paths in vedette.yaml." });
    return { rules: [], shadow: new Set(), refused: 0 };
  }
  const { rules, problems, shadow } = loadFrom(paths, pipelines.pipelines, settings.shadow);
  const errors = errorsOf(problems);
  const [first] = errors;
  if (first !== undefined)
    remarks.push({
      rank: rules.length === 0 ? 1 : 2,
      what: `${counted(errors.length, "problem")} keep rules from being loaded; the first: ${formatProblem(first)}`,
      do: `vedette rules check ${paths.join(" ")}`,
    });
  return { rules, shadow, refused: errors.length };
}
