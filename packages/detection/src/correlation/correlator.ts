import type { Entity, JsonValue } from "../event.ts";
import type { Episode, Fact } from "../finding.ts";
import { canonicalJson, hashOf } from "../hash.ts";
import { referenceTo } from "../match/facts.ts";
import { type EventCount, type Rule, fieldOf } from "../rule.ts";
import { DeadlineQueue } from "./deadline-queue.ts";
import {
  type EpisodeState,
  type Group,
  type Place,
  compare,
  decodeGroup,
  encodeGroup,
  firstAt,
  isWithin,
  lowerBound,
  qualifying,
} from "./group.ts";

/** Counts facts in sliding windows of event time; docs/correlation.md says what an episode is. */
export interface Correlator {
  /** Takes a fact in any order; a fact taken before changes nothing. */
  observe(fact: Fact): void;
  /** Time has come this far (Unix milliseconds): facts older than this less the lateness are no longer taken. It never goes back. */
  advance(watermark: number): void;
  /** What changed since the last call: episodes to report, and the groups' state to store (null: to delete). */
  takeChanges(): {
    readonly episodes: readonly Episode[];
    readonly groups: readonly { readonly key: string; readonly value: string | null }[];
  };
  /** Goes on from stored groups; called once, before anything else. */
  restore(groups: Iterable<readonly [string, string]>): void;
  counters(): CorrelatorCounters;
}

/** Everything that was left out or taken away, since the correlator was made. */
export interface CorrelatorCounters {
  /** Facts older than the allowed lateness. */
  readonly lateDropped: number;
  /** Facts without a value for a group-by field. */
  readonly ungrouped: number;
  /** Facts taken before. */
  readonly duplicates: number;
  /** Groups forgotten because there were too many. */
  readonly groupsEvicted: number;
  /** Facts inside episodes that are no longer listed, because their group had more than its bound. */
  readonly membersOmitted: number;
  /** Facts outside episodes that were forgotten, because their group had far more than its bound. */
  readonly membersDropped: number;
  /** Entities left out of episodes. */
  readonly entitiesOmitted: number;
  /** Stored groups whose rule is gone or has changed. */
  readonly groupsOrphaned: number;
  /** Groups at hand. */
  readonly groups: number;
}

/** Bounds on the state. */
export interface CorrelatorLimits {
  /** Groups over all correlations (100,000). */
  readonly groups: number;
  /** Facts in one group (1,000, and at least four times the threshold). */
  readonly membersPerGroup: number;
  /** Entities in one episode (100). */
  readonly entitiesPerEpisode: number;
}

/** What a correlator needs to know besides its rules. */
export interface CorrelatorOptions {
  /** Milliseconds that a fact may be older than the watermark. */
  readonly lateness: number;
  readonly limits?: Partial<CorrelatorLimits>;
}

const DEFAULT_LIMITS: CorrelatorLimits = { groups: 100_000, membersPerGroup: 1_000, entitiesPerEpisode: 100 };
/** Facts outside episodes are few, because windows with many are episodes: only from this many times the bound on are they forgotten. */
const FAR_ABOVE = 10;
const WATERMARK_KEY = "correlation/watermark";

interface Correlation {
  readonly rule: Rule;
  readonly count: EventCount;
}

