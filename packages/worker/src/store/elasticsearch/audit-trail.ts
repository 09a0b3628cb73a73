import type { AuditVerification } from "@vedette/api";
import { createChainVerifier } from "../../audit/verify.ts";
import { type ChainHead, type ChainRow, EMPTY_CHAIN } from "../../audit/chain.ts";
import { TRIM_ACTION, trimOf } from "../../audit/trim.ts";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { Freshness } from "./freshness.ts";
import type { Journal } from "./journal.ts";
import { chainRowOf } from "./line-reads.ts";
import { patternOf } from "./names.ts";
import { EMPTY_CARRY, type LineCarry } from "./resolve-step.ts";
import { listAll, type Filter } from "./searches.ts";

/** Entries verified at once. */
const PART = 1_000;

/** Recomputes the hash chain of a line's audit trail against the end that the journal knows. */
export async function verifyAuditTrail(
  client: Cluster["client"],
  { prefix, line, freshness }: { readonly prefix: string; readonly line: string; readonly freshness: Freshness },
  journal: Pick<Journal<LineCarry>, "peek">,
): Promise<AuditVerification> {
  const index = patternOf(prefix, "audit");
  const read = (range: object): Promise<ChainRow[]> => {
    const filters: Filter[] = [{ term: { "vedette.line": line } }, { range: { "vedette.sequence": range } }];
    const order = { number: "vedette.sequence", direction: "asc" } as const;
    return listAll(client, { index, filters, order, item: chainRowOf }, PART);
  };

  await freshness.before(index);
  const { applied } = await journal.peek();
  const head = (applied.carry ?? EMPTY_CARRY).audit;
  const begin = await beginOf(client, index, line, head.sequence);
  const verifier = createChainVerifier(head, [], begin);
  for (let after = begin.sequence; after < head.sequence;) {
    const rows = await read({ gt: after, lte: Math.min(after + PART, head.sequence) });
    if (!rows.every((row) => verifier.take(row)) || rows.length === 0) break;
    after = rows.at(-1)?.sequence ?? head.sequence;
  }
  const verdict = verifier.finish();
  if (!verdict.ok) return verdict;
  // Entries behind the end are those of steps made meanwhile, or nobody's.
  const behind = await read({ gt: head.sequence });
  if (behind.length === 0) return verdict;
  const { last } = await journal.peek();
  const end = (last.carry ?? EMPTY_CARRY).audit.sequence;
  const foreign = behind.find(({ sequence }) => sequence > end);
  if (foreign === undefined) return verdict;
  return {
    ok: false,
    entries: verdict.entries,
    brokenAt: foreign.sequence,
    reason: "the store's record of the chain's end does not know this entry",
  };
}

/** Where a line's trail begins: behind what its newest entry about a deletion names. That entry is verified with the rest. */
export async function beginOf(
  client: Cluster["client"],
  index: string,
  line: string,
  through: number,
): Promise<ChainHead> {
  const filters: Filter[] = [
    { term: { "vedette.line": line } },
    { term: { "event.action": TRIM_ACTION } },
    { range: { "vedette.sequence": { lte: through } } },
  ];
  const order = { number: "vedette.sequence", direction: "desc" } as const;
  const [row] = await listAll(client, { index, filters, order, item: chainRowOf }, 1);
  return (row && trimOf(row)) ?? EMPTY_CHAIN;
}
