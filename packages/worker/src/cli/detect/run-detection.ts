import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import {
  type CorrelatorCounters,
  type FieldMapping,
  type Finding,
  type Rule,
  createCorrelator,
  createDetector,
  type LogSource,
} from "@vedette/detection";
import type { EventInputErrorCode } from "./error-codes.ts";
import { readEvents } from "./event-input.ts";

/** What a run is told. */
export interface DetectionRun {
  /** Log source of events whose own fields do not tell it. */
  readonly logSource?: LogSource;
  readonly rules: readonly Rule[];
  readonly mappings: readonly FieldMapping[];
  readonly inputs: readonly string[];
  /** Milliseconds that an event may be older than the newest before it, for correlations. */
  readonly lateness: number;
  readonly standardInput?: () => Readable;
  readonly onFinding: (finding: Finding) => void;
  readonly onProblem: (problem: InputProblem) => void;
  /** Called after each event; a promise holds the reading up. */
  readonly onEvent?: (totals: RunTotals) => Promise<void> | undefined;
}

/** Something wrong with an input. */
export interface InputProblem {
  readonly code: EventInputErrorCode;
  readonly path: string;
  readonly line: number | undefined;
  readonly detail: string;
}

/** What a run counted. */
export interface RunTotals {
  events: number;
  findings: number;
  /** Inputs, lines and elements that gave no event. */
  broken: number;
  /** Events without a log source: no rule looked at them. */
  unmatched: number;
  /** Where the first of these is. */
  firstUnmatched: string | undefined;
  /** Matches of correlated rules on events without a time: they cannot be counted. */
  undated: number;
  correlations: CorrelatorCounters | undefined;
}

/** Judges every event of the inputs in order and reports findings: facts at once, episodes when nothing can change them any more. */
export async function runDetection(run: DetectionRun): Promise<RunTotals> {
  const detector = createDetector(run.rules, { mappings: run.mappings });
  const counted = new Set(run.rules.flatMap(({ correlation }) => correlation?.ruleIds ?? []));
  const correlates = counted.size > 0;
  const correlator = createCorrelator(run.rules, { lateness: run.lateness });
  const totals: RunTotals = {
    events: 0,
    findings: 0,
    broken: 0,
    unmatched: 0,
    firstUnmatched: undefined,
    undated: 0,
    correlations: undefined,
  };
  const report = (finding: Finding): void => {
    totals.findings++;
    run.onFinding(finding);
  };
  const flush = (): void => {
    for (const episode of correlator.takeChanges().episodes)
      if (episode.final && episode.mergedInto === undefined && episode.alerts) report(episode);
  };
  let watermark = -Infinity;
  for (const [input, path] of run.inputs.entries()) {
    let position = 0;
    for await (const item of readEvents(path, run.standardInput)) {
      if (item.kind === "problem") {
        totals.broken++;
        run.onProblem({ code: item.code, path, line: item.line, detail: item.detail });
        continue;
      }
      const { document, line } = item;
      const time = run.mappings.find((mapping) => mapping.accepts(document))?.time(document) ?? Number.NaN;
      const judgement = detector.judge({
        id: eventId(input, position++, totals.events),
        time,
        document,
        logSource: run.logSource,
      });
      totals.events++;
      if (judgement.logSources.length === 0) {
        totals.unmatched++;
        totals.firstUnmatched ??= `${path === "-" ? "standard input" : path}:${line}`;
      }
      for (const fact of judgement.facts) {
        if (fact.alerts) report(fact);
        if (!counted.has(fact.rule.id)) continue;
        if (Number.isNaN(time)) totals.undated++;
        else correlator.observe(fact);
      }
      if (correlates && time > watermark) {
        watermark = time;
        correlator.advance(watermark);
      }
      if (correlates && totals.events % 1_000 === 0) flush();
      await run.onEvent?.(totals);
    }
  }
  if (correlates) {
    correlator.advance(Number.MAX_SAFE_INTEGER);
    flush();
    totals.correlations = correlator.counters();
  }
  return totals;
}

/** Id of an event: a hash of its place, not of the file's name, and its number over all inputs. */
function eventId(input: number, position: number, index: number): string {
  return `${createHash("sha256").update(`${input}\0${position}`).digest("hex").slice(0, 32)}-${index}`;
}
