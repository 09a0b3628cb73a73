import type { ShardProgress } from "../findings/finding-document.ts";
import type { FilledRange } from "./filled-ranges.ts";
import type { RuleRevision } from "./rule-set.ts";

/** Why events were not judged by a rule as it is now. */
export type GapReason =
  /** They were there before the place where the source was told to start. */
  | "before-start"
  | "rule-added-later"
  /** They were judged with an earlier revision of the rule. */
  | "rule-changed"
  /** A worker is on the way to them. */
  | "behind"
  /** No worker reads the shard now. */
  | "no-worker"
  /** The index was deleted before they were read. */
  | "deleted"
  /** They were judged, and it is not known any more by which rules. */
  | "forgotten";

/** What can be done about a gap. */
export type GapCure = "backfill" | "wait" | "none";

/** What cures a gap of each reason. */
export const GAP_CURES: Readonly<Record<GapReason, GapCure>> = {
  "before-start": "backfill",
  "rule-added-later": "backfill",
  "rule-changed": "backfill",
  behind: "wait",
  "no-worker": "wait",
  deleted: "none",
  forgotten: "backfill",
};

/** A run of sequence numbers, both ends included; `to` is null where the end is not known. */
export interface SequenceRange {
  readonly from: number;
  readonly to: number | null;
}

/** Sequence numbers and whether rules looked at their events. */
export interface CoveredRange extends SequenceRange {
  /** `evaluated`: with the revision that the rule has now. */
  readonly state: "evaluated" | GapReason;
  /** Name of the set of rules that they were judged with; absent where they were not. */
  readonly ruleSet?: string;
}

/** A shard as the ledger takes it. */
export interface CoverageShard {
  readonly resource: string;
  readonly source: string;
  readonly index: string;
  readonly shard: number;
  /** What stage one has come to; undefined where it never began. */
  readonly progress: ShardProgress | undefined;
  /** The worker that reads it now. */
  readonly owner: string | undefined;
  /** Highest sequence number that is known of; undefined where none is. */
  readonly globalCheckpoint: number | undefined;
  /** False when the index is not there any more. */
  readonly exists: boolean;
  /** What was judged again afterwards. */
  readonly filled?: readonly FilledRange[] | undefined;
}

/** Rules that a shard's events were treated alike by. */
export interface RuleCoverage {
  readonly rules: readonly string[];
  /** In order, without holes, from 0 on. */
  readonly ranges: readonly CoveredRange[];
}

/** What was judged of a shard. */
export interface ShardCoverage {
  readonly shard: CoverageShard;
  readonly groups: readonly RuleCoverage[];
}

/** Events of a shard that some rules did not look at. */
export interface CoverageGap extends SequenceRange {
  readonly resource: string;
  readonly source: string;
  readonly index: string;
  readonly shard: number;
  readonly reason: GapReason;
  readonly cure: GapCure;
  /** Ids, sorted. */
  readonly rules: readonly string[];
}

/** Which rules looked at which events. */
export interface Coverage {
  readonly shards: readonly ShardCoverage[];
  /** Gaps, the largest number of rules first within a shard. */
  readonly gaps: readonly CoverageGap[];
  /** Sequence numbers that at least one rule did not look at, by reason: no fewer than events, because some hold no document any more. Gaps of unknown size count as 0. */
  readonly missed: Readonly<Record<GapReason, number>>;
}

/** Revisions by rule id, of each set of rules by its name. */
export type RuleSets = ReadonlyMap<string, ReadonlyMap<string, string>>;

interface Segment extends SequenceRange {
  readonly ruleSet?: string;
  /** The same for every rule; undefined where it depends on the rule. */
  readonly reason?: GapReason;
}

/** Tells of each shard and rule which events were judged with the rule's revision, and which were not and why. */
export function coverageOf({
  rules,
  ruleSets,
  shards,
  horizon,
}: {
  readonly rules: readonly RuleRevision[];
  readonly ruleSets: RuleSets;
  readonly shards: readonly CoverageShard[];
  /** Events before this time are of no interest, so that what was judged again from then on counts. Unix milliseconds. */
  readonly horizon?: number | undefined;
}): Coverage {
  const covered = shards.map((shard): ShardCoverage => {
    const filled = (shard.filled ?? []).filter(
      ({ since }) => since === undefined || (horizon !== undefined && since <= horizon),
    );
    const segments = segmentsOf(shard).flatMap((segment) => cutAt(segment, filled));
    const groups = new Map<string, { rules: string[]; ranges: readonly CoveredRange[] }>();
    for (const rule of rules) {
      const states = segments.map((segment) => {
        const state = stateOf(segment, rule, ruleSets);
        const isFilled =
          state !== "evaluated" && GAP_CURES[state] === "backfill" && isFilledBy(segment, filled, rule, ruleSets);
        return isFilled ? "evaluated" : state;
      });
      const key = states.join();
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { rules: [rule.id], ranges: rangesOf(segments, states) });
      else group.rules.push(rule.id);
    }
    return {
      shard,
      groups: Array.from(groups.values(), ({ rules: ids, ranges }) => ({ rules: ids.toSorted(), ranges })),
    };
  });
  const gaps = covered.flatMap(({ shard, groups }) => gapsOf(shard, groups));
  return { shards: covered, gaps, missed: missedOf(gaps) };
}

/** The revision of a rule that a range was judged with, or undefined when the rule was not there. */
export function revisionIn(range: CoveredRange, ruleId: string, ruleSets: RuleSets): string | undefined {
  return range.ruleSet === undefined ? undefined : ruleSets.get(range.ruleSet)?.get(ruleId);
}

