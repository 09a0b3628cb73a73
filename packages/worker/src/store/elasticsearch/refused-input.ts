import type { Page, RefusedRecord } from "@vedette/api";
import { errors } from "@elastic/elasticsearch";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { BulkWriter, WriteOperation } from "../../elasticsearch/write.ts";
import type { Ports } from "../../ports.ts";
import type { RefusedInput } from "../../record.ts";
import type { Freshness } from "./freshness.ts";
import { aliasOf, dateOf, documentId, keywordOf, monthlyIndex, patternOf } from "./names.ts";
import { bodyOf, countOf, listPage, type Source } from "./searches.ts";
import { storing } from "./store-failure.ts";

/** How many refused inputs are kept to be looked at; older ones remain counted. */
export const REFUSED_KEPT = 10_000;
/** What may be beyond that before it is cleared away. */
const SLACK = 1_000;

/** The refused input of all workers. */
export interface RefusedInputs {
  refuse(inputs: readonly RefusedInput[]): Promise<void>;
  list(cursor: string | undefined, limit: number): Promise<Page<RefusedRecord>>;
  /** Ever refused. */
  total(): Promise<number>;
}

/** What was cleared away: so many, all up to a sequence number. */
interface Cleared {
  readonly removed: number;
  readonly through: number;
}

const CLEARED_ID = "refused|cleared";

/** Keeps refused input. Sequence numbers are made of the time in microseconds, so that those of several workers are one order. */
export function createRefusedInputs(
  client: Cluster["client"],
  writer: BulkWriter,
  prefix: string,
  freshness: Freshness,
  { clock, random, log }: Pick<Ports, "clock" | "random" | "log">,
): RefusedInputs {
  const all = patternOf(prefix, "refused");
  const stateIndex = aliasOf(prefix, "state");
  const name = Buffer.from(random.bytes(8)).toString("hex");
  let last = 0;
  let sinceLook = SLACK;

  async function cleared(): Promise<Cleared & { readonly seqNo?: number; readonly primaryTerm?: number }> {
    try {
      const found = await client.get<{ readonly body: Cleared }>({ index: stateIndex, id: CLEARED_ID, realtime: true });
      const body = found._source?.body ?? { removed: 0, through: 0 };
      return { ...body, seqNo: found._seq_no ?? 0, primaryTerm: found._primary_term ?? 0 };
    } catch (error) {
      if (error instanceof errors.ResponseError && error.statusCode === 404) return { removed: 0, through: 0 };
      throw error;
    }
  }

  /** Counts what is beyond the newest, notes it as cleared, and then removes it: so that the total holds whatever happens in between. */
  async function clear(): Promise<void> {
    await freshness.before(all);
    const answer = await client.search<Source>({
      index: all,
      from: REFUSED_KEPT - 1,
      size: 1,
      sort: [{ "vedette.sequence": { order: "desc", unmapped_type: "long" } }],
      allow_partial_search_results: false,
    });
    const oldestKept = answer.hits.hits[0]?._source?.vedette["sequence"];
    if (typeof oldestKept !== "number") return;
    const before = await cleared();
    const range = { range: { "vedette.sequence": { gt: before.through, lt: oldestKept } } };
    const count = await countOf(client, all, [range]);
    if (count === 0) return;
    const body: Cleared = { removed: before.removed + count, through: oldestKept - 1 };
    await client.index({
      index: stateIndex,
      id: CLEARED_ID,
      document: { "@timestamp": dateOf(clock.now()), kind: "cleared", body },
      ...(before.seqNo === undefined
        ? { op_type: "create" }
        : { if_seq_no: before.seqNo, if_primary_term: before.primaryTerm ?? 0 }),
    });
    await client.deleteByQuery({
      index: all,
      query: { range: { "vedette.sequence": { lt: oldestKept } } },
      conflicts: "proceed",
      refresh: true,
    });
  }

  return {
    async refuse(inputs) {
      const operations = inputs.map((input): WriteOperation => {
        last = Math.max(last + 1, Math.floor(clock.now() * 1_000));
        const record: RefusedRecord = { sequence: last, ...input };
        return {
          kind: "create",
          index: monthlyIndex(prefix, "refused", input.time),
          id: documentId(`${name}|${last}`),
          document: {
            "@timestamp": dateOf(input.time),
            vedette: { sequence: last, source: keywordOf(input.source), reason: keywordOf(input.reason), body: record },
          },
        };
      });
      await storing("Keeping refused input", () => writer.write(operations));
      for (const { index } of operations) freshness.wrote(index);
      sinceLook += inputs.length;
      if (sinceLook < SLACK) return;
      sinceLook = 0;
      // What is cleared too late, or by another worker at the same time, is no failure of what was asked.
      await clear().catch((error: unknown) => log.debug({ error: String(error) }, "old refused input was not cleared"));
    },
    async list(cursor, limit) {
      await freshness.before(all);
      const page = await listPage<RefusedRecord>(
        client,
        { index: all, filters: [], order: { number: "vedette.sequence", direction: "desc" }, item: bodyOf },
        cursor,
        limit,
      );
      return { ...page, total: Math.min(page.total, REFUSED_KEPT) };
    },
    async total() {
      await freshness.before(all);
      const { removed, through } = await storing("Counting refused input", cleared);
      return removed + (await countOf(client, all, [{ range: { "vedette.sequence": { gt: through } } }]));
    },
  };
}
