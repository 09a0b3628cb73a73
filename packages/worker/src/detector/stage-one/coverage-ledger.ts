import type { CoverageGap as ShownGap, CoveragePage, CoverageQuery } from "@vedette/api";
import type { Clock, Timers } from "../../ports.ts";
import type { Coverage, CoverageGap } from "./coverage.ts";
import type { CoverageReader, KnownShard } from "./read-coverage.ts";
import type { RuleRevision } from "./rule-set.ts";

/** The ledger of coverage as it was read. */
export interface CoverageReading {
  /** When it was read, Unix milliseconds. */
  readonly at: number;
  readonly gaps: readonly CoverageGap[];
  readonly missed: Coverage["missed"];
}

/** Reads the ledger, no more often than it is needed. */
export interface CoverageLedger {
  /** What was read no longer ago than so many milliseconds, or is read now. Rejects when it cannot be read. */
  read(maxAge: number): Promise<CoverageReading>;
  /** What was read last. */
  last(): CoverageReading | undefined;
}

/** What reading the ledger as a whole needs. */
export interface CoverageLedgerOptions {
  readonly reader: CoverageReader;
  readonly rules: readonly RuleRevision[];
  /** Shards that there are, and those that leases remember. */
  readonly shards: () => Promise<readonly KnownShard[]>;
  readonly ports: { readonly clock: Clock; readonly timers: Timers };
}

/** Shards that are compared with all rules without a pause: thousands of rules take a millisecond a shard. */
const SHARDS_AT_ONCE = 20;
const LISTED_RULES = 20;

/** Makes the ledger; nothing is asked of the cluster before it is read. */
export function createCoverageLedger({ reader, rules, shards, ports }: CoverageLedgerOptions): CoverageLedger {
  const { clock, timers } = ports;
  let last: CoverageReading | undefined;
  let reading: Promise<CoverageReading> | undefined;

  const readAll = async (): Promise<CoverageReading> => {
    const at = clock.now();
    const known = await shards();
    const gaps: CoverageGap[] = [];
    let missed: Coverage["missed"] = { ...(await reader.read(rules, [])).missed };
    for (let from = 0; from < known.length; from += SHARDS_AT_ONCE) {
      if (from > 0) await timers.sleep(0);
      const part = await reader.read(rules, known.slice(from, from + SHARDS_AT_ONCE));
      gaps.push(...part.gaps);
      missed = added(missed, part.missed);
    }
    return (last = { at, gaps, missed });
  };

  return {
    async read(maxAge) {
      if (last !== undefined && clock.now() - last.at <= maxAge) return last;
      reading ??= readAll().finally(() => (reading = undefined));
      return reading;
    },
    last: () => last,
  };
}

const added = (one: Coverage["missed"], other: Coverage["missed"]): Coverage["missed"] =>
  Object.fromEntries(
    Object.entries(one).map(([reason, count]) => [reason, count + other[reason as keyof Coverage["missed"]]]),
  ) as Record<keyof Coverage["missed"], number>;

/** The gaps that a query asks for, the ones of most rules first, as a page of the API. */
export function coveragePage(reading: CoverageReading, query: CoverageQuery): Omit<CoveragePage, "readByTime"> {
  const { rule, source, reason, limit } = query;
  const found = reading.gaps
    .filter(
      (gap) =>
        (rule === undefined || gap.rules.includes(rule)) &&
        (source === undefined || gap.source === source) &&
        (reason === undefined || gap.reason === reason),
    )
    .toSorted((a, b) => b.rules.length - a.rules.length);
  const from = Number(query.cursor ?? 0);
  const to = from + limit;
  return {
    at: reading.at,
    missed: { ...reading.missed },
    items: found.slice(from, to).map((gap) => shownGap(gap, rule)),
    total: found.length,
    ...(to < found.length ? { nextCursor: String(to) } : {}),
  };
}

const shownGap = (
  { source, index, shard, from, to, reason, cure, rules }: CoverageGap,
  rule: string | undefined,
): ShownGap => ({
  source,
  index,
  shard,
  from,
  to,
  reason,
  cure,
  ruleCount: rules.length,
  rules: rule === undefined ? rules.slice(0, LISTED_RULES) : [rule],
});
