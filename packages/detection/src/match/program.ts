import type { LogSource } from "../event.ts";
import type { Rule } from "../rule.ts";
import { type Node, costOf, evaluate } from "./condition-tree.ts";
import { FieldSlot } from "./field-slot.ts";
import { Marks } from "./marks.ts";
import type { PredicateTable } from "./predicates.ts";
import { TextIndex } from "./text-index.ts";
import { type Trigger, triggersOf } from "./trigger.ts";

/** A rule and the log source it is read with. */
export interface Assignment {
  readonly rule: Rule;
  readonly logSource: LogSource;
}

/** A rule with what is left to ask of its condition; `true` when it holds for every event of the program. */
export interface CompiledRule {
  readonly assignment: Assignment;
  readonly condition: Node | true;
}

/** Events after which triggers are looked over; then four times as many, and so on. */
const FIRST_TUNING = 128;
const NEXT_TUNING = 4;
/** Share of events in which a rule may be evaluated in vain before another trigger is tried. */
const TOLERATED = 1 / 256;

/** Share of events beyond which looking for a trigger is not worth it. */
const COMMON = 1 / 2;

/** A part of a rule's condition, all of which have to hold. */
interface Conjunct {
  readonly node: Node;
  readonly cost: number;
  /** Evaluations that it ended since triggers were last looked over. */
  failures: number;
}

/** A trigger that a rule may have. */
interface Choice {
  readonly trigger: Trigger;
  readonly conjunct: Conjunct;
  /** Share of events in which the rule was evaluated in vain with this trigger; undefined when it was not tried. */
  measured: number | undefined;
}

/**
 * All rules that look at events of one kind. An event is searched for the rules' triggers; only rules whose trigger is there are evaluated,
 * with answers shared between them. A rule whose trigger turns out to be common gets another one: what matches does not depend on it.
 */
export class Program {
  readonly #table: PredicateTable;
  readonly #assignments: readonly Assignment[];
  /** Rules that hold for every event. */
  readonly #certain: number[] = [];
  /** Rules without a trigger. */
  #always: number[] = [];
  readonly #conjuncts: Conjunct[][] = [];
  readonly #choices: (readonly Choice[])[] = [];
  readonly #chosen: (Choice | undefined)[] = [];
  #slots: FieldSlot[] = [];
  #slotIds: number[] = [];
  #indexes: TextIndex[] = [];
  #watched: [number, readonly number[]][] = [];
  readonly #marks: Marks;
  /** What is found in one value, by itself. */
  readonly #ownMarks: Marks;
  /** Evaluations in vain by rule, since triggers were last looked over. */
  readonly #vain: Int32Array;
  #events = 0;
  #tuning = FIRST_TUNING;

  constructor(table: PredicateTable, rules: readonly CompiledRule[]) {
    this.#table = table;
    this.#assignments = rules.map(({ assignment }) => assignment);
    this.#marks = new Marks(rules.length);
    this.#ownMarks = new Marks(rules.length);
    this.#vain = new Int32Array(rules.length);
    const popularity = (text: string): number => table.popularity(text);
    for (const [rule, { condition }] of rules.entries()) {
      const nodes = condition === true ? [] : condition.op === "and" ? condition.items : [condition];
      const conjuncts = nodes
        .map((node): Conjunct => ({ node, cost: costOf(node), failures: 0 }))
        .sort((a, b) => a.cost - b.cost);
      const choices = conjuncts.flatMap((conjunct) =>
        triggersOf(conjunct.node, popularity).map((trigger): Choice => ({ trigger, conjunct, measured: undefined })),
      );
      if (condition === true) this.#certain.push(rule);
      this.#conjuncts.push(conjuncts);
      this.#choices.push(choices);
      this.#chosen.push(rarest(choices));
    }
    this.#build();
  }

  /** Number of rules. */
  get size(): number {
    return this.#assignments.length;
  }

