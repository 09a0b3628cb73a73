import type { GuardAction, GuardRate, GuardTargetKind, SeverityLevel } from "@vedette/semconv";
import type { EntityKind, JsonObject, LogSource } from "./event.ts";
import type { Problem } from "./problem.ts";
import type { Condition } from "./signature.ts";
import type { WrittenDetection } from "./written.ts";

/** The text of a rule file, read by the caller. */
export interface RuleFile {
  /** As it is to be named in problems. */
  readonly path: string;
  /** Sigma YAML, one or several documents. */
  readonly text: string;
}

/** What could be loaded, and what is wrong with the rest. */
export interface RuleSet {
  readonly rules: readonly Rule[];
  /** Those that are put on at least one rule. */
  readonly filters: readonly RuleFilter[];
  readonly problems: readonly Problem[];
}

/** A Sigma filter (docs/sigma.md): what it suppresses is part of the condition of its rules. */
export interface RuleFilter {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly path: string;
  /** Content hash: 64 hex digits. */
  readonly revision: string;
  /** Ids of the rules it is put on. */
  readonly ruleIds: readonly string[];
}

/** Another rule that a rule names, and why. */
export interface RelatedRule {
  readonly id: string;
  readonly type: "derived" | "obsolete" | "merged" | "renamed" | "similar";
}

/** Kinds of security finding a rule may declare. */
export const RULE_KINDS = ["security", "performance", "resource", "compliance"] as const;

/** What an alert of a rule is about. */
export type RuleKind = (typeof RULE_KINDS)[number];

/** Response action that a rule asks for. */
export interface ResponseHint {
  /** `block_address` is short for `block` with an address in the field. */
  readonly action: "block_address" | GuardAction;
  /** Field of the finding's event that holds the target. */
  readonly field: string;
  /** What that field holds; an address where it is not said. */
  readonly target?: GuardTargetKind | undefined;
  /** Narrows the action to one route. */
  readonly route?: string | undefined;
  /** Of a throttle, and only there. */
  readonly rate?: GuardRate | undefined;
  /** Milliseconds that the action stays in force. */
  readonly for: number;
}

/** One event of an example: milliseconds after the example's start, and its document. */
export interface ExampleEvent {
  readonly at: number;
  /** Without a time of its own; {@link testRule} adds it. */
  readonly document: JsonObject;
  /** As a source's configuration would give it, for a document that does not tell its log source. */
  readonly logSource?: LogSource | undefined;
}

/** An in-rule test: events in, a number of this rule's findings out. */
export interface RuleExample {
  readonly name: string;
  readonly kind: "positive" | "negative" | "near_miss";
  readonly events: readonly ExampleEvent[];
  /** Findings of this rule; undefined for "at least one". */
  readonly expect: number | undefined;
}

/** The `vedette:` extension of a rule (docs/sigma.md). */
export interface RuleExtension {
  readonly kind: RuleKind;
  /** Findings with equal values of these fields and gaps of at most `window` milliseconds are one alert. */
  readonly suppression?: { readonly by: readonly string[]; readonly window: number } | undefined;
  readonly response: readonly ResponseHint[];
  readonly examples: readonly RuleExample[];
  readonly exceptions: readonly RuleException[];
  readonly entities: readonly EntityField[];
}

/** Events that are known and accepted for a while: they make no facts, and are counted. */
export interface RuleException {
  readonly name: string;
  /** Who answers for it. */
  readonly owner: string;
  readonly reason: string | undefined;
  /** Unix milliseconds: events of this time and later are no exception any more. */
  readonly expires: number;
  readonly condition: Condition;
}

/** A field whose values are entities of a kind; they stand in place of those the field mapping finds of that kind. */
export interface EntityField {
  readonly kind: EntityKind;
  readonly field: string;
}

/** A correlation type (correlation specification v2.1, and value_median). */
export type CorrelationType =
  | "event_count"
  | "value_count"
  | "temporal"
  | "temporal_ordered"
  | "value_sum"
  | "value_avg"
  | "value_percentile"
  | "value_median";

/** One comparison of a correlation's condition. */
export interface CorrelationComparison {
  readonly comparison: "gt" | "gte" | "lt" | "lte" | "eq" | "neq";
  readonly value: number;
}

/** One way in which an expression over rules holds: all of some rules, none of some others. */
export interface RuleTerm {
  /** Ids of rules that must occur, in the order in which the correlation lists them. */
  readonly present: readonly string[];
  /** Ids of rules that must not occur. */
  readonly absent: readonly string[];
}

