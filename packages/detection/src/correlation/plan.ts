import type { RuleReference } from "../finding.ts";
import { hashOf } from "../hash.ts";
import { referenceTo } from "../match/facts.ts";
import { type Correlation, type CorrelationComparison, type Rule, comparedFields, fieldOf } from "../rule.ts";
import { silentRules, wantedFields } from "./wanted-fields.ts";

/** What is read from a finding of one listed rule. */
export interface Source {
  readonly plan: Plan;
  /** Place of the rule among those listed. */
  readonly index: number;
  /** Fields of the group-by names, in their order. */
  readonly groupBy: readonly string[];
  readonly compared: readonly string[];
  /** What correlations of this one want to know: name and field. */
  readonly carried: readonly (readonly [string, string])[];
}

/** A correlation, ready to run. */
export interface Plan {
  readonly index: number;
  readonly rule: Rule;
  readonly correlation: Correlation;
  readonly reference: RuleReference;
  readonly alerts: boolean;
  /** Changes with the content of the rule and of the correlations that it is made of. */
  readonly revision: string;
  /** 0 when no other correlation is listed, else one more than the highest of those listed. */
  readonly rank: number;
  /** How much later than a fact its correlations can still tell of it, milliseconds: the timespans of those listed. */
  readonly delay: number;
  /** Whether it lists correlations: then several members can stand for one episode. */
  readonly chained: boolean;
  /** Whether a qualifying window stays one whatever else comes. */
  readonly growing: boolean;
  /** How long members are held after the horizon has passed them, milliseconds. */
  readonly retain: number;
  /** Members that a qualifying window has at least. */
  readonly minimum: number;
  /** Different listed rules that a qualifying window has at least. */
  readonly minimumRules: number;
  /** What is kept of each member's fields: a number, a text, or nothing. */
  readonly keeps: "number" | "text" | "nothing";
  /** Where its episodes go on to. */
  readonly outer: readonly Source[];
}

/** Correlations in an order in which those listed come before those that list them, and the sources by rule id. */
export interface Plans {
  readonly plans: readonly Plan[];
  readonly byId: ReadonlyMap<string, Plan>;
  readonly sources: ReadonlyMap<string, readonly Source[]>;
}

/** Puts together what can be known of the correlations before the first fact. */
export function planCorrelations(rules: readonly Rule[]): Plans {
  const wanted = wantedFields(rules);
  const silent = silentRules(rules);
  const written = new Map<string, Rule>();
  for (const rule of rules) if (rule.correlation !== undefined) written.set(rule.id, rule);
  const byId = new Map<string, Plan>();
  const sources = new Map<string, Source[]>();
  const outerOf = (id: string): Source[] => {
    let list = sources.get(id);
    if (list === undefined) sources.set(id, (list = []));
    return list;
  };
  const add = (rule: Rule): Plan | undefined => {
    const known = byId.get(rule.id);
    const { correlation } = rule;
    if (known !== undefined || correlation === undefined) return known;
    const inner = correlation.ruleIds.flatMap((id) => {
      const listed = written.get(id);
      return listed === undefined ? [] : (add(listed) ?? []);
    });
    const chained = inner.length > 0;
    const growing = !chained && isGrowing(correlation);
    const plan: Plan = {
      index: byId.size,
      rule,
      correlation,
      reference: referenceTo(rule),
      alerts: !silent.has(rule.id),
      revision: chained ? hashOf(rule.revision, ...inner.map(({ revision }) => revision)) : rule.revision,
      rank: Math.max(-1, ...inner.map(({ rank }) => rank)) + 1,
      delay: Math.max(0, ...inner.map((one) => one.delay + one.correlation.timespan)),
      chained,
      growing,
      retain: correlation.timespan * (growing ? 1 : 2),
      minimum: growing ? leastMembers(correlation) : 1,
      minimumRules: growing && isTemporal(correlation) ? leastMembers(correlation) : 1,
      keeps: keptOf(correlation),
      outer: outerOf(rule.id),
    };
    byId.set(rule.id, plan);
    for (const [index, id] of correlation.ruleIds.entries())
      outerOf(id).push({
        plan,
        index,
        groupBy: correlation.groupBy.map((name) => fieldOf(correlation, name, id)),
        compared: comparedFields(correlation).map((name) => fieldOf(correlation, name, id)),
        carried: [...(wanted.get(rule.id) ?? [])].map((name) => [name, fieldOf(correlation, name, id)] as const),
      });
    return plan;
  };
  for (const rule of rules) add(rule);
  return { plans: [...byId.values()], byId, sources };
}

const isLowerBound = ({ comparison }: CorrelationComparison): boolean => comparison === "gte" || comparison === "gt";

function isGrowing(correlation: Correlation): boolean {
  switch (correlation.type) {
    case "event_count":
    case "value_count":
      return correlation.range.every(isLowerBound);
    case "temporal":
    case "temporal_ordered":
      return (
        (correlation.range?.every(isLowerBound) ?? true) &&
        (correlation.terms?.every(({ absent }) => absent.length === 0) ?? true)
      );
    default:
      return false;
  }
}

const isTemporal = ({ type }: Correlation): boolean => type === "temporal" || type === "temporal_ordered";

/** The smallest count that the lower bounds allow. */
export function leastCount(range: readonly CorrelationComparison[]): number {
  let least = 1;
  for (const { comparison, value } of range) {
    if (comparison === "gte" || comparison === "eq") least = Math.max(least, value);
    if (comparison === "gt") least = Math.max(least, value + 1);
  }
  return least;
}

function leastMembers(correlation: Correlation): number {
  if (correlation.range !== undefined) return leastCount(correlation.range);
  const terms = "terms" in correlation ? (correlation.terms ?? []) : [];
  return Math.min(...terms.map(({ present }) => present.length));
}

function keptOf(correlation: Correlation): Plan["keeps"] {
  switch (correlation.type) {
    case "value_count":
      return "text";
    case "value_percentile":
      return correlation.percentile === undefined ? "text" : "number";
    case "value_sum":
    case "value_avg":
    case "value_median":
      return "number";
    default:
      return "nothing";
  }
}