/** Cuts a shard's numbers into runs that were treated alike, without holes. */
function segmentsOf({ progress, owner, globalCheckpoint, exists }: CoverageShard): readonly Segment[] {
  const segments: Segment[] = [];
  let next = 0;
  const waits: GapReason = exists ? (owner === undefined ? "no-worker" : "behind") : "deleted";
  const add = (to: number | null, more: Omit<Segment, "from" | "to">): void => {
    if (to !== null && to < next) return;
    segments.push({ from: next, to, ...more });
    next = to === null ? Number.POSITIVE_INFINITY : to + 1;
  };
  if (progress !== undefined) {
    const { began = -1, judged } = progress;
    add(began, { reason: "before-start" });
    for (const range of judged) {
      // What lies between two ranges was never said to be judged.
      add(range.from - 1, { reason: "forgotten" });
      add(range.to, { ruleSet: range.ruleSet });
    }
    add(progress.position.checkpoint, { reason: "forgotten" });
  }
  if (globalCheckpoint !== undefined) add(globalCheckpoint, { reason: waits });
  else if (!exists && progress?.caughtUp !== true) add(null, { reason: "deleted" });
  return segments;
}

/** Cuts a segment where what was judged again begins or ends. */
function cutAt(segment: Segment, filled: readonly FilledRange[]): readonly Segment[] {
  const to = segment.to ?? Number.POSITIVE_INFINITY;
  const starts = new Set(
    filled.flatMap((range) => [range.from, range.to + 1]).filter((start) => start > segment.from && start <= to),
  );
  const from = [segment.from, ...[...starts].toSorted((a, b) => a - b)];
  return from.map((start, at) => ({
    ...segment,
    from: start,
    to: at + 1 < from.length ? from[at + 1]! - 1 : segment.to,
  }));
}

function isFilledBy(
  { from, to }: SequenceRange,
  filled: readonly FilledRange[],
  { id, revision }: RuleRevision,
  ruleSets: RuleSets,
): boolean {
  if (to === null) return false;
  return filled.some(
    (range) => range.from <= from && range.to >= to && ruleSets.get(range.ruleSet)?.get(id) === revision,
  );
}

function stateOf({ ruleSet, reason }: Segment, rule: RuleRevision, ruleSets: RuleSets): CoveredRange["state"] {
  if (reason !== undefined) return reason;
  const revisions = ruleSets.get(ruleSet ?? "");
  if (revisions === undefined) return "forgotten";
  const revision = revisions.get(rule.id);
  if (revision === undefined) return "rule-added-later";
  if (revision !== rule.revision) return "rule-changed";
  return "evaluated";
}

/** Joins neighbours of one state; what was judged keeps the name of its rules while those are the same. */
function rangesOf(segments: readonly Segment[], states: readonly CoveredRange["state"][]): readonly CoveredRange[] {
  const ranges: CoveredRange[] = [];
  for (const [at, { from, to, ruleSet }] of segments.entries()) {
    const state = states[at] ?? "forgotten";
    const last = ranges.at(-1);
    const isOneOf = last?.state === state && (state === "evaluated" || last.ruleSet === ruleSet);
    if (last !== undefined && isOneOf) ranges[ranges.length - 1] = { ...last, to };
    else ranges.push({ from, to, state, ...(ruleSet === undefined ? {} : { ruleSet }) });
  }
  return ranges;
}

function gapsOf(shard: CoverageShard, groups: readonly RuleCoverage[]): readonly CoverageGap[] {
  const { resource, source, index } = shard;
  const gaps = new Map<string, CoverageGap>();
  for (const { rules, ranges } of groups) {
    for (const { from, to, state } of joined(ranges)) {
      if (state === "evaluated") continue;
      const key = `${from} ${to} ${state}`;
      const known = gaps.get(key)?.rules ?? [];
      gaps.set(key, {
        resource,
        source,
        index,
        shard: shard.shard,
        from,
        to,
        reason: state,
        cure: GAP_CURES[state],
        rules: [...known, ...rules].toSorted(),
      });
    }
  }
  return [...gaps.values()].toSorted(
    (a, b) => b.rules.length - a.rules.length || a.from - b.from || (a.reason < b.reason ? -1 : 1),
  );
}

/** For a gap it does not matter which other rules there were. */
function joined(ranges: readonly CoveredRange[]): readonly CoveredRange[] {
  const result: CoveredRange[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (last !== undefined && last.state === range.state) result[result.length - 1] = { ...last, to: range.to };
    else result.push(range);
  }
  return result;
}

function missedOf(gaps: readonly CoverageGap[]): Coverage["missed"] {
  const byReason = new Map<GapReason, Map<string, SequenceRange[]>>();
  for (const gap of gaps) {
    const byShard = byReason.get(gap.reason) ?? new Map<string, SequenceRange[]>();
    byReason.set(gap.reason, byShard.set(gap.resource, [...(byShard.get(gap.resource) ?? []), gap]));
  }
  const missed = Object.fromEntries(Object.keys(GAP_CURES).map((reason) => [reason, 0])) as Record<GapReason, number>;
  for (const [reason, byShard] of byReason) {
    for (const ranges of byShard.values()) missed[reason] += sizeOfUnion(ranges);
  }
  return missed;
}

/** How many numbers lie in at least one of the ranges. */
function sizeOfUnion(ranges: readonly SequenceRange[]): number {
  let size = 0;
  let next = 0;
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    if (to === null || to < next) continue;
    size += to - Math.max(from, next) + 1;
    next = to + 1;
  }
  return size;
}
