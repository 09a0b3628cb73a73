import { type MapTree, type Tree, child } from "../sigma/tree.ts";
import { isGone, readDetection } from "./detection.ts";
import { valueAt, withValueAt } from "./field-slots.ts";
import { PipelineRefusal } from "./refusal.ts";
import type { RuleDraft } from "./rule-draft.ts";
import { writeDetection } from "./write-detection.ts";
import { type DraftBefore, writeSection } from "./write-draft.ts";

/** What the names of side sections' detections begin with: no condition can say them. */
export const SIDE = "_side ";

/** Search identifiers beside the rule's own, which pipelines change with them: of a filter, or of an exception. */
export interface SideSection {
  readonly name: string;
  readonly section: MapTree;
}

const prefixOf = ({ name }: SideSection): string => `${SIDE}${name} `;

/**
 * Puts the search identifiers of a section among those of a rule. A section without condition is one itself.
 * @throws {PipelineRefusal} when one cannot be read
 */
export function addSection(side: SideSection, draft: RuleDraft): void {
  const prefix = prefixOf(side);
  const { section } = side;
  if (child(section, "condition") === undefined) draft.detections.set(prefix, readDetection(section));
  else
    for (const { key, value } of section.entries)
      if (key !== "condition" && key !== "rules") draft.detections.set(prefix + key, readDetection(value));
}

/**
 * Takes the search identifiers of a section out of a rule again.
 *
 * @returns the section with what pipelines changed; the same one when they changed nothing
 * @throws {PipelineRefusal} when nothing of it is left
 */
export function takeSection(side: SideSection, draft: RuleDraft, before: DraftBefore): Tree {
  const prefix = prefixOf(side);
  const { section: written } = side;
  const { detections } = draft;
  const bare = detections.get(prefix);
  if (bare !== undefined) {
    detections.delete(prefix);
    if (isGone(bare))
      throw new PipelineRefusal("The pipelines drop everything that an exception asks for.", written.at);
    return before.isUnchanged(prefix, bare) ? written : writeDetection(bare);
  }
  const condition = child(written, "condition");
  const items = condition?.kind === "list" ? condition.items : condition === undefined ? [] : [condition];
  const conditions = items.map((item) => ({ text: item.kind === "scalar" ? String(item.value) : "", at: item.at }));
  const result = writeSection({ written, detections, conditions, before, isOpen: false, prefix });
  for (const name of detections.keys()) if (name.startsWith(prefix)) detections.delete(name);
  return result ?? written;
}

/** The detections of a rule's exceptions. */
export function exceptionSections(tree: Tree): readonly (SideSection & { readonly index: number })[] {
  const list = valueAt(tree, ["vedette", "exceptions"]);
  return (list?.kind === "list" ? list.items : []).flatMap((item, index) => {
    const section = child(item, "detection");
    return section?.kind === "map" ? [{ name: `exception ${index}`, index, section }] : [];
  });
}

/** The tree with the detection of an exception replaced. */
export function withException(tree: Tree, index: number, section: Tree): Tree {
  return withValueAt(tree, ["vedette", "exceptions", index, "detection"], section);
}
