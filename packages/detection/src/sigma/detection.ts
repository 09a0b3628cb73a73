import { type Condition, join } from "../signature.ts";
import type { WrittenItem } from "../written.ts";
import { type Placeholders, readFieldItem } from "./modifiers.ts";
import type { Reporter } from "./reporter.ts";
import type { ScalarTree, Tree } from "./tree.ts";

/** Alternatives that an explanation tells apart where pipelines put searches among fields. */
const MAX_ALTERNATIVES = 64;

/**
 * Reads a search identifier (specification: "Search-Identifier"): a map is all of its fields, a list any of its entries, plain values
 * are keywords. What was read is added to `written`, one entry for each alternative.
 */
export function readSearch(
  name: string,
  tree: Tree,
  placeholders: Placeholders,
  reporter: Reporter,
  written: (readonly WrittenItem[])[] = [],
): Condition | undefined {
  if (tree.kind === "map") return readMap(name, tree, placeholders, reporter, written);
  if (tree.kind === "scalar") {
    const condition = readFieldItem(undefined, [], tree.at, [tree], false, placeholders, reporter);
    if (condition !== undefined) written.push([{ key: "", ...reporter.placeOf(tree.at), condition }]);
    return condition;
  }
  if (tree.items.length === 0) {
    reporter.error("rule-wrong-type", `The search identifier "${name}" is empty.`, tree.at);
    return undefined;
  }
  const items = tree.items.map((item) => {
    if (item.kind === "list") {
      reporter.error("rule-wrong-type", `"${name}" has a list inside a list.`, item.at);
      return undefined;
    }
    return readSearch(name, item, placeholders, reporter, written);
  });
  return items.includes(undefined) ? undefined : join("or", items as Condition[]);
}

function readMap(
  name: string,
  tree: Tree & { kind: "map" },
  placeholders: Placeholders,
  reporter: Reporter,
  written: (readonly WrittenItem[])[],
): Condition | undefined {
  if (tree.entries.length === 0) {
    reporter.error("rule-wrong-type", `The search identifier "${name}" is empty.`, tree.at);
    return undefined;
  }
  let alternatives: WrittenItem[][] = [[]];
  const add = (item: WrittenItem): void => {
    for (const items of alternatives) items.push(item);
  };
  const items = tree.entries.map(({ key, at, value, nested }) => {
    if (nested === true) {
      const inner: (readonly WrittenItem[])[] = [];
      const condition = readSearch(name, value, placeholders, reporter, inner);
      if (inner.length * alternatives.length <= MAX_ALTERNATIVES)
        alternatives = alternatives.flatMap((others) => inner.map((more) => [...others, ...more]));
      else if (condition !== undefined) add({ key: "several fields", ...reporter.placeOf(at), condition });
      return condition;
    }
    const [fieldName = "", ...modifiers] = key.split("|");
    const field = fieldName === "" ? undefined : fieldName;
    const values = scalars(value);
    if (values === undefined) {
      reporter.error(
        "rule-wrong-type",
        `The value of "${key}" must be a plain value or a list of plain values.`,
        value.at,
      );
      return undefined;
    }
    const condition = readFieldItem(field, modifiers, at, values, value.kind === "list", placeholders, reporter);
    if (condition !== undefined) add({ key, ...reporter.placeOf(at), condition });
    return condition;
  });
  written.push(...alternatives);
  return items.includes(undefined) ? undefined : join("and", items as Condition[]);
}

function scalars(tree: Tree): readonly ScalarTree[] | undefined {
  if (tree.kind === "scalar") return [tree];
  if (tree.kind === "map") return undefined;
  return tree.items.every((item) => item.kind === "scalar") ? tree.items : undefined;
}
