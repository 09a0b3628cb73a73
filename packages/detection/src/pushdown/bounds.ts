import { ALL, NONE, type Query, allOf, anyOf, noneOf } from "./query.ts";

/**
 * What a cluster can say of a condition: `upper` finds every document that fulfils it and maybe others, `lower` only such and maybe not all.
 * They are one and the same object when the cluster can answer exactly. A negation turns them round, so that what is widened stays wide under
 * any number of negations.
 */
export interface Bounds {
  readonly upper: Query;
  readonly lower: Query;
}

/** Every document fulfils it. */
export const ALWAYS: Bounds = { upper: ALL, lower: ALL };
/** No document does. */
export const NEVER: Bounds = { upper: NONE, lower: NONE };
/** The cluster can say nothing. */
export const UNKNOWN: Bounds = { upper: ALL, lower: NONE };

/** A query whose answer is exact. */
export const exactly = (query: Query): Bounds => ({ upper: query, lower: query });
/** A query that finds more. */
export const atMost = (query: Query): Bounds => ({ upper: query, lower: NONE });
/** A query that may miss documents. */
export const atLeast = (query: Query): Bounds => ({ upper: ALL, lower: query });

/** Whether the cluster's answer is the answer. */
export const isExact = ({ upper, lower }: Bounds): boolean => upper === lower;

function combine(items: readonly Bounds[], combination: (queries: readonly Query[]) => Query): Bounds {
  const upper = combination(items.map((item) => item.upper));
  return items.every(isExact) ? exactly(upper) : { upper, lower: combination(items.map((item) => item.lower)) };
}

/** All conditions. */
export const every = (items: readonly Bounds[]): Bounds => combine(items, allOf);

/** At least so many of the conditions. */
export const some = (items: readonly Bounds[], least: number = 1): Bounds =>
  combine(items, (queries) => anyOf(queries, least));

/** The opposite. */
export function not(item: Bounds): Bounds {
  if (isExact(item)) return exactly(noneOf(item.upper));
  return { upper: noneOf(item.lower), lower: noneOf(item.upper) };
}
