import { SEVERITY_LEVELS, type SeverityLevel } from "@vedette/semconv";
import type { RelatedRule } from "../rule.ts";
import { editDistance, nearest } from "./nearest.ts";
import type { Reporter } from "./reporter.ts";
import { type Tree, child } from "./tree.ts";

const STATUSES = ["stable", "test", "experimental", "deprecated", "unsupported"] as const;
const RELATIONS = ["derived", "obsolete", "merged", "renamed", "similar"] as const;
const MAX_LENGTHS = { title: 256, name: 256, taxonomy: 256, description: 65_535 } as const;

/** Attributes that the specifications of rules, correlations and filters define, and ours. */
const ATTRIBUTES = (
  "title id name related taxonomy status description license references author date modified logsource detection " +
  "correlation filter fields falsepositives level tags scope generate action vedette"
).split(" ");

/** Attributes that signatures, correlations and filters share (specification: "Components"). */
export interface CommonAttributes {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly title: string;
  readonly description: string;
  readonly status: string;
  readonly level: SeverityLevel;
  readonly taxonomy: string;
  readonly author: string | undefined;
  readonly license: string | undefined;
  readonly date: string | undefined;
  readonly modified: string | undefined;
  readonly related: readonly RelatedRule[];
  readonly tags: readonly string[];
  readonly falsePositives: readonly string[];
  readonly references: readonly string[];
  readonly fields: readonly string[];
  readonly scope: readonly string[];
}

/** Reads the shared attributes; what is wrong is reported, and the caller refuses the rule when errors were added. */
export function readAttributes(tree: Tree, reporter: Reporter): CommonAttributes {
  const title = readText(tree, "title", reporter);
  if (title === undefined || title.trim() === "") reporter.error("rule-missing-key", "The rule has no title.", tree.at);
  warnOfSpelling(tree, ATTRIBUTES, reporter);
  for (const [key, most] of Object.entries(MAX_LENGTHS)) {
    const value = child(tree, key);
    if (value?.kind === "scalar" && typeof value.value === "string" && value.value.length > most)
      reporter.warning("rule-too-large", `The ${key} has more than ${most} characters.`, value.at);
  }
  return {
    id: readText(tree, "id", reporter)?.toLowerCase(),
    name: readText(tree, "name", reporter),
    title: title ?? "",
    description: readText(tree, "description", reporter) ?? "",
    status: readOneOf(tree, "status", STATUSES, "experimental", reporter),
    level: readOneOf(tree, "level", SEVERITY_LEVELS, "medium", reporter),
    taxonomy: readText(tree, "taxonomy", reporter) ?? "sigma",
    author: readText(tree, "author", reporter),
    license: readText(tree, "license", reporter),
    date: readDate(tree, "date", reporter),
    modified: readDate(tree, "modified", reporter),
    related: readRelated(tree, reporter),
    tags: readTags(tree, reporter),
    falsePositives: readTexts(tree, "falsepositives", reporter),
    references: readTexts(tree, "references", reporter),
    fields: readTexts(tree, "fields", reporter),
    scope: readTexts(tree, "scope", reporter),
  };
}

/**
 * Warns of keys that are read as attributes of the author's own but look like one of `known`: written with capitals, or one letter off
 * an attribute that the map does not have.
 */
export function warnOfSpelling(tree: Tree, known: readonly string[], reporter: Reporter): void {
  if (tree.kind !== "map") return;
  for (const { key, at } of tree.entries) {
    if (known.includes(key)) continue;
    const lower = key.toLowerCase();
    const meant = known.includes(lower)
      ? lower
      : known.find((name) => name.length > 4 && editDistance(lower, name, 2) < 2 && child(tree, name) === undefined);
    if (meant !== undefined)
      reporter.warning(
        "rule-attribute",
        `"${key}" is an attribute of your own and is not evaluated.`,
        at,
        `Did you mean "${meant}"?`,
      );
  }
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

/** Tags decide nothing about what matches: a form that the specification does not know is warned of. */
function readTags(tree: Tree, reporter: Reporter): readonly string[] {
  const tags = readTexts(tree, "tags", reporter);
  // The specification's own examples of d3fend have capitals.
  const odd = tags.find((tag) => !/^(?:[a-z0-9_-]+\.[a-z0-9._-]+|d3fend\.[\w.-]+)$/.test(tag));
  if (odd !== undefined)
    reporter.warning(
      "rule-attribute",
      `The tag "${odd}" is not a namespace, a dot and a name in lower case.`,
      child(tree, "tags")?.at,
    );
  return tags;
}

function readDate(tree: Tree, key: "date" | "modified", reporter: Reporter): string | undefined {
  const text = readText(tree, key, reporter);
  if (text !== undefined && !/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/.test(text))
    reporter.warning("rule-attribute", `"${key}" is not a date as YYYY-MM-DD.`, child(tree, key)?.at);
  return text;
}

function readRelated(tree: Tree, reporter: Reporter): readonly RelatedRule[] {
  const related = child(tree, "related");
  if (related === undefined || (related.kind === "scalar" && related.value === null)) return [];
  const items = related.kind === "list" ? related.items : [related];
  return items.flatMap((item) => {
    const id = child(item, "id");
    const type = child(item, "type");
    const relation = RELATIONS.find((name) => type?.kind === "scalar" && type.value === name);
    if (id?.kind === "scalar" && typeof id.value === "string" && relation !== undefined)
      return [{ id: id.value.toLowerCase(), type: relation }];
    reporter.warning(
      "rule-attribute",
      `An entry of "related" needs an id and a type: ${RELATIONS.join(", ")}.`,
      (relation === undefined ? type?.at : undefined) ?? item.at,
    );
    return [];
  });
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
