import type { Episode, JsonValue, Rule } from "@vedette/detection";
import { StoreError } from "../errors.ts";
import type { Ports } from "../ports.ts";
import { blobPuts } from "../store/elasticsearch/resolve-step.ts";
import type { Journal } from "../store/elasticsearch/journal.ts";
import type { WriteOperation } from "../elasticsearch/write.ts";
import type { CursorInbox } from "./findings/cursor-inbox.ts";
import { episodeDocument } from "./findings/episode-document.ts";
import type { CorrelationDrops, FactCorrelator } from "./line-rule.ts";

/** What the journal of a correlation line carries from step to step. */
export interface CorrelationCarry {
  readonly [name: string]: JsonValue;
  readonly cursor: number;
  readonly inboxState: string | null;
  /** Time up to which the correlator was advanced, Unix milliseconds. */
  readonly reached: number | null;
  readonly facts: number;
  readonly late: number;
  readonly episodes: number;
}

/** What a correlation line works with. All durations in milliseconds. */
export interface CorrelationLineOptions {
  /** Name of the line, `correlate/3`. */
  readonly line: string;
  readonly journal: Journal<CorrelationCarry>;
  /** Reads all blobs of the line. */
  readonly readBlobs: () => Promise<ReadonlyMap<string, string>>;
  readonly inbox: CursorInbox;
  /** Makes an empty correlator of the groups that this line owns. */
  readonly correlator: () => FactCorrelator;
  /** Rules on trial: their episodes are recorded and alert nobody. */
  readonly isShadow: (ruleId: string) => boolean;
  readonly rules: readonly Pick<Rule, "id">[];
  readonly prefix: string;
  readonly ports: Pick<Ports, "clock" | "timers" | "log">;
  readonly futureTolerance: number;
  readonly batchSize: number;
  readonly pollInterval: number;
}

/** How a correlation line stands, as of its last committed step. */
export interface CorrelationLineStatus {
  readonly line: string;
  readonly cursor: number;
  readonly facts: number;
  /** Facts that came after the allowed lateness. */
  readonly late: number;
  readonly episodes: number;
  readonly drops: CorrelationDrops | undefined;
  readonly problem: string | undefined;
}

/** One partition of the correlations: a fold over the stream of facts whose steps are committed in a journal of their own. */
export interface CorrelationLine {
  /** Runs until the signal aborts. Rejects when the line is fenced or cannot go on: whoever has the lease starts it again. */
  run(signal: AbortSignal): Promise<void>;
  status(): CorrelationLineStatus;
}

interface Work {
  readonly correlator: FactCorrelator;
  carry: CorrelationCarry;
  step: number;
}

/** First and longest pause before something that failed for a passing reason is tried again, milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 5_000;

const NOTHING: CorrelationCarry = { cursor: 0, inboxState: null, reached: null, facts: 0, late: 0, episodes: 0 };

/** Begins the keys of the blobs that are the correlator's. */
const CORRELATION_BLOB = "correlation/";

/** Makes a correlation line; nothing happens before `run`. */
export function createCorrelationLine(options: CorrelationLineOptions): CorrelationLine {
  const { line, journal, inbox, prefix, ports, batchSize } = options;
  const { clock, timers, log } = ports;
  let committed = NOTHING;
  let drops: CorrelationDrops | undefined;
  let problem: string | undefined;

  /** Does what can be done again until it succeeds; a passing failure of the cluster costs neither the lease nor the state. */
  async function persist<T>(what: string, attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        const result = await attempt();
        problem = undefined;
        return result;
      } catch (error) {
        if (!(error instanceof StoreError) || !error.retryable || signal.aborted) throw error;
        problem = `${line} cannot ${what}: ${error.message}`;
        log.warn({ line, code: error.code, pause }, `the correlations cannot ${what} now; it is tried again`);
        await timers.sleep(pause, signal);
      }
    }
  }

  async function recover(): Promise<Work> {
    const { step, carry = NOTHING } = await journal.recover();
    const blobs = await options.readBlobs();
    const correlator = options.correlator();
    correlator.restore(Array.from(blobs).filter(([key]) => key.startsWith(CORRELATION_BLOB)));
    inbox.seek(carry.cursor, carry.inboxState ?? undefined);
    committed = carry;
    return { correlator, carry, step };
  }

  /** Takes the next rows; false when there are none. */
  async function advance(work: Work, signal: AbortSignal): Promise<boolean> {
    const { correlator } = work;
    const rows = await persist("read", () => inbox.readInbox(work.carry.cursor, batchSize), signal);
    const last = rows.at(-1);
    if (last === undefined) return false;
    let { reached, facts, late, episodes } = work.carry;
    const lateBefore = correlator.counters().lateDropped;
    for (const row of rows) {
      if (row.kind === "progress") {
        if (reached !== null && row.reached <= reached) continue;
        reached = row.reached;
        correlator.advance(row.reached);
      } else if (row.kind === "finding" && row.finding.kind === "fact") {
        const { finding, receivedAt } = row;
        const isFuture = finding.time > receivedAt + options.futureTolerance;
        correlator.observe(isFuture ? { ...finding, time: receivedAt } : finding);
        facts += 1;
      }
    }
    late += correlator.counters().lateDropped - lateBefore;
    const changes = correlator.takeChanges();
    const reported = inOrder(changes.episodes);
    episodes += reported.filter(({ revision }) => revision === 1).length;
    const blobs = changes.groups.map(({ key, value }) => ({ key, value }));
    const carry: CorrelationCarry = {
      cursor: last.sequence,
      inboxState: inbox.stateAt(last.sequence),
      reached,
      facts,
      late,
      episodes,
    };
    await commit(work, carry, blobs, reported, signal);
    drops = correlator.counters();
    return true;
  }

  /** Commits a step; one with an unknown outcome is made again until it is known. */
  async function commit(
    work: Work,
    carry: CorrelationCarry,
    blobs: readonly { readonly key: string; readonly value: string | null }[],
    episodes: readonly Episode[],
    signal: AbortSignal,
  ): Promise<void> {
    const now = clock.now();
    const documents: readonly WriteOperation[] = episodes.map((episode) => ({
      kind: "create",
      ...episodeDocument(episode, { prefix, source: line, received: now, shadow: options.isShadow(episode.rule.id) }),
    }));
    const make = (step: number) =>
      Promise.resolve({
        operations: [...documents, ...blobPuts(blobs, { prefix, line, step, now })],
        carry,
        changes: [],
      });
    const id = `correlate:${work.carry.cursor}-${carry.cursor}`;
    await persist("commit", () => journal.commit(id, make), signal);
    work.carry = carry;
    committed = carry;
  }

  return {
    async run(signal) {
      const work = await persist("recover", recover, signal);
      while (!signal.aborted) if (!(await advance(work, signal))) await inbox.changed(options.pollInterval, signal);
    },
    status: () => ({
      line,
      cursor: committed.cursor,
      facts: committed.facts,
      late: committed.late,
      episodes: committed.episodes,
      drops,
      problem,
    }),
  };
}

/** What was merged away or withdrawn stands before what took it over. */
const inOrder = (episodes: readonly Episode[]): Episode[] => {
  const stands = ({ mergedInto, withdrawn }: Episode): number => Number(mergedInto === undefined && withdrawn !== true);
  return episodes.toSorted((a, b) => stands(a) - stands(b));
};
