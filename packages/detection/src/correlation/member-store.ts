import type { Entity, EntityKind, JsonValue } from "../event.ts";
import type { Cell } from "./arena.ts";
import type { Group, GroupStore } from "./group-store.ts";
import type { LoadedMembers } from "./loaded-members.ts";
import type { Plan } from "./plan.ts";
import type { Reader, Scratch } from "./scratch.ts";

/** A place in the order of members: event time, then id by code unit. */
export interface Place {
  readonly time: number;
  readonly id: string;
}

/** A fact in a group, or one moment of an episode of another correlation. */
export interface Member extends Place {
  readonly eventId: string;
  readonly entities: readonly Entity[];
  /** Place of its rule among those listed. */
  readonly rule: number;
  readonly number: number | undefined;
  readonly text: string | undefined;
  /** The episode that it is a moment of; empty for a fact. */
  readonly unit: string;
  /** Values for correlations of this one. */
  readonly carried: Readonly<Record<string, JsonValue>> | undefined;
}

const KINDS: readonly EntityKind[] = ["address", "user", "host", "service", "session", "api_key", "agent"];
const OTHER_KIND = 127;

/** The order of members. */
export function compare(a: Place, b: Place): number {
  return a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** Writes members into the store of their groups and reads them again. */
export class MemberStore {
  readonly #store: GroupStore;

  constructor(store: GroupStore) {
    this.#store = store;
  }

  write(member: Member, plan: Plan): Cell {
    const { scratch, arena } = this.#store;
    scratch.clear();
    scratch.text(member.id);
    let digest = scratch.digest();
    scratch.text(member.eventId);
    if (plan.chained) {
      // A moment that now belongs to another episode is a change of what it is part of.
      scratch.text(member.unit);
      digest = scratch.hash(0);
    }
    if (plan.keeps === "text") scratch.text(member.text ?? "");
    if (plan.outer.length > 0) scratch.text(JSON.stringify(member.carried ?? {}));
    scratch.count(member.entities.length);
    for (const { kind, value } of member.entities) {
      const known = KINDS.indexOf(kind);
      scratch.count(known < 0 ? OTHER_KIND : known);
      if (known < 0) scratch.text(kind);
      scratch.text(value);
    }
    const head = headCells(plan);
    const cells = scratch.cells + head;
    const cell = arena.take(cells);
    arena.words[cell * 2] = digest;
    arena.words[cell * 2 + 1] = member.rule | (cells << 8);
    if (head === 2) arena.numbers[cell + 1] = member.number ?? 0;
    scratch.copyTo(arena, cell + head);
    return cell;
  }

  /** Gives the record of a member back. */
  free(cell: Cell): void {
    const { arena } = this.#store;
    arena.give(cell, (arena.words[cell * 2 + 1] ?? 0) >>> 8);
  }

  /** A number that is most likely different for another id, or another episode of which it is a moment. */
  digest(cell: Cell): number {
    return this.#store.arena.words[cell * 2] ?? 0;
  }

  id(cell: Cell, plan: Plan): string {
    return this.#store.reader.seek(cell + headCells(plan)).text();
  }

  place(group: Group, index: number, plan: Plan): Place {
    return { time: this.#store.time(group, index), id: this.id(this.#store.member(group, index), plan) };
  }

  read(group: Group, index: number, plan: Plan): Member {
    const { reader } = this.#store;
    const cell = this.#store.member(group, index);
    reader.seek(cell + headCells(plan));
    return {
      ...readBody(reader, bodyOf(plan)),
      time: this.#store.time(group, index),
      rule: this.rule(cell),
      number: this.number(cell, plan),
    };
  }

  /** Place of the member's rule among those listed. */
  rule(cell: Cell): number {
    return (this.#store.arena.words[cell * 2 + 1] ?? 0) & 255;
  }

  /** The number of the member, where one is compared. */
  number(cell: Cell, plan: Plan): number | undefined {
    return plan.keeps === "number" ? this.#store.arena.numbers[cell + 1] : undefined;
  }

  /** Appends to a scratch what {@link readBody} reads. */
  appendBody(cell: Cell, plan: Plan, to: Scratch): void {
    const { arena, reader } = this.#store;
    reader.seek(cell + headCells(plan));
    const start = reader.at;
    reader.skipText();
    reader.skipText();
    if (plan.chained) reader.skipText();
    if (plan.keeps === "text") reader.skipText();
    if (plan.outer.length > 0) reader.skipText();
    for (let left = reader.count(); left > 0; left--) {
      if (reader.count() === OTHER_KIND) reader.skipText();
      reader.skipText();
    }
    to.append(arena, start, reader.at);
  }

  /** Unpacks what the correlation compares of the members from one index on. */
  load(group: Group, from: number, plan: Plan, into: LoadedMembers): void {
    const { arena, reader } = this.#store;
    const count = this.#store.count(group) - from;
    into.resize(count);
    const { words, numbers } = arena;
    const times = this.#store.timesAt(group) + from;
    const { type } = plan.correlation;
    const isTemporal = type === "temporal" || type === "temporal_ordered";
    const countsUnits = plan.chained && type === "event_count";
    const head = headCells(plan);
    for (let index = 0; index < count; index++) {
      into.times[index] = numbers[times + index] ?? 0;
      if (!isTemporal && !countsUnits && plan.keeps === "nothing") continue;
      const cell = this.#store.member(group, from + index);
      if (isTemporal) into.rules[index] = (words[cell * 2 + 1] ?? 0) & 255;
      else if (plan.keeps === "number") into.numbers[index] = numbers[cell + 1] ?? 0;
      else {
        reader.seek(cell + head);
        const id = countsUnits ? reader.text() : (reader.skipText(), "");
        reader.skipText();
        if (countsUnits) into.units[index] = reader.text() || id;
        else {
          if (plan.chained) reader.skipText();
          into.texts[index] = reader.text();
        }
      }
    }
  }

  /**
   * Where a place is or would be among the members: its index, or, when it is not there, the bitwise complement of the index at which it would be put in.
   */
  find(group: Group, place: Place, plan: Plan): number {
    const store = this.#store;
    const count = store.count(group);
    // Most facts come in order.
    if (count === 0 || place.time > store.time(group, count - 1)) return ~count;
    let low = store.firstAt(group, place.time);
    let high = low;
    for (let step = 1; high < count && store.time(group, high) === place.time; step *= 2)
      high = Math.min(count, high + step);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const time = store.time(group, middle);
      const order = time > place.time ? 1 : compareText(this.id(store.member(group, middle), plan), place.id);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return ~low;
  }
}

/** What the record of a member has besides ids and entities. */
export interface BodyParts {
  readonly unit: boolean;
  readonly text: boolean;
  readonly carried: boolean;
}

/** What the records of a correlation's members have. */
export const bodyOf = (plan: Plan): BodyParts => ({
  unit: plan.chained,
  text: plan.keeps === "text",
  carried: plan.outer.length > 0,
});

/** Reads a member, but for its time, rule and number. */
export function readBody(reader: Reader, parts: BodyParts): Omit<Member, "time" | "rule" | "number"> {
  const id = reader.text();
  const eventId = reader.text();
  const unit = parts.unit ? reader.text() : "";
  const text = parts.text ? reader.text() : undefined;
  const carried = parts.carried ? (JSON.parse(reader.text()) as Readonly<Record<string, JsonValue>>) : undefined;
  const entities: Entity[] = [];
  for (let left = reader.count(); left > 0; left--) {
    const known = reader.count();
    const kind = known === OTHER_KIND ? (reader.text() as EntityKind) : (KINDS[known] ?? "address");
    entities.push({ kind, value: reader.text() });
  }
  return { id, eventId, entities, unit, text, carried };
}

/** A word each for digest and size, and a number where one is compared. */
const headCells = (plan: Plan): number => (plan.keeps === "number" ? 2 : 1);

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
