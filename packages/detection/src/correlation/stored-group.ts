import type { JsonValue } from "../event.ts";
import { decodeEarlierGroup } from "./earlier-stored-group.ts";
import type { EpisodeState } from "./episodes.ts";
import { readValues, skipValues } from "./group-key.ts";
import type { Group, GroupStore } from "./group-store.ts";
import { type Member, type MemberStore, type Place, bodyOf, readBody } from "./member-store.ts";
import type { Plan } from "./plan.ts";
import { Reader, type Scratch } from "./scratch.ts";

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

/** What a group has besides its members. */
type GroupHistory = Pick<GroupState, "created" | "ended" | "keepUntil" | "episodes">;

/** Begins the text of a group; what follows is base64. Every change of what the bytes mean is a new version. */
const VERSION = "3:";
const PART = { number: 1, unit: 2, text: 4, carried: 8 } as const;
/** Times closer than this to the one before are written as their distance. */
const NEAR = 2 ** 30;

/** The group as text, from which {@link decodeGroup} makes an equal one: its bytes as they lie in memory, one after the other. */
export function encodeGroup(
  group: Group,
  plan: Plan,
  { store, members }: { readonly store: GroupStore; readonly members: MemberStore },
  history: GroupHistory | undefined,
  sheet: Scratch,
): string {
  const { arena, reader } = store;
  const body = bodyOf(plan);
  sheet.clear();
  sheet.text(plan.rule.id);
  sheet.text(plan.revision);
  sheet.count(plan.correlation.groupBy.length);
  reader.seek(store.keyOf(group));
  const start = reader.at;
  skipValues(reader, plan.correlation.groupBy.length);
  sheet.append(arena, start, reader.at);
  sheet.count(history?.created ?? 0);
  sheet.count(history?.ended ?? 0);
  if (history !== undefined && history.ended > 0) sheet.number(history.keepUntil);
  sheet.count(
    (plan.keeps === "number" ? PART.number : 0) |
      (body.unit ? PART.unit : 0) |
      (body.text ? PART.text : 0) |
      (body.carried ? PART.carried : 0),
  );
  const count = store.count(group);
  sheet.count(count);
  let before = Number.NaN;
  for (let index = 0; index < count; index++) {
    const cell = store.member(group, index);
    const time = store.time(group, index);
    const distance = time - before;
    if (Number.isSafeInteger(time) && Number.isSafeInteger(before) && distance < NEAR) sheet.count(distance + 1);
    else {
      sheet.count(0);
      sheet.number(time);
    }
    before = time;
    sheet.count(members.rule(cell) * 2 + (store.holdsAt(group, index) ? 1 : 0));
    const number = members.number(cell, plan);
    if (number !== undefined) sheet.number(number);
    members.appendBody(cell, plan, sheet);
  }
  const episodes = history?.episodes ?? [];
  sheet.count(episodes.length);
  for (const episode of episodes) writeEpisode(sheet, episode);
  return VERSION + sheet.encoded("base64");
}

/**
 * Reads a group again, also one that an earlier version stored.
 *
 * @throws {Error} when the text is not a group of a known version, or not a whole one
 */
export function decodeGroup(key: string, text: string): GroupState {
  const state = text.startsWith(VERSION)
    ? readGroup(key, text.slice(VERSION.length))
    : text.startsWith("{")
      ? decodeEarlierGroup(text)
      : undefined;
  if (state === undefined) throw new Error(`The stored group ${key} has an unknown version.`);
  return state;
}

function readGroup(key: string, base64: string): GroupState {
  const bytes = Buffer.from(base64, "base64");
  const reader = new Reader({ bytes, text: bytes });
  const ruleId = reader.text();
  const revision = reader.text();
  const values = readValues(reader, reader.count());
  const created = reader.count();
  const ended = reader.count();
  const keepUntil = ended > 0 ? reader.number() : -Infinity;
  const parts = reader.count();
  const body = {
    unit: (parts & PART.unit) !== 0,
    text: (parts & PART.text) !== 0,
    carried: (parts & PART.carried) !== 0,
  };
  const checkEnd = (isWhole: boolean): void => {
    if (!isWhole) throw new Error(`The stored group ${key} is damaged.`);
  };
  let time = 0;
  const members = Array.from({ length: reader.count() }, (): Member & { readonly holds: boolean } => {
    checkEnd(reader.at < bytes.length);
    const distance = reader.count();
    time = distance === 0 ? reader.number() : time + distance - 1;
    const rule = reader.count();
    const number = (parts & PART.number) === 0 ? undefined : reader.number();
    return { ...readBody(reader, body), time, rule: rule >>> 1, holds: (rule & 1) === 1, number };
  });
  const episodes = Array.from({ length: reader.count() }, () => {
    checkEnd(reader.at < bytes.length);
    return readEpisode(reader);
  });
  checkEnd(reader.at === bytes.length);
  return { ruleId, revision, values, created, ended, keepUntil, members, episodes };
}

function writeEpisode(sheet: Scratch, episode: EpisodeState): void {
  sheet.text(episode.id);
  sheet.count(episode.order);
  for (const { time, id } of [episode.anchor, episode.first, episode.last]) {
    sheet.number(time);
    sheet.text(id);
  }
  sheet.count(episode.revision);
  sheet.count(episode.omitted);
  sheet.count(episode.final ? 1 : 0);
  sheet.count(episode.count);
  sheet.number(episode.digest);
}

function readEpisode(reader: Reader): EpisodeState {
  const readPlace = (): Place => ({ time: reader.number(), id: reader.text() });
  return {
    id: reader.text(),
    order: reader.count(),
    anchor: readPlace(),
    first: readPlace(),
    last: readPlace(),
    revision: reader.count(),
    omitted: reader.count(),
    final: reader.count() === 1,
    count: reader.count(),
    digest: reader.number(),
    changed: false,
  };
}
