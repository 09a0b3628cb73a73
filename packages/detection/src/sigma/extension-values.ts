import { parseDuration } from "./duration.ts";
import { nearest } from "./nearest.ts";
import type { Reporter } from "./reporter.ts";
import type { MapTree, Tree } from "./tree.ts";

/** Whether a tree is a map with no key but these; what is wrong is reported. */
export function isMapOf(tree: Tree, what: string, keys: readonly string[], reporter: Reporter): tree is MapTree {
  if (tree.kind !== "map") {
    reporter.error("rule-extension", `"${what}" must be a map with the keys ${keys.join(", ")}.`, tree.at);
    return false;
  }
  let known = true;
  for (const { key, at } of tree.entries) {
    if (keys.includes(key)) continue;
    known = false;
    const guess = nearest(key, keys);
    reporter.error(
      "rule-extension",
      `Unknown key "${key}" in "${what}".`,
      at,
      guess === undefined ? `The keys are: ${keys.join(", ")}.` : `Did you mean "${guess}"?`,
    );
  }
  return known;
}

/** The items of a list, none when it is absent; anything else is reported. */
export function readList(tree: Tree | undefined, what: string, reporter: Reporter): readonly Tree[] {
  if (tree === undefined) return [];
  if (tree.kind === "list") return tree.items;
  reporter.error("rule-extension", `"${what}" must be a list.`, tree.at);
  return [];
}

/** One of the allowed texts; `fallback` when it is absent or, then reported, something else. */
export function readChoice<Value extends string>(
  tree: Tree | undefined,
  what: string,
  allowed: readonly Value[],
  fallback: Value,
  reporter: Reporter,
): Value;
export function readChoice<Value extends string>(
  tree: Tree | undefined,
  what: string,
  allowed: readonly Value[],
  fallback: undefined,
  reporter: Reporter,
): Value | undefined;
export function readChoice<Value extends string>(
  tree: Tree | undefined,
  what: string,
  allowed: readonly Value[],
  fallback: Value | undefined,
  reporter: Reporter,
): Value | undefined {
  if (tree === undefined && fallback !== undefined) return fallback;
  const written = tree?.kind === "scalar" ? tree.value : undefined;
  const found = allowed.find((value) => value === written);
  if (found !== undefined) return found;
  reporter.error("rule-extension", `"${what}" must be one of: ${allowed.join(", ")}.`, tree?.at);
  return fallback;
}

/** Milliseconds of a duration; undefined and reported when it is none. */
export function readDuration(tree: Tree, what: string, reporter: Reporter): number | undefined {
  const milliseconds = tree.kind === "scalar" && typeof tree.value === "string" ? parseDuration(tree.value) : undefined;
  if (milliseconds === undefined)
    reporter.error("rule-extension", `"${what}" must be a duration such as 30s, 10m or 1h.`, tree.at);
  return milliseconds;
}

/** A text that is not empty; undefined and reported when it is none, `missing` when it is absent. */
export function readFilledText(
  tree: Tree | undefined,
  missing: string,
  parent: Tree,
  reporter: Reporter,
): string | undefined {
  if (tree?.kind === "scalar" && typeof tree.value === "string" && tree.value.trim() !== "") return tree.value;
  reporter.error("rule-extension", missing, tree?.at ?? parent.at);
  return undefined;
}
