import type { Correlation, CorrelationType } from "../rule.ts";
import { type ConditionParts, readCorrelationCondition } from "./correlation-condition.ts";
import { parseDuration } from "./duration.ts";
import { nearest } from "./nearest.ts";
import type { Reporter } from "./reporter.ts";
import { readTexts } from "./attributes.ts";
import { type Tree, child } from "./tree.ts";

const TYPES: readonly CorrelationType[] = [
  "event_count",
  "value_count",
  "temporal",
  "temporal_ordered",
  "value_sum",
  "value_avg",
  "value_percentile",
  "value_median",
];
const KEYS = ["type", "rules", "aliases", "group-by", "timespan", "condition", "generate"];
const LIMITS = { timespan: 31 * 86_400_000, rules: 64 } as const;

/** A correlation as written: its rules by id or name, still to be found. */
export interface CorrelationParts {
  readonly type: CorrelationType;
  readonly references: readonly { readonly text: string; readonly at: number }[];
  readonly groupBy: readonly string[];
  /** Field by alias and by rule reference. */
  readonly aliases: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly timespan: number;
  readonly condition: ConditionParts;
  readonly generate: boolean;
  readonly at: number;
}

/** Reads the `correlation:` section (correlation specification v2.1); undefined (and problems) when it cannot be honoured exactly. */
export function readCorrelation(root: Tree, tree: Tree, reporter: Reporter): CorrelationParts | undefined {
  const errors = reporter.errorCount();
  if (tree.kind !== "map") {
    reporter.error("rule-wrong-type", '"correlation" must be a map.', tree.at);
    return undefined;
  }
  for (const { key, at } of tree.entries) {
    if (KEYS.includes(key)) continue;
    const guess = nearest(key, KEYS);
    reporter.error(
      "rule-unknown-value",
      `Unknown key "${key}" in "correlation".`,
      at,
      guess === undefined ? `The keys are: ${KEYS.join(", ")}.` : `Did you mean "${guess}"?`,
    );
  }
  const type = readType(tree, reporter);
  const rules = child(tree, "rules");
  const listed = rules?.kind === "list" ? rules.items : rules === undefined ? [] : [rules];
  const references = listed.flatMap((item) =>
    item.kind === "scalar" && typeof item.value === "string" ? [{ text: item.value, at: item.at }] : [],
  );
  if (references.length === 0 || references.length !== listed.length)
    reporter.error("rule-missing-key", "The correlation must list rules by id or name.", rules?.at ?? tree.at);
  if (references.length > LIMITS.rules)
    reporter.error("rule-too-large", `The correlation lists more than ${LIMITS.rules} rules.`, rules?.at);
  const groupBy = readTexts(tree, "group-by", reporter);
  const timespan = readTimespan(tree, reporter);
  const names = [...new Set(references.map(({ text }) => text))];
  // Without a type nothing can be said of the condition.
  const condition = type === undefined ? undefined : readCorrelationCondition(type, tree, names, reporter);
  const aliases = readAliases(tree, reporter);
  const generate = [child(tree, "generate"), child(root, "generate")].find((value) => value !== undefined);
  if (generate !== undefined && (generate.kind !== "scalar" || typeof generate.value !== "boolean"))
    reporter.error("rule-wrong-type", '"generate" must be true or false.', generate.at);
  if (reporter.errorCount() > errors || type === undefined || timespan === undefined || condition === undefined)
    return undefined;
  return {
    type,
    references,
    groupBy,
    aliases,
    timespan,
    condition,
    generate: generate?.kind === "scalar" && generate.value === true,
    at: tree.at,
  };
}

