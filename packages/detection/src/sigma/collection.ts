import type { Reporter } from "./reporter.ts";
import { type MapTree, type ParsedDocument, type Tree, child } from "./tree.ts";

/** Values that the documents of one file may have together once `global` and `repeat` are put in. */
const MAX_NODES = 1_000_000;

/** A document to be loaded; `shared` tells that its id comes from the `global` document and belongs to its siblings too. */
export interface CollectionDocument extends ParsedDocument {
  readonly sharesId?: boolean;
}

/**
 * Carries out the actions of a rule collection: `global` is put over every following rule until the next `global` or `reset`; `repeat` is
 * put over the rule before it and makes another. Maps are merged, everything else is replaced. Correlations and filters stay as they are.
 * What was merged keeps its place in the file.
 */
export function expandCollection(
  documents: readonly ParsedDocument[],
  reporter: Reporter,
): readonly CollectionDocument[] {
  const results: CollectionDocument[] = [];
  let template: MapTree | undefined;
  let templateSize = 0;
  let previous: CollectionDocument | undefined;
  let isLost = false;
  let total = 0;
  for (const { tree, index, unreadableAction } of documents) {
    if (unreadableAction === true) {
      isLost = true;
      continue;
    }
    const action = tree.kind === "map" ? child(tree, "action") : undefined;
    const stands = child(tree, "correlation") !== undefined || child(tree, "filter") !== undefined;
    if (tree.kind !== "map" || (action === undefined && stands)) {
      results.push({ tree, index });
      continue;
    }
    const fail = (message: string, suggestion?: string): void =>
      reporter.error("rule-collection", message, action?.at ?? tree.at, suggestion);
    const name = action === undefined ? "none" : action.kind === "scalar" ? String(action.value) : "";
    if (name === "global" || name === "reset") {
      isLost = false;
      if (name === "reset" && tree.entries.length > 1)
        reporter.warning("rule-collection", "What stands beside `action: reset` is not read.", tree.at);
      template = name === "global" ? withoutAction(tree) : undefined;
      templateSize = template === undefined ? 0 : sizeOf(template);
      if (template !== undefined) previous = { tree: template, index };
      continue;
    }
    if (name !== "none" && name !== "repeat") {
      fail("The action is unknown.", "Use global, reset or repeat.");
      isLost = true;
      continue;
    }
    if (isLost) {
      fail("A document with an action stands before this one and could not be read.", "Repair the other one first.");
      continue;
    }
    if (name === "repeat" && previous === undefined) {
      fail("There is no rule before it that could be repeated.");
      continue;
    }
    const base = name === "repeat" ? previous?.tree : template;
    total += sizeOf(tree) + (name === "repeat" && base !== undefined ? sizeOf(base) : templateSize);
    if (total > MAX_NODES && base !== undefined) {
      reporter.error("rule-too-large", `The collection has more than ${MAX_NODES} values once it is put together.`);
      return results;
    }
    const merged = name === "repeat" ? mergeTrees(base, withoutAction(tree)) : mergeTrees(tree, template);
    const sharesId = base !== undefined && child(base, "id") !== undefined && child(merged, "id") === child(base, "id");
    previous = { tree: merged, index };
    results.push({ ...previous, ...(sharesId ? { sharesId } : {}) });
  }
  return results;
}

function withoutAction(tree: MapTree): MapTree {
  return { ...tree, entries: tree.entries.filter(({ key }) => key !== "action") };
}

/** `base` with `over` put over it. */
function mergeTrees(base: Tree | undefined, over: Tree | undefined): Tree {
  if (over === undefined) return base ?? { kind: "map", at: 0, entries: [] };
  if (base?.kind !== "map" || over.kind !== "map") return over;
  const added = new Map(over.entries.map((entry) => [entry.key, entry]));
  const entries = base.entries.map((entry) => {
    const other = added.get(entry.key);
    added.delete(entry.key);
    return other === undefined ? entry : { ...other, value: mergeTrees(entry.value, other.value) };
  });
  return { ...base, entries: [...entries, ...added.values()] };
}

function sizeOf(tree: Tree): number {
  if (tree.kind === "scalar") return 1;
  const inner = tree.kind === "list" ? tree.items : tree.entries.map(({ value }) => value);
  return inner.reduce((size, item) => size + sizeOf(item), 1);
}
