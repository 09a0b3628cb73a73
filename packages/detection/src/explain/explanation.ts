import type { SeverityLevel } from "@vedette/semconv";
import type { JsonValue, LogSource } from "../event.ts";
import type { CorrelationType } from "../rule.ts";

/** Why a rule said yes or no to one event. */
export interface Explanation {
  readonly rule: {
    readonly id: string;
    readonly title: string;
    readonly level: SeverityLevel;
    readonly kind: "signature" | "correlation";
    readonly revision: string;
    readonly path: string;
  };
  /** Whether the rule makes a finding of the event. Always false for a correlation: one event does not decide it. */
  readonly matched: boolean;
  readonly outcome: Outcome;
  /** The outcome in one sentence. */
  readonly summary: string;
  /** Name of the mapping that reads the event, null when none does. */
  readonly mapping: string | null;
  /** Log sources that the event belongs to. */
  readonly logSources: readonly LogSource[];
  /** Log source that the rule is for. */
  readonly wanted: LogSource;
  /** The parts of the condition that decided; null when it was not asked. */
  readonly decision: Decision | null;
  /** The rule's exceptions, when its condition holds. */
  readonly exceptions: readonly ExceptionExplanation[];
  readonly correlation: CorrelationExplanation | null;
}

/**
 * `matched`: a finding. `condition`: the condition does not hold. `excepted`: it does, but an exception hides the finding. `log-source`: the
 * event belongs to other log sources. `no-log-source`: it belongs to none. `no-mapping`: no mapping reads it. `correlation`: the rule counts
 * findings of other rules.
 */
export type Outcome =
  | "matched"
  | "condition"
  | "excepted"
  | "log-source"
  | "no-log-source"
  | "no-mapping"
  | "correlation";

/** A part of a condition, reduced to what decided: of parts of which all must hold, those that failed; of those of which one must, those that held. */
export type Decision =
  | { readonly kind: "all" | "any"; readonly held: boolean; readonly of: number; readonly items: readonly Decision[] }
  | {
      readonly kind: "of";
      readonly held: boolean;
      /** As the rule has it: a number or `all`, and the pattern of names. */
      readonly quantity: number | "all";
      readonly pattern: string;
      /** Search identifiers that the pattern names, and how many of them hold. */
      readonly of: number;
      readonly holding: number;
      readonly items: readonly Decision[];
    }
  | { readonly kind: "not"; readonly held: boolean; readonly item: Decision }
  | {
      readonly kind: "search";
      readonly held: boolean;
      readonly name: string;
      /** Entries of which one must hold. */
      readonly of: number;
      readonly items: readonly Decision[];
    }
  | FieldDecision;

/** A field with its values, or keywords. */
export interface FieldDecision {
  readonly kind: "field";
  readonly held: boolean;
  /** Null for keywords. */
  readonly field: string | null;
  /** Modifiers as written. */
  readonly modifiers: readonly string[];
  /** Where it stands in the rule's file; 0 when it has no place there. */
  readonly line: number;
  readonly column: number;
  /** Where the event has the field, as keys from the root joined by dots; null when it is absent. */
  readonly place: string | null;
  /** Where it was looked for. */
  readonly places: readonly string[];
  /** The values that the event has there, shortened; the first few. */
  readonly found: readonly string[];
  /** How many values there are. */
  readonly count: number;
  /** `any`: one of the wanted values is enough; `all`: each is needed. */
  readonly needs: "any" | "all";
  /** Whether the rule asks for the opposite. */
  readonly negated: boolean;
  readonly wanted: readonly WantedValue[];
  /** What comes near, or could be the reason of a miss; null when there is nothing to say. */
  readonly hint: string | null;
}

/** A value that a rule lists. */
export interface WantedValue {
  /** What has to be true, in words: `ends with`. */
  readonly relation: string;
  /** The same denied: `does not end with`. */
  readonly denial: string;
  /** With what: `"\cmd.exe"`; empty when the relation says it all. */
  readonly value: string;
  readonly held: boolean;
}

/** An exception of a rule whose condition holds for the event. */
export interface ExceptionExplanation {
  readonly name: string;
  readonly owner: string;
  /** ISO 8601. */
  readonly expires: string;
  /** Whether the event is older than the expiry. */
  readonly inForce: boolean;
  /** Whether its condition holds for the event. */
  readonly held: boolean;
  readonly decision: Decision;
}

/** What a correlation asks for, and what an event is to it. */
export interface CorrelationExplanation {
  readonly type: CorrelationType;
  /** What it asks for, in words. */
  readonly condition: string;
  /** Milliseconds. */
  readonly timespan: number;
  readonly groupBy: readonly string[];
  readonly rules: readonly CorrelatedRule[];
  /** Whether the event counts: one of the rules makes a finding of it, and it has a value for each name it is grouped by. */
  readonly counts: boolean;
}

/** A rule that a correlation lists. */
export interface CorrelatedRule {
  readonly id: string;
  readonly title: string;
  readonly matched: boolean;
  /** By group-by name, when the rule matched; null where the event has no value. */
  readonly group: Readonly<Record<string, JsonValue>>;
  readonly explanation: Explanation;
}
