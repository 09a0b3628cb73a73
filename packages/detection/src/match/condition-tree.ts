import type { LogSource } from "../event.ts";
import type { Condition } from "../signature.ts";
import type { Predicate, PredicateTable } from "./predicates.ts";

/** A compiled condition. */
export type Node =
  | { readonly op: "and" | "or"; readonly items: Node[] }
  | { readonly op: "atleast"; readonly count: number; readonly items: Node[] }
  | { readonly op: "not"; readonly item: Node }
  | { readonly op: "predicate"; readonly predicate: Predicate };

/** Compiles a condition for events of a log source. */
export function compileCondition(condition: Condition, table: PredicateTable, logSource: LogSource): Node {
  switch (condition.op) {
    case "test":
      return { op: "predicate", predicate: table.predicateOf(condition.field, condition.test, logSource) };
    case "not":
      return { op: "not", item: compileCondition(condition.item, table, logSource) };
    default:
      return { ...condition, items: condition.items.map((item) => compileCondition(item, table, logSource)) };
  }
}

/**
 * The condition where some predicates are known: a constant, or what is left to ask. Nested `and` and `or` are one, literals of one field
 * of which one suffices become one predicate.
 */
export function simplify(
  node: Node,
  known: (predicate: Predicate) => boolean | undefined,
  table: PredicateTable,
): Node | boolean {
  switch (node.op) {
    case "predicate":
      return known(node.predicate) ?? node;
    case "not": {
      const item = simplify(node.item, known, table);
      if (typeof item === "boolean") return !item;
      return item.op === "not" ? item.item : { op: "not", item };
    }
    case "atleast": {
      const items: Node[] = [];
      let { count } = node;
      for (const each of node.items) {
        const item = simplify(each, known, table);
        if (item === true) count--;
        else if (item !== false) items.push(item);
      }
      if (count <= 0) return true;
      if (count > items.length) return false;
      if (count === items.length) return simplify({ op: "and", items }, known, table);
      return count === 1 ? simplify({ op: "or", items }, known, table) : { op: "atleast", count, items };
    }
    default: {
      const { op } = node;
      const items: Node[] = [];
      for (const each of node.items) {
        const item = simplify(each, known, table);
        if (item === (op === "or")) return item;
        if (typeof item === "boolean") continue;
        if (item.op === op) items.push(...item.items);
        else items.push(item);
      }
      const left = op === "or" ? joinLiterals(items, table) : items;
      const [first] = left;
      if (first === undefined) return op === "and";
      return left.length === 1 ? first : { op, items: left.toSorted((a, b) => costOf(a) - costOf(b)) };
    }
  }
}

function joinLiterals(items: readonly Node[], table: PredicateTable): readonly Node[] {
  const bySlot = new Map<number, Predicate[]>();
  const others: Node[] = [];
  for (const item of items) {
    if (item.op !== "predicate" || item.predicate.literals === undefined) others.push(item);
    else {
      const { slot } = item.predicate;
      const same = bySlot.get(slot);
      if (same === undefined) bySlot.set(slot, [item.predicate]);
      else if (!same.includes(item.predicate)) same.push(item.predicate);
    }
  }
  return [...[...bySlot.values()].map((same): Node => ({ op: "predicate", predicate: table.anyOf(same) })), ...others];
}

/** The same condition, where what asks about one field alone is one predicate. */
export function gather(node: Node, table: PredicateTable): Node {
  switch (node.op) {
    case "predicate":
      return node;
    case "not": {
      const item = gather(node.item, table);
      const slot = slotOf(item, table);
      return slot === undefined ? { op: "not", item } : composed(slot, { op: "not", item }, table);
    }
    case "atleast": {
      const items = node.items.map((item) => gather(item, table));
      const [slot, ...others] = new Set(items.map((item) => slotOf(item, table)));
      const made: Node = { ...node, items };
      return slot === undefined || others.length > 0 ? made : composed(slot, made, table);
    }
    default: {
      const { op } = node;
      const groups = new Map<number, Node[]>();
      const items: Node[] = [];
      for (const each of node.items) {
        const item = gather(each, table);
        const slot = slotOf(item, table);
        const group = slot === undefined ? undefined : groups.get(slot);
        if (slot === undefined) items.push(item);
        else if (group === undefined) groups.set(slot, [item]);
        else group.push(item);
      }
      for (const [slot, group] of groups)
        items.push(group.length === 1 ? group[0]! : composed(slot, { op, items: group }, table));
      return items.length === 1 ? items[0]! : { op, items: items.toSorted((a, b) => costOf(a) - costOf(b)) };
    }
  }
}

function composed(slot: number, node: Node, table: PredicateTable): Node {
  return { op: "predicate", predicate: table.compose(slot, node) };
}

/** The slot of a predicate that asks about no other. */
function slotOf(node: Node, table: PredicateTable): number | undefined {
  return node.op === "predicate" && table.isOfOneField(node.predicate.id) ? node.predicate.slot : undefined;
}

/** Time of an answer, in the unit of {@link Predicate.cost}. */
export function costOf(node: Node): number {
  if (node.op === "predicate") return node.predicate.cost;
  if (node.op === "not") return costOf(node.item);
  return node.items.reduce((sum, item) => sum + costOf(item), 0);
}

/** Whether the condition holds for the event that the table is at. */
export function evaluate(node: Node, table: PredicateTable): boolean {
  switch (node.op) {
    case "predicate":
      return table.holds(node.predicate.id);
    case "not":
      return !evaluate(node.item, table);
    case "and":
    case "or": {
      const decisive = node.op === "or";
      const { items } = node;
      for (let index = 0; index < items.length; index++) {
        if (evaluate(items[index]!, table) !== decisive) continue;
        if (index > 0) advance(items, index);
        return decisive;
      }
      return !decisive;
    }
    case "atleast": {
      let missing = node.count;
      for (const item of node.items) if (evaluate(item, table) && --missing === 0) return true;
      return false;
    }
  }
}

/** How many times what it costs now an item may cost that is asked earlier because it decides more often. */
const DEARER = 2;

/** Lets what decided be asked earlier the next time: in the long run those come first that decide most. */
function advance(items: Node[], index: number): void {
  const item = items[index]!;
  const before = items[index - 1]!;
  if (costOf(item) > costOf(before) * DEARER) return;
  items[index - 1] = item;
  items[index] = before;
}
