import { type CharSet, charSet, intersects, LAST } from "./charset.ts";
import type { RegexNode } from "./parse.ts";

/** Ways of matching from one position that a backtracking engine may try before an expression counts as unsafe. */
const MAX_WAYS = 5_000;
/** Steps that one attempt at one position may take when it has no loop. */
const MAX_STEPS = 200_000;

/**
 * Whether a backtracking engine is sure to need time linear in the input for a search. Sufficient, not necessary:
 * - without unbounded loops, the work at one position is bounded by a constant (at most `MAX_WAYS` ways);
 * - an unbounded loop is allowed only at the top level, over a single set X of characters, when
 *   (1) something before it must match a character that is not in X, or the expression starts at the text's start: then different starting
 *   positions scan different stretches of the text (each character at most once per position of the bounded prefix); and
 *   (2) what follows either has no further loop, so that each way back costs a constant, or must start with a character that is not in
 *   X, so that there is one way out.
 */
export function isLinear(node: RegexNode): boolean {
  const items = node.kind === "concat" ? node.items : [node];
  let ways = 1;
  let steps = 0;
  const loops: number[] = [];
  for (const [index, item] of items.entries()) {
    if (item.kind === "repeat" && item.max === Infinity && item.item.kind === "set") {
      loops.push(index);
      steps += item.min + 1;
      continue;
    }
    const work = bounded(item);
    if (work === undefined) return false;
    ways *= work.ways;
    steps += work.steps;
    if (ways > MAX_WAYS || ways * steps > MAX_STEPS) return false;
  }
  const [first] = items;
  const anchored = first?.kind === "assert" && first.assertion === "textStart";
  for (const [order, index] of loops.entries()) {
    const loop = items[index];
    if (loop?.kind !== "repeat" || loop.item.kind !== "set") return false;
    const { set } = loop.item;
    const separated = items.slice(0, index).some((item) => mustLeave(item, set));
    if (!separated && !(anchored && order === 0)) return false;
    if (order < loops.length - 1) {
      const next = firstSet(items.slice(index + 1));
      if (next === undefined || intersects(next, set)) return false;
    }
  }
  return true;
}

/** Ways and steps of a node without unbounded loops. */
function bounded(node: RegexNode): { ways: number; steps: number } | undefined {
  if (node.kind === "set" || node.kind === "assert") return { ways: 1, steps: 1 };
  if (node.kind === "repeat") {
    const inner = bounded(node.item);
    if (inner === undefined || node.max === Infinity) return undefined;
    let ways = 0;
    for (let turns = node.min; turns <= node.max && ways <= MAX_WAYS; turns++) ways += inner.ways ** turns;
    return { ways: Math.max(1, ways), steps: inner.steps * node.max + 1 };
  }
  let ways = node.kind === "concat" ? 1 : 0;
  let steps = 1;
  for (const item of node.items) {
    const inner = bounded(item);
    if (inner === undefined) return undefined;
    ways = node.kind === "concat" ? ways * inner.ways : ways + inner.ways;
    steps += inner.steps;
  }
  return { ways: Math.max(1, ways), steps };
}

/** Whether every match of the node has a character outside the set. */
function mustLeave(node: RegexNode, set: CharSet): boolean {
  if (node.kind === "set") return !intersects(node.set, set);
  if (node.kind === "repeat") return node.min > 0 && mustLeave(node.item, set);
  if (node.kind === "concat") return node.items.some((item) => mustLeave(item, set));
  if (node.kind === "alternate") return node.items.length > 0 && node.items.every((item) => mustLeave(item, set));
  return false;
}

/** Characters that a sequence can start with, or undefined when it can match nothing. */
function firstSet(items: readonly RegexNode[]): CharSet | undefined {
  let result: CharSet = [];
  for (const item of items) {
    const first = firstOf(item);
    if (first === undefined) return undefined;
    result = charSet([...result, ...first.set]);
    if (!first.empty) return result;
  }
  return undefined;
}

function firstOf(node: RegexNode): { set: CharSet; empty: boolean } | undefined {
  if (node.kind === "assert") return { set: [], empty: true };
  if (node.kind === "set") return { set: node.set, empty: false };
  if (node.kind === "repeat") {
    const inner = firstOf(node.item);
    return inner === undefined ? undefined : { set: inner.set, empty: inner.empty || node.min === 0 };
  }
  let set: CharSet = [];
  let empty = node.kind === "concat";
  for (const item of node.items) {
    const inner = firstOf(item);
    if (inner === undefined) return { set: [[0, LAST]], empty: true };
    set = charSet([...set, ...inner.set]);
    if (node.kind === "concat") {
      if (!inner.empty) return { set, empty: false };
    } else empty ||= inner.empty;
  }
  return { set, empty };
}
