import type { JsonValue } from "../event.ts";
import { type Correlation, type CorrelationComparison, type RuleTerm, comparedFields } from "../rule.ts";

/** A name for each rule id. */
type Titles = (id: string) => string;

const COMPARED: Readonly<Record<CorrelationComparison["comparison"], string>> = {
  gt: "more than",
  gte: "at least",
  lt: "fewer than",
  lte: "at most",
  eq: "exactly",
  neq: "any number but",
};

const FIGURES: Readonly<Record<CorrelationComparison["comparison"], string>> = {
  gt: "greater than",
  gte: "at least",
  lt: "less than",
  lte: "at most",
  eq: "equal to",
  neq: "not equal to",
};

/** What a correlation asks for, in one sentence. */
export function correlationText(correlation: Correlation, titleOf: Titles): string {
  const within = `within ${durationText(correlation.timespan)}`;
  const group = correlation.groupBy.length === 0 ? "" : ` with equal ${listed(correlation.groupBy, "and")}`;
  const fields = listed(comparedFields(correlation), "and");
  switch (correlation.type) {
    case "event_count":
      return `${rangeText(correlation.range, COMPARED)} findings ${within}${group}.`;
    case "value_count":
      return `Findings with ${rangeText(correlation.range, COMPARED)} different values of ${fields} ${within}${group}.`;
    case "temporal":
    case "temporal_ordered": {
      const order = correlation.type === "temporal_ordered" ? ", in the order listed" : "";
      if (correlation.terms !== undefined)
        return `Findings of ${correlation.terms.map((term) => termText(term, titleOf)).join("; or of ")} ${within}${group}${order}.`;
      const range = correlation.range;
      return range === undefined
        ? `Findings of all ${correlation.ruleIds.length} rules ${within}${group}${order}.`
        : `Findings of ${rangeText(range, COMPARED)} different rules ${within}${group}${order}.`;
    }
    case "value_sum":
      return `Findings whose sum of ${fields} is ${rangeText(correlation.range, FIGURES)} ${within}${group}.`;
    case "value_avg":
      return `Findings whose average of ${fields} is ${rangeText(correlation.range, FIGURES)} ${within}${group}.`;
    case "value_median":
      return `Findings whose median of ${fields} is ${rangeText(correlation.range, FIGURES)} ${within}${group}.`;
    case "value_percentile":
      return correlation.percentile === undefined
        ? `Findings in which a value of ${fields} has a share in percent that is ${rangeText(correlation.range, FIGURES)} ${within}${group}.`
        : `Findings whose ${correlation.percentile}th percentile of ${fields} is ${rangeText(correlation.range, FIGURES)} ${within}${group}.`;
  }
}

function rangeText(
  range: readonly CorrelationComparison[],
  words: Readonly<Record<CorrelationComparison["comparison"], string>>,
): string {
  const text = range.map(({ comparison, value }) => `${words[comparison]} ${value}`).join(" and ");
  return words === COMPARED ? text.replace(/^./, (first) => first) : text;
}

function termText({ present, absent }: RuleTerm, titleOf: Titles): string {
  const named = (ids: readonly string[]): string =>
    listed(
      ids.map((id) => `"${titleOf(id)}"`),
      "and",
    );
  if (absent.length === 0) return named(present);
  const without = `none of ${named(absent)}`;
  return present.length === 0 ? without : `${named(present)} but ${without}`;
}

function listed(names: readonly string[], word: string): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1) ?? ""}`;
}

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
  ["millisecond", 1],
] as const;

/** A length of time in the largest unit that gives a whole number. */
export function durationText(milliseconds: number): string {
  for (const [name, size] of UNITS) {
    if (milliseconds % size !== 0) continue;
    const count = milliseconds / size;
    return `${count} ${name}${count === 1 ? "" : "s"}`;
  }
  return `${milliseconds} milliseconds`;
}

/** Whether facts with this value of a group-by name are grouped: it must be there and not be empty. */
export const groups = (value: JsonValue | undefined): boolean => value !== undefined && value !== null && value !== "";
