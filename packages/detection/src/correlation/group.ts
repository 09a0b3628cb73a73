import type { Entity, JsonValue } from "../event.ts";

/** A fact in a group. */
export interface Member {
  readonly time: number;
  readonly id: string;
  readonly eventId: string;
  readonly entities: readonly Entity[];
}

/** A place in the order of members. */
export type Place = Pick<Member, "time" | "id">;

/** An episode that can still change, or that has just become final. */
export interface EpisodeState {
  readonly id: string;
  /** Order of creation within the group: of two that merge, the older stays. */
  readonly order: number;
  first: Place;
  last: Place;
  /** Times it was reported. */
  revision: number;
  /** Members that a bound took away. */
  omitted: number;
  changed: boolean;
  final: boolean;
}

/** The facts of one group of one correlation that can still matter, with its episodes, both in order. */
export interface Group {
  readonly key: string;
  readonly ruleId: string;
  readonly revision: string;
  readonly values: readonly JsonValue[];
  members: Member[];
  episodes: EpisodeState[];
  nextOrder: number;
  /** When the group must be looked at again, as the queue has it. */
  scheduled: number;
}

/** The order of members: event time, then fact id. */
export function compare(a: Place, b: Place): number {
  return a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** Index of the first member that is not before a place. */
export function lowerBound(members: readonly Member[], place: Place): number {
  let low = 0;
  let high = members.length;
  const last = members[high - 1];
  // Most facts come in order.
  if (last !== undefined && compare(last, place) < 0) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const member = members[middle];
    if (member !== undefined && compare(member, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first member at or after a time. */
export function firstAt(members: readonly Member[], time: number): number {
  return lowerBound(members, { time, id: "" });
}

/** Whether a place lies in an episode. */
export function isWithin(episode: EpisodeState, place: Place): boolean {
  return compare(episode.first, place) <= 0 && compare(place, episode.last) <= 0;
}

/**
 * The members of all qualifying windows that hold the member at an index, as the indices of the first and last; undefined when none
 * qualifies. A window is every member from one at time t up to t + timespan, both ends included; it qualifies with `threshold` members.
 */
export function qualifying(
  members: readonly Member[],
  index: number,
  timespan: number,
  threshold: number,
): readonly [number, number] | undefined {
  const time = members[index]?.time ?? 0;
  const earliest = firstAt(members, time - timespan);
  const endOf = (start: number): number => firstAfter(members, (members[start]?.time ?? 0) + timespan, index) - 1;
  let low = earliest;
  for (let end = endOf(low); low <= index && end - low + 1 < threshold; end = endOf(low)) {
    // Even the longest window that starts later has no more members than those up to the last end.
    if (++low > index) return undefined;
  }
  let high = index;
  while (endOf(high) - high + 1 < threshold) high--;
  return [low, endOf(high)];
}

/** Index of the first member after a time, looked for from a start on. */
function firstAfter(members: readonly Member[], time: number, from: number): number {
  let low = from;
  let high = members.length;
  if ((members[high - 1]?.time ?? -Infinity) <= time) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((members[middle]?.time ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

type StoredMember = readonly [number, string, string, readonly number[]];
type StoredEpisode = readonly [string, number, number, string, number, string, number, number, boolean];

interface StoredGroup {
  readonly version: 1;
  readonly rule: string;
  readonly revision: string;
  readonly values: readonly JsonValue[];
  readonly next: number;
  readonly entities: readonly Entity[];
  readonly members: readonly StoredMember[];
  readonly episodes: readonly StoredEpisode[];
}

/** The group as text, from which {@link decodeGroup} makes an equal one. */
export function encodeGroup(group: Group): string {
  const entities: Entity[] = [];
  const indices = new Map<string, number>();
  const indexOf = (entity: Entity): number => {
    const key = `${entity.kind}\0${entity.value}`;
    let index = indices.get(key);
    if (index === undefined) {
      index = entities.push(entity) - 1;
      indices.set(key, index);
    }
    return index;
  };
  const stored: StoredGroup = {
    version: 1,
    rule: group.ruleId,
    revision: group.revision,
    values: group.values,
    next: group.nextOrder,
    members: group.members.map((member) => [member.time, member.id, member.eventId, member.entities.map(indexOf)]),
    entities,
    episodes: group.episodes.map((episode) => [
      episode.id,
      episode.order,
      episode.first.time,
      episode.first.id,
      episode.last.time,
      episode.last.id,
      episode.revision,
      episode.omitted,
      episode.final,
    ]),
  };
  return JSON.stringify(stored);
}

/** @throws {Error} when the text is not a group of this version */
export function decodeGroup(key: string, text: string): Group {
  const stored = JSON.parse(text) as StoredGroup;
  if (stored.version !== 1) throw new Error(`The stored group ${key} has an unknown version.`);
  return {
    key,
    ruleId: stored.rule,
    revision: stored.revision,
    values: stored.values,
    nextOrder: stored.next,
    scheduled: Infinity,
    members: stored.members.map(([time, id, eventId, indices]) => ({
      time,
      id,
      eventId,
      entities: indices.flatMap((index) => stored.entities[index] ?? []),
    })),
    episodes: stored.episodes.map(([id, order, fromTime, fromId, toTime, toId, revision, omitted, final]) => ({
      id,
      order,
      first: { time: fromTime, id: fromId },
      last: { time: toTime, id: toId },
      revision,
      omitted,
      changed: false,
      final,
    })),
  };
}