  /** The rules that say yes to the event that the table is at, in the order they were loaded. */
  match(): readonly Assignment[] {
    if (++this.#events === this.#tuning) this.#tune();
    const marks = this.#marks;
    const { document, epoch } = this.#table.cursor;
    marks.clear();
    const slots = this.#slots;
    for (let index = 0; index < slots.length; index++) {
      const slot = slots[index]!;
      slot.load(document, epoch);
      if (slot.count > 0) this.#search(index, slot, marks);
    }
    for (const rule of this.#always) marks.add(rule);
    for (const [predicate, rules] of this.#watched)
      if (this.#table.holds(predicate)) for (const rule of rules) marks.add(rule);
    let hits: number[] | undefined = this.#certain.length > 0 ? [...this.#certain] : undefined;
    for (let position = 0; position < marks.count; position++) {
      const rule = marks.list[position]!;
      if (this.#evaluate(rule)) (hits ??= []).push(rule);
    }
    if (hits === undefined) return NONE;
    return hits.sort((a, b) => a - b).map((rule) => this.#assignments[rule]!);
  }

  #search(position: number, slot: FieldSlot, marks: Marks): void {
    const index = this.#indexes[position]!;
    const known = slot.known();
    if (known === undefined) {
      for (let value = 0; value < slot.count; value++)
        if (!index.search(slot, value, marks)) this.#searchValues(position);
      return;
    }
    let found = known.foundBy(index.id);
    if (found === undefined) {
      const own = this.#ownMarks;
      own.clear();
      index.search(slot, 0, own);
      found = Array.from(own.list.subarray(0, own.count));
      known.keep(index.id, found);
    }
    for (let place = 0; place < found.length; place++) marks.add(found[place]!);
  }

  /** Searches the values of a slot that is searched as a whole if possible. */
  #searchValues(index: number): void {
    const slot = this.#table.load(this.#slotIds[index]!);
    for (let value = 0; value < slot.count; value++) this.#indexes[index]!.search(slot, value, this.#marks);
  }

  #evaluate(rule: number): boolean {
    const conjuncts = this.#conjuncts[rule]!;
    const chosen = this.#chosen[rule];
    const known = chosen?.trigger.isExact === true ? chosen.conjunct : undefined;
    for (let index = 0; index < conjuncts.length; index++) {
      const conjunct = conjuncts[index]!;
      if (conjunct === known) continue;
      if (evaluate(conjunct.node, this.#table)) continue;
      conjunct.failures++;
      this.#vain[rule]!++;
      return false;
    }
    return true;
  }

  /** Gives rules that were evaluated in vain too often another trigger, and asks first what decides most. */
  #tune(): void {
    const since = this.#tuning - this.#tuning / NEXT_TUNING;
    let changed = false;
    for (const [rule, conjuncts] of this.#conjuncts.entries()) {
      const vain = this.#vain[rule]! / since;
      this.#vain[rule] = 0;
      const chosen = this.#chosen[rule];
      if (chosen !== undefined) chosen.measured = vain;
      if (vain > 0) conjuncts.sort((a, b) => b.failures / b.cost - a.failures / a.cost);
      if (vain > TOLERATED) {
        const better = rarest(this.#choices[rule]!, vain);
        if (better !== chosen) {
          this.#chosen[rule] = better;
          changed = true;
        }
      }
      for (const conjunct of conjuncts) conjunct.failures = 0;
    }
    this.#tuning *= NEXT_TUNING;
    if (changed) this.#build();
  }

  /** Puts the chosen triggers where they are looked for. */
  #build(): void {
    this.#always = [];
    const indexes = new Map<number, TextIndex>();
    const watched = new Map<number, number[]>();
    for (const [rule, chosen] of this.#chosen.entries()) {
      if (chosen === undefined) {
        if (this.#conjuncts[rule]!.length > 0) this.#always.push(rule);
        continue;
      }
      for (const atom of chosen.trigger.atoms) {
        if (atom.kind === "predicate") {
          const rules = watched.get(atom.id);
          if (rules === undefined) watched.set(atom.id, [rule]);
          else rules.push(rule);
        } else {
          let index = indexes.get(atom.slot);
          if (index === undefined) indexes.set(atom.slot, (index = new TextIndex(this.#table.nextIndexId())));
          index.add(atom.position, atom.text, rule);
        }
      }
    }
    this.#slots = [...indexes].map(([slot, index]) => searched(this.#table.slots[slot]!, index));
    this.#slotIds = [...indexes.keys()];
    this.#indexes = [...indexes.values()];
    this.#watched = [...watched];
  }
}

/** The slot that an index is searched in: where texts may lie anywhere below the root, all values at once. */
function searched(slot: FieldSlot, index: TextIndex): FieldSlot {
  const texts = slot.isDeep ? index.containedTexts() : undefined;
  if (texts === undefined || texts.includes("")) return slot;
  return new FieldSlot(slot.paths, true, {
    leastLength: Math.min(...texts.map(({ length }) => length)),
    withNumbers: texts.some(isInNumber),
  });
}

/** Whether a folded text may lie in a number or a boolean. */
function isInNumber(text: string): boolean {
  return /^[-+.\de]*$/.test(text) || ["true", "false", "-infinity"].some((word) => word.includes(text));
}

/**
 * The rarest trigger, or none when each is in most events. One that was not tried counts as rare once others are known to be common,
 * unless it cannot be rare.
 */
function rarest(choices: readonly Choice[], vain = Infinity): Choice | undefined {
  let best: Choice | undefined;
  let least = Infinity;
  for (const choice of choices) {
    const { trigger, measured } = choice;
    const weight = measured ?? Math.min(trigger.weight, Math.max(vain / 2, trigger.weight / 20));
    if (best !== undefined && weight >= least) continue;
    best = choice;
    least = weight;
  }
  return best?.measured !== undefined && least > COMMON ? undefined : best;
}

const NONE: readonly Assignment[] = [];
