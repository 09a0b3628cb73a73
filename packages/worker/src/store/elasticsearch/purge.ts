import type { Cluster } from "../../elasticsearch/cluster.ts";
import { leasesIndex, workersIndex } from "../../leases/elasticsearch-leases.ts";
import { commandsIndex } from "./command-board.ts";
import { deleteFound } from "./delete-found.ts";
import { pointerId } from "./journal.ts";
import { partOf } from "./journal-slots.ts";
import { aliasOf } from "./names.ts";
import { type Filter, listAll, type Source } from "./searches.ts";
import { storing } from "./store-failure.ts";

const DAY = 86_400_000;
/** Parts of journal steps that are looked at in one round. */
const PARTS_AT_ONCE = 1_000;

/** What a purge needs to know. */
export interface PurgePlace {
  readonly prefix: string;
  /** Unix milliseconds. */
  readonly now: number;
  /** Resources of sources that there are now; undefined while that is not known, and then no lease is removed. */
  readonly resources?: ReadonlySet<string> | undefined;
}

const olderThan = (now: number, age: number): Filter => ({
  range: { "@timestamp": { lt: new Date(now - age).toISOString() } },
});

/**
 * Removes what has served its time and is nobody's data: marks of removed state after a week, answers to repeated requests after 30 days, answered commands after a week, left-over parts of journal
 * steps and silent workers after a day, and leases of shards that are gone after 30 days. Tells how many documents by kind. Doing it again is safe.
 * @throws StoreError
 */
export async function purge(client: Cluster["client"], place: PurgePlace): Promise<Readonly<Record<string, number>>> {
  const { prefix, now } = place;
  const found = (index: string, age: number, ...filters: readonly Filter[]): Promise<number> =>
    deleteFound(client, index, [olderThan(now, age), ...filters]);
  return {
    state: await found(aliasOf(prefix, "state"), 7 * DAY, { term: { kind: "blob" } }, { term: { removed: true } }),
    idempotency: await found(aliasOf(prefix, "idempotency"), 30 * DAY),
    commands: await found(commandsIndex(prefix), 7 * DAY, { term: { waiting: false } }),
    workers: await found(workersIndex(prefix), DAY),
    leases: await goneLeases(client, place),
    journal: await leftOverParts(client, place),
  };
}

/** Only leases of shards: a shard's index does not come back under its id, while a line that rests keeps where it stands. */
async function goneLeases(client: Cluster["client"], { prefix, now, resources }: PurgePlace): Promise<number> {
  if (resources === undefined) return 0;
  const index = leasesIndex(prefix);
  const filters: Filter[] = [olderThan(now, 30 * DAY), { prefix: { resource: "source/" } }];
  if (!(await storing(`Looking for ${index}`, () => client.indices.exists({ index })))) return 0;
  const order = { number: "@timestamp", keyword: "resource", direction: "asc" } as const;
  const item = (source: Source): string => (source as unknown as { readonly resource: string }).resource;
  const old = await listAll(client, { index, filters, order, item }, PARTS_AT_ONCE);
  const gone = old.filter((resource) => !resources.has(resource));
  return gone.length === 0 ? 0 : deleteFound(client, index, [...filters, { terms: { resource: gone } }]);
}

/** A part whose step is applied is read no more; those of a step that another worker made instead are among them. */
async function leftOverParts(client: Cluster["client"], { prefix, now }: PurgePlace): Promise<number> {
  const index = aliasOf(prefix, "journal");
  const { hits } = await storing("Looking for left-over parts of steps", () =>
    client.search<{ readonly line: string }>({
      index,
      size: PARTS_AT_ONCE,
      query: { bool: { filter: [olderThan(now, DAY)], must_not: [{ exists: { field: "n" } }] } },
      _source: ["line"],
      sort: [{ "@timestamp": "asc" }],
      allow_partial_search_results: false,
    }),
  );
  const parts = hits.hits.flatMap(({ _id, _source }) => {
    const n = _id === undefined || _source === undefined ? undefined : partOf(_source.line, _id);
    return n === undefined ? [] : [{ id: _id as string, line: _source?.line ?? "", n }];
  });
  if (parts.length === 0) return 0;
  const lines = [...new Set(parts.map(({ line }) => line))];
  const { docs } = await storing("Reading where lines stand", () =>
    client.mget<{ readonly applied: number }>({ index: aliasOf(prefix, "state"), ids: lines.map(pointerId) }),
  );
  const applied = new Map(
    lines.map((line, at) => {
      const doc = docs[at];
      return [line, doc === undefined || "error" in doc ? 0 : (doc._source?.applied ?? 0)];
    }),
  );
  const ids = parts.filter(({ line, n }) => n <= (applied.get(line) ?? 0)).map(({ id }) => id);
  return ids.length === 0 ? 0 : deleteFound(client, index, [{ ids: { values: ids } }]);
}
