import type { DenyListEntry } from "@vedette/api";
import { canonicalJson } from "../audit/canonical-json.ts";
import { StoreError } from "../errors.ts";
import { parseAddressList } from "../responder/address-list.ts";
import { recordedAnswer, recordWrite } from "../responder/idempotency.ts";
import { lineOperations } from "../responder/line-operations.ts";
import { OperationError, type Operations } from "../responder/operations.ts";
import type { AlertMember, LineRow, StepCommit } from "../store/store.ts";
import { CarefulReader } from "./careful.ts";
import { inputsOf, recordInputs } from "./inputs.ts";
import { DEFAULT_LINE_CONFIG, type LineConfig, type LineOptions, type LineStatus } from "./line-options.ts";
import { addDrops, type LineDrops, LineState } from "./line-state.ts";
import { StepDraft } from "./step-draft.ts";

/** Members moved with an alert that was merged into another one; more stay where they are, under the merged alert's id. */
const MAX_MOVED_MEMBERS = 100_000;
/** Blocks whose publication is asked about in one step: the oldest ones, because every publication sends all of them. */
const MAX_LOOKED_AT = 100;
/** Characters kept of a record that is set aside. */
const MAX_SAMPLE = 1_024;
/** Alerts last seen within this time are loaded at once at a start; older ones are fetched one by one. Milliseconds. */
const RECOVERY_HORIZON = 24 * 3_600_000;

/**
 * The one place where the worker's memory changes: records are judged, people's decisions taken and time's doings done one step after
 * the other, each step committed whole before the next begins.
 */
export interface Line {
  /** Runs until the signal aborts. Does not reject: what goes wrong is logged, retried and shown in `status`. */
  start(signal: AbortSignal): Promise<void>;
  /** Makes the next step, if there is anything to do; resolves with whether there was. Rejects with a `StoreError`. */
  runOnce(signal?: AbortSignal): Promise<boolean>;
  /** Tells that the inbox has new rows. */
  notify(): void;
  readonly operations: Operations;
  status(): LineStatus;
  /** Deny-list entries that the guards have to apply now, as last committed. */
  inForce(): readonly DenyListEntry[];
}

type Job = {
  readonly name: string;
  readonly run: (state: LineState, draft: StepDraft) => Promise<unknown>;
  /** The idempotency key, and a hash of what was asked with it. */
  readonly asked: { readonly key: string; readonly request: string };
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
};

