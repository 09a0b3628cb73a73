import { hash } from "node:crypto";
import { type Fact, type Finding, type RuleReference, createCorrelator, factId } from "@vedette/detection";
import { type ChunkResult, MATCH_COLUMN, MATCH_WIDTH, NONE } from "./chunk.ts";
import { type DetectionRun, type RunTotals, inputName } from "./detection-run.ts";
import { eventPart, lineHead } from "./finding-line.ts";
import { countedRules } from "./judge-chunk.ts";

/** Puts the results of chunks, given in the order of the input, together to findings. */
export interface Merger {
  /** Whether a rule correlates: the results must then have event times. */
  readonly correlates: boolean;
  merge(input: number, result: ChunkResult): void;
  /** All events were seen: episodes that are still open are reported. */
  finish(): void;
}

/** Events after which episodes that have become final are reported. */
const FLUSH_EVERY = 1_000;

/** Makes what reports findings and counts for a run. What it reports does not depend on where the input was cut. */
export function createMerger(run: DetectionRun, totals: RunTotals): Merger {
  const references = run.rules.map(({ id, title, level, revision }) => ({ id, title, level, revision }));
  const heads = run.rules.map((): string | undefined => undefined);
  const counted = countedRules(run.rules);
  const correlates = counted.size > 0;
  const correlator = createCorrelator(run.rules, { lateness: run.lateness });
  let watermark = -Infinity;
  /** Input at hand, with its events and lines so far. */
  const place = { input: 0, events: 0, lines: 0 };

  const count = ({ id }: RuleReference): void => {
    totals.findings++;
    totals.byRule.set(id, (totals.byRule.get(id) ?? 0) + 1);
  };
  const report = (finding: Finding): void => {
    count(finding.rule);
    run.onFinding(finding);
  };
  const flush = (): void => {
    for (const episode of correlator.takeChanges().episodes)
      if (episode.final && episode.mergedInto === undefined && episode.withdrawn !== true && episode.alerts)
        report(episode);
  };
  const advance = (time: number): void => {
    if (!(time > watermark)) return;
    watermark = time;
    correlator.advance(watermark);
  };

  const findings = ({ matches, newest, events }: ChunkResult): void => {
    let passed = 0;
    /** Lets time come as far as it had before an event of the chunk was looked at. */
    const passTo = (event: number): void => {
      if (newest === undefined || event === passed) return;
      const start = totals.events;
      for (let next = start + passed; ;) {
        next += FLUSH_EVERY - (next % FLUSH_EVERY);
        if (next - start > event) break;
        advance(newest[next - start - 1] ?? -Infinity);
        flush();
      }
      advance(newest[event - 1] ?? -Infinity);
      passed = event;
    };
    const { columns, facts } = matches;
    const tails = run.form === "lines" ? matches.tails.split("\n") : [];
    let last = NONE;
    let id = "";
    let part = "";
    for (let at = 0; at < columns.length; at += MATCH_WIDTH) {
      const event = columns[at + MATCH_COLUMN.event] ?? NONE;
      const rule = columns[at + MATCH_COLUMN.rule] ?? NONE;
      const tail = columns[at + MATCH_COLUMN.tail] ?? NONE;
      const reference = references[rule];
      if (reference === undefined) throw new Error(`There is no rule ${rule}.`);
      passTo(event);
      if (event !== last) {
        last = event;
        const index = totals.events + event;
        id = idOf(place.input, place.events + event, index);
        part = eventPart(index, id);
      }
      if (tail !== NONE && run.form !== "findings") {
        count(reference);
        if (run.form === "lines") run.onLine((heads[rule] ??= lineHead(reference)) + part + (tails[tail] ?? ""));
      }
      const found = facts[columns[at + MATCH_COLUMN.fact] ?? NONE];
      if (found === undefined) continue;
      const fact: Fact = { ...found, rule: reference, id: factId(reference, id), eventId: id };
      if (fact.alerts && run.form === "findings") report(fact);
      if (!counted.has(reference.id)) continue;
      if (Number.isNaN(fact.time)) totals.undated++;
      else correlator.observe(fact);
    }
    passTo(events);
  };

  return {
    correlates,
    merge: (input, result) => {
      if (place.input !== input) Object.assign(place, { input, events: 0, lines: 0 });
      const path = run.inputs[input] ?? "";
      const lineOf = (line: number): number => (result.lines === undefined ? line : place.lines + line + 1);
      for (const { code, detail, line } of result.problems) {
        totals.broken++;
        run.onProblem({ code, path, line: lineOf(line), detail });
      }
      if (result.firstUnmatched !== undefined)
        totals.firstUnmatched ??= `${inputName(path)}:${lineOf(result.firstUnmatched)}`;
      findings(result);
      totals.unmatched += result.unmatched;
      totals.replaced += result.replaced;
      add(totals.bySource, result.sources);
      add(totals.excepted, result.excepted);
      totals.events += result.events;
      place.events += result.events;
      place.lines += result.lines ?? 0;
    },
    finish: () => {
      if (!correlates) return;
      correlator.advance(Number.MAX_SAFE_INTEGER);
      flush();
      totals.correlations = correlator.counters();
    },
  };
}

function add(to: Map<string, number>, counts: ReadonlyMap<string, number> | undefined): void {
  for (const [key, count] of counts ?? []) to.set(key, (to.get(key) ?? 0) + count);
}

/** Id of an event: a hash of its place, not of the file's name, and its number over all inputs. */
function idOf(input: number, position: number, index: number): string {
  return `${hash("sha256", `${input}\0${position}`).slice(0, 32)}-${index}`;
}
