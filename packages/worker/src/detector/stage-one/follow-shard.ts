import type { JsonValue } from "@vedette/detection";
import type { ShardPosition, ShardTail, TailPage } from "../../collector/elasticsearch/shard-tail.ts";
import { ElasticsearchError } from "../../elasticsearch/errors.ts";
import type { Lease } from "../../leases/lease.ts";
import type { Clock, Log, Timers } from "../../ports.ts";
import type { RefusedInput } from "../../record.ts";
import type { ShardProgress } from "../findings/finding-document.ts";
import {
  addCounts,
  type JudgedRecords,
  type JudgeRecords,
  NO_COUNTS,
  type PlacedRecord,
  type StageOneCounters,
} from "./judge-records.ts";
import { addJudged } from "./judged-ranges.ts";
import type { Slots } from "./slots.ts";
import { writeFacts, type WriteOnce } from "./write-facts.ts";

/** A tail and where it begins. */
export interface OpenedTail {
  readonly tail: ShardTail;
  readonly position: ShardPosition;
  /** Resolves when there may be more to read, at the latest after so many milliseconds or when the signal aborts; by default it only waits. */
  readonly changed?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

/** What following one shard needs. */
export interface FollowShardOptions {
  readonly lease: Lease;
  /** Name of the partition that the watermark is kept for. */
  readonly partition: string;
  /** Opens the shard after a position; without one, where its source is configured to start. */
  readonly openTail: (position: ShardPosition | undefined, signal: AbortSignal) => Promise<OpenedTail>;
  /** The records of a page that are to be judged now. */
  readonly recordsOf: (page: TailPage) => {
    readonly records: readonly PlacedRecord[];
    /** How many were judged ahead of the tail, and the highest event time among them, those dated in the future left out. */
    readonly early: number;
    readonly earlyNewest?: number | undefined;
  };
  readonly judge: JudgeRecords;
  readonly writeOnce: WriteOnce;
  readonly refuse: (inputs: readonly RefusedInput[]) => Promise<void>;
  /** Name of the set of rules. */
  readonly ruleSet: string;
  /** Pages in memory at once, over all shards. */
  readonly slots: Slots;
  readonly ports: { readonly clock: Clock; readonly timers: Timers; readonly log: Log };
  /** Milliseconds between two looks at a shard that has nothing new. */
  readonly pollInterval: number;
  /** Milliseconds of reading after which progress is saved at the latest. */
  readonly saveInterval: number;
  /** Told what a page gave once it is dealt with, and where the shard stands. */
  readonly onPage: (counters: StageOneCounters, progress: ShardProgress) => void;
  /** Told what keeps the shard from being read, one sentence, or that nothing does. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

interface Fetched {
  readonly page: TailPage;
  readonly release: () => void;
}

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;

/**
 * Reads a leased shard and judges it until the lease is lost or recalled. A page is fetched while the one before is judged and the facts of the one before that are written; progress moves only over pages whose
 * facts are on stable storage, and only while the lease is held.
 *
 * @throws LeaseLostError, or an `ElasticsearchError` that waiting does not cure
 */
export async function followShard(options: FollowShardOptions): Promise<void> {
  const { lease, judge, recordsOf, writeOnce, refuse, ruleSet, slots, onPage, onTrouble } = options;
  const { clock, timers, log } = options.ports;
  const failed = new AbortController();
  const signal = AbortSignal.any([lease.lost, failed.signal]);
  const stop = AbortSignal.any([signal, lease.recalled]);
  const before = progressOf(lease.payload);

  const told = async (error: ElasticsearchError, pause: number, until: AbortSignal): Promise<void> => {
    onTrouble(error.message);
    log.warn({ resource: lease.resource, code: error.code, pause }, "a shard waits for Elasticsearch");
    await timers.sleep(pause, until);
  };

  /** Makes a call until it succeeds, unless waiting does not help. */
  const patiently = async <T>(call: () => Promise<T>, until: AbortSignal): Promise<T> => {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
      try {
        const result = await call();
        onTrouble(undefined);
        return result;
      } catch (error) {
        if (until.aborted || !isPassing(error)) throw error;
        await told(error, pause, until);
      }
    }
  };

  const { tail, position, changed } = await patiently(() => options.openTail(before?.position, signal), stop);
  let progress: ShardProgress = before ?? beginning(position, options.partition);
  let isSaved = before !== undefined;
  let savedAt = clock.now();

  const save = async (): Promise<void> => {
    if (isSaved) return;
    isSaved = true;
    savedAt = clock.now();
    await lease.save(progress as unknown as JsonValue);
  };

