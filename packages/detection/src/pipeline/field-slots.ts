import { type Tree, child } from "../sigma/tree.ts";

/** Keys and positions from a tree's root. */
export type TreePath = readonly (string | number)[];

/** A place outside the detection that names fields: what is grouped, shown, suppressed or answered by. */
export interface FieldSlot {
  readonly path: TreePath;
  readonly at: number;
  /** How the place is called in problems. */
  readonly what: string;
  names: readonly string[];
  /** Whether each name must stay one name. */
  readonly isSingle: boolean;
  readonly isList: boolean;
  /** Names that are aliases and stand for themselves. */
  readonly aliases: ReadonlySet<string>;
  /** Whether pySigma knows the place: only then its names count as processed. */
  readonly isTracked: boolean;
}

/** Finds the places of a rule that name fields, other than the detection and the attribute `fields`. */
export function readSlots(tree: Tree): readonly FieldSlot[] {
  const slots: FieldSlot[] = [];
  const none: ReadonlySet<string> = new Set();
  const add = (path: TreePath, isSingle: boolean, isTracked: boolean, aliases = none): void => {
    const value = valueAt(tree, path);
    const items = value?.kind === "list" ? value.items : value === undefined ? [] : [value];
    const names = items.flatMap((item) => (item.kind === "scalar" && item.value !== null ? [String(item.value)] : []));
    if (value === undefined || names.length === 0 || names.length !== items.length) return;
    const isList = value.kind === "list";
    slots.push({ path, at: value.at, what: path.join("."), names, isSingle, isList, aliases, isTracked });
  };
  const correlation = child(tree, "correlation");
  if (correlation !== undefined) {
    const aliases = child(correlation, "aliases");
    const named = aliases?.kind === "map" ? aliases.entries : [];
    if (child(correlation, "group-by") !== undefined) {
      for (const { key: alias, value } of named)
        for (const { key: rule } of value.kind === "map" ? value.entries : [])
          add(["correlation", "aliases", alias, rule], true, true);
      add(["correlation", "group-by"], false, true, new Set(named.map(({ key }) => key)));
    }
    add(["correlation", "condition", "field"], true, true);
  }
  add(["vedette", "suppression", "by"], false, false);
  for (const list of ["response", "entities"]) {
    const value = valueAt(tree, ["vedette", list]);
    for (const index of value?.kind === "list" ? value.items.keys() : [])
      add(["vedette", list, index, "field"], true, false);
  }
  return slots;
}

/** The value at a path. */
export function valueAt(tree: Tree, path: TreePath): Tree | undefined {
  let value: Tree | undefined = tree;
  for (const step of path) {
    if (typeof step === "string") value = child(value, step);
    else value = value?.kind === "list" ? value.items[step] : undefined;
  }
  return value;
}

/** The tree with the value at a path replaced; a last key that is missing is added. */
export function withValueAt(tree: Tree, path: TreePath, value: Tree): Tree {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (tree.kind === "map" && typeof step === "string") {
    if (child(tree, step) === undefined)
      return { ...tree, entries: [...tree.entries, { key: step, at: tree.at, value }] };
    return {
      ...tree,
      entries: tree.entries.map((entry) =>
        entry.key === step ? { ...entry, value: withValueAt(entry.value, rest, value) } : entry,
      ),
    };
  }
  if (tree.kind === "list" && typeof step === "number")
    return {
      ...tree,
      items: tree.items.map((item, index) => (index === step ? withValueAt(item, rest, value) : item)),
    };
  return tree;
}
