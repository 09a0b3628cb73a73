import { readFileSync } from "node:fs";
import type { Row } from "./streams.ts";

/** A finding as an engine prints it. */
export type Printed = Readonly<Record<string, unknown>>;

/** What two engines found in the same events. */
export interface FindingsCompared {
  readonly name: string;
  readonly peer: string;
  /** Files of one finding a line. */
  readonly ours: string;
  readonly theirs: string;
  readonly theirRuleId: (finding: Printed) => string;
  /** The first so many events were given to both. */
  readonly given: number;
  /** Whether the event at an index is of one log source at most. */
  readonly isSimple: (index: number) => boolean;
}

/** Rules whose numbers of findings differ that are listed. */
const LISTED = 10;

const indexesOf = (finding: Printed): readonly number[] =>
  (finding["events"] as readonly { readonly index: number }[]).map(({ index }) => index);
const ourRuleId = (finding: Printed): string => String((finding["rule"] as { readonly id?: unknown }).id);
const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

/** Compares the numbers of findings rule by rule; what several log sources of an event do not explain is listed. */
export function compareFindings(compared: FindingsCompared): readonly Row[] {
  const { name, peer, ours, theirs, theirRuleId, given, isSimple } = compared;
  const ourCounts = countByRule(ours, ourRuleId, (finding) => indexesOf(finding).every((index) => index < given));
  const simpleCounts = countByRule(ours, ourRuleId, (finding) =>
    indexesOf(finding).every((index) => index < given && isSimple(index)),
  );
  const theirCounts = countByRule(theirs, theirRuleId, () => true);
  const both = new Set([...ourCounts.keys(), ...theirCounts.keys()]);
  const differing = [...both].filter((id) => ourCounts.get(id) !== theirCounts.get(id));
  // An event of several log sources (Security 4688 is one of process_creation too) is one of a single log source to a peer.
  const unexplained = differing.filter((id) => {
    const count = theirCounts.get(id) ?? 0;
    return count < (simpleCounts.get(id) ?? 0) || count > (ourCounts.get(id) ?? 0);
  });
  for (const id of unexplained.slice(0, LISTED))
    console.log(
      `  ${name}: rule ${id}: vedette ${ourCounts.get(id) ?? 0}, ${peer} ${theirCounts.get(id) ?? 0} findings`,
    );
  return [
    { name: `${name}: findings of vedette, in all`, value: sum(ourCounts), unit: "" },
    { name: `${name}: findings of ${peer}, in all`, value: sum(theirCounts), unit: "" },
    {
      name: `${name}: rules with other numbers of findings, of ${both.size} that found something`,
      value: differing.length,
      unit: "",
    },
    {
      name: `${name}: of them not explained by events that are of several log sources to vedette`,
      value: unexplained.length,
      unit: "",
    },
  ];
}

function countByRule(
  file: string,
  ruleIdOf: (finding: Printed) => string,
  counts: (finding: Printed) => boolean,
): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (!line.startsWith("{")) continue;
    const finding = JSON.parse(line) as Printed;
    if (!counts(finding)) continue;
    const id = ruleIdOf(finding);
    found.set(id, (found.get(id) ?? 0) + 1);
  }
  return found;
}
