import type { ScalarTree, Tree, TreeEntry } from "../sigma/tree.ts";
import { PipelineRefusal } from "./refusal.ts";
import { type Value, readValue } from "./value.ts";

/** A field, or keywords, with values: what pySigma calls a detection item. Changed in place by transformations. */
export interface DetectionItem {
  readonly kind: "item";
  readonly at: number;
  /** Undefined for keywords. */
  field: string | undefined;
  values: readonly Value[];
  readonly join: "and" | "or";
  negated: boolean;
  /** Whether the values are written as a list. */
  readonly isList: boolean;
  /** Ids of the pipeline items that changed it. */
  applied: Set<string>;
}

/** Detection items and detections, joined. */
export interface Detection {
  readonly kind: "detection";
  readonly at: number;
  readonly join: "and" | "or";
  items: (Detection | DetectionItem)[];
}

/**
 * Reads a search identifier.
 * @throws {PipelineRefusal} when it is none
 */
export function readDetection(tree: Tree): Detection {
  const { at } = tree;
  if (tree.kind === "map") return { kind: "detection", at, join: "and", items: tree.entries.map(readEntry) };
  const plain = tree.kind === "scalar" ? [tree] : scalars(tree);
  if (plain !== undefined) {
    const values = plain.map((value) => readValue([], value));
    const item = itemOf({ at, field: undefined, values, isList: tree.kind === "list" });
    return { kind: "detection", at, join: "and", items: [item] };
  }
  const items = (tree.kind === "list" ? tree.items : []).map((item) => {
    if (item.kind === "list") throw new PipelineRefusal("A search identifier has a list inside a list.", item.at);
    return readDetection(item);
  });
  return { kind: "detection", at, join: "or", items };
}

/** A detection item without history. */
export function itemOf(parts: {
  readonly at: number;
  readonly field: string | undefined;
  readonly values: readonly Value[];
  readonly join?: "and" | "or";
  readonly negated?: boolean;
  readonly isList?: boolean;
  readonly applied?: ReadonlySet<string>;
}): DetectionItem {
  return {
    kind: "item",
    at: parts.at,
    field: parts.field,
    values: parts.values,
    join: parts.join ?? "or",
    negated: parts.negated ?? false,
    isList: parts.isList ?? parts.values.length > 1,
    applied: new Set(parts.applied ?? []),
  };
}

/** Reads one entry of a map: a field with modifiers, and its values. */
export function readEntry(entry: TreeEntry): DetectionItem {
  const { key, at, value } = entry;
  const [name = "", ...modifiers] = key.split("|");
  const values = value.kind === "scalar" ? [value] : scalars(value);
  if (values === undefined)
    throw new PipelineRefusal(`The value of "${key}" must be a plain value or a list of plain values.`, value.at);
  const own = modifiers.filter((modifier) => modifier !== "all" && modifier !== "neq");
  return itemOf({
    at,
    field: name === "" ? undefined : name,
    values: values.map((scalar) => readValue(own, scalar)),
    join: modifiers.includes("all") ? "and" : "or",
    negated: modifiers.includes("neq"),
    isList: value.kind === "list",
  });
}

function scalars(tree: Tree): readonly ScalarTree[] | undefined {
  if (tree.kind !== "list") return undefined;
  return tree.items.every((item) => item.kind === "scalar") ? tree.items : undefined;
}

/** The detection that holds exactly when this one does not. */
export function negate(detection: Detection): Detection {
  return {
    kind: "detection",
    at: detection.at,
    join: detection.join === "and" ? "or" : "and",
    items: detection.items.map((item) =>
      item.kind === "detection" ? negate(item) : { ...item, negated: !item.negated },
    ),
  };
}

/** Every detection item, those of nested detections too. */
export function* itemsOf(detection: Detection): Generator<DetectionItem> {
  for (const item of detection.items) {
    if (item.kind === "item") yield item;
    else yield* itemsOf(item);
  }
}

/** Replaces or removes (undefined) detection items, those of nested detections too. */
export function mapItems(
  detection: Detection,
  change: (item: DetectionItem) => DetectionItem | Detection | undefined,
): void {
  detection.items = detection.items.flatMap((item) => {
    if (item.kind === "detection") {
      mapItems(item, change);
      return [item];
    }
    return change(item) ?? [];
  });
}

/** Whether nothing is left to look for. */
export function isGone(detection: Detection): boolean {
  return detection.items.every((item) => item.kind === "detection" && isGone(item));
}
