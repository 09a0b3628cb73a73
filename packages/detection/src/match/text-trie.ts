import { LOWER } from "../fold.ts";
import { type Marks, type Rows, packRows } from "./marks.ts";

/**
 * Finds which of many folded texts begin a value, or end it, or are it: a trie whose transitions lie in one hash table. Time is bounded by
 * the longest text, however many texts there are. All texts are added before the first walk.
 */
export class TextTrie {
  readonly #backwards: boolean;
  #mask = 63;
  #from = new Int32Array(64);
  #units = new Uint16Array(64);
  #to = new Int32Array(64);
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
    this.#partial ??= packRows(Array.from({ length: this.#states }, (_, state) => this.#partialLists[state]));
    this.#whole ??= packRows(Array.from({ length: this.#states }, (_, state) => this.#wholeLists[state]));
    const { starts, entries } = this.#partial;
    const mask = this.#mask;
    const froms = this.#from;
    const units = this.#units;
    const tos = this.#to;
    const { length } = value;
    let state = 0;
    for (let step = 0; ; step++) {
      const start = starts[state]!;
      const end = starts[state + 1]!;
      if (start !== end) marks.addAll(entries, start, end);
      if (step === length) break;
      let unit = value.charCodeAt(this.#backwards ? length - 1 - step : step);
      if (unit < 128) unit = LOWER[unit]!;
      else if (!isFolded) return false;
      let at = slotOf(state, unit) & mask;
      for (;;) {
        const to = tos[at]!;
        if (to === 0) return true;
        if (froms[at] === state && units[at] === unit) {
          state = to;
          break;
        }
        at = (at + 1) & mask;
      }
    }
    marks.addAll(this.#whole.entries, this.#whole.starts[state]!, this.#whole.starts[state + 1]!);
    return true;
  }

  #step(state: number, unit: number): number {
    const at = this.#find(state, unit);
    if (this.#to[at] !== 0) return this.#to[at]!;
    const made = this.#states++;
    this.#from[at] = state;
    this.#units[at] = unit;
    this.#to[at] = made;
    if (this.#states * 2 > this.#mask) this.#grow();
    return made;
  }

  #find(state: number, unit: number): number {
    let at = slotOf(state, unit) & this.#mask;
    while (this.#to[at] !== 0 && (this.#from[at] !== state || this.#units[at] !== unit)) at = (at + 1) & this.#mask;
    return at;
  }

  #grow(): void {
    const [from, units, to] = [this.#from, this.#units, this.#to];
    const capacity = (this.#mask + 1) * 2;
    this.#mask = capacity - 1;
    this.#from = new Int32Array(capacity);
    this.#units = new Uint16Array(capacity);
    this.#to = new Int32Array(capacity);
    for (let index = 0; index < to.length; index++) {
      if (to[index] === 0) continue;
      const at = this.#find(from[index]!, units[index]!);
      this.#from[at] = from[index]!;
      this.#units[at] = units[index]!;
      this.#to[at] = to[index]!;
    }
  }
}

function slotOf(state: number, unit: number): number {
  const mixed = Math.imul(state, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
