import type { JsonValue } from "../event.ts";
import type { Fact } from "../finding.ts";
import { canonicalJson } from "../hash.ts";
import { valueOf } from "./group-key.ts";
import type { Plan, Plans, Source } from "./plan.ts";

/**
 * Whether a correlator works on a group. Of a correlation that stands alone each group can be owned by another one: the group is its values as canonical JSON, in the order of
 * the rule's `group-by`. Correlations of which one lists the other look into each other's groups, so that all of them are owned together: the rule is then the one with the
 * least id among them, and the group is the empty text. The same is asked of a fact without the values of a group, so that one correlator alone counts it. Must be pure.
 */
export type OwnsGroup = (ruleId: string, group: string) => boolean;

/** Tells which facts of which listed rule belong to groups that are owned. */
export function ownershipOf({ plans, byId }: Plans, owns: OwnsGroup): (source: Source, fact: Fact) => boolean {
  const component = componentsOf(plans, byId);
  const known = new Map<Plan, boolean>();
  const ownsWhole = (plan: Plan, ruleId: string): boolean => {
    let owned = known.get(plan);
    if (owned === undefined) known.set(plan, (owned = owns(ruleId, "")));
    return owned;
  };
  return ({ plan, groupBy }, fact) => {
    const linked = component.get(plan);
    if (linked !== undefined) return ownsWhole(plan, linked);
    const values: JsonValue[] = [];
    for (const field of groupBy) {
      const value = valueOf(fact.values, field);
      if (value === undefined) return ownsWhole(plan, plan.rule.id);
      values.push(value);
    }
    return owns(plan.rule.id, canonicalJson(values));
  };
}

/** For each correlation that lists another one or is listed by one, the least id of those that hang together with it. */
function componentsOf(plans: Plans["plans"], byId: Plans["byId"]): ReadonlyMap<Plan, string> {
  const parent = new Map<Plan, Plan>();
  const rootOf = (plan: Plan): Plan => {
    let root = plan;
    for (let next = parent.get(root); next !== undefined; next = parent.get(root)) root = next;
    return root;
  };
  const linked = new Set<Plan>();
  for (const plan of plans) {
    for (const id of plan.correlation.ruleIds) {
      const listed = byId.get(id);
      if (listed === undefined) continue;
      linked.add(plan).add(listed);
      const [one, other] = [rootOf(plan), rootOf(listed)];
      if (one === other) continue;
      if (one.rule.id < other.rule.id) parent.set(other, one);
      else parent.set(one, other);
    }
  }
  return new Map(Array.from(linked, (plan) => [plan, rootOf(plan).rule.id]));
}
