import type { RegexNode } from "./parse.ts";

/**
 * The same yes-or-no answer with less work: nested sequences are flattened, single repetitions opened, and a loop at either end of
 * the whole expression is cut to its least number of turns, because a search may begin and stop anywhere (`.+x.*` finds what `.x` finds).
 */
export function simplify(node: RegexNode): RegexNode {
  return trim(flatten(node));
}

function flatten(node: RegexNode): RegexNode {
  if (node.kind === "concat") {
    const items = node.items.map(flatten).flatMap((item) => (item.kind === "concat" ? item.items : [item]));
    return { kind: "concat", items };
  }
  if (node.kind === "alternate") return { kind: "alternate", items: node.items.map(flatten) };
  if (node.kind === "repeat") {
    const item = flatten(node.item);
    if (node.min === 1 && node.max === 1) return item;
    const single = item.kind === "concat" && item.items.length === 1 ? item.items[0] : undefined;
    return { kind: "repeat", item: single ?? item, min: node.min, max: node.max };
  }
  return node;
}

function trim(node: RegexNode): RegexNode {
  if (node.kind === "repeat") return { ...node, max: node.min };
  if (node.kind === "alternate") return { kind: "alternate", items: node.items.map(trim) };
  if (node.kind !== "concat" || node.items.length === 0) return node;
  const items = [...node.items];
  const cut = (index: number): void => {
    const item = items[index];
    if (item !== undefined) items[index] = trimSide(item, index === 0 ? "start" : "end");
  };
  cut(0);
  cut(items.length - 1);
  return flatten({ kind: "concat", items });
}

function trimSide(node: RegexNode, side: "start" | "end"): RegexNode {
  if (node.kind === "repeat") return { ...node, max: node.min };
  if (node.kind === "alternate") return { kind: "alternate", items: node.items.map((item) => trimSide(item, side)) };
  if (node.kind !== "concat" || node.items.length === 0) return node;
  const items = [...node.items];
  const index = side === "start" ? 0 : items.length - 1;
  const item = items[index];
  if (item !== undefined) items[index] = trimSide(item, side);
  return { kind: "concat", items };
}
