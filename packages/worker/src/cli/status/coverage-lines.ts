import type { CoverageGap, CoveragePage } from "@vedette/api";
import { type Column, textTable, timeText } from "../text-table.ts";

const number = (value: number): string => value.toLocaleString("en-US");

/** What a cure means for who reads it. */
const CURES: Readonly<Record<CoverageGap["cure"], string>> = {
  backfill: "vedette backfill --gaps",
  wait: "wait",
  none: "nothing",
};

const COLUMNS: readonly Column<CoverageGap>[] = [
  { title: "SOURCE", text: ({ source }) => source, width: 20 },
  { title: "SHARD", text: ({ index, shard }) => `${index}/${shard}`, width: 60 },
  { title: "EVENTS", text: ({ from, to }) => `${number(from)}–${to === null ? "?" : number(to)}`, width: 30 },
  { title: "REASON", text: ({ reason }) => reason, width: 16 },
  { title: "CURE", text: ({ cure }) => CURES[cure], width: 24 },
  {
    title: "RULES",
    text: ({ ruleCount, rules }) => (ruleCount === 1 ? (rules[0] ?? "1") : number(ruleCount)),
    width: 40,
  },
];

/** Sums of what rules did not look at, by reason, in one sentence. */
export function missedText(missed: CoveragePage["missed"]): string {
  const parts = Object.entries(missed).filter(([, count]) => count > 0);
  return parts.length === 0 ? "none" : parts.map(([reason, count]) => `${number(count)} ${reason}`).join(", ");
}

/** A page of the ledger of coverage as a person reads it. */
export function coverageLines({ items, total, nextCursor, at, missed, readByTime }: CoveragePage): string[] {
  return [
    ...(items.length > 0 ? textTable(COLUMNS, items) : []),
    `${items.length} of ${total} gaps${nextCursor === undefined ? "" : `; next page: --cursor ${nextCursor}`}, as of ${timeText(at)}`,
    `Events that at least one rule did not look at: ${missedText(missed)}`,
    ...(readByTime.length > 0 ? [`Read by time, of which the ledger cannot tell: ${readByTime.join(", ")}`] : []),
  ];
}
