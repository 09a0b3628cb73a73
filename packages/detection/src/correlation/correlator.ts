import type { Episode, Fact } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { GroupBook } from "./group-book.ts";
import type { CorrelatorCounters, CorrelatorLimits } from "./limits.ts";
import { type OwnsGroup, ownershipOf } from "./ownership.ts";
import { planCorrelations } from "./plan.ts";

/** Folds facts into episodes in sliding windows of event time; docs/correlation.md says what an episode is. */
export interface Correlator {
  /** Takes a fact in any order; a fact taken before changes nothing. */
  observe(fact: Fact): void;
  /** Time has come this far (Unix milliseconds): facts older than this less the lateness are no longer taken. It never goes back. */
  advance(watermark: number): void;
  /** What changed since the last call: episodes to report, and the groups' state to store (null: to delete). */
  takeChanges(): CorrelatorChanges;
  /** Goes on from stored groups; called once, before anything else. */
  restore(groups: Iterable<readonly [string, string]>): void;
  counters(): CorrelatorCounters;
}

/** What a correlator has to tell. */
export interface CorrelatorChanges {
  readonly episodes: readonly Episode[];
  /** Deletions first. A key and value are made when they are read, which must be before the correlator is used again. */
  readonly groups: readonly StoredState[];
}

/** The state of one group, as it is to be stored. */
export interface StoredState {
  readonly key: string;
  readonly value: string | null;
}

/** What a correlator needs to know besides its rules. */
export interface CorrelatorOptions {
  /** Milliseconds that a fact may be older than the watermark. */
  readonly lateness: number;
  readonly limits?: Partial<CorrelatorLimits>;
  /**
   * Groups that are somebody else's are left alone. Correlators that own every group once between them find together what a single one finds, as long as none of them comes to its limits.
   * Stored groups are taken over whoever owned them, so that what was begun is ended.
   */
  readonly owns?: OwnsGroup | undefined;
}

const WATERMARK_KEY = "correlation/watermark";

/** Makes a correlator for the correlations among `rules`. */
export function createCorrelator(rules: readonly Rule[], options: CorrelatorOptions): Correlator {
  const planned = planCorrelations(rules);
  const { plans, byId, sources } = planned;
  const isOwned = options.owns === undefined ? undefined : ownershipOf(planned, options.owns);
  const book = new GroupBook(plans, options);
  let watermark = -Infinity;
  let watermarkChanged = false;
  return {
    observe: (fact) => {
      const listed = sources.get(fact.rule.id);
      if (listed === undefined) return;
      for (const source of listed) if (isOwned === undefined || isOwned(source, fact)) book.observe(source, fact);
    },
    advance: (to) => {
      if (!(to > watermark)) return;
      watermark = to;
      watermarkChanged = true;
      book.advance(to - options.lateness);
    },
    takeChanges: () => {
      const { episodes, groups } = book.takeChanges();
      const stored: readonly StoredState[] = watermarkChanged
        ? [...groups, { key: WATERMARK_KEY, value: String(watermark) }]
        : groups;
      watermarkChanged = false;
      return { episodes, groups: stored };
    },
    restore: (stored) => {
      for (const [key, value] of stored) {
        if (key === WATERMARK_KEY) watermark = Number(value);
        else if (key.startsWith("correlation/")) book.restore(key, value, byId);
      }
      if (watermark > -Infinity) book.resume(watermark - options.lateness);
    },
    counters: () => book.counters(),
  };
}
