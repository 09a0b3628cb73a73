import type { estypes } from "@elastic/elasticsearch";
import type { VersionedDocuments } from "../../leases/lease-documents.ts";

/** Sequence numbers of a shard whose events were judged again afterwards, both ends included. */
export interface FilledRange {
  readonly from: number;
  readonly to: number;
  /** Name of the set of rules that they were judged with: those that had not looked at them. */
  readonly ruleSet: string;
  /** Only events of this time or later were judged, Unix milliseconds; all when left out. */
  readonly since?: number;
}

/** What was filled of one shard. */
export interface FilledShardDocument {
  readonly "@timestamp": string;
  readonly resource: string;
  readonly ranges: readonly FilledRange[];
}

/** Name of the index that keeps what was judged again. */
export const filledRangesIndex = (prefix: string): string => `${prefix}-filled-ranges`;

/** Mapping of that index; the ranges are kept, not indexed. */
export const FILLED_RANGES_PROPERTIES = {
  "@timestamp": { type: "date" },
  resource: { type: "keyword" },
  ranges: { type: "object", enabled: false },
} as const satisfies Record<string, estypes.MappingProperty>;

/** Ranges kept for a shard. Of more the oldest are forgotten: their gaps are told of again, and can be filled again. */
export const MAX_FILLED = 256;

/** Adds a range that was judged again; ranges of one set of rules and one beginning in time that touch become one. */
export function addFilled(ranges: readonly FilledRange[], next: FilledRange): readonly FilledRange[] {
  let { from, to } = next;
  const apart = ranges.filter((range) => {
    const touches = range.from <= to + 1 && range.to >= from - 1;
    if (range.ruleSet !== next.ruleSet || range.since !== next.since || !touches) return true;
    from = Math.min(from, range.from);
    to = Math.max(to, range.to);
    return false;
  });
  return [...apart, { ...next, from, to }].slice(-MAX_FILLED);
}

/** Attempts to note a range while others note theirs. */
const ATTEMPTS = 20;

/** Notes what was judged again of a shard. Rejects when it cannot be noted: the gap then stays in the ledger. */
export async function keepFilled(
  documents: Pick<VersionedDocuments<FilledShardDocument>, "read" | "write">,
  resource: string,
  range: FilledRange,
  now: number,
): Promise<void> {
  let failure: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const [stored] = await documents.read([resource]);
    const ranges = addFilled(stored?.document.ranges ?? [], range);
    const result = await documents.write(
      resource,
      { "@timestamp": new Date(now).toISOString(), resource, ranges },
      stored?.version ?? "absent",
    );
    if (result.status === "written") return;
    // After an unknown outcome the next look tells what became of it; adding the range twice adds nothing.
    failure = result.status === "unknown" ? result.error : undefined;
  }
  throw failure ?? new Error(`What was judged again of ${resource} could not be noted: others kept writing.`);
}
