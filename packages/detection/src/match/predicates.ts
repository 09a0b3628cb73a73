import type { JsonObject, LogSource } from "../event.ts";
import type { FieldMapping, FieldPath } from "../mapping.ts";
import type { ValueTest } from "../signature.ts";
import { type Node, costOf as costOfNode, evaluate } from "./condition-tree.ts";
import { FieldSlot } from "./field-slot.ts";
import { type Literal, type SlotTest, compileAny, compileTest, costOf, literalOf, testKey } from "./value-test.ts";

/** One test of one field, shared by every rule of a mapping that asks for it, answered at most once an event. */
export interface Predicate {
  readonly id: number;
  /** Index of the slot it reads; a fieldref reads a second one. */
  readonly slot: number;
  /** Whether the slot holds everything that keywords are searched in. */
  readonly isKeyword: boolean;
  /** What is tested; undefined when it is whether one of several literals is there. */
  readonly test: ValueTest | undefined;
  /** Folded texts of which one has to be in the field, when that is all that is tested. */
  readonly literals: readonly Literal[] | undefined;
  /** The condition on this one field that it stands for, when it was made of others. */
  readonly inner?: Node | undefined;
  /** Time of an answer, in no unit. */
  readonly cost: number;
}

/** The event at hand: a number that changes with each event, and its document. */
export interface Cursor {
  epoch: number;
  document: JsonObject;
  /** What the document was parsed from, when it is at hand. */
  json: string | undefined;
}

/** Fields and predicates of one mapping, each once. */
export class PredicateTable {
  readonly slots: FieldSlot[] = [];
  readonly predicates: Predicate[] = [];
  readonly cursor: Cursor = { epoch: 0, document: {}, json: undefined };
  readonly #mapping: FieldMapping;
  readonly #slotIds = new Map<string, number>();
  readonly #predicateIds = new Map<string, number>();
  readonly #popularity = new Map<string, number>();
  #indexes = 0;
  readonly #tests: SlotTest[] = [];
  readonly #others: (number | undefined)[] = [];
  readonly #slotsOf: FieldSlot[] = [];
  /** Twice the epoch of the answer, plus the answer: no clearing between events. */
  #answers = new Float64Array(1_024);

  constructor(mapping: FieldMapping) {
    this.#mapping = mapping;
  }

  /** The slot of a field for rules of a log source. */
  slotOf(field: string, logSource: LogSource): number {
    return this.#slot(this.#mapping.paths(field, logSource), false);
  }

  /** The slot of everything that keywords are searched in: every text, number and boolean below the roots, each by itself. */
  keywordSlot(): number {
    return this.#slot(this.#mapping.keywordRoots ?? [[]], true);
  }