interface CorrelationBase {
  /** Ids of the correlated rules, in the order listed. */
  readonly ruleIds: readonly string[];
  /** Group-by names; {@link fieldOf} gives the field that one stands for in a rule's events. */
  readonly groupBy: readonly string[];
  /** Field by alias name and rule id. */
  readonly aliases: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Milliseconds; a window is closed at both ends. */
  readonly timespan: number;
  readonly generate: boolean;
}

/** Counts facts. */
export interface EventCount extends CorrelationBase {
  readonly type: "event_count";
  /** All must hold. */
  readonly range: readonly CorrelationComparison[];
}

/** Counts distinct values, of several fields together when there are several. */
export interface ValueCount extends CorrelationBase {
  readonly type: "value_count";
  readonly fields: readonly string[];
  readonly range: readonly CorrelationComparison[];
}

/** Asks for several rules within the timespan, in any order or in the order listed. */
export interface Temporal extends CorrelationBase {
  readonly type: "temporal" | "temporal_ordered";
  /** Compares the number of different rules; undefined when terms decide. */
  readonly range: readonly CorrelationComparison[] | undefined;
  /** One of them must hold; undefined when the range decides. */
  readonly terms: readonly RuleTerm[] | undefined;
}

/** Compares a figure that is made of the numbers in a field. */
export interface ValueMetric extends CorrelationBase {
  readonly type: "value_sum" | "value_avg" | "value_median";
  readonly field: string;
  readonly range: readonly CorrelationComparison[];
}

/** Compares a percentile of the numbers in a field or, without `percentile`, the share in percent that a value has of all. */
export interface ValuePercentile extends CorrelationBase {
  readonly type: "value_percentile";
  readonly field: string;
  /** From 0 to 100. */
  readonly percentile: number | undefined;
  readonly range: readonly CorrelationComparison[];
}

/** The `correlation:` of a rule. */
export type Correlation = EventCount | ValueCount | Temporal | ValueMetric | ValuePercentile;

/** A rule that can be honoured exactly. */
export interface Rule {
  readonly id: string;
  readonly name: string | undefined;
  readonly title: string;
  readonly description: string;
  readonly status: string;
  readonly level: SeverityLevel;
  readonly tags: readonly string[];
  readonly kind: "signature" | "correlation";
  /** Empty for a correlation. */
  readonly logSource: LogSource;
  readonly path: string;
  /** Where it begins in its file, 1-based; undefined when it has no place there. */
  readonly line?: number | undefined;
  /** Content hash: 64 hex digits, filters included; comments, order of keys and layout of the YAML do not matter. */
  readonly revision: string;
  readonly extension: RuleExtension;
  readonly falsePositives: readonly string[];
  readonly references: readonly string[];
  readonly related: readonly RelatedRule[];
  /** `sigma` when the rule says nothing else. It decides nothing: fields are read by mappings and pipelines. */
  readonly taxonomy: string;
  readonly author: string | undefined;
  readonly license: string | undefined;
  /** As written; the specification wants YYYY-MM-DD. */
  readonly date: string | undefined;
  readonly modified: string | undefined;
  /** Fields that are worth showing. */
  readonly fields: readonly string[];
  readonly scope: readonly string[];
  /** Ids of the filters that are part of the condition and of the revision, in the order they were put on. */
  readonly filters: readonly string[];
  /** On trial: it finds as ever, but silences none of the rules that it correlates. That its findings alert nobody is for the caller to see to. */
  readonly trial?: boolean | undefined;
  /** Of a signature. */
  readonly condition?: Condition | undefined;
  /** Of a signature: its search identifiers and conditions as they were written. */
  readonly written?: WrittenDetection | undefined;
  /** Of a correlation. */
  readonly correlation?: Correlation | undefined;
}

/** The fields whose values a correlation compares, besides those it groups by. */
export function comparedFields(correlation: Correlation): readonly string[] {
  if (correlation.type === "value_count") return correlation.fields;
  return "field" in correlation ? [correlation.field] : [];
}

/** The field that a name of a correlation stands for in the events of a rule. */
export function fieldOf(correlation: Correlation, name: string, ruleId: string): string {
  const alias = Object.hasOwn(correlation.aliases, name) ? correlation.aliases[name] : undefined;
  return (alias !== undefined && Object.hasOwn(alias, ruleId) ? alias[ruleId] : undefined) ?? name;
}
/** Whether a rule looks at every event, of a log source or of none: pipelines put conditions in the log source's place. */
export function looksEverywhere({ kind, logSource }: Rule): boolean {
  return kind === "signature" && Object.values(logSource).every((part) => part === undefined);
}
