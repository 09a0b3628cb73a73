import type { PreparedDocument } from "../pipeline/apply-pipelines.ts";
import type { Rule } from "../rule.ts";
import { type CorrelationParts, resolveCorrelation } from "./load-correlation.ts";
import { nearest } from "./nearest.ts";
import type { Reporter } from "./reporter.ts";

/** A rule that could be read; of a correlation also what it refers to. */
export interface DraftRule {
  readonly rule: Rule;
  readonly reporter: Reporter;
  readonly at: number;
  readonly correlation?: CorrelationParts | undefined;
  /** What pipelines told of the rule. */
  readonly prepared: PreparedDocument;
}

/** How many correlations may lead from one to the rules it is made of. */
const MAX_DEPTH = 32;
const METRICS = ["value_sum", "value_avg", "value_percentile", "value_median"];

/**
 * Finds the rules that correlations refer to, by id or name. A correlation is refused when a rule that it lists is not there or was refused, or
 * when it would in the end be made of itself.
 */
export function resolveCorrelations(drafts: readonly DraftRule[]): readonly Rule[] {
  const byReference = new Map<string, DraftRule>();
  for (const draft of drafts) if (draft.rule.name !== undefined) byReference.set(draft.rule.name, draft);
  for (const draft of drafts) byReference.set(draft.rule.id, draft);
  const find = (text: string): DraftRule | undefined => byReference.get(text) ?? byReference.get(text.toLowerCase());
  const results = new Map<DraftRule, Rule | "refused">();

  /** The rule with its references found, or that it is refused; `path` are the correlations that lead to it. */
  const settle = (draft: DraftRule, path: readonly DraftRule[]): Rule | "refused" => {
    const known = results.get(draft);
    if (known !== undefined) return known;
    const settled = draft.correlation === undefined ? draft.rule : link(draft, draft.correlation, [...path, draft]);
    results.set(draft, settled);
    return settled;
  };

  const link = (draft: DraftRule, parts: CorrelationParts, path: readonly DraftRule[]): Rule | "refused" => {
    const { reporter } = draft;
    const errors = reporter.errorCount();
    const ids = new Map<string, string>();
    const listed = new Set<string>();
    for (const { text, at } of parts.references) {
      const found = find(text);
      if (found === undefined) {
        const guess = nearest(text, byReference.keys());
        const cure = guess === undefined ? undefined : `Did you mean "${guess}"?`;
        const message = `The correlation refers to "${text}", which is not loaded.`;
        reporter.error("rule-correlation-reference", message, at, cure);
      } else if (path.includes(found)) {
        const ring = path.slice(path.indexOf(found));
        const how =
          ring.length === 1
            ? "which is itself"
            : `which refers back to it: ${[...ring, found].map(nameOf).join(" → ")}`;
        reporter.error("rule-correlation-reference", `The correlation refers to "${text}", ${how}.`, at);
      } else if (path.length > MAX_DEPTH)
        reporter.error("rule-too-large", `The chain of correlations is longer than ${MAX_DEPTH}.`, at);
      else if (settle(found, path) === "refused") {
        const message = `The correlation refers to "${text}" (${nameOf(found)}), which was refused.`;
        reporter.error("rule-correlation-reference", message, at);
      } else if (found.correlation !== undefined && METRICS.includes(parts.type))
        reporter.error(
          "rule-correlation-reference",
          `"${text}" is a correlation, whose episodes have no number of their own; ${parts.type} reads numbers of events.`,
          at,
          "List rules that match single events.",
        );
      else if (listed.has(found.rule.id))
        reporter.error(
          "rule-correlation-reference",
          `"${text}" is listed twice.`,
          at,
          "List each rule once, by id or by name.",
        );
      else {
        listed.add(found.rule.id);
        ids.set(text, found.rule.id);
      }
    }
    for (const reference of Object.values(parts.aliases).flatMap(Object.keys)) {
      const found = find(reference);
      if (found !== undefined && [...ids.values()].includes(found.rule.id)) ids.set(reference, found.rule.id);
      else
        reporter.error(
          "rule-correlation-reference",
          `An alias names "${reference}", which the correlation does not list.`,
          parts.at,
        );
    }
    return reporter.errorCount() > errors ? "refused" : { ...draft.rule, correlation: resolveCorrelation(parts, ids) };
  };

  return drafts.flatMap((draft) => {
    const settled = settle(draft, []);
    return settled === "refused" ? [] : [settled];
  });
}

/** A correlation's title and place. */
function nameOf({ rule, reporter, at }: DraftRule): string {
  const line = reporter.lineOf(at);
  return `"${rule.title}" in ${rule.path}${line === undefined ? "" : `:${line}`}`;
}
