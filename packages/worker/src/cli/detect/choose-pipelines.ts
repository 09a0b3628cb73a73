import { DEFAULT_MAPPINGS, type FieldMapping } from "@vedette/detection";
import { nearestName } from "../../config/nearest.ts";
import { printable } from "../text-table.ts";

/** What `--pipeline` says. */
export interface ChosenPipelines {
  /** Mappings that events are read by, in the order they are asked. */
  readonly mappings: readonly FieldMapping[];
}

/** Finds what `--pipeline` names; without names, every mapping. */
export function choosePipelines(names: readonly string[]): ChosenPipelines | { readonly error: string } {
  const known = DEFAULT_MAPPINGS.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const guess = nearestName(name, known);
    const cure = guess === undefined ? `The mappings are: ${known.join(", ")}.` : `Did you mean "${guess}"?`;
    return { error: `There is no mapping "${printable(name)}". ${cure}` };
  }
  return {
    mappings: names.length === 0 ? DEFAULT_MAPPINGS : DEFAULT_MAPPINGS.filter(({ name }) => names.includes(name)),
  };
}
