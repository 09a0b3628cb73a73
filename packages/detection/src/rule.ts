import type { SeverityLevel } from "@vedette/semconv";
import type { JsonObject, LogSource } from "./event.ts";
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
  readonly problems: readonly Problem[];
}

/** Kinds of security finding a rule may declare. */
export const RULE_KINDS = ["security", "performance", "resource", "compliance"] as const;

/** What an alert of a rule is about. */
export type RuleKind = (typeof RULE_KINDS)[number];

/** Response action that a rule asks for. */
export interface ResponseHint {
  readonly action: "block_address";
  /** Field of the finding's event that holds the target. */
  readonly field: string;
  /** Milliseconds that the action stays in force. */
  readonly for: number;
}

/** One event of an example: milliseconds after the example's start, and its document. */
export interface ExampleEvent {
  readonly at: number;
  /** Without a time of its own; {@link testRule} adds it. */
  readonly document: JsonObject;
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
}

/** The `correlation:` of a rule of type event_count. */
export interface EventCount {
  readonly type: "event_count";
  /** Ids of the correlated rules. */
  readonly ruleIds: readonly string[];
  /** Group-by names; {@link fieldOf} gives the field that one stands for in a rule's events. */
  readonly groupBy: readonly string[];
  /** Field by alias name and rule id. */
  readonly aliases: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Milliseconds; a window is closed at both ends. */
  readonly timespan: number;
  /** Facts that a window needs. */
  readonly threshold: number;
  readonly generate: boolean;
}

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
  /** Content hash: 64 hex digits; comments, order of keys and layout of the YAML do not matter. */
  readonly revision: string;
  readonly extension: RuleExtension;
  readonly falsePositives: readonly string[];
  readonly references: readonly string[];
  /** Of a signature. */
  readonly condition?: Condition | undefined;
  /** Of a signature: its search identifiers and conditions as they were written. */
  readonly written?: WrittenDetection | undefined;
  /** Of a correlation. */
  readonly correlation?: EventCount | undefined;
}

/** The field that a group-by name stands for in the events of a rule. */
export function fieldOf(correlation: EventCount, name: string, ruleId: string): string {
  const alias = Object.hasOwn(correlation.aliases, name) ? correlation.aliases[name] : undefined;
  return (alias !== undefined && Object.hasOwn(alias, ruleId) ? alias[ruleId] : undefined) ?? name;
}
