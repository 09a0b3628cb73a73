import type { estypes } from "@elastic/elasticsearch";
import type { Page } from "@vedette/api";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { requireWhole } from "../../elasticsearch/errors.ts";
import { pageOfRows, type Place, toPlace } from "../page.ts";
import { reading } from "./store-failure.ts";

/** A condition of a search. */
export type Filter = estypes.QueryDslQueryContainer;

/** Rows read at once where all of them are wanted. */
const ALL_PAGE = 1_000;

/** A number and a keyword that documents are ordered by; the keyword tells equal numbers apart. */
export interface Order {
  readonly number: string;
  readonly keyword?: string;
  readonly direction: "asc" | "desc";
}

/** What is searched, and how what is found is read. */
export interface Listing<T> {
  readonly index: string;
  readonly filters: readonly Filter[];
  readonly order: Order;
  /** Path of the un-indexed object that is the answer. */
  readonly item: (source: Source) => T;
}

/** A document as it was found. */
export interface Source {
  readonly vedette: Readonly<Record<string, unknown>> & { readonly body: unknown };
}

/** The un-indexed object of a document. */
export const bodyOf = <T>(source: Source): T => source.vedette.body as T;

/** Where a document was found. */
export interface Found {
  readonly index: string;
  readonly id: string;
}

type Hit = { readonly _source?: Source | undefined; readonly sort?: readonly unknown[] | undefined };

const sortOf = ({ number, keyword, direction }: Order): estypes.SortCombinations[] => [
  { [number]: { order: direction, unmapped_type: "double" } },
  ...(keyword === undefined ? [] : [{ [keyword]: { order: direction, unmapped_type: "keyword" as const } }]),
];

async function search<T>(
  client: Cluster["client"],
  { index, filters, order }: Listing<T>,
  size: number,
  after: readonly estypes.FieldValue[] | undefined,
  withTotal: boolean,
): Promise<{ readonly hits: readonly Hit[]; readonly total: number }> {
  const doing = `Searching ${index}`;
  const answer = await reading(doing, async () => {
    const found = await client.search<Source>({
      index,
      size,
      query: { bool: { filter: [...filters] } },
      sort: sortOf(order),
      track_total_hits: withTotal,
      allow_partial_search_results: false,
      ...(after === undefined ? {} : { search_after: [...after] }),
    });
    requireWhole(found, doing);
    return found;
  });
  const { total } = answer.hits;
  return { hits: answer.hits.hits, total: typeof total === "number" ? total : (total?.value ?? 0) };
}

/** One page of a list. The place of a row is what it is ordered by, so that a page holds whatever is written meanwhile. */
export async function listPage<T>(
  client: Cluster["client"],
  listing: Listing<T>,
  cursor: string | undefined,
  limit: number,
): Promise<Page<T>> {
  const place = cursor === undefined ? undefined : toPlace(cursor);
  const after = place === undefined ? undefined : listing.order.keyword === undefined ? [place[0]] : place;
  const { hits, total } = await search(client, listing, limit + 1, after, true);
  return pageOfRows(
    hits,
    limit,
    total,
    ({ sort }): Place => [Number(sort?.[0]), typeof sort?.[1] === "string" ? sort[1] : ""],
    ({ _source }) => listing.item(_source as Source),
  );
}

/** Everything that is found, in order; at most `limit`. */
export async function listAll<T>(client: Cluster["client"], listing: Listing<T>, limit = Infinity): Promise<T[]> {
  const found: T[] = [];
  let after: readonly estypes.FieldValue[] | undefined;
  while (found.length < limit) {
    const size = Math.min(ALL_PAGE, limit - found.length);
    const { hits } = await search(client, listing, size, after, false);
    found.push(...hits.map(({ _source }) => listing.item(_source as Source)));
    if (hits.length < size) break;
    after = hits.at(-1)?.sort as estypes.FieldValue[];
  }
  return found;
}

/** How many documents are found. */
export async function countOf(client: Cluster["client"], index: string, filters: readonly Filter[]): Promise<number> {
  const doing = `Counting in ${index}`;
  return reading(doing, async () => {
    const answer = await client.count({ index, query: { bool: { filter: [...filters] } } });
    requireWhole(answer, doing);
    return answer.count;
  });
}

/** How many documents are found for each value of a keyword field, all values. */
export async function countBy(
  client: Cluster["client"],
  index: string,
  filters: readonly Filter[],
  field: string,
): Promise<Map<string, number>> {
  const doing = `Counting in ${index}`;
  const counts = new Map<string, number>();
  let after: Record<string, estypes.FieldValue> | undefined;
  do {
    const answer = await reading(doing, async () => {
      const found = await client.search<unknown, { readonly values: estypes.AggregationsCompositeAggregate }>({
        index,
        size: 0,
        query: { bool: { filter: [...filters] } },
        allow_partial_search_results: false,
        aggs: {
          values: {
            composite: {
              size: 1_000,
              sources: [{ value: { terms: { field } } }],
              ...(after === undefined ? {} : { after }),
            },
          },
        },
      });
      requireWhole(found, doing);
      return found;
    });
    const values = answer.aggregations?.values;
    for (const { key, doc_count } of (values?.buckets ?? []) as estypes.AggregationsCompositeBucket[])
      counts.set(String(key["value"]), doc_count);
    after = values?.after_key;
  } while (after !== undefined);
  return counts;
}

/** Everything that is found as it stands at one moment, in the order of some fields; memory does not grow with it. */
export async function* scan<T>(
  client: Cluster["client"],
  {
    index,
    filters,
    sort,
    item,
  }: Pick<Listing<T>, "index" | "filters"> & {
    readonly sort: readonly string[];
    readonly item: (source: Source, found: Found) => T;
  },
): AsyncGenerator<T> {
  const doing = `Reading ${index}`;
  if ((await countOf(client, index, [])) === 0) return;
  const { id } = await reading(doing, () => client.openPointInTime({ index, keep_alive: "5m" }));
  try {
    let after: readonly estypes.FieldValue[] | undefined;
    for (;;) {
      const answer = await reading(doing, async () => {
        const found = await client.search<Source>({
          pit: { id, keep_alive: "5m" },
          size: ALL_PAGE,
          query: { bool: { filter: [...filters] } },
          sort: [...sort.map((field) => ({ [field]: { order: "asc" as const } })), { _shard_doc: "asc" }],
          track_total_hits: false,
          allow_partial_search_results: false,
          ...(after === undefined ? {} : { search_after: [...after] }),
        });
        requireWhole(found, doing);
        return found;
      });
      const { hits } = answer.hits;
      for (const { _source, _index, _id } of hits)
        if (_source !== undefined) yield item(_source, { index: _index, id: _id ?? "" });
      if (hits.length < ALL_PAGE) return;
      after = hits.at(-1)?.sort as estypes.FieldValue[];
    }
  } finally {
    await client.closePointInTime({ id }).catch(() => {});
  }
}
