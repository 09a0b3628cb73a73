import type { Tree, TreeEntry } from "../sigma/tree.ts";
import { type Detection, type DetectionItem, isGone } from "./detection.ts";
import { PipelineRefusal } from "./refusal.ts";
import { writeValue } from "./value.ts";

/** A detection as a search identifier that is read like one from a file; entries may be nested, which no file can say. */
export function writeDetection(detection: Detection): Tree {
  const items = detection.items.filter((item) => item.kind === "item" || !isGone(item));
  if (detection.join === "or")
    return {
      kind: "list",
      at: detection.at,
      items: items.map((item) =>
        item.kind === "detection" && item.join === "and"
          ? writeDetection(item)
          : { kind: "map", at: item.at, entries: [item.kind === "item" ? writeItem(item) : nest(item)] },
      ),
    };
  const keys = new Set<string>();
  const entries = items.map((item): TreeEntry => {
    const entry = item.kind === "item" ? writeItem(item) : nest(item);
    // Two fields may have become one: a map holds each key once.
    const own =
      keys.has(entry.key) && entry.nested !== true
        ? nestTree({ kind: "map", at: entry.at, entries: [entry] }, entry.at)
        : entry;
    keys.add(own.key);
    return own;
  });
  return {
    kind: "map",
    at: detection.at,
    entries: entries.map((entry, index) => (entry.nested === true ? { ...entry, key: `\0${index}` } : entry)),
  };
}

const nest = (detection: Detection): TreeEntry => nestTree(writeDetection(detection), detection.at);

const nestTree = (value: Tree, at: number): TreeEntry => ({ key: "\0", at, value, nested: true });

/** One entry, or several below one when the values have no common modifiers. */
function writeItem(item: DetectionItem): TreeEntry {
  const { at, field } = item;
  if (item.values.length === 0) {
    if (field === undefined) throw new PipelineRefusal("A transformation left keywords without values.", at);
    return { key: keyOf(item, [], 0), at, value: { kind: "scalar", at, value: null } };
  }
  const groups = new Map<string, { modifiers: readonly string[]; values: Tree[] }>();
  for (const value of item.values) {
    const { modifiers, tree } = writeValue(value);
    const key = modifiers.join("|");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { modifiers, values: [tree] });
    else group.values.push(tree);
  }
  const entries = [...groups.values()].map(({ modifiers, values }): TreeEntry => {
    const [only] = values;
    const value: Tree =
      only !== undefined && values.length === 1 && !item.isList && groups.size === 1
        ? only
        : { kind: "list", at: only?.at ?? at, items: values };
    return { key: keyOf(item, modifiers, values.length), at, value };
  });
  const [first] = entries;
  if (first !== undefined && entries.length === 1) return first;
  // `neq` turns all of it round: not (a or b) is not a and not b.
  const join = (item.join === "and") === item.negated ? "or" : "and";
  if (join === "and") return nestTree({ kind: "map", at, entries }, at);
  return nestTree({ kind: "list", at, items: entries.map((entry) => ({ kind: "map", at, entries: [entry] })) }, at);
}

function keyOf(item: DetectionItem, modifiers: readonly string[], values: number): string {
  return [
    item.field ?? "",
    ...modifiers,
    ...(item.join === "and" && values > 1 ? ["all"] : []),
    ...(item.negated ? ["neq"] : []),
  ].join("|");
}
