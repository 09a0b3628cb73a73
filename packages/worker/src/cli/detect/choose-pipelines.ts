import { DEFAULT_MAPPINGS, type FieldMapping, type Pipeline } from "@vedette/detection";
import { nearestName } from "../../config/nearest.ts";
import { isPipelinePath, readPipelines } from "../../rules/pipelines.ts";
import { formatProblem } from "../problems.ts";
import { printable } from "../text-table.ts";

/** What `--pipeline` says. */
export interface ChosenPipelines {
  /** Mappings that events are read by, in the order they are asked. */
  readonly mappings: readonly FieldMapping[];
  /** What is done to rules before they are read. */
  readonly pipelines: readonly Pipeline[];
  /** Warnings about the pipelines, one a line. */
  readonly warnings: readonly string[];
}

/**
 * Finds what `--pipeline` names: mappings, or files of processing pipelines. Without the name of a mapping, every mapping is asked. A pipeline that
 * cannot be honoured is an error: rules would not be what was asked for.
 */
export function choosePipelines(names: readonly string[]): ChosenPipelines | { readonly error: string } {
  const known = DEFAULT_MAPPINGS.map(({ name }) => name);
  const mappings = names.filter((name) => known.includes(name));
  const paths = names.filter((name) => !known.includes(name));
  for (const name of paths) {
    if (isPipelinePath(name)) continue;
    const guess = nearestName(name, known);
    const cure = guess === undefined ? `The mappings are: ${known.join(", ")}.` : `Did you mean "${guess}"?`;
    return { error: `There is no mapping "${printable(name)}". ${cure} A pipeline's file ends in .yml or .yaml.` };
  }
  const { pipelines, problems } = readPipelines(paths);
  const lines = problems.map(formatProblem);
  if (problems.some(({ severity }) => severity === "error")) return { error: lines.join("\n") };
  return {
    mappings: mappings.length === 0 ? DEFAULT_MAPPINGS : DEFAULT_MAPPINGS.filter(({ name }) => mappings.includes(name)),
    pipelines,
    warnings: lines,
  };
}
