import type { LogSource } from "@vedette/detection";
import type { SeverityLevel } from "@vedette/semconv";
import type { Notifier } from "../alerter/notify.ts";
import type { Ports } from "../ports.ts";
import type { Refusal } from "../responder/deny-list.ts";
import type { Store } from "../store/store.ts";
import type { CorrelationDrops, EventJudge, FactCorrelator, LineRule } from "./line-rule.ts";

/** Settings of the line. All durations in milliseconds. */
export interface LineConfig {
  readonly tenant: string;
  /** How late an event may come and still find the state it belongs to. */
  readonly lateness: number;
  /** A partition without a record for this long does not hold the watermark back. */
  readonly idleAfter: number;
  /** An event dated further ahead of its receipt is quarantined. */
  readonly futureTolerance: number;
  /** Records judged in one step at most. */
  readonly batchSize: number;
  /** How often the inbox is looked at when nobody says that there is something. */
  readonly pollInterval: number;
  /** Findings of one rule and key with smaller gaps are one alert, unless the rule names its own window. */
  readonly suppressionWindow: number;
  /** Longest gap between two sightings of an entity that still puts alerts into one incident. */
  readonly incidentGap: number;
  /** An episode that goes on for longer joins alerts only with what was seen this long before the watermark. */
  readonly longestEpisode: number;
  /** How long after the watermark has passed alerts and incidents stay open to late findings. */
  readonly retention: number;
  /** Addresses and networks that are never blocked. */
  readonly neverBlock: readonly string[];
  /** What the configuration says that the records of a source belong to, by the source's name; it counts where a document does not tell. */
  readonly logSources: ReadonlyMap<string, LogSource>;
  /** Deny-list entries in force at once. */
  readonly denyListLimit: number;
  /** Who is told of alerts: one for each configured Alertmanager. */
  readonly notifiers: readonly Notifier[];
  /** First and longest pause before a failed store call is made again. */
  readonly retryFirst: number;
  readonly retryLongest: number;
}

/** The settings that hold when nothing else is said. */
export const DEFAULT_LINE_CONFIG: LineConfig = {
  tenant: "default",
  lateness: 3_600_000,
  idleAfter: 60_000,
  futureTolerance: 300_000,
  batchSize: 500,
  pollInterval: 1_000,
  suppressionWindow: 600_000,
  incidentGap: 3_600_000,
  longestEpisode: 24 * 3_600_000,
  retention: 6 * 3_600_000,
  neverBlock: [],
  logSources: new Map(),
  denyListLimit: 10_000,
  notifiers: [],
  retryFirst: 50,
  retryLongest: 10_000,
};

/** What a line is made of. */
export interface LineOptions {
  readonly store: Store;
  readonly detector: EventJudge;
  /** Makes an empty correlator with the allowed lateness: one at the start, and one whenever the state has to be rebuilt from the store. */
  readonly correlator: (options: { readonly lateness: number }) => FactCorrelator;
  readonly rules: readonly LineRule[];
  readonly ports: Pick<Ports, "clock" | "timers" | "log">;
  readonly config?: Partial<LineConfig>;
  /** Called after each committed step that asked for effects, so that the dispatcher need not wait for its next poll. */
  readonly onEffects?: () => void;
  /** Called after each step that had something to do with how long it took: read, judge, commit. */
  readonly onStep?: (milliseconds: number) => void;
}

/** Counters of the line; they survive a restart. */
export interface LineCounters {
  readonly judged: number;
  /** Events that belong to no log source, so that no rule looked at them. */
  readonly unmatched: number;
  /** Later than the allowed lateness: kept and judged, but state may need a backfill. */
  readonly late: number;
  /** Dated in the future: kept and judged, standing at their time of receipt. */
  readonly quarantined: number;
  /** Events that the detector failed on: a defect, logged with the event's id. */
  readonly failed: number;
  /** Findings that were not made because an exception of the rule accepts the event. */
  readonly excepted: number;
  readonly findings: Readonly<Record<SeverityLevel, number>>;
  readonly alertsOpened: number;
}

/** How the line stands, for status and metrics. As of the last committed step. */
export interface LineStatus {
  readonly recovered: boolean;
  readonly cursor: number;
  readonly counters: LineCounters;
  /** Up to 5 documents that belonged to no log source. */
  readonly unmatchedExamples: readonly Readonly<Record<string, unknown>>[];
  /** Event time up to which nothing can change any more: the allowed lateness is already taken off. Unix milliseconds; absent before the first record. */
  readonly watermark?: number;
  /** Event time of the newest judged event that was not quarantined. Unix milliseconds; absent before the first one. */
  readonly newestEvent?: number;
  /** Alerts that further findings can still change. */
  readonly liveAlerts: number;
  /** Since the start of the process: */
  readonly commitRetries: number;
  readonly rebuilds: number;
  readonly spellsRefused: number;
  readonly denyRefusals: Readonly<Record<Refusal, number>>;
  readonly correlationDrops: CorrelationDrops;
  /** What is wrong now, one sentence, or absent. */
  readonly problem?: string;
}
