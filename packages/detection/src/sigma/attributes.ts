import { SEVERITY_LEVELS, type SeverityLevel } from "@vedette/semconv";
import { nearest } from "./nearest.ts";
import type { Reporter } from "./reporter.ts";
import { type Tree, child } from "./tree.ts";

const STATUSES = ["stable", "test", "experimental", "deprecated", "unsupported"] as const;
const MAX_TITLE = 256;

/** Attributes that signatures and correlations share (specification: "Components"). */
export interface CommonAttributes {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly title: string;
  readonly description: string;
  readonly status: string;
  readonly level: SeverityLevel;
  readonly tags: readonly string[];
  readonly falsePositives: readonly string[];
  readonly references: readonly string[];
}

/** Reads the shared attributes; what is wrong is reported, and the caller refuses the rule when errors were added. */
export function readAttributes(tree: Tree, reporter: Reporter): CommonAttributes {
  const title = readText(tree, "title", reporter);
  if (title === undefined || title.trim() === "") reporter.error("rule-missing-key", "The rule has no title.", tree.at);
  else if (title.length > MAX_TITLE)
    reporter.warning("rule-too-large", `The title has more than ${MAX_TITLE} characters.`, child(tree, "title")?.at);
  return {
    id: readText(tree, "id", reporter)?.toLowerCase(),
    name: readText(tree, "name", reporter),
    title: title ?? "",
    description: readText(tree, "description", reporter) ?? "",
    status: readOneOf(tree, "status", STATUSES, "experimental", reporter),
    level: readOneOf(tree, "level", SEVERITY_LEVELS, "medium", reporter),
    tags: readTexts(tree, "tags", reporter),
    falsePositives: readTexts(tree, "falsepositives", reporter),
    references: readTexts(tree, "references", reporter),
  };
}

/** A plain value under a key as text; undefined when absent, reported when it is not plain. */
export function readText(tree: Tree, key: string, reporter: Reporter): string | undefined {
  const value = child(tree, key);
  if (value === undefined || (value.kind === "scalar" && value.value === null)) return undefined;
  if (value.kind === "scalar") return String(value.value);
  reporter.error("rule-wrong-type", `"${key}" must be a text.`, value.at);
  return undefined;
}

/** A text or list of texts under a key; empty when absent. */
export function readTexts(tree: Tree, key: string, reporter: Reporter): readonly string[] {
  const value = child(tree, key);
  if (value === undefined || (value.kind === "scalar" && value.value === null)) return [];
  const items = value.kind === "list" ? value.items : [value];
  const texts: string[] = [];
  for (const item of items) {
    if (item.kind === "scalar" && item.value !== null) texts.push(String(item.value));
    else reporter.error("rule-wrong-type", `"${key}" must be a list of texts.`, item.at);
  }
  return texts;
}

function readOneOf<Value extends string>(
  tree: Tree,
  key: string,
  allowed: readonly Value[],
  fallback: Value,
  reporter: Reporter,
): Value {
  const written = readText(tree, key, reporter);
  if (written === undefined) return fallback;
  const found = allowed.find((value) => value === written.toLowerCase());
  if (found !== undefined) return found;
  const guess = nearest(written, allowed);
  reporter.error(
    "rule-unknown-value",
    `"${written}" is not a ${key}.`,
    child(tree, key)?.at,
    guess === undefined ? `It is one of: ${allowed.join(", ")}.` : `Did you mean "${guess}"?`,
  );
  return fallback;
}
