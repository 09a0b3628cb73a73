import type { LogSource } from "../event.ts";
import { type Tree, child } from "../sigma/tree.ts";
import { type RuleDraft, readLogSource } from "./rule-draft.ts";
import type { SideSection } from "./side-sections.ts";

/** A filter document: pipelines see it as a part of each rule that it is put on. */
export interface FilterDraft extends SideSection {
  readonly position: number;
  readonly logSource: LogSource;
  readonly references: "any" | readonly string[];
}

/** Takes a filter apart; undefined when it is none, or too broken. */
export function readFilterDraft(tree: Tree, position: number): FilterDraft | undefined {
  const section = child(tree, "filter");
  if (section?.kind !== "map" || child(section, "condition") === undefined) return undefined;
  const rules = child(section, "rules");
  const items = rules?.kind === "list" ? rules.items : rules === undefined ? [] : [rules];
  const names = items.flatMap((item) => (item.kind === "scalar" ? [String(item.value).toLowerCase()] : []));
  const isAny = rules?.kind === "scalar" && names[0] === "any";
  const logSource = readLogSource(tree);
  return { name: `filter ${position}`, position, section, logSource, references: isAny ? "any" : names };
}

/** Whether a filter is put on a rule, by the rule's log source as it is written. */
export function isPutOn(filter: FilterDraft, draft: RuleDraft): boolean {
  if (draft.isCorrelation) return false;
  const names = ["id", "name"].flatMap((key) => {
    const value = child(draft.tree, key);
    return value?.kind === "scalar" ? [String(value.value).toLowerCase()] : [];
  });
  return (
    (["product", "category", "service"] as const).every(
      (key) => filter.logSource[key] === undefined || filter.logSource[key] === draft.logSource[key],
    ) &&
    (filter.references === "any" || filter.references.some((reference) => names.includes(reference)))
  );
}
