import type { JsonObject, LogSource } from "../event.ts";
import type { FieldMapping, FieldPath } from "../mapping.ts";
import type { ValueTest } from "../signature.ts";
import { FieldSlot } from "./field-slot.ts";
import { type SlotTest, compileTest, testKey } from "./value-test.ts";

/** One test of one field, shared by every rule of a mapping that asks for it, answered at most once an event. */
export interface Predicate {
  readonly id: number;
  readonly test: ValueTest;
  /** Index of the slot it reads; a fieldref reads a second one. */
  readonly slot: number;
  readonly isKeyword: boolean;
}

/** The event at hand: a number that changes with each event, and its document. */
export interface Cursor {
  epoch: number;
  document: JsonObject;
}

/** Fields and predicates of one mapping, each once. */
export class PredicateTable {
  readonly slots: FieldSlot[] = [];
  readonly predicates: Predicate[] = [];
  readonly cursor: Cursor = { epoch: 0, document: {} };
  readonly #mapping: FieldMapping;
  readonly #slotIds = new Map<string, number>();
  readonly #predicateIds = new Map<string, number>();
  readonly #tests: SlotTest[] = [];
  readonly #others: (number | undefined)[] = [];
  /** Twice the epoch of the answer, plus the answer: no clearing between events. */
  #answers = new Float64Array(1_024);

  constructor(mapping: FieldMapping) {
    this.#mapping = mapping;
  }

  /** The slot of a field for rules of a log source. */
  slotOf(field: string, logSource: LogSource): number {
    return this.#slot(this.#mapping.paths(field, logSource));
  }

  /** The slot of everything that keywords are searched in. */
  keywordSlot(): number {
    const roots = this.#mapping.keywordRoots ?? [[]];
    return this.#slot(roots, new FieldSlot(roots, true));
  }

  /** The predicate for a test, made when it is new. */
  predicateOf(field: string | undefined, test: ValueTest, logSource: LogSource): Predicate {
    const slot = field === undefined ? this.keywordSlot() : this.slotOf(field, logSource);
    const other = test.kind === "fieldref" ? this.slotOf(test.field, logSource) : undefined;
    const key = `${slot} ${other ?? ""} ${testKey(test)}`;
    const known = this.#predicateIds.get(key);
    const existing = known === undefined ? undefined : this.predicates[known];
    if (existing !== undefined) return existing;
    const predicate: Predicate = { id: this.predicates.length, test, slot, isKeyword: field === undefined };
    this.predicates.push(predicate);
    this.#predicateIds.set(key, predicate.id);
    this.#tests.push(compileTest(test, () => this.slots[other ?? slot] ?? new FieldSlot([])));
    this.#others.push(other);
    if (this.predicates.length > this.#answers.length) {
      const grown = new Float64Array(this.#answers.length * 2);
      grown.set(this.#answers);
      this.#answers = grown;
    }
    return predicate;
  }

  /** Moves on to the next event. */
  begin(document: JsonObject): void {
    this.cursor.epoch++;
    this.cursor.document = document;
  }

  /** The slot with the event's values. */
  load(slot: number): FieldSlot {
    const loaded = this.slots[slot];
    if (loaded === undefined) throw new Error(`There is no slot ${slot}.`);
    loaded.load(this.cursor.document, this.cursor.epoch);
    return loaded;
  }

  /** Whether a predicate holds for the event at hand. */
  holds(id: number): boolean {
    const stamp = this.cursor.epoch * 2;
    const known = this.#answers[id] ?? 0;
    if (known >= stamp) return known !== stamp;
    const predicate = this.predicates[id];
    const test = this.#tests[id];
    if (predicate === undefined || test === undefined) throw new Error(`There is no predicate ${id}.`);
    const slot = this.load(predicate.slot);
    const other = this.#others[id];
    if (other !== undefined) this.load(other);
    const result = test(slot);
    this.#answers[id] = result ? stamp + 1 : stamp;
    return result;
  }

  #slot(paths: readonly FieldPath[], made?: FieldSlot): number {
    const key = `${made === undefined ? "f" : "k"}${JSON.stringify(paths)}`;
    const known = this.#slotIds.get(key);
    if (known !== undefined) return known;
    const id = this.slots.length;
    this.slots.push(made ?? new FieldSlot(paths));
    this.#slotIds.set(key, id);
    return id;
  }
}
