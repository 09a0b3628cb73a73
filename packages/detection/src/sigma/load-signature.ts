import type { LogSource } from "../event.ts";
import { type Condition, join } from "../signature.ts";
import type { WrittenDetection, WrittenItem } from "../written.ts";
import { readCondition } from "./condition.ts";
import { readSearch } from "./detection.ts";
import type { Placeholders } from "./modifiers.ts";
import type { Reporter } from "./reporter.ts";
import { type Tree, child } from "./tree.ts";

/** What a signature adds to the shared attributes. */
export interface SignatureParts {
  readonly logSource: LogSource;
  readonly condition: Condition;
  readonly written: WrittenDetection;
}

/** Reads `logsource` and `detection`; undefined (and problems) when the rule cannot be honoured exactly. */
export function readSignature(tree: Tree, placeholders: Placeholders, reporter: Reporter): SignatureParts | undefined {
  const logSource = readLogSource(tree, reporter);
  const detection = readDetection(tree, placeholders, reporter);
  return logSource === undefined || detection === undefined ? undefined : { logSource, ...detection };
}

function readLogSource(tree: Tree, reporter: Reporter): LogSource | undefined {
  const source = child(tree, "logsource");
  if (source?.kind !== "map") {
    if (source === undefined) reporter.error("rule-missing-key", "The rule has no logsource.", tree.at);
    else reporter.error("rule-wrong-type", '"logsource" must be a map.', source.at);
    return undefined;
  }
  const keys = ["product", "category", "service"] as const;
  const result: { -readonly [Key in keyof LogSource]: LogSource[Key] } = {};
  for (const key of keys) {
    const value = child(source, key);
    if (value === undefined || (value.kind === "scalar" && value.value === null)) continue;
    if (value.kind !== "scalar" || typeof value.value !== "string") {
      reporter.error("rule-wrong-type", `"logsource.${key}" must be a text.`, value.at);
      return undefined;
    }
    result[key] = value.value.toLowerCase();
  }
  if (keys.some((key) => result[key] !== undefined)) return result;
  reporter.error("rule-missing-key", "The logsource needs a product, category or service.", source.at);
  return undefined;
}

function readDetection(
  tree: Tree,
  placeholders: Placeholders,
  reporter: Reporter,
): Pick<SignatureParts, "condition" | "written"> | undefined {
  const detection = child(tree, "detection");
  if (detection?.kind !== "map") {
    if (detection === undefined) reporter.error("rule-missing-key", "The rule has no detection.", tree.at);
    else reporter.error("rule-wrong-type", '"detection" must be a map.', detection.at);
    return undefined;
  }
  const errors = reporter.errorCount();
  const searches = new Map<string, Condition>();
  const written = new Map<string, readonly (readonly WrittenItem[])[]>();
  const broken = new Set<string>();
  let condition: Tree | undefined;
  for (const { key, at, value } of detection.entries) {
    if (key === "condition") condition = value;
    else if (key === "timeframe")
      reporter.error(
        "rule-condition-aggregation",
        '"timeframe" belongs to the obsolete aggregations and is not supported.',
        at,
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
    reporter.error("rule-missing-key", "The detection has no condition.", detection.at);
    return undefined;
  }
  if (searches.size + broken.size === 0) {
    reporter.error("rule-missing-key", "The detection has no search identifier.", detection.at);
    return undefined;
  }
  const texts = condition.kind === "list" ? condition.items : [condition];
  const conditions: Condition[] = [];
  const conditionTexts: string[] = [];
  for (const text of texts) {
    if (text.kind !== "scalar" || text.value === null || text.value === "") {
      reporter.error("rule-wrong-type", "The condition must be a text or a list of texts.", text.at);
      continue;
    }
    // A search identifier that could not be read is reported already: the condition is then only checked for names.
    const names = new Map(searches);
    for (const name of broken) names.set(name, { op: "and", items: [] });
    const read = readCondition(String(text.value), text.at, names, reporter);
    if (read === undefined) continue;
    conditions.push(read);
    conditionTexts.push(String(text.value));
  }
  if (texts.length === 0) reporter.error("rule-wrong-type", "The condition is an empty list.", condition.at);
  if (reporter.errorCount() > errors) return undefined;
  return { condition: join("or", conditions), written: { searches: written, conditions: conditionTexts } };
}
