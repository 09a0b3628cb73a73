import type { Entity, JsonValue } from "../event.ts";
import type { GroupState } from "./stored-group.ts";

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

/** Reads a group that version 1, which knew event_count only, or version 2 stored; undefined when it is of neither. */
export function decodeEarlierGroup(text: string): GroupState | undefined {
  const stored = JSON.parse(text) as Stored;
  if (stored.version !== 1 && stored.version !== 2) return undefined;
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
