import { LOWER } from "../fold.ts";
import { type Marks, type Rows, packRows } from "./marks.ts";

/**
 * Finds which of many folded texts begin a value, or end it, or are it: a trie whose transitions lie in one hash table. Time is bounded by
 * the longest text, however many texts there are. All texts are added before the first walk.
 */
export class TextTrie {
  readonly #backwards: boolean;
  /** Transitions by open addressing: state, character, next state (0 in an empty place), and the next state's row of numbers or -1. */
  #table = new Int32Array(64 * WIDTH);
  #mask = 63;
  #states = 1;
  readonly #partialLists: number[][] = [];
  readonly #wholeLists: number[][] = [];
  #partial: Rows | undefined;
  #whole: Rows | undefined;

  constructor(backwards: boolean) {
    this.#backwards = backwards;
  }

  /** Stores a number to be reported for values that begin (end) with the text, or only for values that are the text. */
  add(text: string, entry: number, isWhole: boolean): void {
    let state = 0;
    for (let step = 0; step < text.length; step++)
      state = this.#step(state, text.charCodeAt(this.#backwards ? text.length - 1 - step : step));
    const lists = isWhole ? this.#wholeLists : this.#partialLists;
    (lists[state] ??= []).push(entry);
  }

  /**
   * Reports the numbers of the texts that are found. A value that is not folded is read as far as it is ASCII; false says that more may be
   * found when it is folded.
   */
  walk(value: string, isFolded: boolean, marks: Marks): boolean {
    const partial = (this.#partial ??= this.#pack());
    const mask = this.#mask;
    const table = this.#table;
    const backwards = this.#backwards;
    const { length } = value;
    let state = 0;
    marks.addAll(partial.entries, partial.starts[0]!, partial.starts[1]!);
    for (let step = 0; step < length; step++) {
      let unit = value.charCodeAt(backwards ? length - 1 - step : step);
      if (unit < 128) unit = LOWER[unit]!;
      else if (!isFolded) return false;
      let at = (placeOf(state, unit) & mask) * WIDTH;
      while (table[at] !== state || table[at + 1] !== unit || table[at + 2] === 0) {
        if (table[at + 2] === 0) return true;
        at = (at + WIDTH) & (mask * WIDTH + WIDTH - 1);
      }
      state = table[at + 2]!;
      if (table[at + 3] !== -1) marks.addAll(partial.entries, partial.starts[state]!, partial.starts[state + 1]!);
    }
    const whole = this.#whole!;
    marks.addAll(whole.entries, whole.starts[state]!, whole.starts[state + 1]!);
    return true;
  }

  #pack(): Rows {
    const rows = (lists: readonly (readonly number[])[]): Rows =>
      packRows(Array.from({ length: this.#states }, (_, state) => lists[state]));
    this.#whole = rows(this.#wholeLists);
    for (let at = 0; at < this.#table.length; at += WIDTH)
      this.#table[at + 3] = this.#partialLists[this.#table[at + 2]!] === undefined ? -1 : 0;
    return rows(this.#partialLists);
  }

  #step(state: number, unit: number): number {
    const at = this.#find(state, unit);
    if (this.#table[at + 2] !== 0) return this.#table[at + 2]!;
    const made = this.#states++;
    this.#put(at, state, unit, made);
    if (this.#states * 2 > this.#mask) this.#grow();
    return made;
  }

  /** Where the transition is, or where it would be. */
  #find(state: number, unit: number): number {
    const table = this.#table;
    let place = placeOf(state, unit) & this.#mask;
    while (table[place * WIDTH + 2] !== 0 && (table[place * WIDTH] !== state || table[place * WIDTH + 1] !== unit))
      place = (place + 1) & this.#mask;
    return place * WIDTH;
  }

  #put(at: number, state: number, unit: number, next: number): void {
    this.#table[at] = state;
    this.#table[at + 1] = unit;
    this.#table[at + 2] = next;
  }

  #grow(): void {
    const old = this.#table;
    this.#mask = this.#mask * 2 + 1;
    this.#table = new Int32Array((this.#mask + 1) * WIDTH);
    for (let at = 0; at < old.length; at += WIDTH)
      if (old[at + 2] !== 0) this.#put(this.#find(old[at]!, old[at + 1]!), old[at]!, old[at + 1]!, old[at + 2]!);
  }
}

/** Numbers that a transition takes, so that one lies in one line of the cache. */
const WIDTH = 4;

function placeOf(state: number, unit: number): number {
  const mixed = Math.imul(state, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
