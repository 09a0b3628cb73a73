import type { LogSource } from "../event.ts";
import { canonicalJson, hashOf } from "../hash.ts";
import type { PreparedDocument } from "../pipeline/apply-pipelines.ts";
import type { Rule, RuleFilter } from "../rule.ts";
import { type FilterParts, applyFilter, coversLogSource } from "./load-filter.ts";
import { nearest } from "./nearest.ts";
import type { Reporter } from "./reporter.ts";
import { type Tree, toJson } from "./tree.ts";

/** A filter that was read, before its rules are found. */
export interface DraftFilter {
  readonly parts: FilterParts;
  /** Position of its document among all. */
  readonly position: number;
  readonly section: Tree;
  /** Reads the section as pipelines made it for one rule. */
  readonly reread: (section: Tree) => FilterParts | undefined;
  readonly about: Omit<RuleFilter, "ruleIds">;
  readonly reporter: Reporter;
  readonly at: number;
}

interface Draft {
  readonly rule: Rule;
  readonly prepared: PreparedDocument;
}

/**
 * Puts filters on the rules they name. A reference that leads nowhere, or to a rule of another log source, is warned of; a filter that is
 * put on no rule is refused.
 */
export function resolveFilters<Each extends Draft>(
  drafts: readonly Each[],
  filters: readonly DraftFilter[],
): { readonly drafts: readonly Each[]; readonly filters: readonly RuleFilter[] } {
  if (filters.length === 0) return { drafts, filters: [] };
  const byReference = new Map<string, number>();
  for (const [index, { rule }] of drafts.entries()) if (rule.name !== undefined) byReference.set(rule.name, index);
  for (const [index, { rule }] of drafts.entries()) byReference.set(rule.id, index);
  const rules = drafts.map(({ rule }) => rule);
  const logSources = drafts.map(({ rule, prepared }) => prepared.logSource ?? rule.logSource);
  const ids = new Map<string, DraftFilter>();
  const applied: RuleFilter[] = [];
  for (const filter of filters) {
    const { parts, about, reporter, at } = filter;
    const twin = ids.get(about.id);
    if (twin !== undefined || byReference.has(about.id)) {
      const where = twin === undefined ? "a rule" : `"${twin.about.title}" in ${twin.about.path}`;
      reporter.error("rule-duplicate-id", `The id ${about.id} is taken by ${where}.`, at);
      continue;
    }
    ids.set(about.id, filter);
    const targets =
      parts.references === "any"
        ? rules.flatMap((rule, index) =>
            rule.kind === "signature" && coversLogSource(parts.logSource, logSources[index] ?? {}) ? [index] : [],
          )
        : findAll(filter, byReference, rules, logSources);
    if (targets.length === 0) {
      const cure = "Load the rules it names in the same run, or correct its references and its logsource.";
      reporter.error("rule-filter-reference", `The filter "${about.title}" is put on no rule.`, at, cure);
      continue;
    }
    for (const index of targets) {
      const rule = rules[index];
      const section = drafts[index]?.prepared.filters.get(filter.position) ?? filter.section;
      const isOwn = section === filter.section;
      const own = isOwn ? parts : filter.reread(section);
      const revision = isOwn ? about.revision : hashOf(about.revision, canonicalJson(toJson(section)));
      if (rule !== undefined && own !== undefined) rules[index] = applyFilter(rule, own, about.id, revision);
    }
    applied.push({ ...about, ruleIds: targets.flatMap((index) => rules[index]?.id ?? []) });
  }
  return { drafts: drafts.map((draft, index) => ({ ...draft, rule: rules[index] ?? draft.rule })), filters: applied };
}

function findAll(
  { parts, about, reporter }: DraftFilter,
  byReference: ReadonlyMap<string, number>,
  rules: readonly Rule[],
  logSources: readonly LogSource[],
): readonly number[] {
  const found = new Set<number>();
  let suggestions = 10;
  for (const { text, at } of parts.references === "any" ? [] : parts.references) {
    const index = byReference.get(text) ?? byReference.get(text.toLowerCase());
    const rule = index === undefined ? undefined : rules[index];
    const warn = (message: string, suggestion?: string): void =>
      reporter.warning("rule-filter-reference", message, at, suggestion);
    if (index === undefined || rule === undefined) {
      // Looking for the nearest of all names is worth it for a slip, not for a list of strangers.
      const guess = suggestions-- > 0 ? nearest(text, byReference.keys()) : undefined;
      warn(
        `The filter "${about.title}" refers to "${text}", which is not loaded.`,
        guess === undefined ? undefined : `Did you mean "${guess}"?`,
      );
    } else if (rule.kind !== "signature")
      warn(`"${text}" is a correlation; put the filter on the rules it correlates.`);
    else if (!coversLogSource(parts.logSource, logSources[index] ?? {}))
      warn(
        `The rule "${text}" is for another log source (${describe(logSources[index] ?? {})}) than the filter, which is not put on it.`,
        "Give the filter the rule's logsource, or fewer parts of it.",
      );
    else found.add(index);
  }
  return [...found];
}

function describe(logSource: LogSource): string {
  return (["product", "category", "service"] as const)
    .flatMap((key) => (logSource[key] === undefined ? [] : [`${key} ${logSource[key]}`]))
    .join(", ");
}
