import type { LogSource } from "../event.ts";
import type { Rule } from "../rule.ts";
import type { Condition } from "../signature.ts";
import type { PredicateTable } from "./predicates.ts";
import { TextIndex } from "./text-index.ts";
import { type Node, chooseTrigger } from "./trigger.ts";

/** A rule and the log source it is read with. */
export interface Assignment {
  readonly rule: Rule;
  readonly logSource: LogSource;
}

interface Compiled {
  readonly assignment: Assignment;
  readonly node: Node;
}

/**
 * All rules that look at events of one set of log sources. An event is searched for the rules' triggers; only rules whose trigger is
 * there are evaluated, with answers shared between them.
 */
export class Program {
  readonly #table: PredicateTable;
  readonly #rules: Compiled[] = [];
  /** Rules without a trigger. */
  readonly #always: number[] = [];
  readonly #indexes = new Map<number, TextIndex>();
  readonly #predicateTriggers = new Map<number, number[]>();
  readonly #marked: Float64Array;
  readonly #candidates: Int32Array;
  #candidateCount = 0;
  readonly #mark: (rule: number) => void;

  constructor(table: PredicateTable, assignments: readonly Assignment[], isCommon: (slot: number) => boolean) {
    this.#table = table;
    for (const assignment of assignments) {
      const { condition } = assignment.rule;
      if (condition === undefined) continue;
      const node = this.#compile(condition, assignment.logSource);
      const rule = this.#rules.length;
      this.#rules.push({ assignment, node });
      const trigger = chooseTrigger(node, isCommon);
      if (trigger === undefined) this.#always.push(rule);
      else
        for (const atom of trigger.atoms) {
          if (atom.kind === "predicate") this.#watch(atom.id, rule);
          else this.#index(atom.slot).add(atom.position, atom.text, rule);
        }
    }
    this.#marked = new Float64Array(this.#rules.length);
    this.#candidates = new Int32Array(this.#rules.length);
    this.#mark = (rule) => {
      const { epoch } = this.#table.cursor;
      if (this.#marked[rule] === epoch) return;
      this.#marked[rule] = epoch;
      this.#candidates[this.#candidateCount++] = rule;
    };
  }

  /** Number of rules. */
  get size(): number {
    return this.#rules.length;
  }

  /** The rules that say yes to the event that the table is at, in the order they were loaded. */
  match(): readonly Assignment[] {
    this.#candidateCount = 0;
    for (const rule of this.#always) this.#mark(rule);
    for (const [slot, index] of this.#indexes) {
      const loaded = this.#table.load(slot);
      for (let value = 0; value < loaded.count; value++) index.search(loaded, value, this.#mark);
    }
    for (const [predicate, rules] of this.#predicateTriggers)
      if (this.#table.holds(predicate)) for (const rule of rules) this.#mark(rule);
    let hits: number[] | undefined;
    for (let position = 0; position < this.#candidateCount; position++) {
      const rule = this.#candidates[position] ?? 0;
      const compiled = this.#rules[rule];
      if (compiled !== undefined && this.#evaluate(compiled.node)) (hits ??= []).push(rule);
    }
    if (hits === undefined) return NONE;
    return hits.sort((a, b) => a - b).flatMap((rule) => this.#rules[rule]?.assignment ?? []);
  }

  #compile(condition: Condition, logSource: LogSource): Node {
    switch (condition.op) {
      case "test":
        return { op: "predicate", predicate: this.#table.predicateOf(condition.field, condition.test, logSource) };
      case "not":
        return { op: "not", item: this.#compile(condition.item, logSource) };
      default:
        return { ...condition, items: condition.items.map((item) => this.#compile(item, logSource)) };
    }
  }

  #evaluate(node: Node): boolean {
    switch (node.op) {
      case "predicate":
        return this.#table.holds(node.predicate.id);
      case "not":
        return !this.#evaluate(node.item);
      case "and":
        for (const item of node.items) if (!this.#evaluate(item)) return false;
        return true;
      case "or":
        for (const item of node.items) if (this.#evaluate(item)) return true;
        return false;
      case "atleast": {
        let missing = node.count;
        for (const item of node.items) if (this.#evaluate(item) && --missing === 0) return true;
        return false;
      }
    }
  }

  #index(slot: number): TextIndex {
    const known = this.#indexes.get(slot);
    if (known !== undefined) return known;
    const made = new TextIndex();
    this.#indexes.set(slot, made);
    return made;
  }

  #watch(predicate: number, rule: number): void {
    const rules = this.#predicateTriggers.get(predicate);
    if (rules === undefined) this.#predicateTriggers.set(predicate, [rule]);
    else rules.push(rule);
  }
}

const NONE: readonly Assignment[] = [];