/** Puts rule ids in place of references. */
export function resolveCorrelation(parts: CorrelationParts, ids: ReadonlyMap<string, string>): Correlation {
  const idOf = (reference: string): string => ids.get(reference) ?? "";
  const aliases = Object.entries(parts.aliases).map(([alias, fields]) => [
    alias,
    Object.fromEntries(
      Object.entries(fields).flatMap(([reference, field]) => (ids.has(reference) ? [[idOf(reference), field]] : [])),
    ),
  ]);
  const ruleIds = [...new Set(parts.references.map(({ text }) => idOf(text)))];
  const base = {
    ruleIds,
    groupBy: parts.groupBy,
    aliases: Object.fromEntries(aliases) as Correlation["aliases"],
    timespan: parts.timespan,
    generate: parts.generate,
  };
  const { range, terms, fields, percentile } = parts.condition;
  const field = fields[0] ?? "";
  switch (parts.type) {
    case "event_count":
      return { type: parts.type, ...base, range: range ?? [] };
    case "value_count":
      return { type: parts.type, ...base, fields, range: range ?? [] };
    case "value_percentile":
      return { type: parts.type, ...base, field, percentile, range: range ?? [] };
    case "value_sum":
    case "value_avg":
    case "value_median":
      return { type: parts.type, ...base, field, range: range ?? [] };
    case "temporal":
    case "temporal_ordered":
      return {
        type: parts.type,
        ...base,
        range,
        terms: terms?.map(({ present, absent }) => ({
          present: ruleIds.filter((id) => present.some((reference) => idOf(reference) === id)),
          absent: absent.map(idOf),
        })),
      };
  }
}

/** The type; undefined when there is none that is known, which is reported. */
function readType(tree: Tree, reporter: Reporter): CorrelationType | undefined {
  const type = child(tree, "type");
  const written = type?.kind === "scalar" ? String(type.value) : undefined;
  const known = TYPES.find((name) => name === written);
  if (known !== undefined) return known;
  if (written === undefined) reporter.error("rule-missing-key", "The correlation has no type.", type?.at ?? tree.at);
  else {
    const guess = nearest(written, TYPES);
    reporter.error(
      "rule-correlation-type",
      `"${written}" is not a correlation type.`,
      type?.at,
      guess === undefined ? `The types are: ${TYPES.join(", ")}.` : `Did you mean "${guess}"?`,
    );
  }
  return undefined;
}

function readTimespan(tree: Tree, reporter: Reporter): number | undefined {
  const value = child(tree, "timespan");
  if (value === undefined) {
    reporter.error("rule-missing-key", "The correlation has no timespan.", tree.at);
    return undefined;
  }
  const text = value.kind === "scalar" ? String(value.value) : "";
  const milliseconds = /^\d+[smhd]$/.test(text) ? parseDuration(text) : undefined;
  if (milliseconds === undefined || milliseconds === 0)
    reporter.error(
      "rule-correlation-timespan",
      `"${text}" is not a timespan.`,
      value.at,
      "Write a whole number and s, m, h or d (lower case), such as 10m.",
    );
  else if (milliseconds > LIMITS.timespan)
    reporter.error("rule-correlation-timespan", "The timespan is above 31 days.", value.at);
  return milliseconds;
}

function readAliases(tree: Tree, reporter: Reporter): CorrelationParts["aliases"] {
  const value = child(tree, "aliases");
  if (value === undefined) return {};
  const result: Record<string, Record<string, string>> = {};
  for (const alias of value.kind === "map" ? value.entries : []) {
    const fields: Record<string, string> = {};
    for (const { key, value: field } of alias.value.kind === "map" ? alias.value.entries : []) {
      if (field.kind === "scalar" && typeof field.value === "string") fields[key] = field.value;
      else reporter.error("rule-wrong-type", `The alias "${alias.key}" must name a field for "${key}".`, field.at);
    }
    if (alias.value.kind !== "map")
      reporter.error("rule-wrong-type", `The alias "${alias.key}" must be a map of rule to field.`, alias.at);
    result[alias.key] = fields;
  }
  if (value.kind !== "map") reporter.error("rule-wrong-type", '"aliases" must be a map.', value.at);
  return result;
}
