import type { Entity, JsonValue } from "../event.ts";
import type { Cell } from "./arena.ts";
import type { Group } from "./group-store.ts";
import type { Extra, GroupShelf } from "./group-shelf.ts";
import type { Place } from "./member-store.ts";
import type { Plan, Source } from "./plan.ts";

/** What comes to a correlation: a fact, or a moment at which another correlation's episode holds. */
export interface Item extends Place {
  readonly eventId: string;
  readonly entities: readonly Entity[];
  readonly values: Readonly<Record<string, JsonValue>>;
  readonly unit: string;
}

/** Takes what an inner correlation tells an outer one: a moment that is new, or one that it told of before and that holds no more. */
export type MomentTaker = (source: Source, moment: Item, what: "new" | "back") => void;

/** The members at which the episodes of a group hold, each with its episode. */
export function momentsOf(shelf: GroupShelf, group: Group, plan: Plan, extra: Extra): Map<Cell, string> {
  const moments = new Map<Cell, string>();
  for (const episode of extra.episodes) {
    const { first, last } = shelf.stretchOf(group, plan, episode);
    for (let index = first; index <= last; index++)
      if (shelf.store.holdsAt(group, index)) moments.set(shelf.store.member(group, index), episode.id);
  }
  return moments;
}

/** Tells outer correlations what is new, and takes back what holds no more. */
export function tellMoments(shelf: GroupShelf, group: Group, plan: Plan, extra: Extra, take: MomentTaker): void {
  const before = extra.told;
  const after = momentsOf(shelf, group, plan, extra);
  extra.told = after;
  const count = shelf.store.count(group);
  const news: [number, string][] = [];
  for (let index = 0; index < count; index++) {
    const cell = shelf.store.member(group, index);
    const old = before.get(cell);
    const unit = after.get(cell);
    if (old === unit) continue;
    if (old !== undefined) tellMoment(shelf, group, plan, index, take, old, "back");
    if (unit !== undefined) news.push([index, unit]);
  }
  for (const [index, unit] of news) tellMoment(shelf, group, plan, index, take, unit, "new");
}

/** Takes the moment back that outer correlations were told of at a member, if they were. */
export function takeMomentBack(shelf: GroupShelf, group: Group, plan: Plan, index: number, take: MomentTaker): void {
  const told = shelf.extras.get(group)?.told;
  const cell = shelf.store.member(group, index);
  const unit = told?.get(cell);
  if (unit === undefined) return;
  tellMoment(shelf, group, plan, index, take, unit, "back");
  told?.delete(cell);
}

function tellMoment(
  shelf: GroupShelf,
  group: Group,
  plan: Plan,
  index: number,
  take: MomentTaker,
  unit: string,
  what: "new" | "back",
): void {
  const { time, id, eventId, entities, carried } = shelf.members.read(group, index, plan);
  const values: Record<string, JsonValue> = { ...carried };
  for (const [place, value] of shelf.valuesOf(group, plan).entries())
    define(values, plan.correlation.groupBy[place] ?? "", value);
  const moment: Item = { time, id: `${plan.rule.id} ${id}`, eventId, entities, values, unit };
  for (const source of plan.outer) take(source, moment, what);
}

/** The fields of an item that outer correlations will ask for, by the names that they ask for. */
export function carriedOf(source: Source, values: Item["values"]): Record<string, JsonValue> {
  const carried: Record<string, JsonValue> = {};
  for (const [name, field] of source.carried)
    if (Object.hasOwn(values, field)) define(carried, name, values[field] ?? null);
  return carried;
}

/** Sets a property whatever its name is. */
function define(target: Record<string, JsonValue>, name: string, value: JsonValue): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
