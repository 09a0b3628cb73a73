import { type Column, textTable, timeText } from "../text-table.ts";
import type { ComparedAlert, ComparedFinding, Comparison, MatchKind } from "./compare-alerts.ts";

interface TheirRule {
  readonly rule: string;
  readonly alerts: number;
  readonly matched: number;
  readonly missed: number;
  readonly doubled: number;
  readonly by: readonly MatchKind[];
  readonly ours: readonly string[];
}

interface OurRule {
  readonly id: string;
  readonly title: string;
  readonly state: "shadow" | "active";
  readonly findings: number;
  readonly matched: number;
  readonly missed: number;
  readonly doubled: number;
}

/** Counts of a comparison. */
export interface ComparisonSummary {
  readonly theirs: {
    readonly alerts: number;
    readonly matched: number;
    readonly weMissed: number;
    readonly doubled: number;
  };
  readonly ours: {
    readonly findings: number;
    readonly matched: number;
    readonly theyMissed: number;
    readonly doubled: number;
  };
  readonly theirRules: readonly TheirRule[];
  readonly ourRules: readonly OurRule[];
}

const count = <T>(list: readonly T[], holds: (one: T) => boolean): number => list.filter(holds).length;
const isMatched = ({ ours }: ComparedAlert): boolean => ours.length > 0;
const isFound = ({ theirs }: ComparedFinding): boolean => theirs > 0;

/** Counts a comparison as a whole and by rule, those with most that is missed first. */
export function summarize({ theirs, ours }: Comparison): ComparisonSummary {
  const theirRules = [...Map.groupBy(theirs, ({ alert }) => alert.rule)].map(([rule, alerts]): TheirRule => {
    const matched = count(alerts, isMatched);
    return {
      rule,
      alerts: alerts.length,
      matched,
      missed: alerts.length - matched,
      doubled: count(alerts, ({ isDouble }) => isDouble),
      by: [...new Set(alerts.flatMap(({ by }) => by ?? []))].sort(),
      ours: [...new Set(alerts.flatMap((one) => one.ours.map((finding) => finding.rule.title)))].sort(),
    };
  });
  const ourRules = [...Map.groupBy(ours, ({ finding }) => finding.rule.id)].flatMap(([id, findings]): OurRule[] => {
    const last = findings.at(-1)?.finding;
    if (last === undefined) return [];
    const matched = count(findings, isFound);
    return [
      {
        id,
        title: last.rule.title,
        state: last.shadow ? "shadow" : "active",
        findings: findings.length,
        matched,
        missed: findings.length - matched,
        doubled: count(findings, ({ isDouble }) => isDouble),
      },
    ];
  });
  const worst = (a: { missed: number }, b: { missed: number }): number => b.missed - a.missed;
  const matchedAlerts = count(theirs, isMatched);
  const matchedFindings = count(ours, isFound);
  return {
    theirs: {
      alerts: theirs.length,
      matched: matchedAlerts,
      weMissed: theirs.length - matchedAlerts,
      doubled: count(theirs, ({ isDouble }) => isDouble),
    },
    ours: {
      findings: ours.length,
      matched: matchedFindings,
      theyMissed: ours.length - matchedFindings,
      doubled: count(ours, ({ isDouble }) => isDouble),
    },
    theirRules: theirRules.toSorted((a, b) => worst(a, b) || (a.rule < b.rule ? -1 : 1)),
    ourRules: ourRules.toSorted((a, b) => worst(a, b) || (a.id < b.id ? -1 : 1)),
  };
}