  const fetch = async (): Promise<Fetched | "idle" | "stopped"> => {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
      const release = await slots.take();
      try {
        const page = stop.aborted ? undefined : await tail.next(signal);
        onTrouble(undefined);
        if (page !== undefined) return { page, release };
        release();
        return stop.aborted ? "stopped" : "idle";
      } catch (error) {
        // A shard that waits keeps no other one from being read.
        release();
        if (stop.aborted) return "stopped";
        if (!isPassing(error)) throw error;
        await told(error, pause, stop);
      }
    }
  };

  const settle = async (page: TailPage, judged: JudgedRecords, early: number): Promise<void> => {
    // Behind events that come in now somebody waits for the alerts; while a shard is read up, the index's own refreshes are cheaper.
    const refresh = page.caughtUp;
    const written = await patiently(() => writeFacts(writeOnce, judged.facts, { signal, refresh }), signal);
    await refuse(judged.poison);
    const counters = [judged.counters, written].reduce<StageOneCounters>(addCounts, {
      ...NO_COUNTS,
      superseded: page.superseded,
      early,
    });
    progress = advance(progress, page, judged, counters, ruleSet, clock.now());
    isSaved = false;
    onPage(counters, progress);
    if (page.caughtUp || clock.now() - savedAt >= options.saveInterval) await save();
  };

  let writing: Promise<void> = Promise.resolve();
  let failure: { readonly error: unknown } | undefined;
  const inBackground = (work: Promise<void>, release: () => void): Promise<void> =>
    work
      .catch((error: unknown) => {
        failure ??= { error };
        failed.abort();
      })
      .finally(release);

  // Where reading begins is decided once, before anything is read.
  await save();
  let fetching = fetch();
  for (;;) {
    // A rejection is met when its turn comes.
    fetching.catch(() => {});
    let fetched: Awaited<typeof fetching>;
    try {
      fetched = await fetching;
    } catch (error) {
      failure ??= { error };
      break;
    }
    if (fetched === "stopped") break;
    if (fetched === "idle") {
      await writing;
      if (failure !== undefined) break;
      await save();
      if (changed === undefined) await timers.sleep(options.pollInterval, stop);
      else await changed(options.pollInterval, stop);
      fetching = fetch();
      continue;
    }
    const { page, release } = fetched;
    fetching = fetch();
    try {
      const { records, early, earlyNewest } = recordsOf(page);
      const later = await judge(records);
      const judged = { ...later, newest: newestOf(later.newest, earlyNewest) };
      await writing;
      if (failure !== undefined || signal.aborted) release();
      else writing = inBackground(settle(page, judged, early), release);
    } catch (error) {
      release();
      failure ??= { error };
      failed.abort();
    }
  }
  await writing;
  if (failure !== undefined) throw failure.error;
  if (!lease.lost.aborted) await save();
}

const isPassing = (error: unknown): error is ElasticsearchError =>
  error instanceof ElasticsearchError && error.retryable;

/** What the payload of a lease says; undefined for a shard that was never read. */
export function progressOf(payload: JsonValue | undefined): ShardProgress | undefined {
  const progress = payload as ShardProgress | undefined;
  return typeof progress?.position?.checkpoint === "number" ? progress : undefined;
}

const newestOf = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);

const beginning = ({ historyUuid, checkpoint }: ShardPosition, partition: string): ShardProgress => ({
  position: { historyUuid, checkpoint },
  partition,
  newest: null,
  lastReceived: null,
  counters: { ...NO_COUNTS },
  judged: [],
  began: checkpoint,
  caughtUp: false,
});

function advance(
  progress: ShardProgress,
  page: TailPage,
  judged: JudgedRecords,
  counters: StageOneCounters,
  ruleSet: string,
  now: number,
): ShardProgress {
  const { historyUuid, checkpoint } = page.position;
  // Numbers were given anew: what was judged under the old ones says nothing of the new ones.
  const isAnew = historyUuid !== progress.position.historyUuid || checkpoint < progress.position.checkpoint;
  const from = isAnew ? 0 : progress.position.checkpoint + 1;
  const hasRead = (judged.counters.read ?? 0) + counters.early > 0;
  return {
    ...progress,
    position: { historyUuid, checkpoint },
    newest: newestOf(progress.newest ?? undefined, judged.newest) ?? null,
    lastReceived: hasRead ? now : progress.lastReceived,
    counters: { ...addCounts({ ...NO_COUNTS, ...progress.counters }, counters) },
    judged: addJudged(isAnew ? [] : progress.judged, { from, to: checkpoint, ruleSet }),
    ...(isAnew ? { began: -1 } : {}),
    caughtUp: page.caughtUp,
  };
}
