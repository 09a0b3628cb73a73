import type { Log } from "../../ports.ts";
import type { RawRecord, RefusedInput } from "../../record.ts";
import type { JudgeRecords, StageOneCounters } from "./judge-records.ts";
import { receivedId, receivedIndex } from "./received-document.ts";
import { writeFacts, type WriteOnce } from "./write-facts.ts";

/** What judging at once needs. */
export interface EarlyJudgementOptions {
  readonly prefix: string;
  readonly judge: JudgeRecords;
  readonly writeOnce: WriteOnce;
  readonly refuse: (inputs: readonly RefusedInput[]) => Promise<void>;
  readonly log: Log;
  /** Told what was judged. */
  readonly onJudged: (counters: Partial<StageOneCounters>) => void;
  /** Records that wait at most; further ones are left to the tail. By default 20,000. */
  readonly maxWaiting?: number;
  /** Records that are remembered as judged. By default 100,000. */
  readonly maxRemembered?: number;
}

/**
 * Judges records as soon as they are stored, before the tail comes to them. It promises nothing: what it leaves out or fails to write the tail judges, and what the tail judges again
 * meets itself.
 */
export interface EarlyJudgement extends AsyncDisposable {
  /** Takes records that this worker has stored just now. */
  take(records: readonly RawRecord[]): void;
  /** True when this worker has judged the record and its facts are on stable storage. Asked by the tail, once for each. */
  wasJudged(record: RawRecord): boolean;
  /** Resolves when nothing waits. */
  settled(): Promise<void>;
  /** Records left to the tail because too many waited. */
  readonly leftOut: number;
}

const BATCH = 1_000;

/** Makes the way of judging at once. */
export function createEarlyJudgement(options: EarlyJudgementOptions): EarlyJudgement {
  const { prefix, judge, writeOnce, refuse, log, onJudged, maxWaiting = 20_000, maxRemembered = 100_000 } = options;
  const closing = new AbortController();
  /** By event id, the time of receipt: a record that is received again is another one. */
  const judged = new Map<string, number>();
  let waiting: RawRecord[] = [];
  let running: Promise<void> | undefined;
  let leftOut = 0;

  const remember = (records: readonly RawRecord[]): void => {
    for (const { id, receivedAt } of records) judged.set(id, receivedAt);
    for (const id of judged.keys()) {
      if (judged.size <= maxRemembered) break;
      judged.delete(id);
    }
  };

  const judgeBatch = async (records: readonly RawRecord[]): Promise<void> => {
    try {
      const result = await judge(
        records.map((record) => ({
          record,
          position: { index: receivedIndex(prefix, record), id: receivedId(record) },
        })),
      );
      const written = await writeFacts(writeOnce, result.facts, { signal: closing.signal, refresh: true });
      onJudged({ ...result.counters, ...written });
      await refuse(result.poison);
      remember(records);
    } catch (error) {
      if (!closing.signal.aborted)
        log.warn(
          { error: String(error), records: records.length },
          "records are not judged at once; the tail judges them",
        );
    }
  };

  const run = async (): Promise<void> => {
    while (waiting.length > 0 && !closing.signal.aborted) {
      const batch = waiting.slice(0, BATCH);
      waiting = waiting.slice(BATCH);
      await judgeBatch(batch);
    }
    running = undefined;
  };

  return {
    take(records) {
      if (closing.signal.aborted) return;
      const room = Math.max(0, maxWaiting - waiting.length);
      leftOut += Math.max(0, records.length - room);
      waiting = waiting.concat(records.slice(0, room));
      if (waiting.length > 0) running ??= Promise.resolve().then(run);
    },
    wasJudged({ id, receivedAt }) {
      if (judged.get(id) !== receivedAt) return false;
      judged.delete(id);
      return true;
    },
    async settled() {
      for (let now = running; now !== undefined; now = running) await now;
    },
    get leftOut() {
      return leftOut;
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await running;
    },
  };
}
