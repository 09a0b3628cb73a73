import type { CorrelationComparison, CorrelationType } from "../rule.ts";
import { holds } from "../correlation/compare.ts";
import { nearest } from "./nearest.ts";
import { type ReferenceTerm, readExpression } from "./correlation-expression.ts";
import type { Reporter } from "./reporter.ts";
import { type MapTree, type Tree, child } from "./tree.ts";

const COMPARISONS = ["gt", "gte", "lt", "lte", "eq", "neq"] as const;
/** The largest count that a condition may name. */
const MAX_COUNT = 10_000;

/** A correlation's condition as written, its rules still to be found. */
export interface ConditionParts {
  readonly range?: readonly CorrelationComparison[] | undefined;
  readonly terms?: readonly ReferenceTerm[] | undefined;
  readonly fields: readonly string[];
  readonly percentile?: number | undefined;
}

const isCount = (type: CorrelationType): boolean =>
  type === "event_count" || type === "value_count" || type === "temporal" || type === "temporal_ordered";

/** Reads the condition of a correlation of a type; undefined (and problems) when it cannot be honoured exactly. */
export function readCorrelationCondition(
  type: CorrelationType,
  section: Tree,
  references: readonly string[],
  reporter: Reporter,
): ConditionParts | undefined {
  const tree = child(section, "condition");
  const isTemporal = type === "temporal" || type === "temporal_ordered";
  if (tree === undefined) {
    if (isTemporal) return { range: [{ comparison: "gte", value: references.length }], fields: [] };
    reporter.error("rule-missing-key", "The correlation has no condition.", section.at);
    return undefined;
  }
  if (tree.kind === "scalar" && typeof tree.value === "string" && isTemporal) {
    const read = readExpression(tree.value, references);
    if ("terms" in read) return { terms: read.terms, fields: [] };
    reporter.error("rule-correlation-condition", read.problem.message, tree.at, read.problem.suggestion);
    return undefined;
  }
  if (tree.kind !== "map") {
    const form = isTemporal ? "a map such as `gte: 2`, or rules joined by and, or, not" : "a map such as `gte: 10`";
    reporter.error("rule-correlation-condition", `The condition of ${type} must be ${form}.`, tree.at);
    return undefined;
  }
  const errors = reporter.errorCount();
  const range = readRange(type, tree, references.length, reporter);
  const fields = readFields(type, tree, reporter);
  const percentile = readPercentile(type, tree, reporter);
  return reporter.errorCount() > errors ? undefined : { range, fields, percentile };
}

function readRange(
  type: CorrelationType,
  tree: MapTree,
  ruleCount: number,
  reporter: Reporter,
): readonly CorrelationComparison[] {
  const range: CorrelationComparison[] = [];
  const keys = [
    ...COMPARISONS,
    ...(type.startsWith("value_") ? ["field"] : []),
    ...(type === "value_percentile" ? ["percentile"] : []),
  ];
  for (const { key, at, value } of tree.entries) {
    const comparison = COMPARISONS.find((one) => one === key);
    if (comparison === undefined) {
      if (keys.includes(key)) continue;
      const guess = nearest(key, keys);
      const cure = guess === undefined ? `It takes: ${keys.join(", ")}.` : `Did you mean "${guess}"?`;
      reporter.error("rule-correlation-condition", `"${key}" is not part of a condition of ${type}.`, at, cure);
      continue;
    }
    const number = value.kind === "scalar" && typeof value.value === "number" ? value.value : Number.NaN;
    if (isCount(type) && !(Number.isInteger(number) && number >= 0 && number <= MAX_COUNT))
      reporter.error(
        "rule-correlation-condition",
        `The count must be a whole number from 0 to ${MAX_COUNT}.`,
        value.at,
      );
    else if (!Number.isFinite(number))
      reporter.error("rule-correlation-condition", `"${key}" needs a number.`, value.at);
    else range.push({ comparison, value: number });
  }
  if (range.length === 0) {
    if (!tree.entries.some(({ key }) => COMPARISONS.some((one) => one === key)))
      reporter.error(
        "rule-correlation-condition",
        "The condition has no comparison.",
        tree.at,
        `Add one or two of: ${COMPARISONS.join(", ")}.`,
      );
  } else checkRange(type, range, ruleCount, tree.at, reporter);
  return range;
}

/** Refuses what holds for no window or for every one: a window holds at least one fact. */
function checkRange(
  type: CorrelationType,
  range: readonly CorrelationComparison[],
  ruleCount: number,
  at: number,
  reporter: Reporter,
): void {
  const highest = type === "temporal" || type === "temporal_ordered" ? ruleCount : MAX_COUNT + 1;
  if (!isCount(type)) {
    const points = range.flatMap(({ value }) => [value - 1, value, value + 1]);
    const between = range.flatMap(({ value }) => range.map((other) => (value + other.value) / 2));
    if (![...points, ...between].some((value) => holds(range, value)))
      reporter.error("rule-correlation-condition", "No number fulfils the condition.", at);
    return;
  }
  let possible = 0;
  for (let count = 1; count <= highest; count++) if (holds(range, count)) possible++;
  if (possible === 0)
    reporter.error(
      "rule-correlation-condition",
      highest === ruleCount
        ? `No whole number from 1 to ${ruleCount}, the number of rules listed, fulfils the condition.`
        : "No whole number from 1 on fulfils the condition: groups that never occur are not watched.",
      at,
    );
  else if (possible === highest && range.some(({ value }) => value === 0))
    reporter.error(
      "rule-correlation-condition",
      "Every whole number from 1 on fulfils the condition: it asks for nothing.",
      at,
    );
}

function readFields(type: CorrelationType, tree: MapTree, reporter: Reporter): readonly string[] {
  if (!type.startsWith("value_")) return [];
  const value = child(tree, "field");
  if (value === undefined) {
    reporter.error(
      "rule-correlation-condition",
      `The condition of ${type} needs a field.`,
      tree.at,
      "Add `field:` with the name of the field whose values are compared.",
    );
    return [];
  }
  const items = value.kind === "list" ? value.items : [value];
  const names = items.flatMap((item) => (item.kind === "scalar" && typeof item.value === "string" ? [item.value] : []));
  if (names.length === 0 || names.length !== items.length)
    reporter.error("rule-correlation-condition", '"field" must be the name of a field.', value.at);
  else if (names.length > 1 && type !== "value_count")
    reporter.error("rule-correlation-condition", `${type} compares one field, not ${names.length}.`, value.at);
  return names;
}

function readPercentile(type: CorrelationType, tree: MapTree, reporter: Reporter): number | undefined {
  const value = child(tree, "percentile");
  if (value === undefined || type !== "value_percentile") return undefined;
  const number = value.kind === "scalar" ? value.value : undefined;
  if (typeof number === "number" && number >= 0 && number <= 100) return number;
  reporter.error("rule-correlation-condition", '"percentile" must be a number from 0 to 100.', value.at);
  return undefined;
}
