import type { RunTotals } from "./detection-run.ts";

/** What a person must know besides the findings: everything that was left out. */
export function remarksOn(
  totals: RunTotals,
  ruleProblems: number,
  lateness: number,
  interrupted: boolean,
): readonly string[] {
  const lines: string[] = [];
  if (ruleProblems > 0) lines.push(`${ruleProblems} problems with rules.`);
  if (totals.events === 0 && totals.broken === 0 && !interrupted) lines.push("There is no event in the input.");
  if (totals.broken > 0) lines.push(`${totals.broken} inputs or lines could not be read and were left out.`);
  if (totals.replaced > 0)
    lines.push(
      `${totals.replaced} events have bytes that are not UTF-8; each was read as the character U+FFFD, and the events were judged so.`,
    );
  if (totals.unmatched > 0)
    lines.push(
      `${totals.unmatched} of ${totals.events} events belong to no log source, so that no rule looked at them; the first is ${totals.firstUnmatched ?? ""}. Say with --logsource what they are.`,
    );
  const hidden = [...totals.excepted.values()].reduce((sum, count) => sum + count, 0);
  if (hidden > 0) lines.push(`${hidden} findings were hidden by exceptions of rules; --stats lists them.`);
  if (totals.undated > 0) lines.push(`${totals.undated} findings have no time and were not correlated.`);
  const { correlations } = totals;
  if (correlations === undefined) return lines;
  if (correlations.lateDropped > 0)
    lines.push(
      `${correlations.lateDropped} findings were more than ${lateness} ms older than the newest event and were not correlated: sort the input or raise --lateness.`,
    );
  if (correlations.ungrouped > 0)
    lines.push(`${correlations.ungrouped} findings lack a field that a correlation groups by.`);
  if (correlations.groupsEvicted > 0)
    lines.push(`${correlations.groupsEvicted} groups were forgotten because there were too many.`);
  if (correlations.membersDropped > 0)
    lines.push(
      `${correlations.membersDropped} findings were forgotten before they could be correlated because there were too many.`,
    );
  if (correlations.membersOmitted > 0)
    lines.push(`${correlations.membersOmitted} findings are not listed in their episodes because there were too many.`);
  return lines;
}
