import { type Correlation, type Rule, comparedFields, fieldOf } from "../rule.ts";

/**
 * The fields that each rule's findings must carry for the correlations that list it, directly or over other correlations, by rule id. What an
 * outer correlation asks of an inner one that the inner one does not group by is read from the event that completes a window.
 */
export function wantedFields(rules: readonly Rule[]): ReadonlyMap<string, ReadonlySet<string>> {
  const correlations = new Map<string, Correlation>();
  for (const { id, correlation } of rules) if (correlation !== undefined) correlations.set(id, correlation);
  const wanted = new Map<string, Set<string>>();
  const want = (ruleId: string, field: string): void => {
    const inner = correlations.get(ruleId);
    if (inner?.groupBy.includes(field) === true) return;
    let fields = wanted.get(ruleId);
    if (fields === undefined) wanted.set(ruleId, (fields = new Set()));
    if (fields.has(field)) return;
    fields.add(field);
    for (const source of inner?.ruleIds ?? []) want(source, fieldOf(inner as Correlation, field, source));
  };
  for (const correlation of correlations.values())
    for (const name of [...correlation.groupBy, ...comparedFields(correlation)])
      for (const source of correlation.ruleIds) want(source, fieldOf(correlation, name, source));
  return wanted;
}

/** Ids of the rules that make no alerts of their own: a correlation lists them, and none of those that do says `generate: true`. A correlation on trial keeps nobody quiet. */
export function silentRules(rules: readonly Rule[]): ReadonlySet<string> {
  const silent = new Set<string>();
  const generated = new Set<string>();
  for (const { correlation, trial } of rules)
    for (const id of trial === true ? [] : (correlation?.ruleIds ?? []))
      (correlation?.generate === true ? generated : silent).add(id);
  return silent.difference(generated);
}
