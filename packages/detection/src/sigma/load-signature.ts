import type { LogSource } from "../event.ts";
import { type Condition, join } from "../signature.ts";
import type { WrittenDetection, WrittenItem } from "../written.ts";
import { warnOfSpelling } from "./attributes.ts";
import { FILTER_MARK, conditionBudget, readCondition } from "./condition.ts";
import { readSearch } from "./detection.ts";
import type { Placeholders } from "./modifiers.ts";
import type { Reporter } from "./reporter.ts";
import { type MapTree, type Tree, child } from "./tree.ts";

/** What search identifiers and a condition come to. */
export interface DetectionParts {
  readonly condition: Condition;
  readonly written: WrittenDetection;
}

/** What a signature adds to the shared attributes. */
export interface SignatureParts extends DetectionParts {
  readonly logSource: LogSource;
}

const LOG_SOURCE_KEYS = ["product", "category", "service"] as const;

/** Reads `logsource` and `detection`; undefined (and problems) when the rule cannot be honoured exactly. */
export function readSignature(tree: Tree, placeholders: Placeholders, reporter: Reporter): SignatureParts | undefined {
  const logSource = readLogSource(tree, reporter);
  const section = child(tree, "detection");
  if (section?.kind !== "map") {
    if (section === undefined) reporter.error("rule-missing-key", "The rule has no detection.", tree.at);
    else reporter.error("rule-wrong-type", '"detection" must be a map.', section.at);
    return undefined;
  }
  const detection = readDetection(section, "detection", placeholders, reporter);
  return logSource === undefined || detection === undefined ? undefined : { logSource, ...detection };
}

/** Reads `logsource` (specification: "LogSource"); keys beside product, category and service are for people. */
export function readLogSource(tree: Tree, reporter: Reporter): LogSource | undefined {
  const source = child(tree, "logsource");
  if (source?.kind !== "map") {
    if (source === undefined) reporter.error("rule-missing-key", "The rule has no logsource.", tree.at);
    else reporter.error("rule-wrong-type", '"logsource" must be a map.', source.at);
    return undefined;
  }
  warnOfSpelling(source, [...LOG_SOURCE_KEYS, "definition"], reporter);
  const result: { -readonly [Key in keyof LogSource]: LogSource[Key] } = {};
  for (const key of LOG_SOURCE_KEYS) {
    const value = child(source, key);
    if (value === undefined || (value.kind === "scalar" && value.value === null)) continue;
    if (value.kind !== "scalar" || typeof value.value !== "string" || value.value.trim() === "") {
      reporter.error("rule-wrong-type", `"logsource.${key}" must be a text.`, value.at);
      return undefined;
    }
    result[key] = value.value.toLowerCase();
  }
  if (LOG_SOURCE_KEYS.some((key) => result[key] !== undefined)) return result;
  reporter.error("rule-missing-key", "The logsource needs a product, category or service.", source.at);
  return undefined;
}

/**
 * Reads search identifiers and their condition (specification: "Detection").
 *
 * @param what how problems call the map
 * @param others keys of the map that are neither
 */
export function readDetection(
  detection: MapTree,
  what: string,
  placeholders: Placeholders,
  reporter: Reporter,
  others: readonly string[] = [],
): DetectionParts | undefined {
  const errors = reporter.errorCount();
  const searches = new Map<string, Condition>();
  const written = new Map<string, readonly (readonly WrittenItem[])[]>();
  const broken = new Set<string>();
  let condition: Tree | undefined;
  for (const { key, at, value } of detection.entries) {
    if (others.includes(key)) continue;
    if (key === "condition") condition = value;
    else if (key === "timeframe")
      reporter.error(
        "rule-condition-aggregation",
        '"timeframe" belongs to the obsolete aggregations and is not supported.',
        at,
      );
    else if (key.includes(FILTER_MARK))
      reporter.error(
        "rule-condition-syntax",
        `The name of the search identifier "${key}" has the character "${FILTER_MARK}", which marks those of filters.`,
        at,
        "Give it a name of letters, digits, _ and -.",
      );
    else {
      const alternatives: (readonly WrittenItem[])[] = [];
      const search = readSearch(key, value, placeholders, reporter, alternatives);
      written.set(key, alternatives);
      if (search === undefined) broken.add(key);
      else searches.set(key, search);
    }
  }
  if (condition === undefined) {
    const capital = detection.entries.find(({ key }) => key.toLowerCase() === "condition");
    reporter.error(
      "rule-missing-key",
      `The ${what} has no condition.`,
      detection.at,
      capital === undefined ? undefined : `Write "${capital.key}" in lower case.`,
    );
    return undefined;
  }
  if (searches.size + broken.size === 0) {
    reporter.error("rule-missing-key", `The ${what} has no search identifier.`, detection.at);
    return undefined;
  }
  // A search identifier that could not be read is reported already: the condition is then only checked for names.
  const names = new Map(searches);
  for (const name of broken) names.set(name, { op: "and", items: [] });
  const texts = condition.kind === "list" ? condition.items : [condition];
  const conditions: Condition[] = [];
  const conditionTexts: string[] = [];
  const budget = conditionBudget();
  for (const text of texts) {
    if (text.kind !== "scalar" || text.value === null || text.value === "") {
      reporter.error("rule-wrong-type", "The condition must be a text or a list of texts.", text.at);
      continue;
    }
    const read = readCondition(String(text.value), text.at, names, reporter, budget);
    if (budget.tests < 0) return undefined;
    if (read === undefined) continue;
    conditions.push(read);
    conditionTexts.push(String(text.value));
  }
  if (texts.length === 0) reporter.error("rule-wrong-type", "The condition is an empty list.", condition.at);
  if (reporter.errorCount() > errors) return undefined;
  for (const { key, at } of detection.entries)
    if (searches.has(key) && !budget.named.has(key))
      reporter.warning(
        "rule-unused-search",
        `No condition names the search identifier "${key}": it decides nothing.`,
        at,
      );
  return { condition: join("or", conditions), written: { searches: written, conditions: conditionTexts } };
}
