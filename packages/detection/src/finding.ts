import type { SeverityLevel } from "@vedette/semconv";
import type { Entity, JsonValue } from "./event.ts";

/** What an alert needs to know of the rule behind it. */
export interface RuleReference {
  readonly id: string;
  readonly title: string;
  readonly level: SeverityLevel;
  /** Content hash of the rule: 64 hex digits. */
  readonly revision: string;
}

/**
 * One single-event rule says yes to one event: append-only, immutable, with a deterministic id
 * (hash of rule id, rule revision, event id).
 */
export interface Fact {
  readonly kind: "fact";
  readonly id: string;
  readonly rule: RuleReference;
  readonly eventId: string;
  /** Event time, Unix milliseconds. */
  readonly time: number;
  readonly entities: readonly Entity[];
  /** Values of the fields that correlations group by and that suppression keys name; a field without a value is absent. */
  readonly values: Readonly<Record<string, JsonValue>>;
  /** False when the rule only feeds correlations (Sigma: referenced by a correlation without `generate: true`). */
  readonly alerts: boolean;
}

/**
 * A correlation says yes: an episode (docs/correlation.md). It is revised while late events can still change it; it keeps its id for
 * ever, or names the episode it was merged into.
 */
export interface Episode {
  readonly kind: "episode";
  readonly id: string;
  readonly rule: RuleReference;
  /** Group-by values, in the order of the rule's `group-by`. */
  readonly group: Readonly<Record<string, JsonValue>>;
  /** Event times of the first and last member, Unix milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Members in (event time, fact id) order; of an inner correlation, its episodes' ids. */
  readonly factIds: readonly string[];
  readonly eventIds: readonly string[];
  /** Members that are not listed because the group had more than its bound. */
  readonly omitted?: number | undefined;
  readonly entities: readonly Entity[];
  /** Grows by one with each change. */
  readonly revision: number;
  /** The watermark has passed: nothing can change it any more but a backfill. */
  readonly final: boolean;
  /** Set when a late event joined this episode to an older one. */
  readonly mergedInto?: string | undefined;
  /** Set when a late event made the condition false for all of its windows: there was no such episode. Final. */
  readonly withdrawn?: boolean | undefined;
  readonly alerts: boolean;
}

/** A fact or an episode. */
export type Finding = Fact | Episode;
