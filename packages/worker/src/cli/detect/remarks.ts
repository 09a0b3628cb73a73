import type { CorrelatorCounters } from "@vedette/detection";
import type { RunTotals } from "./detection-run.ts";
import { duration } from "./progress.ts";

/** What remarks depend on besides the counts. */
export interface RunCircumstances {
  /** Problems with rules that were counted but not written out one by one. */
  readonly ruleProblems: number;
  /** Rules that look at events of every log source and of none. */
  readonly rulesEverywhere: number;
  /** Milliseconds. */
  readonly lateness: number;
  readonly interrupted: boolean;
}

/** What a person must know besides the findings: everything that was left out. */
export function remarksOn(
  totals: RunTotals,
  { ruleProblems, rulesEverywhere, lateness, interrupted }: RunCircumstances,
): readonly string[] {
  const lines: string[] = [];
  if (ruleProblems > 0) lines.push(`${ruleProblems} problems with rules.`);
  if (totals.events === 0 && totals.broken === 0 && !interrupted) lines.push("There is no event in the input.");
  if (totals.broken > 0) lines.push(`${totals.broken} inputs or lines could not be read and were left out.`);
  if (totals.replaced > 0)
    lines.push(
      `${totals.replaced} events have bytes that are not UTF-8; each was read as the character U+FFFD, and the events were judged so.`,
    );
  const consequence =
    rulesEverywhere === 0
      ? "so that no rule looked at them"
      : `so that of all rules only the ${rulesEverywhere} without a log source looked at them`;
  if (totals.unmatched > 0)
    lines.push(
      `${totals.unmatched} of ${totals.events} events belong to no log source, ${consequence}; the first is ${totals.firstUnmatched ?? ""}. Say with --logsource what they are.`,
    );
  const hidden = [...totals.excepted.values()].reduce((sum, count) => sum + count, 0);
  if (hidden > 0) lines.push(`${hidden} findings were hidden by exceptions of rules; --stats lists them.`);
  if (totals.undated > 0) lines.push(`${totals.undated} findings have no time and were not correlated.`);
  if (totals.correlations !== undefined) lines.push(...correlationRemarks(totals.correlations, lateness));
  return lines;
}

function correlationRemarks(counters: CorrelatorCounters, lateness: number): readonly string[] {
  const remarks: readonly (readonly [number, string])[] = [
    [
      counters.lateDropped,
      `findings were more than ${duration(lateness)} older than the newest event and were not correlated: sort the input or raise --lateness.`,
    ],
    [counters.ungrouped, "findings lack a field that a correlation groups by."],
    [counters.unvalued, "findings lack a value, or a number, in the field that a correlation compares."],
    [counters.groupsEvicted, "groups were forgotten because there were too many."],
    [counters.groupsEvictedForMemory, "groups were forgotten because all together took too much memory."],
    [counters.membersDropped, "findings were forgotten before they could be correlated because there were too many."],
    [counters.membersOmitted, "findings are not listed in their episodes because there were too many."],
    [counters.entitiesOmitted, "entities are not listed in their episodes because there were too many."],
  ];
  return remarks.flatMap(([count, text]) => (count > 0 ? [`${count} ${text}`] : []));
}
