import type { Fact, LogSource } from "@vedette/detection";
import { canonicalJson } from "../../audit/canonical-json.ts";
import type { ProcessRecords } from "../../collector/processors/processors.ts";
import type { Clock, Log, Timers } from "../../ports.ts";
import type { RawRecord, RefusedInput } from "../../record.ts";
import type { EventPosition } from "../findings/finding-document.ts";
import type { EventJudge } from "../line-rule.ts";
import type { FactOrigin } from "./fact-document.ts";

/** What stage one counts, of a shard or since the start. */
export interface StageOneCounters {
  /** Documents read. */
  readonly read: number;
  /** Events that every rule looked at. */
  readonly judged: number;
  /** Events that belong to no log source, so that no rule looked at them. */
  readonly unmatched: number;
  /** Events dropped by a filter. */
  readonly filtered: number;
  /** Dated in the future: judged, and left out of the watermark. */
  readonly quarantined: number;
  /** Events that the detector failed on: a defect. */
  readonly failed: number;
  /** Findings that were not made because an exception of the rule accepts the event. */
  readonly excepted: number;
  /** Findings that were written, and of these the ones of an event that had been judged with another content. */
  readonly facts: number;
  readonly changed: number;
  /** Findings that were there already. */
  readonly known: number;
  /** Findings that Elasticsearch refused; they are in the dead-letter index. */
  readonly refused: number;
  /** Sequence numbers that hold no document any more. */
  readonly superseded: number;
  /** Events that this worker had judged when it received them. */
  readonly early: number;
}

/** All counters at nought. */
export const NO_COUNTS: StageOneCounters = {
  read: 0,
  judged: 0,
  unmatched: 0,
  filtered: 0,
  quarantined: 0,
  failed: 0,
  excepted: 0,
  facts: 0,
  changed: 0,
  known: 0,
  refused: 0,
  superseded: 0,
  early: 0,
};

/** Adds counters up. */
export function addCounts(counters: StageOneCounters, more: Partial<StageOneCounters>): StageOneCounters {
  const sum: Record<string, number> = { ...counters };
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + count;
  return sum as unknown as StageOneCounters;
}

/** A record and where its document stands. */
export interface PlacedRecord {
  readonly record: RawRecord;
  readonly position: EventPosition;
}

/** A fact and what its document says besides it. */
export interface PlacedFact {
  readonly fact: Fact;
  readonly origin: FactOrigin;
}

/** What judging records gave. */
export interface JudgedRecords {
  readonly facts: readonly PlacedFact[];
  readonly counters: Partial<StageOneCounters>;
  /**
   * Highest event time, those dated in the future left out. Unix milliseconds. Events without a time stand at that of their receipt, which says nothing of the others where these are read
   * long after they happened: they count only where no event has a time.
   */
  readonly newest: number | undefined;
  /** Events that the detector failed on. */
  readonly poison: readonly RefusedInput[];
}

/** What judging records needs. */
export interface RecordJudgeOptions {
  readonly prefix: string;
  readonly detector: EventJudge;
  /** Whether a rule, by its id, is on trial. */
  readonly isShadow: (ruleId: string) => boolean;
  readonly process?: ProcessRecords | undefined;
  /** What the configuration says that the records of a source belong to. */
  readonly logSources: ReadonlyMap<string, LogSource>;
  /** An event dated further ahead of its receipt is quarantined. Milliseconds. */
  readonly futureTolerance: number;
  readonly ports: { readonly clock: Clock; readonly timers: Timers; readonly log: Log };
}

/** Judges records, in pieces short enough for leases to be renewed in between. */
export type JudgeRecords = (records: readonly PlacedRecord[]) => Promise<JudgedRecords>;

/** Milliseconds of judging without a pause. */
const LONGEST_SPELL = 50;
/** Events judged between two looks at the clock. */
const SPELL = 64;
const SAMPLE_LENGTH = 1_024;

/** Makes the function that judges records; nothing that an event holds makes it reject. */
export function createRecordJudge(options: RecordJudgeOptions): JudgeRecords {
  const { prefix, detector, isShadow, process, logSources, futureTolerance } = options;
  const { clock, timers, log } = options.ports;

  return async (placed) => {
    const facts: PlacedFact[] = [];
    const poison: RefusedInput[] = [];
    const counters = { read: placed.length, judged: 0, unmatched: 0, quarantined: 0, failed: 0, excepted: 0 };
    let newest: number | undefined;
    let newestUndated: number | undefined;
    const places = new Map(placed.map(({ record, position }) => [record.id, position]));
    const records = placed.map(({ record }) => record);
    const wanted = process === undefined ? records : process(records);
    let since = clock.now();
    for (const [at, record] of wanted.entries()) {
      if (at % SPELL === SPELL - 1 && clock.now() - since > LONGEST_SPELL) {
        await timers.sleep(0);
        since = clock.now();
      }
      const { id, time, document, source, receivedAt, undated = false } = record;
      if (time > receivedAt + futureTolerance) counters.quarantined += 1;
      else if (undated) newestUndated = Math.max(newestUndated ?? time, time);
      else newest = Math.max(newest ?? time, time);
      const position = places.get(id);
      if (position === undefined) throw new Error("a processor changed the id of a record");
      try {
        const judgement = detector.judge({ id, time, document, logSource: logSources.get(source) });
        const { logSources: belongsTo, excepted = [] } = judgement;
        counters.judged += 1;
        if (belongsTo.length === 0) counters.unmatched += 1;
        counters.excepted += excepted.length;
        for (const fact of judgement.facts) {
          const shadow = isShadow(fact.rule.id);
          facts.push({ fact, origin: { prefix, source, position, undated, received: receivedAt, shadow } });
        }
      } catch (error) {
        counters.failed += 1;
        log.error({ eventId: id, error: String(error) }, "the detector failed on an event; it is counted as failed");
        poison.push({
          time: clock.now(),
          source,
          reason: "detector_failed",
          detail: `The detector failed on ${position.index}/${position.id}: ${String(error)}`,
          sample: sampleOf(record),
        });
      }
    }
    const filtered = records.length - wanted.length;
    return { facts, counters: { ...counters, filtered }, newest: newest ?? newestUndated, poison };
  };
}

const sampleOf = ({ document }: RawRecord): string => {
  try {
    return canonicalJson(document).slice(0, SAMPLE_LENGTH);
  } catch (error) {
    return `(the document cannot be shown: ${String(error)})`;
  }
};
