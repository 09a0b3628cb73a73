import type { ShardProgress } from "../findings/finding-document.ts";

/** Sequence numbers that were judged with one set of rules. */
export type JudgedRange = ShardProgress["judged"][number];

/** Ranges kept for a shard: as many changes of the rules in its life. */
export const MAX_RANGES = 64;

/** Stands for sets of rules that are not remembered any more. */
export const FORGOTTEN_RULES = "forgotten";

/** Adds what was judged; ranges that touch and are of one set are one. When there are too many, the oldest two are joined and it is forgotten by which rules. */
export function addJudged(ranges: readonly JudgedRange[], next: JudgedRange): readonly JudgedRange[] {
  if (next.to < next.from) return ranges;
  const last = ranges.at(-1);
  if (last !== undefined && last.ruleSet === next.ruleSet && last.to + 1 === next.from)
    return [...ranges.slice(0, -1), { ...last, to: next.to }];
  const all = [...ranges, next];
  const [first, second, ...rest] = all;
  if (all.length <= MAX_RANGES || first === undefined || second === undefined) return all;
  return [{ from: first.from, to: second.to, ruleSet: FORGOTTEN_RULES }, ...rest];
}
