import { singleFolded } from "./charset.ts";
import type { RegexNode } from "./parse.ts";

/** At most this many alternatives are worth looking for before the expression itself. */
const MAX_ALTERNATIVES = 24;

/**
 * Texts (folded) of which at least one is in every text that the expression matches, longest first choice; undefined when there is none.
 */
export function requiredTexts(node: RegexNode): readonly string[] | undefined {
  if (node.kind === "assert") return undefined;
  if (node.kind === "set") {
    const char = singleFolded(node.set);
    return char === undefined ? undefined : [char];
  }
  if (node.kind === "repeat") return node.min > 0 ? requiredTexts(node.item) : undefined;
  if (node.kind === "alternate") {
    const all: string[] = [];
    for (const item of node.items) {
      const texts = requiredTexts(item);
      if (texts === undefined) return undefined;
      all.push(...texts);
    }
    return all.length > 0 && all.length <= MAX_ALTERNATIVES ? all : undefined;
  }
  let best: readonly string[] | undefined;
  const offer = (texts: readonly string[] | undefined): void => {
    if (texts !== undefined && score(texts) > score(best)) best = texts;
  };
  let run = "";
  for (const item of node.items) {
    if (item.kind === "assert") continue;
    const char = item.kind === "set" ? singleFolded(item.set) : undefined;
    if (char !== undefined) {
      run += char;
      continue;
    }
    const text = item.kind === "repeat" && item.item.kind === "set" ? singleFolded(item.item.set) : undefined;
    if (text !== undefined && item.kind === "repeat" && item.min > 0) {
      run += text.repeat(Math.min(item.min, 8));
      if (item.min === item.max && item.min <= 8) continue;
      offer(run === "" ? undefined : [run]);
      run = text;
      continue;
    }
    offer(run === "" ? undefined : [run]);
    run = "";
    offer(requiredTexts(item));
  }
  offer(run === "" ? undefined : [run]);
  return best;
}

/** The fewest characters (code points) that a match can have. */
export function leastLength(node: RegexNode): number {
  if (node.kind === "assert") return 0;
  if (node.kind === "set") return 1;
  if (node.kind === "repeat") return node.min * leastLength(node.item);
  const lengths = node.items.map(leastLength);
  return node.kind === "concat" ? lengths.reduce((sum, length) => sum + length, 0) : Math.min(...lengths);
}

/** Longer is rarer; each alternative costs. */
function score(texts: readonly string[] | undefined): number {
  if (texts === undefined || texts.length === 0) return -1;
  return Math.min(...texts.map((text) => text.length)) - texts.length / 10;
}
