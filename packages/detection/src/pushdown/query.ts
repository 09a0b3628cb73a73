/** A query in Elasticsearch's Query DSL. */
export type Query = Readonly<Record<string, unknown>>;

/** Finds every document. */
export const ALL: Query = { match_all: {} };
/** Finds none. */
export const NONE: Query = { match_none: {} };

interface BoolQuery {
  readonly bool: {
    readonly filter?: readonly Query[];
    readonly should?: readonly Query[];
    readonly must_not?: readonly Query[];
    readonly minimum_should_match?: number;
  };
}

const asBool = (query: Query): BoolQuery["bool"] | undefined =>
  "bool" in query ? (query as unknown as BoolQuery).bool : undefined;

/** All of the queries. */
export function allOf(queries: readonly Query[]): Query {
  const kept = new Set<Query>();
  for (const query of queries) {
    if (query === NONE) return NONE;
    if (query === ALL) continue;
    const bool = asBool(query);
    if (bool?.filter !== undefined && bool.should === undefined)
      for (const inner of [...bool.filter, ...(bool.must_not ?? []).map(noneOf)]) kept.add(inner);
    else kept.add(query);
  }
  const [only] = kept;
  if (only === undefined) return ALL;
  if (kept.size === 1) return only;
  const filter: Query[] = [];
  const mustNot: Query[] = [];
  for (const query of kept) {
    const bool = asBool(query);
    if (bool?.must_not !== undefined && bool.filter === undefined && bool.should === undefined)
      mustNot.push(...bool.must_not);
    else filter.push(query);
  }
  return {
    bool: { ...(filter.length > 0 ? { filter } : {}), ...(mustNot.length > 0 ? { must_not: mustNot } : {}) },
  };
}

/** One of the queries, or several of them. */
export function anyOf(queries: readonly Query[], least: number = 1): Query {
  let missing = least;
  const kept: Query[] = [];
  for (const query of queries) {
    if (query === ALL) missing--;
    else if (query === NONE) continue;
    else {
      const bool = asBool(query);
      if (least === 1 && bool?.should !== undefined && bool.minimum_should_match === 1 && bool.filter === undefined)
        kept.push(...bool.should);
      else kept.push(query);
    }
  }
  if (missing <= 0) return ALL;
  if (kept.length < missing) return NONE;
  const distinct = missing === 1 ? [...new Set(kept)] : kept;
  const [only] = distinct;
  if (distinct.length === 1 && only !== undefined) return only;
  return distinct.length === missing ? allOf(distinct) : { bool: { should: distinct, minimum_should_match: missing } };
}

/** Documents that the query does not find. */
export function noneOf(query: Query): Query {
  if (query === ALL) return NONE;
  if (query === NONE) return ALL;
  const bool = asBool(query);
  const [only, ...others] = bool?.must_not ?? [];
  if (only !== undefined && others.length === 0 && bool?.filter === undefined && bool?.should === undefined)
    return only;
  return { bool: { must_not: [query] } };
}

/** Number of clauses that Elasticsearch counts against its limit: every query that is no combination of others. */
export function countClauses(query: Query): number {
  const bool = asBool(query);
  if (bool === undefined) return 1;
  return [...(bool.filter ?? []), ...(bool.should ?? []), ...(bool.must_not ?? [])].reduce(
    (sum, inner) => sum + countClauses(inner),
    0,
  );
}
