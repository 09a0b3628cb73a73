import type {
  Correlator,
  CorrelatorCounters,
  Fact,
  JsonValue,
  LogSource,
  RuleReference,
  SecurityEvent,
} from "@vedette/detection";
import type { GuardAction, GuardRate, GuardTargetKind, SeverityLevel } from "@vedette/semconv";

/** A response that a rule asks for: what the guard does to whom `field` names, for so many milliseconds after the last finding. */
export interface RuleResponse {
  /** `block_address` is short for `block` with an address in the field. */
  readonly action: "block_address" | GuardAction;
  readonly field: string;
  /** What the field holds; an address when absent. */
  readonly target?: GuardTargetKind | undefined;
  /** Narrows the action to one route. */
  readonly route?: string | undefined;
  /** Of a throttle. */
  readonly rate?: GuardRate | undefined;
  /** Milliseconds. */
  readonly for: number;
}

/** What the line knows of a rule besides how it matches. */
export interface LineRule {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Sigma: stable, test, experimental, deprecated or unsupported. */
  readonly status: string;
  readonly level: SeverityLevel;
  readonly tags: readonly string[];
  readonly revision: string;
  /** What it finds is recorded and feeds correlations, and alerts nobody. */
  readonly trial?: boolean | undefined;
  /** Of a correlation: how far apart the events of one window can be, milliseconds, and the rules that it lists. */
  readonly correlation?: { readonly timespan: number; readonly ruleIds: readonly string[] } | undefined;
  readonly extension: {
    readonly kind: "security" | "performance" | "resource" | "compliance";
    /** Window in milliseconds. */
    readonly suppression?: { readonly by: readonly string[]; readonly window: number } | undefined;
    readonly response: readonly RuleResponse[];
  };
}

/** Says which rules match an event (@vedette/detection's `Detector`). */
export interface EventJudge {
  judge(event: SecurityEvent): {
    readonly logSources: readonly LogSource[];
    readonly facts: readonly Fact[];
    /** One entry for each rule that an exception kept from making a fact. */
    readonly excepted?: readonly unknown[];
  };
}

/** What a correlator left out or took away since it was made, by kind. */
export type CorrelationDrops = Pick<
  CorrelatorCounters,
  | "lateDropped"
  | "ungrouped"
  | "unvalued"
  | "groupsEvicted"
  | "groupsEvictedForMemory"
  | "membersOmitted"
  | "membersDropped"
  | "entitiesOmitted"
  | "groupsOrphaned"
>;

/** Folds facts into episodes: @vedette/detection's `Correlator`, of whose counters the line reads what was dropped. */
export interface FactCorrelator extends Omit<Correlator, "counters"> {
  counters(): CorrelationDrops;
}

/** A fact or episode as the alerter takes it: with its suppression key and the time span at which it stands in the state. */
export interface PlacedFinding {
  readonly id: string;
  readonly kind: "fact" | "episode";
  readonly rule: RuleReference;
  readonly suppressionKey: string;
  /** Unix milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly eventCount: number;
  readonly entities: Fact["entities"];
  /** Fields that a response can name. */
  readonly values: Readonly<Record<string, JsonValue>>;
  /** Nothing in the allowed lateness can change it any more. */
  readonly final: boolean;
  /** The episode counts no more: it was joined to another one, or withdrawn. */
  readonly merged: boolean;
  /** A late event made the condition false: there was no such episode. */
  readonly withdrawn?: boolean | undefined;
}

/** Nothing was dropped. */
export const NO_DROPS: CorrelationDrops = {
  lateDropped: 0,
  ungrouped: 0,
  unvalued: 0,
  groupsEvicted: 0,
  groupsEvictedForMemory: 0,
  membersOmitted: 0,
  membersDropped: 0,
  entitiesOmitted: 0,
  groupsOrphaned: 0,
};

/** A correlator that has no rules, where correlations are made elsewhere. */
export const noCorrelation = (): FactCorrelator => ({
  observe() {},
  advance() {},
  takeChanges: () => ({ episodes: [], groups: [] }),
  restore() {},
  counters: () => NO_DROPS,
});
