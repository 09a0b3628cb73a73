import type { LogSource } from "../event.ts";
import { hashOf } from "../hash.ts";
import type { Rule } from "../rule.ts";
import { type Condition, join } from "../signature.ts";
import type { WrittenDetection } from "../written.ts";
import { FILTER_MARK, rereadCondition } from "./condition.ts";
import { type DetectionParts, readDetection, readLogSource } from "./load-signature.ts";
import type { Placeholders } from "./modifiers.ts";
import type { Reporter } from "./reporter.ts";
import { type Tree, child } from "./tree.ts";

/** A filter as written: its rules by id or name, still to be found. */
export interface FilterParts extends DetectionParts {
  /** `any`: every signature of the log source. */
  readonly references: "any" | readonly { readonly text: string; readonly at: number }[];
  readonly logSource: LogSource;
  /** Whether a rule goes on where the filter's condition holds, or where it does not. */
  readonly keeps: boolean;
}

/**
 * Reads a filter (filters specification v2.1); undefined (and problems) when it cannot be honoured exactly.
 *
 * The specification's filters describe what is to be suppressed (`condition: selection`), those written for pySigma what is to be kept
 * (`condition: not selection`). They are told apart by what they say of an event in which no search identifier is found: a filter never
 * suppresses such an event.
 */
export function readFilter(
  root: Tree,
  section: Tree,
  placeholders: Placeholders,
  reporter: Reporter,
): FilterParts | undefined {
  const errors = reporter.errorCount();
  const logSource = readLogSource(root, reporter);
  if (section.kind !== "map") {
    reporter.error("rule-wrong-type", '"filter" must be a map.', section.at);
    return undefined;
  }
  const references = readReferences(section, reporter);
  const detection = readDetection(section, "filter", placeholders, reporter, ["rules"]);
  for (const key of ["detection", "correlation"])
    if (child(root, key) !== undefined)
      reporter.error("rule-wrong-type", `A filter has no "${key}".`, child(root, key)?.at);
  if (reporter.errorCount() > errors || logSource === undefined || detection === undefined) return undefined;
  return { ...detection, references, logSource, keeps: detection.written.conditions.some(holdsOfNothing(detection)) };
}

function readReferences(section: Tree, reporter: Reporter): FilterParts["references"] {
  const rules = child(section, "rules");
  if (rules?.kind === "scalar" && typeof rules.value === "string" && rules.value.toLowerCase() === "any") return "any";
  const listed = rules?.kind === "list" ? rules.items : rules === undefined ? [] : [rules];
  const references = listed.flatMap((item) =>
    item.kind === "scalar" && typeof item.value === "string" ? [{ text: item.value, at: item.at }] : [],
  );
  if (references.length === 0 || references.length !== listed.length)
    reporter.error(
      "rule-missing-key",
      "The filter must list rules by id or name.",
      rules?.at ?? section.at,
      "Write `rules: any` for every rule of the log source.",
    );
  return references;
}

function holdsOfNothing({ written }: DetectionParts): (text: string) => boolean {
  return (text) =>
    rereadCondition<boolean>(text, written.searches, {
      search: () => false,
      not: (item) => !item,
      join: (op, items) => (op === "and" ? items.every(Boolean) : items.some(Boolean)),
      of: () => false,
    });
}

/** Whether every part of a log source that the filter names is the rule's. */
export function coversLogSource(filter: LogSource, rule: LogSource): boolean {
  return (["product", "category", "service"] as const).every(
    (key) => filter[key] === undefined || filter[key] === rule[key],
  );
}

/** The rule with a filter put on: its condition, its explanation and its revision have the filter in them. */
export function applyFilter(rule: Rule, filter: FilterParts, id: string, revision: string): Rule {
  if (rule.condition === undefined) return rule;
  const kept: Condition = filter.keeps ? filter.condition : { op: "not", item: filter.condition };
  return {
    ...rule,
    condition: join("and", [rule.condition, kept]),
    written: rule.written === undefined ? undefined : writeFilter(rule.written, filter, rule.filters.length),
    filters: [...rule.filters, id],
    revision: hashOf(rule.revision, "filter", revision),
  };
}

/** Search identifiers of a filter get names that are not among the rule's and that no pattern of it takes. */
function writeFilter(rule: WrittenDetection, filter: FilterParts, number: number): WrittenDetection {
  const prefix = `filter${number + 1}${FILTER_MARK}`;
  const rename = (text: string): string =>
    (text.match(/[()]|[^\s()]+/g) ?? [])
      .map((word, index, words) => {
        const lower = word.toLowerCase();
        const isNext = (words[index + 1] ?? "").toLowerCase() === "of";
        if (["(", ")", "and", "or", "not"].includes(lower) || (isNext && /^(?:\d+|all|any)$/.test(lower))) return word;
        const isPattern = (words[index - 1] ?? "").toLowerCase() === "of" && index > 1;
        if (lower === "of") return word;
        return `${prefix}${isPattern && lower === "them" && !filter.written.searches.has(word) ? "*" : word}`;
      })
      .join(" ");
  const filtering = filter.written.conditions.map((text) => `(${rename(text)})`).join(" or ");
  const searches = new Map(rule.searches);
  for (const [name, search] of filter.written.searches) searches.set(prefix + name, search);
  const word = filter.keeps ? "" : "not ";
  return { searches, conditions: rule.conditions.map((text) => `(${text}) and ${word}(${filtering})`) };
}
