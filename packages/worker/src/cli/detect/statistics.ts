import type { CorrelatorCounters, Rule } from "@vedette/detection";
import { printable } from "../text-table.ts";
import { duration, grouped } from "./progress.ts";
import type { RunTotals } from "./detection-run.ts";

/** What a run cost. */
export interface RunCost {
  /** Milliseconds from the first byte to the last finding. */
  readonly elapsed: number;
  /** Milliseconds of processor time in the same span, of all threads. */
  readonly processor: number;
  /** Milliseconds of loading rules before that. */
  readonly loading: number;
  readonly threads: number;
  /** Bytes of memory at the highest, loading included. */
  readonly peakMemory: number;
}

/** Figures of a run, as `--stats json` prints them. Rates are per second. */
export interface RunStatistics {
  readonly events: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly eventsPerSecond: number;
  readonly megabytesPerSecond: number;
  readonly eventsPerCpuSecond: number;
  readonly loadSeconds: number;
  readonly threads: number;
  readonly peakMemoryBytes: number;
  readonly rules: { readonly loaded: number; readonly refused: number };
  readonly findings: number;
  readonly unmatched: number;
  readonly broken: number;
  readonly sources: readonly { readonly mapping: string; readonly logSource: string; readonly events: number }[];
  readonly topRules: readonly { readonly id: string; readonly title: string; readonly findings: number }[];
  /** Findings that exceptions of rules hid. */
  readonly exceptions: readonly { readonly ruleId: string; readonly exception: string; readonly hidden: number }[];
  readonly correlations: CorrelatorCounters | null;
}

/** Rules and sources listed. */
const LISTED = 10;

/** Puts the figures of a run together. */
export function statisticsOf(totals: RunTotals, cost: RunCost, rules: readonly Rule[], refused: number): RunStatistics {
  const seconds = cost.elapsed / 1_000;
  const cpuSeconds = cost.processor / 1_000;
  const rate = (amount: number, by: number): number => (by > 0 ? rounded(amount / by) : 0);
  const titles = new Map(rules.map(({ id, title }) => [id, title]));
  return {
    events: totals.events,
    bytes: totals.bytes,
    seconds: rounded(seconds),
    cpuSeconds: rounded(cpuSeconds),
    eventsPerSecond: Math.round(rate(totals.events, seconds)),
    megabytesPerSecond: rate(totals.bytes / 1e6, seconds),
    eventsPerCpuSecond: Math.round(rate(totals.events, cpuSeconds)),
    loadSeconds: rounded(cost.loading / 1_000),
    threads: cost.threads,
    peakMemoryBytes: cost.peakMemory,
    rules: { loaded: rules.length, refused },
    findings: totals.findings,
    unmatched: totals.unmatched,
    broken: totals.broken,
    sources: [...totals.bySource]
      .sort(([a, count], [b, other]) => other - count || (a < b ? -1 : 1))
      .map(([key, events]) => {
        const [mapping = "", logSource = ""] = key.split("\t");
        return { mapping, logSource, events };
      }),
    topRules: [...totals.byRule]
      .sort(([a, count], [b, other]) => other - count || (a < b ? -1 : 1))
      .slice(0, LISTED)
      .map(([id, findings]) => ({ id, title: titles.get(id) ?? "", findings })),
    exceptions: [...totals.excepted].map(([key, hidden]) => {
      const [ruleId = "", exception = ""] = key.split("\t");
      return { ruleId, exception, hidden };
    }),
    correlations: totals.correlations ?? null,
  };
}

const COUNTER_WORDS: Readonly<Record<keyof CorrelatorCounters, string>> = {
  lateDropped: "findings older than the allowed lateness",
  ungrouped: "findings without a value for a field to group by",
  unvalued: "findings without a value for the field to compare",
  duplicates: "findings taken before",
  groupsEvicted: "groups forgotten because there were too many",
  groupsEvictedForMemory: "groups forgotten because they took too much memory",
  membersOmitted: "findings not listed in their episodes",
  membersDropped: "findings forgotten because their group had too many",
  entitiesOmitted: "entities not listed in their episodes",
  groupsOrphaned: "stored groups whose rule is gone or has changed",
  groups: "groups at the end",
  bytes: "bytes for them",
};

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

/** The figures as lines for people. */
export function statisticsLines(figures: RunStatistics): readonly string[] {
  const { events, sources, topRules, correlations, rules } = figures;
  const lines = [
    `events:      ${grouped(events)} in ${duration(figures.seconds * 1_000)} (${grouped(figures.eventsPerSecond)} events/s)`,
    `bytes:       ${grouped(figures.bytes)} (${figures.megabytesPerSecond.toFixed(1)} MB/s)`,
    `processor:   ${figures.cpuSeconds.toFixed(2)} s in ${figures.threads} ${figures.threads === 1 ? "thread" : "threads"} (${grouped(figures.eventsPerCpuSecond)} events per CPU-second)`,
    `memory:      ${Math.round(figures.peakMemoryBytes / 1e6)} MB at the highest`,
    `rules:       ${grouped(rules.loaded)} loaded in ${figures.loadSeconds.toFixed(1)} s, ${grouped(rules.refused)} refused`,
    `findings:    ${grouped(figures.findings)}`,
    `left out:    ${grouped(figures.broken)} inputs or lines; ${grouped(figures.unmatched)} events without a log source`,
  ];
  if (sources.length > 0) {
    lines.push("events by mapping and log source:");
    for (const { mapping, logSource, events: count } of sources.slice(0, LISTED))
      lines.push(
        `  ${grouped(count).padStart(11)}  ${printable(mapping === "" ? "no mapping" : mapping)}  ${printable(logSource === "" ? "no log source" : logSource)}`,
      );
    if (sources.length > LISTED) lines.push(`  ${"".padStart(11)}  and ${sources.length - LISTED} more`);
  }
  if (topRules.length > 0) {
    lines.push("rules that found most:");
    for (const { id, title, findings } of topRules)
      lines.push(`  ${grouped(findings).padStart(11)}  ${printable(title)} (${printable(id)})`);
  }
  if (figures.exceptions.length > 0) {
    lines.push("findings that exceptions hid:");
    for (const { ruleId, exception, hidden } of figures.exceptions)
      lines.push(`  ${grouped(hidden).padStart(11)}  ${printable(exception)} (rule ${printable(ruleId)})`);
  }
  if (correlations !== null) {
    lines.push("correlations:");
    for (const [name, count] of Object.entries(correlations) as [keyof CorrelatorCounters, number][])
      lines.push(`  ${grouped(count).padStart(11)}  ${COUNTER_WORDS[name]}`);
  }
  return lines;
}
