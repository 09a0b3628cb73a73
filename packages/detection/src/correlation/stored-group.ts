import type { Entity, JsonValue } from "../event.ts";
import type { EpisodeState } from "./episodes.ts";
import type { Member } from "./member-store.ts";

/** Everything that a group is, apart from where it lies in memory. */
export interface GroupState {
  readonly ruleId: string;
  readonly revision: string;
  readonly values: readonly JsonValue[];
  /** Episodes made so far. */
  readonly created: number;
  /** Episodes reported and withdrawn or merged away so far, where ids could come again. */
  readonly ended: number;
  /** Until when an empty group is remembered, Unix milliseconds. */
  readonly keepUntil: number;
  readonly members: readonly (Member & { readonly holds: boolean })[];
  readonly episodes: readonly EpisodeState[];
}

type StoredMember = readonly [
  time: number,
  id: string,
  eventId: string,
  entities: readonly number[],
  holds?: 0 | 1,
  rule?: number,
  compared?: number | string | null,
  unit?: string,
  carried?: Readonly<Record<string, JsonValue>> | null,
];
type StoredEpisode = readonly [
  id: string,
  order: number,
  firstTime: number,
  firstId: string,
  lastTime: number,
  lastId: string,
  revision: number,
  omitted: number,
  final: boolean,
  count?: number,
  digest?: number,
  anchorTime?: number,
  anchorId?: string,
];

interface Stored {
  readonly version: number;
  readonly rule: string;
  readonly revision: string;
  readonly values: readonly JsonValue[];
  readonly next: number;
  readonly ended?: number;
  readonly keep?: number;
  readonly entities: readonly Entity[];
  readonly members: readonly StoredMember[];
  readonly episodes: readonly StoredEpisode[];
}

const VERSION = 2;

/** The group as text, from which {@link decodeGroup} makes an equal one. */
export function encodeGroup(group: GroupState): string {
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
  const members = group.members.map((member): StoredMember => {
    const { time, id, eventId, holds, rule, unit, carried } = member;
    const compared = member.number ?? member.text ?? null;
    const listed = member.entities.map(indexOf);
    return !holds && rule === 0 && compared === null && unit === "" && carried === undefined
      ? [time, id, eventId, listed]
      : [time, id, eventId, listed, holds ? 1 : 0, rule, compared, unit, carried ?? null];
  });
  const stored: Stored = {
    version: VERSION,
    rule: group.ruleId,
    revision: group.revision,
    values: group.values,
    next: group.created,
    ...(group.ended > 0 ? { ended: group.ended, keep: group.keepUntil } : {}),
    members,
    entities,
    episodes: group.episodes.map(({ id, order, first, last, revision, omitted, final, count, digest, anchor }) => [
      id,
      order,
      first.time,
      first.id,
      last.time,
      last.id,
      revision,
      omitted,
      final,
      count,
      digest,
      anchor.time,
      anchor.id,
    ]),
  };
  return JSON.stringify(stored);
}

/**
 * Reads a group again, also one stored by version 1, which knew event_count only.
 *
 * @throws {Error} when the text is not a group of a known version
 */
export function decodeGroup(key: string, text: string): GroupState {
  const stored = JSON.parse(text) as Stored;
  if (stored.version !== VERSION && stored.version !== 1)
    throw new Error(`The stored group ${key} has an unknown version.`);
  return {
    ruleId: stored.rule,
    revision: stored.revision,
    values: stored.values,
    created: stored.next,
    ended: stored.ended ?? 0,
    keepUntil: stored.keep ?? -Infinity,
    members: stored.members.map(([time, id, eventId, entities, holds, rule, compared, unit, carried]) => ({
      time,
      id,
      eventId,
      entities: entities.flatMap((index) => stored.entities[index] ?? []),
      holds: holds === 1,
      rule: rule ?? 0,
      number: typeof compared === "number" ? compared : undefined,
      text: typeof compared === "string" ? compared : undefined,
      unit: unit ?? "",
      carried: carried ?? undefined,
    })),
    episodes: stored.episodes.map((episode) => {
      const [id, order, firstTime, firstId, lastTime, lastId, revision, omitted, final, ...rest] = episode;
      const [count = -1, digest = 0, anchorTime = firstTime, anchorId = firstId] = rest;
      return {
        id,
        order,
        anchor: { time: anchorTime, id: anchorId },
        first: { time: firstTime, id: firstId },
        last: { time: lastTime, id: lastId },
        revision,
        omitted,
        count,
        digest,
        changed: false,
        final,
      };
    }),
  };
}