/** Makes a line; nothing happens until `start` or `runOnce`. */
export function createLine(options: LineOptions): Line {
  const config: LineConfig = { ...DEFAULT_LINE_CONFIG, ...options.config };
  const { store, ports } = options;
  const { clock, timers, log } = ports;
  const neverBlock = parseAddressList(config.neverBlock);
  const rules = new Map(options.rules.map((rule) => [rule.id, rule]));
  const jobs: Job[] = [];
  let state: LineState | undefined;
  let running: Promise<unknown> = Promise.resolve();
  const careful = new CarefulReader(config.batchSize);
  let lastFailure: unknown;
  /** The last record that was listed as set aside. */
  let listed: number | undefined;
  let stopped = false;
  let inputsRecorded = false;
  let wake = new AbortController();
  let commitRetries = 0;
  let rebuilds = 0;
  let problem: string | undefined;
  let committed:
    | Pick<
        LineStatus,
        "cursor" | "counters" | "unmatchedExamples" | "watermark" | "newestEvent" | "liveAlerts" | keyof LineDrops
      >
    | undefined;
  /** What the states thrown away since the start had committed of the numbers that no blob keeps. */
  let dropsBefore: LineDrops | undefined;
  let drops: LineDrops | undefined;
  let committedDenyList: readonly DenyListEntry[] = [];

  const onFailure = (row: { readonly id: string }, error: unknown): void =>
    log.error({ eventId: row.id, error: String(error) }, "the detector failed on an event; it is counted as failed");

  const newState = (): LineState => new LineState(options, rules, neverBlock, config, onFailure);

  function publishCommitted(from: LineState): void {
    const { counters, examples } = from.counters;
    drops = addDrops(dropsBefore, from.drops());
    committed = {
      cursor: from.cursor,
      counters,
      unmatchedExamples: examples,
      ...(Number.isFinite(from.watermark.value) ? { watermark: from.watermark.value } : {}),
      ...(Number.isFinite(from.watermark.newest) ? { newestEvent: from.watermark.newest } : {}),
      liveAlerts: from.alerts.size,
      ...drops,
    };
    committedDenyList = from.denyList.inForce(clock.now());
  }

  async function recovered(): Promise<LineState> {
    if (state !== undefined) return state;
    const fresh = newState();
    await fresh.restore(await store.recover(clock.now() - RECOVERY_HORIZON), store);
    state = fresh;
    publishCommitted(fresh);
    return fresh;
  }

  /** Makes a commit until it is made: an unknown outcome is tried again, which changes nothing if it had succeeded. */
  async function commit(step: StepCommit, signal: AbortSignal | undefined): Promise<void> {
    for (let pause = config.retryFirst; ; pause = Math.min(pause * 2, config.retryLongest)) {
      try {
        await store.commit(step);
        problem = undefined;
        return;
      } catch (error) {
        if (!(error instanceof StoreError) || !error.retryable || signal?.aborted === true) throw error;
        commitRetries += 1;
        problem = `The store does not take what was judged: ${error.message}`;
        log.warn({ step: step.id, code: error.code, pause }, "the store refused a step; it is made again");
        await timers.sleep(pause, signal);
      }
    }
  }

  async function commitDraft(
    name: string,
    draft: StepDraft,
    of: LineState,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (const from of draft.alertMerges.keys()) await moveMembers(from, draft);
    const number = of.nextStep(draft);
    const step = draft.toCommit(`${name}:${number}`);
    await commit(step, signal);
    publishCommitted(of);
    for (const { fields, message } of draft.warnings) log.warn(fields, message);
    if ((step.effects?.length ?? 0) > 0) options.onEffects?.();
  }

  async function moveMembers(from: string, draft: StepDraft): Promise<void> {
    const members: readonly AlertMember[] = await store.alertMembers(from, MAX_MOVED_MEMBERS);
    for (const member of members) draft.adopt({ ...member, alertId: draft.survivor(from) });
  }

  /** Runs one step; if it cannot be committed the state in memory is ahead of the store and is thrown away. */
  async function step<T>(make: (current: LineState) => Promise<T>): Promise<T> {
    const current = await recovered();
    try {
      return await make(current);
    } catch (error) {
      if (!(error instanceof OperationError)) {
        state = undefined;
        dropsBefore = drops;
        rebuilds += 1;
      }
      throw error;
    }
  }

  async function runJob(job: Job, signal: AbortSignal | undefined): Promise<void> {
    try {
      const known = await store.idempotentAnswer(job.asked.key);
      if (known !== undefined) {
        job.resolve(recordedAnswer(known, job.asked.request));
        return;
      }
      const answer = await step(async (current) => {
        const draft = new StepDraft(clock.now());
        const result = await job.run(current, draft);
        draft.idempotency = { key: job.asked.key, answer: recordWrite(job.asked.request, result) };
        await commitDraft(job.name, draft, current, signal);
        return result;
      });
      job.resolve(answer);
    } catch (error) {
      job.reject(error);
    }
  }

  /** Records the rules and settings when they are not those of the last start: they shape the state as much as the records do. */
  async function recordInputsOnce(signal: AbortSignal | undefined): Promise<void> {
    if (inputsRecorded) return;
    await step(async (current) => {
      const draft = new StepDraft(clock.now());
      const isNew = recordInputs(inputsOf(options.rules, config), current.recordedInputs, draft);
      // The step's number is in its id: going back to earlier rules is recorded too, and a commit made again is not.
      if (isNew) await commitDraft("inputs", draft, current, signal);
    });
    inputsRecorded = true;
  }

  async function runStep(signal: AbortSignal | undefined): Promise<boolean> {
    await recordInputsOnce(signal);
    const job = jobs.shift();
    if (job !== undefined) {
      await runJob(job, signal);
      return true;
    }
    const current = await recovered();
    // Before judging too: a flood of records must not keep a block that the guards apply from being shown as in force.
    const published = await publishedAddresses(current);
    const { cursor } = current;
    const { limit, setAside } = careful.at(cursor);
    const rows = await store.readInbox(cursor, limit);
    const [first] = rows;
    if (first !== undefined && setAside) {
      await setRecordAside(first, signal);
      return true;
    }
    if (rows.length > 0) {
      const last = rows.at(-1)?.sequence ?? cursor;
      try {
        await step(async (same) => {
          const draft = new StepDraft(clock.now());
          for (const key of published) same.denyList.published(key, draft);
          same.denyList.expire(draft);
          same.judge(rows, draft);
          await commitDraft("judge", draft, same, signal);
        });
      } catch (error) {
        careful.failed(cursor, rows.length, last, error);
        lastFailure = error;
        throw error;
      }
      careful.passed(last);
      return true;
    }
    return step(async (same) => {
      const draft = new StepDraft(clock.now());
      for (const key of published) same.denyList.published(key, draft);
      if (!same.tick(draft) && published.length === 0) return false;
      await commitDraft("tick", draft, same, signal);
      return true;
    });
  }

  /** Goes past a record whose step can never be committed. It stays in the inbox, and is listed among the refused input. */
  async function setRecordAside(row: LineRow, signal: AbortSignal | undefined): Promise<void> {
    const reason = lastFailure instanceof StoreError ? lastFailure.code : "defect";
    const detail = `The record ${row.id} was set aside because its step could not be committed: ${String(lastFailure)}`;
    const sample = sampleOf(row).slice(0, MAX_SAMPLE);
    const { source, sequence } = row;
    // Listed before the cursor moves: after a crash in between it is listed twice rather than not at all.
    if (listed !== sequence) await store.refuse([{ time: clock.now(), source, reason: "set_aside", detail, sample }]);
    listed = sequence;
    await step(async (current) => {
      const draft = new StepDraft(clock.now());
      current.setAside(row, draft);
      draft.audit("worker", "record.set_aside", row.id, { source, sequence, reason });
      await commitDraft("judge", draft, current, signal);
    });
    careful.passed(sequence);
    log.error({ eventId: row.id, source, sequence, reason }, "a record was set aside; it is counted as failed");
  }

  /** Addresses whose block the guards were sent since the last look. */
  async function publishedAddresses(current: LineState): Promise<string[]> {
    const published: string[] = [];
    for (const { key, effectId } of current.denyList.awaitingPublication().slice(0, MAX_LOOKED_AT)) {
      if ((await store.effect(effectId))?.state === "done") published.push(key);
    }
    return published;
  }

  /** One step at a time, whoever asks. */
  function runOnce(signal?: AbortSignal): Promise<boolean> {
    const next = running.then(async () => {
      const began = clock.now();
      const worked = await runStep(signal);
      if (worked) options.onStep?.(clock.now() - began);
      return worked;
    });
    running = next.catch(() => {});
    return next;
  }

  async function start(signal: AbortSignal): Promise<void> {
    let pause = config.retryFirst;
    while (!signal.aborted) {
      try {
        const worked = await runOnce(signal);
        pause = config.retryFirst;
        problem = undefined;
        if (!worked) await idle(signal);
      } catch (error) {
        if (signal.aborted) break;
        problem = `The line cannot go on: ${error instanceof Error ? error.message : String(error)}`;
        log.error({ error: String(error), pause }, "a step of the line failed; the state is rebuilt from the store");
        await timers.sleep(pause, signal);
        pause = Math.min(pause * 2, config.retryLongest);
      }
    }
    stopped = true;
    for (const job of jobs.splice(0)) job.reject(stopping());
  }

  async function idle(signal: AbortSignal): Promise<void> {
    if (wake.signal.aborted || jobs.length > 0) {
      wake = new AbortController();
      return;
    }
    const now = clock.now();
    const next = state?.nextTick(now);
    const milliseconds = Math.max(
      1,
      Math.min(config.pollInterval, next === undefined ? config.pollInterval : next - now),
    );
    await timers.sleep(milliseconds, AbortSignal.any([signal, wake.signal]));
    if (wake.signal.aborted) wake = new AbortController();
  }

  function enqueue<T>(name: string, run: Job["run"], asked: Job["asked"]): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (stopped) {
        reject(stopping());
        return;
      }
      jobs.push({ name, run, asked, resolve: resolve as (answer: unknown) => void, reject });
      wake.abort();
    });
  }

  const operations = lineOperations(store, enqueue);

  return {
    start,
    runOnce,
    notify: () => wake.abort(),
    operations,
    status: () => ({
      ...(committed ?? emptyStatus()),
      recovered: state !== undefined,
      commitRetries,
      rebuilds,
      ...(problem === undefined ? {} : { problem }),
    }),
    inForce: () => committedDenyList.filter(({ expiresAt }) => expiresAt > clock.now()),
  };

  function emptyStatus(): NonNullable<typeof committed> {
    const empty = newState();
    return {
      cursor: 0,
      counters: empty.counters.counters,
      unmatchedExamples: [],
      liveAlerts: 0,
      ...empty.drops(),
    };
  }
}

/** What is shown of a row that is set aside. */
const sampleOf = (row: LineRow): string => {
  if (row.kind === "finding") return canonicalJson(row.finding);
  return row.kind === "progress" ? "" : canonicalJson(row.document);
};

const stopping = (): StoreError => new StoreError("store-closed", "The worker is stopping.", { retryable: true });
