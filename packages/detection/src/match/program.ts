import type { LogSource } from "../event.ts";
import type { Rule } from "../rule.ts";
import { type Node, costOf, evaluate, gather } from "./condition-tree.ts";
import { FieldSlot } from "./field-slot.ts";
import { type JsonFilter, createJsonFilter, isInNumber } from "./json-filter.ts";
import { Marks } from "./marks.ts";
import type { PredicateTable } from "./predicates.ts";
import type { Position } from "../signature.ts";
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
  /** The predicate that the part is, and the slot whose values alone decide it; otherwise -1. */
  readonly predicate: number;
  readonly slot: number;
  readonly cost: number;
  /** Evaluations that it ended since triggers were last looked over. */
  failures: number;
}

/** A predicate that is a trigger itself, and the rules it is one of. */
interface Watched {
  readonly predicate: number;
  readonly rules: readonly number[];
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
  #searched: readonly SlotSearch[] = [];
  /** Predicates that are triggers themselves but need more than one slot, with their rules. */
  #watchedApart: readonly Watched[] = [];
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
      const whole = condition === true ? true : gather(condition, table);
      const nodes = whole === true ? [] : whole.op === "and" ? whole.items : [whole];
      const conjuncts = nodes.map((node) => toConjunct(node, table)).sort((a, b) => a.cost - b.cost);
      let choices = conjuncts.flatMap((conjunct) =>
        triggersOf(conjunct.node, popularity).map((trigger): Choice => ({ trigger, conjunct, measured: undefined })),
      );
      if (choices.length === 0)
        choices = conjuncts
          .filter(({ slot }) => slot >= 0)
          .map((conjunct) => ({ trigger: askItself(conjunct.predicate), conjunct, measured: undefined }));
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
    const { document, epoch, json } = this.#table.cursor;
    marks.clear();
    const searched = this.#searched;
    for (let index = 0; index < searched.length; index++) {
      const search = searched[index]!;
      const { slot } = search;
      if (json !== undefined && slot.isJoined && search.filter?.(json) === false) continue;
      slot.load(document, epoch);
      if (slot.count > 0) this.#search(search, marks);
      else this.#ask(search.watched, marks);
    }
    for (const rule of this.#always) marks.add(rule);
    this.#ask(this.#watchedApart, marks);
    let hits: number[] | undefined = this.#certain.length > 0 ? [...this.#certain] : undefined;
    for (let position = 0; position < marks.count; position++) {
      const rule = marks.list[position]!;
      if (this.#evaluate(rule)) (hits ??= []).push(rule);
    }
    if (hits === undefined) return NONE;
    return hits.sort((a, b) => a - b).map((rule) => this.#assignments[rule]!);
  }

  #search(search: SlotSearch, marks: Marks): void {
    const { slot, index, watched } = search;
    const known = slot.known();
    if (known === undefined) {
      for (let value = 0; value < slot.count; value++)
        if (!index.search(slot, value, marks)) this.#searchValues(search);
      this.#ask(watched, marks);
      return;
    }
    let found = known.foundBy(index.id);
    if (found === undefined) {
      const own = this.#ownMarks;
      own.clear();
      index.search(slot, 0, own);
      this.#ask(watched, own);
      found = this.#possible(own, search.slotId);
      known.keep(index.id, found);
    }
    for (let place = 0; place < found.length; place++) marks.add(found[place]!);
  }

  #ask(watched: readonly Watched[], marks: Marks): void {
    for (let index = 0; index < watched.length; index++) {
      const { predicate, rules } = watched[index]!;
      if (this.#table.holds(predicate)) for (const rule of rules) marks.add(rule);
    }
  }

  /** The marked rules but for those that the value of the slot already decides against. */
  #possible(marks: Marks, slot: number): readonly number[] {
    const left: number[] = [];
    for (let position = 0; position < marks.count; position++) {
      const rule = marks.list[position]!;
      const against = this.#conjuncts[rule]!.find(
        (conjunct) => conjunct.slot === slot && !this.#table.holds(conjunct.predicate),
      );
      if (against === undefined) left.push(rule);
      else against.failures++;
    }
    return left;
  }

  /** Searches the values of a slot that is searched as a whole if possible. */
  #searchValues({ slotId, index }: SlotSearch): void {
    const slot = this.#table.load(slotId);
    for (let value = 0; value < slot.count; value++) index.search(slot, value, this.#marks);
  }

  #evaluate(rule: number): boolean {
    const conjuncts = this.#conjuncts[rule]!;
    const chosen = this.#chosen[rule];
    const known = chosen?.trigger.isExact === true ? chosen.conjunct : undefined;
    for (let index = 0; index < conjuncts.length; index++) {
      const conjunct = conjuncts[index]!;
      if (conjunct === known) continue;
      if (conjunct.predicate < 0 ? evaluate(conjunct.node, this.#table) : this.#table.holds(conjunct.predicate))
        continue;
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

  /** Puts the chosen triggers where they are looked for; what is looked for in a slot as before stays. */
  #build(): void {
    this.#always = [];
    const wanted = new Map<number, Wanted>();
    const wantedIn = (slot: number): Wanted => {
      let known = wanted.get(slot);
      if (known === undefined) wanted.set(slot, (known = { texts: [], watched: new Map() }));
      return known;
    };
    for (const [rule, chosen] of this.#chosen.entries()) {
      if (chosen === undefined) {
        if (this.#conjuncts[rule]!.length > 0) this.#always.push(rule);
        continue;
      }
      for (const atom of chosen.trigger.atoms) {
        if (atom.kind === "text") {
          wantedIn(atom.slot).texts.push({ position: atom.position, text: atom.text, rule });
          continue;
        }
        const slot = this.#table.isOfOneField(atom.id) ? this.#table.predicates[atom.id]!.slot : -1;
        const { watched } = wantedIn(slot);
        const rules = watched.get(atom.id);
        if (rules === undefined) watched.set(atom.id, [rule]);
        else rules.push(rule);
      }
    }
    this.#watchedApart = watchedOf(wanted.get(-1));
    wanted.delete(-1);
    const before = new Map(this.#searched.map((search) => [search.slotId, search]));
    this.#searched = [...wanted].map(([slot, what]) => {
      const key = keyOf(what);
      const known = before.get(slot);
      return known?.key === key ? known : this.#prepare(slot, what, key);
    });
  }

  #prepare(slotId: number, what: Wanted, key: string): SlotSearch {
    const index = new TextIndex(this.#table.nextIndexId());
    for (const { position, text, rule } of what.texts) index.add(position, text, rule);
    return { slotId, ...searched(this.#table.slots[slotId]!, index), index, watched: watchedOf(what), key };
  }
}

/** What is looked for in a slot. */
interface Wanted {
  readonly texts: { readonly position: Position; readonly text: string; readonly rule: number }[];
  readonly watched: Map<number, number[]>;
}

/** How a slot is searched. */
interface SlotSearch {
  readonly slotId: number;
  readonly slot: FieldSlot;
  /** What may say of a slot that is searched as a whole that nothing is to be found. */
  readonly filter?: JsonFilter | undefined;
  readonly index: TextIndex;
  readonly watched: readonly Watched[];
  /** Equal when the same is looked for. */
  readonly key: string;
}

function keyOf({ texts, watched }: Wanted): string {
  let key = "";
  for (const { position, text, rule } of texts) key += `${position} ${rule} ${text}\0`;
  for (const [predicate, rules] of watched) key += `${predicate}=${rules.join(" ")}\0`;
  return key;
}

function watchedOf(wanted: Wanted | undefined): readonly Watched[] {
  return Array.from(wanted?.watched ?? [], ([predicate, rules]) => ({ predicate, rules }));
}

function toConjunct(node: Node, table: PredicateTable): Conjunct {
  const predicate = node.op === "predicate" ? node.predicate.id : -1;
  const slot = node.op === "predicate" && table.isOfOneField(predicate) ? node.predicate.slot : -1;
  return { node, predicate, slot, cost: costOf(node), failures: 0 };
}

/** A predicate as its own trigger. */
function askItself(id: number): Trigger {
  return { atoms: [{ kind: "predicate", id }], weight: 1, isExact: true };
}

/** The slot that an index is searched in: where texts may lie anywhere below the root, all values at once. */
function searched(
  slot: FieldSlot,
  index: TextIndex,
): { readonly slot: FieldSlot; readonly filter?: JsonFilter | undefined } {
  const texts = slot.isDeep ? index.containedTexts() : undefined;
  if (texts === undefined || texts.includes("")) return { slot };
  const joined = new FieldSlot(slot.paths, true, {
    leastLength: Math.min(...texts.map(({ length }) => length)),
    withNumbers: texts.some(isInNumber),
  });
  return { slot: joined, filter: createJsonFilter(texts) };
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