  /** The predicate for a test, made when it is new. */
  predicateOf(field: string | undefined, test: ValueTest, logSource: LogSource): Predicate {
    const slot = field === undefined ? this.keywordSlot() : this.slotOf(field, logSource);
    const other = test.kind === "fieldref" ? this.slotOf(test.field, logSource) : undefined;
    const literal = literalOf(test);
    if (literal !== undefined) this.#popularity.set(literal.text, this.popularity(literal.text) + 1);
    return this.#predicate(
      literal === undefined ? `${slot} ${other ?? ""} ${testKey(test)}` : `${slot} ${literal.position} ${literal.text}`,
      {
        slot,
        isKeyword: field === undefined,
        test,
        literals: literal === undefined ? undefined : [literal],
        cost: costOf(test, literal) * (field === undefined ? 10 : 1),
      },
      () => compileTest(test, () => this.slots[other ?? slot]!),
      other,
    );
  }

  /** One predicate for several on literals of one slot, of which one has to hold. */
  anyOf(members: readonly Predicate[]): Predicate {
    const [first] = members;
    if (first === undefined) throw new Error("There is nothing to choose from.");
    if (members.length === 1) return first;
    const literals = members.flatMap((member) => member.literals ?? []);
    const ids = members.map(({ id }) => id).sort((a, b) => a - b);
    return this.#predicate(
      `any ${ids.join(" ")}`,
      {
        slot: first.slot,
        isKeyword: first.isKeyword,
        test: undefined,
        literals,
        cost: Math.min(
          20,
          members.reduce((sum, { cost }) => sum + cost, 0),
        ),
      },
      () => compileAny(literals),
      undefined,
    );
  }

  /** Whether the answer depends on the values of one field alone, each by itself. */
  isOfOneField(id: number): boolean {
    return this.#others[id] === undefined && this.predicates[id]?.isKeyword === false;
  }

  /** One predicate for a condition on predicates of one slot: its answer is remembered with the slot's value. */
  compose(slot: number, inner: Node): Predicate {
    return this.#predicate(
      keyOf(inner),
      { slot, isKeyword: false, test: undefined, literals: undefined, inner, cost: costOfNode(inner) },
      () => () => evaluate(inner, this),
      undefined,
    );
  }

  /** A number for an index of texts that no other has. */
  nextIndexId(): number {
    return this.#indexes++;
  }

  /** How often a literal was asked for by now. */
  popularity(text: string): number {
    return this.#popularity.get(text) ?? 0;
  }

  /** Moves on to the next event. */
  begin(document: JsonObject, json?: string): void {
    this.cursor.epoch++;
    this.cursor.document = document;
    this.cursor.json = json;
  }

  /** The slot with the event's values. */
  load(slot: number): FieldSlot {
    const loaded = this.slots[slot]!;
    loaded.load(this.cursor.document, this.cursor.epoch);
    return loaded;
  }

  /** Whether a predicate holds for the event at hand. */
  holds(id: number): boolean {
    const stamp = this.cursor.epoch * 2;
    const known = this.#answers[id]!;
    if (known >= stamp) return known !== stamp;
    const slot = this.#slotsOf[id]!;
    slot.load(this.cursor.document, this.cursor.epoch);
    const result = this.#ask(id, slot);
    this.#answers[id] = result ? stamp + 1 : stamp;
    return result;
  }

  #ask(id: number, slot: FieldSlot): boolean {
    const other = this.#others[id];
    if (other !== undefined) {
      this.load(other);
      return this.#tests[id]!(slot);
    }
    const value = slot.known();
    if (value === undefined) return this.#tests[id]!(slot);
    let answer = value.answers.get(id);
    if (answer === undefined) value.answers.set(id, (answer = this.#tests[id]!(slot)));
    return answer;
  }

  #predicate(key: string, made: Omit<Predicate, "id">, compile: () => SlotTest, other: number | undefined): Predicate {
    const known = this.#predicateIds.get(key);
    if (known !== undefined) return this.predicates[known]!;
    const predicate: Predicate = { id: this.predicates.length, ...made };
    this.predicates.push(predicate);
    this.#predicateIds.set(key, predicate.id);
    this.#tests.push(compile());
    this.#others.push(other);
    this.#slotsOf.push(this.slots[made.slot]!);
    if (this.predicates.length > this.#answers.length) {
      const grown = new Float64Array(this.#answers.length * 2);
      grown.set(this.#answers);
      this.#answers = grown;
    }
    return predicate;
  }

  #slot(paths: readonly FieldPath[], isDeep: boolean): number {
    const key = `${isDeep ? "k" : "f"}${JSON.stringify(paths)}`;
    const known = this.#slotIds.get(key);
    if (known !== undefined) return known;
    const id = this.slots.length;
    this.slots.push(new FieldSlot(paths, isDeep));
    this.#slotIds.set(key, id);
    return id;
  }
}

function keyOf(node: Node): string {
  if (node.op === "predicate") return String(node.predicate.id);
  if (node.op === "not") return `!${keyOf(node.item)}`;
  return `${node.op}${node.op === "atleast" ? node.count : ""}(${node.items.map(keyOf).join(" ")})`;
}
