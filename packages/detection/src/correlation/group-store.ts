import { Arena, type Cell } from "./arena.ts";
import { Reader, Scratch } from "./scratch.ts";

/** A group of facts: its place in the store. */
export type Group = Cell;

/** What a group is marked with. */
export const MARK = { alive: 1, touched: 2, judge: 4, stored: 8 } as const;

const RECORD_CELLS = 6;
const FIRST_SLOTS = 1_024;
/** The correlation, and the marks in the lowest bits. */
const PLAN = 0;
const HASH = 1;
const KEY = 2;
const KEY_CELLS = 3;
const COUNT = 4;
const MEMBERS = 5;
const ROOM = 6;
/** Listed rules that a member came from, a bit each; in a record that is free, the next one. */
const RULES = 7;
const MARK_BITS = 4;
const SCHEDULED = 4;
const JUDGE_FROM = 5;

/**
 * Groups by correlation and key, and the members of each in the order of (event time, id), outside of the JavaScript heap. The key is what is in the
 * scratch; members are the cells of records that {@link MemberStore} writes.
 */
export class GroupStore {
  readonly arena = new Arena();
  readonly scratch = new Scratch();
  readonly reader = new Reader(this.arena);
  size = 0;
  #slots = new Int32Array(FIRST_SLOTS);
  #freeRecord: Group = 0;

  /** Bytes in use, with the table that finds groups. */
  get bytes(): number {
    return this.arena.used + this.#slots.byteLength;
  }

