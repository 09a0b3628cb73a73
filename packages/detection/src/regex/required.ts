import { singleFolded } from "./charset.ts";
import type { RegexNode } from "./parse.ts";

/** At most this many alternatives are worth looking for before the expression itself. */
const MAX_ALTERNATIVES = 24;
/** More lists than that are not worth looking at. */
const MAX_LISTS = 12;

/**
 * Lists of texts (folded): of each list at least one text is in every text that the expression matches. The rarest comes first; none when
 * none is known.
 */
export function requiredTexts(node: RegexNode): readonly (readonly string[])[] {
  const lists = collect(node);
  const distinct = [...new Map(lists.map((list) => [[...list].sort().join("\0"), list])).values()];
  const needed = distinct.filter(
    (list, index) => !distinct.some((other, position) => position !== index && implies(other, list, position < index)),
  );
  return needed.sort((a, b) => score(b) - score(a)).slice(0, MAX_LISTS);
}

/** Whether a text of the one list is only where a text of the other is. */
function implies(one: readonly string[], other: readonly string[], isFirst: boolean): boolean {
  const does = (a: readonly string[], b: readonly string[]): boolean =>
    a.every((text) => b.some((part) => text.includes(part)));
  return does(one, other) && (isFirst || !does(other, one));
}

function collect(node: RegexNode): (readonly string[])[] {
  if (node.kind === "assert") return [];
  if (node.kind === "set") {
    const char = singleFolded(node.set);
    return char === undefined ? [] : [[char]];
  }
  if (node.kind === "repeat") return node.min > 0 ? collect(node.item) : [];
  if (node.kind === "alternate") {
    const all: string[] = [];
    for (const item of node.items) {
      const [best] = requiredTexts(item);
      if (best === undefined) return [];
      all.push(...best);
    }
    return all.length > 0 && all.length <= MAX_ALTERNATIVES ? [[...new Set(all)]] : [];
  }
  const lists: (readonly string[])[] = [];
  let run = "";
  const endRun = (): void => {
    if (run !== "") lists.push([run]);
    run = "";
  };
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
      endRun();
      run = text;
      continue;
    }
    endRun();
    lists.push(...collect(item));
  }
  endRun();
  return lists;
}

/** A character (folded) that is in every text that the expression matches several times, with the least number of times; the one needed most often. */
export function repeatedCharacter(node: RegexNode): { readonly char: string; readonly times: number } | undefined {
  let best: { char: string; times: number } | undefined;
  for (const [char, times] of counts(node))
    if (times > 2 && (best === undefined || times > best.times)) best = { char, times };
  return best;
}

function counts(node: RegexNode): ReadonlyMap<string, number> {
  const result = new Map<string, number>();
  if (node.kind === "set") {
    const char = singleFolded(node.set);
    if (char !== undefined && char.length === 1) result.set(char, 1);
  } else if (node.kind === "repeat") {
    for (const [char, times] of counts(node.item)) if (node.min > 0) result.set(char, times * node.min);
  } else if (node.kind === "concat") {
    for (const item of node.items)
      for (const [char, times] of counts(item)) result.set(char, (result.get(char) ?? 0) + times);
  } else if (node.kind === "alternate") {
    const [first, ...others] = node.items.map(counts);
    for (const [char, times] of first ?? []) {
      const least = Math.min(times, ...others.map((other) => other.get(char) ?? 0));
      if (least > 0) result.set(char, least);
    }
  }
  return result;
}

/** The fewest characters (code points) that a match can have. */
export function leastLength(node: RegexNode): number {
  if (node.kind === "assert") return 0;
  if (node.kind === "set") return 1;
  if (node.kind === "repeat") return node.min * leastLength(node.item);
  const lengths = node.items.map(leastLength);
  return node.kind === "concat" ? lengths.reduce((sum, length) => sum + length, 0) : Math.min(...lengths);
}

/** Longer is rarer, and so are unusual characters; each alternative costs. */
function score(texts: readonly string[]): number {
  return Math.min(...texts.map(rareness)) - texts.length / 10;
}

function rareness(text: string): number {
  let sum = 0;
  for (const char of text) sum += /[\s\\/.\-:"']/.test(char) ? 0.7 : /\w/.test(char) ? 1 : 2.5;
  return sum;
}