const number = (title: string, width: number) => ({ title, width });
const THEIR_COLUMNS: readonly Column<TheirRule>[] = [
  { ...number("ALERTS", 9), text: ({ alerts }) => String(alerts) },
  { ...number("MATCHED", 9), text: ({ matched }) => String(matched) },
  { ...number("WE MISSED", 9), text: ({ missed }) => String(missed) },
  { ...number("DOUBLED", 9), text: ({ doubled }) => String(doubled) },
  { title: "BY", width: 20, text: ({ by }) => by.join(", ") },
  { title: "THEIR RULE", width: 60, text: ({ rule }) => rule },
  { title: "OUR RULES", width: 60, text: ({ ours }) => ours.join("; ") },
];
const OUR_COLUMNS: readonly Column<OurRule>[] = [
  { ...number("FINDINGS", 9), text: ({ findings }) => String(findings) },
  { ...number("MATCHED", 9), text: ({ matched }) => String(matched) },
  { ...number("THEY MISSED", 11), text: ({ missed }) => String(missed) },
  { ...number("DOUBLED", 9), text: ({ doubled }) => String(doubled) },
  { title: "STATE", width: 6, text: ({ state }) => state },
  { title: "OUR RULE", width: 60, text: ({ title }) => title },
  { title: "ID", width: 36, text: ({ id }) => id },
];
const ALERT_COLUMNS: readonly Column<ComparedAlert>[] = [
  { title: "TIME", width: 20, text: ({ alert }) => timeText(alert.time) },
  { title: "THEIR RULE", width: 60, text: ({ alert }) => alert.rule },
  { title: "ALERT", width: 70, text: ({ alert }) => alert.place },
  { title: "ABOUT", width: 80, text: ({ alert }) => [...alert.entities, ...alert.documents].join(", ") },
];
const FINDING_COLUMNS: readonly Column<ComparedFinding>[] = [
  { title: "TIME", width: 20, text: ({ finding }) => timeText(finding.from) },
  { title: "OUR RULE", width: 60, text: ({ finding }) => finding.rule.title },
  { title: "FINDING", width: 70, text: ({ finding }) => finding.id },
  { title: "ABOUT", width: 80, text: ({ finding }) => [...finding.entities, ...finding.documents].join(", ") },
];

/** A comparison as tables: by rule, then what was missed and doubled, `listed` of each. */
export function comparisonTables(comparison: Comparison, listed: number): readonly string[] {
  const summary = summarize(comparison);
  const { theirs, ours } = summary;
  const list = <Row>(title: string, columns: readonly Column<Row>[], rows: readonly Row[]): readonly string[] => {
    if (rows.length === 0) return [];
    const more = rows.length > listed ? ` (the first ${listed})` : "";
    return ["", `${title}: ${rows.length}${more}`, ...textTable(columns, rows.slice(0, listed))];
  };
  return [
    `Their alerts: ${theirs.alerts}, of which we have ${theirs.matched}, missed ${theirs.weMissed}; doubled: ${theirs.doubled}.`,
    `Our findings: ${ours.findings}, of which they have ${ours.matched}, missed ${ours.theyMissed}; doubled: ${ours.doubled}.`,
    ...(summary.theirRules.length === 0 ? [] : ["", ...textTable(THEIR_COLUMNS, summary.theirRules)]),
    ...(summary.ourRules.length === 0 ? [] : ["", ...textTable(OUR_COLUMNS, summary.ourRules)]),
    ...list(
      "We missed",
      ALERT_COLUMNS,
      comparison.theirs.filter((one) => !isMatched(one)),
    ),
    ...list(
      "They missed",
      FINDING_COLUMNS,
      comparison.ours.filter((one) => !isFound(one)),
    ),
    ...list(
      "Doubled by them",
      ALERT_COLUMNS,
      comparison.theirs.filter(({ isDouble }) => isDouble),
    ),
    ...list(
      "Doubled by us",
      FINDING_COLUMNS,
      comparison.ours.filter(({ isDouble }) => isDouble),
    ),
  ];
}

/** A comparison as JSON, a line for each alert, each finding, and the summary last. */
export function comparisonLines(comparison: Comparison): readonly string[] {
  const iso = (time: number): string => new Date(time).toISOString();
  return [
    ...comparison.theirs.map(({ alert, ours, by, isDouble }) =>
      JSON.stringify({
        kind: "theirs",
        outcome: by === undefined ? "we-missed" : "matched",
        ...(by === undefined ? {} : { by }),
        doubled: isDouble,
        rule: alert.rule,
        time: iso(alert.time),
        alert: alert.place,
        documents: alert.documents,
        entities: alert.entities,
        ours: ours.map(({ id, rule }) => ({ finding: id, rule: rule.id, title: rule.title })),
      }),
    ),
    ...comparison.ours.map(({ finding, theirs, isDouble }) =>
      JSON.stringify({
        kind: "ours",
        outcome: theirs > 0 ? "matched" : "they-missed",
        doubled: isDouble,
        rule: finding.rule.id,
        title: finding.rule.title,
        state: finding.shadow ? "shadow" : "active",
        time: iso(finding.from),
        to: iso(finding.to),
        finding: finding.id,
        documents: finding.documents,
        entities: finding.entities,
        theirs,
      }),
    ),
    JSON.stringify({ kind: "summary", ...summarize(comparison) }),
  ];
}
