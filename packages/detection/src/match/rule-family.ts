import { type Node, compileCondition, simplify } from "./condition-tree.ts";
import type { FieldSlot } from "./field-slot.ts";
import type { Predicate, PredicateTable } from "./predicates.ts";
import { type Assignment, type CompiledRule, Program } from "./program.ts";

/** Rules that compare a common field for it to tell programs apart. */
const LEAST_RULES = 2;
/** Values that are remembered; of more, all are forgotten, so that events with ever new values cost no memory. */
const MAX_VALUES = 4_096;
/** Longer values than any real one are not remembered. */
const MAX_LENGTH = 256;
/** Rules in all programs of a family, at least; events beyond are matched by a program that knows nothing of common fields. */
const MAX_COMPILED = 50_000;

/** Programs by the value of a common field, below it by that of the next. */
interface Branch {
  readonly next: Map<string | null, Branch | Program>;
}

/**
 * The rules of one set of log sources. Fields that say what an event is (`EventID`) have few values, and rules that ask for one are
 * dead for every other: each combination of answers about these fields has a program of its own, in which they are not asked again.
 */
export class RuleFamily {
  readonly #table: PredicateTable;
  readonly #rules: readonly { readonly assignment: Assignment; readonly node: Node }[];
  /** Common fields that tell programs apart, and all predicates on them. */
  readonly #slots: readonly FieldSlot[];
  readonly #dispatching: readonly Predicate[];
  readonly #programs = new Map<string, Program>();
  #root: Branch | Program = { next: new Map() };
  #values = 0;
  #compiled = 0;
  #general: Program | undefined;

  constructor(table: PredicateTable, assignments: readonly Assignment[], isCommon: (slot: FieldSlot) => boolean) {
    this.#table = table;
    this.#rules = assignments.flatMap((assignment) => {
      const { condition } = assignment.rule;
      return condition === undefined
        ? []
        : [{ assignment, node: compileCondition(condition, table, assignment.logSource) }];
    });
    const predicates = new Map<Predicate, number>();
    for (const { node } of this.#rules) {
      const own = new Set<Predicate>();
      collect(node, own);
      for (const predicate of own)
        if (predicate.test?.kind !== "fieldref" && isCommon(table.slots[predicate.slot]!))
          predicates.set(predicate, (predicates.get(predicate) ?? 0) + 1);
    }
    const counts = new Map<number, number>();
    for (const [{ slot }, count] of predicates) counts.set(slot, (counts.get(slot) ?? 0) + count);
    const slots = [...counts].filter(([, count]) => count >= LEAST_RULES).map(([slot]) => slot);
    this.#slots = slots.map((slot) => table.slots[slot]!);
    this.#dispatching = [...predicates.keys()].filter(({ slot }) => slots.includes(slot));
  }

  /** Number of rules. */
  get size(): number {
    return this.#rules.length;
  }

  /** The program for the event that the table is at. */
  program(): Program {
    const { document, epoch } = this.#table.cursor;
    let branch = this.#root;
    for (const slot of this.#slots) {
      slot.load(document, epoch);
      const value = onlyValue(slot);
      const next: Branch | Program | undefined =
        value === undefined || branch instanceof Program ? undefined : branch.next.get(value);
      if (next === undefined) return this.#learn();
      branch = next;
    }
    return branch instanceof Program ? branch : this.#learn();
  }

  #learn(): Program {
    const program = this.#find();
    const values: (string | null)[] = [];
    for (const slot of this.#slots) {
      slot.load(this.#table.cursor.document, this.#table.cursor.epoch);
      const value = onlyValue(slot);
      if (value === undefined || (value !== null && value.length > MAX_LENGTH)) return program;
      values.push(value);
    }
    const last = values.pop();
    if (last === undefined) {
      this.#root = program;
      return program;
    }
    if (++this.#values > MAX_VALUES || this.#root instanceof Program) {
      this.#root = { next: new Map() };
      this.#values = 1;
    }
    let branch = this.#root;
    for (const value of values) {
      let next = branch.next.get(value);
      if (next === undefined || next instanceof Program) branch.next.set(value, (next = { next: new Map() }));
      branch = next;
    }
    branch.next.set(last, program);
    return program;
  }

  /** The program for the answers that the event gives about common fields. */
  #find(): Program {
    const answers = new Map<Predicate, boolean>();
    let key = "";
    for (const predicate of this.#dispatching) {
      const answer = this.#table.holds(predicate.id);
      answers.set(predicate, answer);
      key += answer ? "1" : "0";
    }
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    if (this.#compiled > Math.max(MAX_COMPILED, this.#rules.length * 8))
      return (this.#general ??= this.#compile(() => undefined));
    const made = this.#compile((predicate) => answers.get(predicate));
    this.#compiled += made.size;
    this.#programs.set(key, made);
    return made;
  }

  #compile(known: (predicate: Predicate) => boolean | undefined): Program {
    const rules: CompiledRule[] = [];
    for (const { assignment, node } of this.#rules) {
      const condition = simplify(node, known, this.#table);
      if (condition !== false) rules.push({ assignment, condition });
    }
    return new Program(this.#table, rules);
  }
}

/** The one value of a field, null when it is absent, undefined when there is more to know about it than a text. */
function onlyValue(slot: FieldSlot): string | null | undefined {
  if (slot.count === 1 && !slot.structured) return slot.raw[0]!;
  return slot.present ? undefined : null;
}

function collect(node: Node, found: Set<Predicate>): void {
  if (node.op === "predicate") found.add(node.predicate);
  else if (node.op === "not") collect(node.item, found);
  else for (const item of node.items) collect(item, found);
}
