import type { EventCount } from "../rule.ts";
import { parseDuration } from "./duration.ts";
import { nearest } from "./nearest.ts";
import type { Reporter } from "./reporter.ts";
import { readTexts } from "./attributes.ts";
import { type Tree, child } from "./tree.ts";

const TYPES = [
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
const LIMITS = { threshold: 10_000, timespan: 31 * 86_400_000 } as const;

/** A correlation as written: its rules by id or name, still to be found. */
export interface CorrelationParts {
  readonly references: readonly { readonly text: string; readonly at: number }[];
  readonly groupBy: readonly string[];
  /** Field by alias and by rule reference. */
  readonly aliases: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly timespan: number;
  readonly threshold: number;
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
  const isSupported = readType(tree, reporter);
  const rules = child(tree, "rules");
  const listed = rules?.kind === "list" ? rules.items : rules === undefined ? [] : [rules];
  const references = listed.flatMap((item) =>
    item.kind === "scalar" && typeof item.value === "string" ? [{ text: item.value, at: item.at }] : [],
  );
  if (references.length === 0 || references.length !== listed.length)
    reporter.error("rule-missing-key", "The correlation must list rules by id or name.", rules?.at ?? tree.at);
  const groupBy = readTexts(tree, "group-by", reporter);
  const timespan = readTimespan(tree, reporter);
  // The condition of another type has another form: nothing can be said of it.
  const threshold = isSupported ? readThreshold(tree, reporter) : undefined;
  const aliases = readAliases(tree, reporter);
  const generate = [child(tree, "generate"), child(root, "generate")].find((value) => value !== undefined);
  if (generate !== undefined && (generate.kind !== "scalar" || typeof generate.value !== "boolean"))
    reporter.error("rule-wrong-type", '"generate" must be true or false.', generate.at);
  if (reporter.errorCount() > errors || timespan === undefined || threshold === undefined) return undefined;
  return {
    references,
    groupBy,
    aliases,
    timespan,
    threshold,
    generate: generate?.kind === "scalar" && generate.value === true,
    at: tree.at,
  };
}

/** Puts rule ids in place of references. */
export function resolveCorrelation(parts: CorrelationParts, ids: ReadonlyMap<string, string>): EventCount {
  const aliases = Object.entries(parts.aliases).map(([alias, fields]) => [
    alias,
    Object.fromEntries(
      Object.entries(fields).flatMap(([reference, field]) =>
        ids.has(reference) ? [[ids.get(reference) ?? "", field]] : [],
      ),
    ),
  ]);
  return {
    type: "event_count",
    ruleIds: [...new Set(parts.references.map(({ text }) => ids.get(text) ?? ""))],
    groupBy: parts.groupBy,
    aliases: Object.fromEntries(aliases),
    timespan: parts.timespan,
    threshold: parts.threshold,
    generate: parts.generate,
  };
}

/** Whether the type is the one that is supported; what is wrong with it is reported. */
function readType(tree: Tree, reporter: Reporter): boolean {
  const type = child(tree, "type");
  const written = type?.kind === "scalar" ? String(type.value) : undefined;
  if (written === "event_count") return true;
  if (written === undefined) reporter.error("rule-missing-key", "The correlation has no type.", type?.at ?? tree.at);
  else if (TYPES.includes(written))
    reporter.error("rule-correlation-type", `The correlation type "${written}" is not supported.`, type?.at);
  else {
    const guess = nearest(written, TYPES);
    reporter.error(
      "rule-correlation-type",
      `"${written}" is not a correlation type.`,
      type?.at,
      guess === undefined ? undefined : `Did you mean "${guess}"?`,
    );
  }
  return false;
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

function readThreshold(tree: Tree, reporter: Reporter): number | undefined {
  const value = child(tree, "condition");
  if (value?.kind !== "map") {
    if (value === undefined) reporter.error("rule-missing-key", "The correlation has no condition.", tree.at);
    else reporter.error("rule-correlation-condition", "The condition must be a map such as `gte: 10`.", value.at);
    return undefined;
  }
  const [only] = value.entries;
  if (only === undefined || value.entries.length > 1) {
    reporter.error("rule-correlation-condition", "The condition must have one comparison.", value.at);
    return undefined;
  }
  if (only.key !== "gte" && only.key !== "gt") {
    const why = ["lt", "lte", "eq", "neq"].includes(only.key)
      ? `"${only.key}" would hold for windows that are still filling, and for groups that never occur`
      : `"${only.key}" is not a comparison of event_count`;
    reporter.error("rule-correlation-condition", `${why}; gte and gt are supported.`, only.at);
    return undefined;
  }
  const number = only.value.kind === "scalar" ? only.value.value : undefined;
  const threshold = typeof number === "number" && Number.isInteger(number) ? number + (only.key === "gt" ? 1 : 0) : 0;
  if (threshold >= 1 && threshold <= LIMITS.threshold) return threshold;
  reporter.error(
    "rule-correlation-condition",
    `The count must be a whole number from 1 to ${LIMITS.threshold}.`,
    only.value.at,
  );
  return undefined;
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