/** Makes a correlator for the event_count rules among `rules`. */
export function createCorrelator(rules: readonly Rule[], options: CorrelatorOptions): Correlator {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const correlations = new Map<string, Correlation>();
  const byRule = new Map<string, Correlation[]>();
  for (const rule of rules) {
    if (rule.correlation === undefined) continue;
    const correlation: Correlation = { rule, count: rule.correlation };
    correlations.set(rule.id, correlation);
    for (const id of rule.correlation.ruleIds) byRule.set(id, [...(byRule.get(id) ?? []), correlation]);
  }
  /** In the order they were last touched: the first is the first to be forgotten. */
  const groups = new Map<string, Group>();
  /** The same groups by rule and values. */
  const byValues = new Map<string, Group>();
  const changed = new Set<string>();
  const removed = new Set<string>();
  const merged: Episode[] = [];
  const queue = new DeadlineQueue();
  const counters = {
    lateDropped: 0,
    ungrouped: 0,
    duplicates: 0,
    groupsEvicted: 0,
    membersOmitted: 0,
    membersDropped: 0,
    entitiesOmitted: 0,
    groupsOrphaned: 0,
  };
  let watermark = -Infinity;
  let watermarkChanged = false;
  const horizon = (): number => watermark - options.lateness;

  const touch = (group: Group): void => {
    changed.add(group.key);
    removed.delete(group.key);
    groups.delete(group.key);
    groups.set(group.key, group);
  };

  const groupFor = ({ rule }: Correlation, values: readonly JsonValue[]): Group => {
    const lookup = lookupOf(rule.id, values);
    const known = byValues.get(lookup);
    if (known !== undefined) return known;
    if (groups.size >= limits.groups) evict();
    const key = `correlation/${rule.id}/${hashOf(rule.revision, lookup).slice(0, 32)}`;
    const group: Group = {
      key,
      ruleId: rule.id,
      revision: rule.revision,
      values,
      members: [],
      episodes: [],
      nextOrder: 0,
      scheduled: Infinity,
    };
    byValues.set(lookup, group);
    return group;
  };

  /** Forgets the group that was quiet for longest, one without an episode if there is one among the quietest. */
  const evict = (): void => {
    let victim: string | undefined;
    let looked = 0;
    for (const [key, group] of groups) {
      victim ??= key;
      if (group.episodes.length === 0) {
        victim = key;
        break;
      }
      if (++looked === 100) break;
    }
    const group = victim === undefined ? undefined : groups.get(victim);
    if (group === undefined) return;
    drop(group);
    changed.delete(group.key);
    removed.add(group.key);
    counters.groupsEvicted++;
  };

  const drop = (group: Group): void => {
    groups.delete(group.key);
    byValues.delete(lookupOf(group.ruleId, group.values));
  };

  const schedule = (group: Group, timespan: number): void => {
    const next = nextDeadline(group, timespan);
    if (next >= group.scheduled) return;
    group.scheduled = next;
    queue.push(next, group.key);
  };

  const insert = (correlation: Correlation, fact: Fact, values: readonly JsonValue[]): void => {
    const { timespan, threshold } = correlation.count;
    const group = groupFor(correlation, values);
    const { members } = group;
    const place: Place = fact;
    const index = lowerBound(members, place);
    const twin = members[index];
    if (twin !== undefined && twin.id === fact.id && twin.time === fact.time) {
      counters.duplicates++;
      return;
    }
    const member = { time: fact.time, id: fact.id, eventId: fact.eventId, entities: fact.entities };
    if (index === members.length) members.push(member);
    else members.splice(index, 0, member);
    touch(group);
    // Between the ends of an episode every place is in a qualifying window, also where its facts are no longer listed.
    const isInside = group.episodes.some((episode) => !episode.final && isWithin(episode, member));
    const range = qualifying(members, index, timespan, threshold) ?? (isInside ? ([index, index] as const) : undefined);
    if (range !== undefined) join(correlation, group, range);
    const bound = Math.max(limits.membersPerGroup, 4 * threshold);
    if (members.length > bound) thin(group, threshold, bound);
    schedule(group, timespan);
  };

  /** Makes the members from one index to another part of one episode, merging those they touch. */
  const join = (correlation: Correlation, group: Group, [low, high]: readonly [number, number]): void => {
    const first = group.members[low];
    const last = group.members[high];
    if (first === undefined || last === undefined) return;
    const touched = group.episodes.filter(
      (episode) => !episode.final && compare(episode.first, last) <= 0 && compare(first, episode.last) <= 0,
    );
    let oldest = touched[0];
    for (const episode of touched) if (oldest === undefined || episode.order < oldest.order) oldest = episode;
    if (oldest === undefined) {
      const id = hashOf(correlation.rule.id, canonicalJson(group.values), first.id);
      group.episodes.push({
        id,
        order: group.nextOrder++,
        first: placeOf(first),
        last: placeOf(last),
        revision: 0,
        omitted: 0,
        changed: true,
        final: false,
      });
    } else {
      for (const episode of touched) {
        if (episode === oldest) continue;
        if (episode.revision > 0)
          merged.push({
            ...report(correlation, group, episode),
            revision: episode.revision + 1,
            final: true,
            mergedInto: oldest.id,
          });
        if (compare(episode.first, oldest.first) < 0) oldest.first = episode.first;
        if (compare(episode.last, oldest.last) > 0) oldest.last = episode.last;
        oldest.omitted += episode.omitted;
        group.episodes.splice(group.episodes.indexOf(episode), 1);
      }
      if (compare(first, oldest.first) < 0) oldest.first = placeOf(first);
      if (compare(last, oldest.last) > 0) oldest.last = placeOf(last);
      oldest.changed = true;
    }
    group.episodes.sort((a, b) => compare(a.first, b.first));
  };

  /**
   * Forgets members that change nothing any more: inside an episode, all but the first and the last `threshold` (as many as a window with a new
   * fact before, between or after episodes can need), the oldest first, down to three quarters of the bound. Only when that is far from enough, the oldest
   * facts outside episodes go, which can cost an episode.
   */
  const thin = (group: Group, threshold: number, bound: number): void => {
    let excess = group.members.length - Math.floor(bound * 0.75);
    const forgotten = new Set<string>();
    for (const episode of group.episodes) {
      const first = lowerBound(group.members, episode.first) + threshold;
      const last = lowerBound(group.members, episode.last) - threshold;
      for (let index = first; index <= last && excess > 0; index++, excess--) {
        forgotten.add(group.members[index]?.id ?? "");
        episode.omitted++;
        counters.membersOmitted++;
      }
    }
    if (group.members.length - forgotten.size > bound * FAR_ABOVE) {
      for (const member of group.members) {
        if (excess <= 0) break;
        if (group.episodes.some((episode) => isWithin(episode, member))) continue;
        forgotten.add(member.id);
        excess--;
        counters.membersDropped++;
      }
    }
    group.members = group.members.filter(({ id }) => !forgotten.has(id));
  };

  const report = ({ rule, count }: Correlation, group: Group, state: EpisodeState): Episode => {
    const members = group.members.slice(
      lowerBound(group.members, state.first),
      lowerBound(group.members, state.last) + 1,
    );
    const entities = new Map<string, Entity>();
    for (const member of members) {
      for (const entity of member.entities) {
        const key = `${entity.kind}\0${entity.value}`;
        if (entities.has(key)) continue;
        if (entities.size < limits.entitiesPerEpisode) entities.set(key, entity);
        else counters.entitiesOmitted++;
      }
    }
    return {
      kind: "episode",
      id: state.id,
      rule: referenceTo(rule),
      group: Object.fromEntries(count.groupBy.map((name, index) => [name, group.values[index] ?? null])),
      from: state.first.time,
      to: state.last.time,
      factIds: members.map(({ id }) => id),
      eventIds: members.map(({ eventId }) => eventId),
      entities: [...entities.values()],
      revision: state.revision,
      final: state.final,
      ...(state.omitted > 0 ? { omitted: state.omitted } : {}),
      alerts: true,
    };
  };

  /** Closes episodes that nothing can change any more and forgets facts that can no longer be in a window with a new one. */
  const expire = (group: Group, timespan: number): void => {
    const isPast = (time: number): boolean => time + timespan < horizon();
    for (const episode of group.episodes) {
      if (episode.final || !isPast(episode.last.time)) continue;
      episode.final = true;
      episode.changed = true;
    }
    const end = firstAt(group.members, horizon() - timespan);
    if (end > 0)
      group.members = group.members.filter(
        (member, index) => index >= end || group.episodes.some((episode) => isWithin(episode, member)),
      );
    changed.add(group.key);
  };

  const takeGroup = (group: Group, correlation: Correlation, episodes: Episode[]): string | null => {
    for (const episode of group.episodes) {
      if (!episode.changed) continue;
      episode.changed = false;
      episode.revision++;
      episodes.push(report(correlation, group, episode));
    }
    const closed = group.episodes.filter(({ final }) => final);
    if (closed.length > 0) {
      group.members = group.members.filter((member) => !closed.some((episode) => isWithin(episode, member)));
      group.episodes = group.episodes.filter(({ final }) => !final);
    }
    if (group.members.length > 0) {
      schedule(group, correlation.count.timespan);
      return encodeGroup(group);
    }
    drop(group);
    return null;
  };

  return {
    observe: (fact) => {
      for (const correlation of byRule.get(fact.rule.id) ?? []) {
        const values = groupValues(correlation.count, fact);
        if (values === undefined) counters.ungrouped++;
        else if (fact.time < horizon()) counters.lateDropped++;
        else insert(correlation, fact, values);
      }
    },
    advance: (to) => {
      if (!(to > watermark)) return;
      watermark = to;
      watermarkChanged = true;
      for (let due = queue.popBefore(horizon()); due !== undefined; due = queue.popBefore(horizon())) {
        const group = groups.get(due.key);
        const correlation = group === undefined ? undefined : correlations.get(group.ruleId);
        if (group === undefined || correlation === undefined || group.scheduled !== due.time) continue;
        const { timespan } = correlation.count;
        group.scheduled = Infinity;
        if (nextDeadline(group, timespan) < horizon()) expire(group, timespan);
        schedule(group, timespan);
      }
    },
    takeChanges: () => {
      const episodes = merged.splice(0);
      const values: { key: string; value: string | null }[] = [];
      for (const key of [...changed].sort()) {
        const group = groups.get(key);
        const correlation = group === undefined ? undefined : correlations.get(group.ruleId);
        if (group !== undefined && correlation !== undefined)
          values.push({ key, value: takeGroup(group, correlation, episodes) });
      }
      for (const key of [...removed].sort()) values.push({ key, value: null });
      if (watermarkChanged) values.push({ key: WATERMARK_KEY, value: String(watermark) });
      changed.clear();
      removed.clear();
      watermarkChanged = false;
      return { episodes, groups: values };
    },
    restore: (stored) => {
      for (const [key, value] of stored) {
        if (key === WATERMARK_KEY) {
          watermark = Number(value);
          continue;
        }
        if (!key.startsWith("correlation/")) continue;
        const group = decodeGroup(key, value);
        const correlation = correlations.get(group.ruleId);
        if (correlation === undefined || correlation.rule.revision !== group.revision) {
          counters.groupsOrphaned++;
          removed.add(key);
          continue;
        }
        groups.set(key, group);
        byValues.set(lookupOf(group.ruleId, group.values), group);
        schedule(group, correlation.count.timespan);
      }
    },
    counters: () => ({ ...counters, groups: groups.size }),
  };
}

/** The first time at which a fact or an open episode can no longer meet a new fact; strictly after it something is to be done. */
function nextDeadline(group: Group, timespan: number): number {
  let next = Infinity;
  for (const member of group.members) {
    const episode = group.episodes.find((candidate) => isWithin(candidate, member));
    // Members of episodes that only wait to be reported are as good as gone.
    if (episode?.final === true) continue;
    if (episode === undefined) next = member.time;
    break;
  }
  for (const episode of group.episodes) if (!episode.final) next = Math.min(next, episode.last.time);
  return next + timespan;
}

const lookupOf = (ruleId: string, values: readonly JsonValue[]): string => `${ruleId}\0${canonicalJson(values)}`;

const placeOf = ({ time, id }: Place): Place => ({ time, id });

/** The values a fact is grouped by, or undefined when one is missing. */
function groupValues(count: EventCount, fact: Fact): readonly JsonValue[] | undefined {
  const values: JsonValue[] = [];
  for (const name of count.groupBy) {
    const field = fieldOf(count, name, fact.rule.id);
    const value = Object.hasOwn(fact.values, field) ? fact.values[field] : undefined;
    if (value === undefined || value === null || value === "") return undefined;
    values.push(value);
  }
  return values;
}