  /** The group of the key in the scratch, or 0. */
  find(plan: number): Group {
    const hash = this.scratch.hash(plan);
    const { words } = this.arena;
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const group = this.#slots[slot] ?? 0;
      if (group === 0) return 0;
      const base = group * 2;
      if (
        words[base + HASH] === hash &&
        (words[base + PLAN] ?? 0) >>> MARK_BITS === plan &&
        this.scratch.equals(this.arena, words[base + KEY] ?? 0)
      )
        return group;
    }
  }

  /** A new group under the key in the scratch, which must not be known. */
  create(plan: number): Group {
    if ((this.size + 1) * 5 > this.#slots.length * 3) this.#grow();
    const { arena, scratch } = this;
    const hash = scratch.hash(plan);
    const key = arena.take(scratch.cells);
    scratch.copyTo(arena, key);
    let group = this.#freeRecord;
    if (group === 0) group = arena.take(RECORD_CELLS);
    else {
      this.#freeRecord = arena.words[group * 2 + RULES] ?? 0;
      arena.used += RECORD_CELLS * 8;
    }
    const base = group * 2;
    const { words } = arena;
    words.fill(0, base, base + RECORD_CELLS * 2);
    words[base + PLAN] = (plan << MARK_BITS) | MARK.alive;
    words[base + HASH] = hash;
    words[base + KEY] = key;
    words[base + KEY_CELLS] = scratch.cells;
    arena.numbers[group + SCHEDULED] = Infinity;
    arena.numbers[group + JUDGE_FROM] = Infinity;
    this.#place(group, hash);
    this.size++;
    return group;
  }

  /** Forgets a group without members. */
  remove(group: Group): void {
    const { words } = this.arena;
    const base = group * 2;
    this.#displace(group);
    this.arena.give(words[base + KEY] ?? 0, words[base + KEY_CELLS] ?? 0);
    const room = words[base + ROOM] ?? 0;
    if (room > 0) this.arena.give(words[base + MEMBERS] ?? 0, cellsFor(room));
    words[base + PLAN] = 0;
    this.arena.numbers[group + SCHEDULED] = Infinity;
    // Records are kept apart, so that a place in a queue never points at anything but a group.
    words[base + RULES] = this.#freeRecord;
    this.#freeRecord = group;
    this.arena.used -= RECORD_CELLS * 8;
    this.size--;
  }

  planOf(group: Group): number {
    return (this.arena.words[group * 2 + PLAN] ?? 0) >>> MARK_BITS;
  }

  keyOf(group: Group): Cell {
    return this.arena.words[group * 2 + KEY] ?? 0;
  }

  has(group: Group, mark: number): boolean {
    return ((this.arena.words[group * 2 + PLAN] ?? 0) & mark) !== 0;
  }

  mark(group: Group, mark: number): void {
    const at = group * 2 + PLAN;
    this.arena.words[at] = (this.arena.words[at] ?? 0) | mark;
  }

  unmark(group: Group, mark: number): void {
    const at = group * 2 + PLAN;
    this.arena.words[at] = (this.arena.words[at] ?? 0) & ~mark;
  }

  /** Remembers that a member came from the listed rule at a place. Rules from the 32nd on cannot be told apart and stand for all. */
  addRule(group: Group, rule: number): void {
    const at = group * 2 + RULES;
    this.arena.words[at] = rule < 31 ? (this.arena.words[at] ?? 0) | (1 << rule) : -1;
  }

  /** How many different rules the members can be from, at most. */
  ruleCount(group: Group): number {
    const rules = this.arena.words[group * 2 + RULES] ?? 0;
    if (rules === -1) return Infinity;
    let count = 0;
    for (let left = rules; left !== 0; left &= left - 1) count++;
    return count;
  }

  /** When the group must be looked at again, as the queue has it. */
  scheduled(group: Group): number {
    return this.arena.numbers[group + SCHEDULED] ?? Infinity;
  }

  schedule(group: Group, time: number): void {
    this.arena.numbers[group + SCHEDULED] = time;
  }

  /** The earliest time whose members changed since windows were last judged. */
  judgeFrom(group: Group): number {
    return this.arena.numbers[group + JUDGE_FROM] ?? Infinity;
  }

  setJudgeFrom(group: Group, time: number): void {
    this.arena.numbers[group + JUDGE_FROM] = time;
  }

  count(group: Group): number {
    return this.arena.words[group * 2 + COUNT] ?? 0;
  }

  /** Where the times of the members begin. */
  timesAt(group: Group): Cell {
    return this.arena.words[group * 2 + MEMBERS] ?? 0;
  }

  time(group: Group, index: number): number {
    return this.arena.numbers[this.timesAt(group) + index] ?? Number.NaN;
  }

  member(group: Group, index: number): Cell {
    return Math.abs(this.arena.words[this.#referenceAt(group, index)] ?? 0);
  }

  /** Whether the window that ends at the member was found to fulfil the condition. */
  holdsAt(group: Group, index: number): boolean {
    return (this.arena.words[this.#referenceAt(group, index)] ?? 0) < 0;
  }

  setHoldsAt(group: Group, index: number, holds: boolean): void {
    const at = this.#referenceAt(group, index);
    const member = Math.abs(this.arena.words[at] ?? 0);
    this.arena.words[at] = holds ? -member : member;
  }

  /** Puts a member in at an index. */
  insert(group: Group, index: number, time: number, member: Cell): void {
    const base = group * 2;
    const count = this.count(group);
    if (count === this.arena.words[base + ROOM]) this.#widen(group, count);
    const { words, numbers } = this.arena;
    const times = words[base + MEMBERS] ?? 0;
    const references = (times + (words[base + ROOM] ?? 0)) * 2;
    if (index < count) {
      numbers.copyWithin(times + index + 1, times + index, times + count);
      words.copyWithin(references + index + 1, references + index, references + count);
    }
    numbers[times + index] = time;
    words[references + index] = member;
    words[base + COUNT] = count + 1;
  }

  /** Leaves only the members that are asked for; the caller gives the others back. */
  keep(group: Group, isKept: (index: number) => boolean): void {
    const { words, numbers } = this.arena;
    const base = group * 2;
    const count = this.count(group);
    const times = words[base + MEMBERS] ?? 0;
    const references = (times + (words[base + ROOM] ?? 0)) * 2;
    let kept = 0;
    for (let index = 0; index < count; index++) {
      if (!isKept(index)) continue;
      if (kept !== index) {
        numbers[times + kept] = numbers[times + index] ?? 0;
        words[references + kept] = words[references + index] ?? 0;
      }
      kept++;
    }
    words[base + COUNT] = kept;
    const room = words[base + ROOM] ?? 0;
    if (room > 8 && kept * 4 < room) this.#resize(group, Math.max(kept, 1));
  }

  /** Index of the first member at or after a time. */
  firstAt(group: Group, time: number): number {
    return firstFrom(this.arena.numbers, this.timesAt(group), this.count(group), time);
  }

  #referenceAt(group: Group, index: number): number {
    const { words } = this.arena;
    const base = group * 2;
    return ((words[base + MEMBERS] ?? 0) + (words[base + ROOM] ?? 0)) * 2 + index;
  }

  #widen(group: Group, count: number): void {
    this.#resize(group, count === 0 ? 1 : count * 2);
  }

  #resize(group: Group, room: number): void {
    const base = group * 2;
    const cell = this.arena.take(cellsFor(room));
    const { words, numbers } = this.arena;
    const count = words[base + COUNT] ?? 0;
    const before = words[base + MEMBERS] ?? 0;
    const roomBefore = words[base + ROOM] ?? 0;
    const references = (cell + room) * 2;
    const referencesBefore = (before + roomBefore) * 2;
    for (let index = 0; index < count; index++) {
      numbers[cell + index] = numbers[before + index] ?? 0;
      words[references + index] = words[referencesBefore + index] ?? 0;
    }
    if (roomBefore > 0) this.arena.give(before, cellsFor(roomBefore));
    words[base + MEMBERS] = cell;
    words[base + ROOM] = room;
  }

  #place(group: Group, hash: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = group;
  }

  #displace(group: Group): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const { words } = this.arena;
    let hole = (words[group * 2 + HASH] ?? 0) & mask;
    while (slots[hole] !== group) hole = (hole + 1) & mask;
    // Those behind move up, unless that would bring them before their own place.
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = (words[(slots[slot] ?? 0) * 2 + HASH] ?? 0) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = slots[slot] ?? 0;
      hole = slot;
    }
    slots[hole] = 0;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(before.length * 2);
    for (const group of before) if (group !== 0) this.#place(group, this.arena.words[group * 2 + HASH] ?? 0);
  }
}

const cellsFor = (room: number): number => room + ((room + 1) >>> 1);

/** Index of the first of `count` ordered times from a cell on that is not before a time. */
export function firstFrom(times: Float64Array, cell: Cell, count: number, time: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[cell + middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
