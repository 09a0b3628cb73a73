import { canonicalJson } from "../hash.ts";
import { rereadCondition } from "../sigma/condition.ts";
import { type MapTree, type Tree, type TreeEntry, child, toJson } from "../sigma/tree.ts";
import { type Detection, isGone } from "./detection.ts";
import { withValueAt } from "./field-slots.ts";
import { PipelineRefusal } from "./refusal.ts";
import type { RuleDraft } from "./rule-draft.ts";
import { writeDetection } from "./write-detection.ts";

/** What a draft was before pipelines: parts that are still the same are not written anew. */
export interface DraftBefore {
  /** Whether a detection is still the one that had the name. */
  readonly isUnchanged: (name: string, detection: Detection) => boolean;
  readonly conditions: readonly string[];
  readonly fields: string;
  readonly slots: readonly string[];
  readonly logSource: string;
}

/** Takes down what a draft is. */
export function takeDown(draft: RuleDraft): DraftBefore {
  const detections = new Map([...draft.detections].map(([name, detection]) => [name, printed(detection)]));
  return {
    isUnchanged: (name, detection) => detections.get(name) === printed(detection),
    conditions: draft.conditions.map(({ text }) => text),
    fields: JSON.stringify(draft.fields),
    slots: draft.slots.map(({ names }) => JSON.stringify(names)),
    logSource: JSON.stringify(draft.logSource),
  };
}

const printed = (detection: Detection): string => canonicalJson(toJson(writeDetection(detection)));

/**
 * The rule's tree with what pipelines changed; the same tree when they changed nothing.
 * @throws {PipelineRefusal} when nothing of a condition is left
 */
export function writeDraft(draft: RuleDraft, before: DraftBefore): MapTree {
  let tree: Tree = draft.tree;
  const { at } = tree;
  const text = (value: string, place: number): Tree => ({ kind: "scalar", at: place, value });
  const list = (values: readonly string[], place: number): Tree => ({
    kind: "list",
    at: place,
    items: values.map((value) => text(value, place)),
  });
  if (JSON.stringify(draft.fields) !== before.fields) tree = withValueAt(tree, ["fields"], list(draft.fields, at));
  for (const [index, slot] of draft.slots.entries()) {
    if (JSON.stringify(slot.names) === before.slots[index]) continue;
    const [only = ""] = slot.names;
    const isScalar = !slot.isList && slot.names.length === 1;
    tree = withValueAt(tree, slot.path, isScalar ? text(only, slot.at) : list(slot.names, slot.at));
  }
  if (JSON.stringify(draft.logSource) !== before.logSource) {
    const place = child(tree, "logsource")?.at ?? at;
    const entries = Object.entries(draft.logSource).map(([key, value]) => ({
      key,
      at: place,
      value: text(String(value), place),
    }));
    tree = withValueAt(tree, ["logsource"], { kind: "map", at: place, entries });
  }
  const detection = draft.isCorrelation ? undefined : writeSearches(draft, before);
  if (detection !== undefined) tree = withValueAt(tree, ["detection"], detection);
  return tree.kind === "map" ? tree : draft.tree;
}

function writeSearches(draft: RuleDraft, before: DraftBefore): MapTree | undefined {
  const written = child(draft.tree, "detection");
  if (written?.kind !== "map") return undefined;
  const { conditions } = draft;
  return writeSection({ written, detections: draft.detections, conditions, before, isOpen: true });
}

/** A map of search identifiers with their conditions. */
interface Section {
  readonly written: MapTree;
  readonly detections: ReadonlyMap<string, Detection>;
  readonly conditions: readonly { readonly text: string; readonly at: number }[];
  readonly before: DraftBefore;
  /** Whether detections that are not written yet are to be added. */
  readonly isOpen: boolean;
  /** What stands before the names of the section's detections. */
  readonly prefix?: string;
}

/**
 * The section with what pipelines changed, or undefined when they changed nothing.
 * @throws {PipelineRefusal} when nothing of a condition is left
 */
export function writeSection(section: Section): MapTree | undefined {
  const { written, detections, conditions, before, isOpen, prefix = "" } = section;
  const own = new Map(
    [...detections].flatMap(([name, detection]) =>
      name.startsWith(prefix) ? ([[name.slice(prefix.length), detection]] as const) : [],
    ),
  );
  const unchanged = new Set(
    [...own].filter(([name, detection]) => before.isUnchanged(prefix + name, detection)).map(([name]) => name),
  );
  const isSame =
    unchanged.size === own.size && conditions.every(({ text }, index) => !isOpen || text === before.conditions[index]);
  if (isSame) return undefined;
  const gone = new Set([...own].filter(([, detection]) => isGone(detection)).map(([name]) => name));
  const entries = written.entries.flatMap((entry): readonly TreeEntry[] => {
    if (entry.key === "condition") return [{ ...entry, value: writeConditions(conditions, gone, own, entry.value) }];
    const detection = own.get(entry.key);
    if (detection === undefined || unchanged.has(entry.key)) return [entry];
    return gone.has(entry.key) ? [] : [{ ...entry, value: writeDetection(detection) }];
  });
  const known = new Set(written.entries.map(({ key }) => key));
  for (const [name, detection] of isOpen ? own : [])
    if (!known.has(name)) entries.push({ key: name, at: detection.at, value: writeDetection(detection) });
  return { ...written, entries };
}

function writeConditions(
  conditions: Section["conditions"],
  gone: ReadonlySet<string>,
  searches: ReadonlyMap<string, unknown>,
  written: Tree,
): Tree {
  const items = conditions.flatMap(({ text, at }): readonly Tree[] => {
    const left = gone.size === 0 ? text : without(gone, text, searches, at);
    return left === undefined ? [] : [{ kind: "scalar", at, value: left }];
  });
  const [only] = items;
  if (only === undefined)
    throw new PipelineRefusal("The pipelines drop everything that the condition asks for.", written.at);
  return written.kind === "list" ? { ...written, items } : only;
}

/** The condition without search identifiers of which nothing is left: they count neither as met nor as missed. */
function without(
  gone: ReadonlySet<string>,
  text: string,
  searches: ReadonlyMap<string, unknown>,
  at: number,
): string | undefined {
  try {
    return rereadCondition<string | undefined>(text, searches, {
      search: (name) => (gone.has(name) ? undefined : name),
      not: (item) => (item === undefined ? undefined : `not (${item})`),
      join: (op, items) => {
        const left = items.filter((item) => item !== undefined);
        return left.length === 0 ? undefined : `(${left.join(` ${op} `)})`;
      },
      of: (quantity, pattern, items) => {
        const left = items.filter((item) => item !== undefined);
        if (typeof quantity === "number" && quantity > 1 && left.length < items.length)
          throw new PipelineRefusal(
            `The pipelines drop a search identifier that "${quantity} of ${pattern}" counts.`,
            at,
          );
        return left.length === 0 ? undefined : `${quantity} of ${pattern}`;
      },
    });
  } catch (error) {
    if (error instanceof PipelineRefusal) throw error;
    // The rule's reader says what is wrong with the condition.
    return text;
  }
}
