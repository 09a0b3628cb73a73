import {
  type ShardPosition,
  type ShardTail,
  type ShardKey,
  type TailDocument,
  type TailPage,
} from "../../collector/elasticsearch/shard-tail.ts";
import type { Log, Timers } from "../../ports.ts";
import { storing } from "../../store/elasticsearch/store-failure.ts";
import type { FindingRow, LineRow, ProgressRow } from "../../store/store.ts";
import type { CursorInbox } from "./cursor-inbox.ts";
import type { FindingDocument } from "./finding-document.ts";
import type { FindingsGoal, FindingsHead } from "./findings-head.ts";
import { otherJudgementId } from "./other-judgement.ts";
import { reachOf } from "./source-progress.ts";

/** What reading the stream needs. */
export interface FindingsInboxOptions {
  readonly head: FindingsHead;
  readonly open: (key: ShardKey, position: ShardPosition | undefined) => ShardTail;
  readonly ports: { readonly timers: Timers; readonly log: Log };
  /** Milliseconds between two looks for something new. */
  readonly every: number;
  /**
   * Which of some findings were taken before. A fact that was, is left out where a shard is read that may hold what another one held (it was restored, or has given its numbers anew). Anywhere else it
   * is another judgement of its event, whose time was changed so that both stand in different indices: it is given under an id of its own. Without this no fact is looked at in this way.
   */
  readonly taken?: ((findingIds: readonly string[]) => Promise<ReadonlySet<string>>) | undefined;
}

interface Reader {
  readonly name: string;
  readonly tail: ShardTail;
  position: ShardPosition;
  /** Documents up to this sequence number may have been taken before, from another shard or under other numbers. */
  doubtful: number;
  page: TailPage | undefined;
}

interface Queued {
  readonly row: LineRow;
  /** The shard and its position behind the row; none for progress. */
  readonly moves: readonly (readonly [string, ShardPosition])[];
}

/** A state as it is stored: position by shard of the stream. */
interface StoredState {
  readonly version: 1;
  readonly shards: Readonly<Record<string, readonly [historyUuid: string, checkpoint: number]>>;
}

/** The text that belongs to a cursor when everything up to some positions was taken, by shard (`shardName`). */
export function inboxStateAt(positions: ReadonlyMap<string, ShardPosition>): string {
  const shards = Object.fromEntries(
    Array.from(positions, ([name, { historyUuid, checkpoint }]) => [name, [historyUuid, checkpoint] as const]),
  );
  return JSON.stringify({ version: 1, shards } satisfies StoredState);
}

/**
 * Makes an inbox over the stream of findings: what stands in all its shards, and, once everything is read that belongs to it, how far the sources are judged. Reading rejects with a
 * `StoreError`; reading again goes on at the same place.
 */
export function createFindingsInbox({ head, open, ports, every, taken }: FindingsInboxOptions): CursorInbox {
  const { timers, log } = ports;
  const closing = new AbortController();
  const { signal } = closing;
  let readers = new Map<string, Reader>();
  /** Positions behind the last row that is forgotten. */
  let settled = new Map<string, ShardPosition>();
  let queue: Queued[] = [];
  let next = 1;
  /** Positions that moved over nothing, to be taken along by the next row. */
  let passed = new Map<string, ShardPosition>();
  let goal: FindingsGoal | undefined;
  let told = "";
  /** The memory was restored from elsewhere: what is in the stream was dealt with before. */
  let beginsAtEnd = false;

  const put = (row: (sequence: number) => LineRow, moves: Queued["moves"]): void => {
    queue.push({ row: row(next), moves: [...passed, ...moves] });
    passed = new Map();
    next += 1;
  };

  const readerOf = (name: string, key: ShardKey, end: ShardPosition): Reader => {
    let reader = readers.get(name);
    if (reader === undefined) {
      const position = settled.get(name);
      reader = {
        name,
        tail: open(key, position),
        position: position ?? { historyUuid: "", checkpoint: -1 },
        // A shard that comes while others were read can be another one's copy.
        doubtful: position === undefined && settled.size > 0 ? end.checkpoint : -1,
        page: undefined,
      };
      readers.set(name, reader);
    }
    if (reader.position.historyUuid !== "" && reader.position.historyUuid !== end.historyUuid)
      reader.doubtful = end.checkpoint;
    return reader;
  };

  /** Ids of a page's facts, and of what they are called beside another judgement, that were taken before or wait to be. */
  const takenOf = async ({ documents }: TailPage): Promise<ReadonlySet<string>> => {
    if (taken === undefined) return new Set();
    const ids = documents.flatMap((document) => {
      const row = rowOf(document);
      return row?.finding.kind === "fact" ? [row.finding.id, otherId(row.finding.id, document)] : [];
    });
    if (ids.length === 0) return new Set();
    const known = new Set(await taken(ids));
    for (const { row } of queue) if (row.kind === "finding" && row.finding.kind === "fact") known.add(row.finding.id);
    return known;
  };

  const takePage = (reader: Reader, page: TailPage, before: ReadonlySet<string>): void => {
    const { name, doubtful } = reader;
    const { historyUuid, checkpoint } = page.position;
    const known = new Set(before);
    for (const [at, document] of page.documents.entries()) {
      const isLast = at === page.documents.length - 1;
      const position = isLast ? page.position : { historyUuid, checkpoint: document.seqNo };
      const read = rowOf(document);
      if (read === undefined) {
        log.warn(
          { index: document.index, id: document.id },
          "a document in the findings indices is no finding; it is left out",
        );
        passed.set(name, position);
        continue;
      }
      const row = known.has(read.finding.id) && document.seqNo > doubtful ? asOther(read, document) : read;
      if (row.finding.kind === "fact" && taken !== undefined) {
        if (known.has(row.finding.id)) {
          passed.set(name, position);
          continue;
        }
        known.add(row.finding.id);
      }
      put((sequence) => ({ ...row, sequence }), [[name, position]]);
    }
    if (page.documents.length === 0) passed.set(name, page.position);
    reader.position = { historyUuid, checkpoint };
  };

  const isReached = (name: string, end: ShardPosition | undefined): boolean => {
    if (end === undefined) return false;
    if (end.checkpoint < 0) return true;
    const position = readers.get(name)?.position ?? settled.get(name);
    return position !== undefined && position.historyUuid === end.historyUuid && position.checkpoint >= end.checkpoint;
  };

  /** Reads on in every shard until enough is there, or nothing more for now. */
  async function fill(limit: number): Promise<void> {
    const isEnough = (): boolean => queue.length >= limit;
    goal ??= await head.read();
    if (beginsAtEnd) {
      settled = new Map(Array.from(goal.shards).flatMap(([name, { end }]) => (end === undefined ? [] : [[name, end]])));
      beginsAtEnd = false;
    }
    // A shard that is gone has nothing left to read.
    for (const name of readers.keys()) if (!goal.shards.has(name)) readers.delete(name);
    for (;;) {
      let hasRead = false;
      for (const [name, { key, end }] of goal.shards) {
        if (isReached(name, end) || end === undefined) continue;
        const reader = readerOf(name, key, end);
        // What the tail gave is not given again: it is kept until it is taken.
        reader.page ??= await reader.tail.next(signal);
        if (reader.page === undefined) continue;
        takePage(reader, reader.page, await takenOf(reader.page));
        reader.page = undefined;
        hasRead = true;
        if (isEnough()) return;
      }
      if (!hasRead) break;
    }
    const reached = goal;
    if (Array.from(reached.shards).every(([name, { end }]) => isReached(name, end))) {
      tellProgress(reached);
      goal = undefined;
      return;
    }
    // What is not visible yet is read against a newer look; the progress that goes with it is newer too.
    goal = undefined;
  }

  function tellProgress({ progress, shards }: FindingsGoal): void {
    for (const name of settled.keys()) if (!shards.has(name)) settled.delete(name);
    const reach = progress === undefined ? undefined : reachOf(progress);
    if (reach === undefined) return;
    const text = `${reach.reached} ${reach.newest}`;
    if (text === told) return;
    told = text;
    put(
      (sequence): ProgressRow => ({ kind: "progress", sequence, id: `progress ${text}`, source: "sources", ...reach }),
      [],
    );
  }

  const positionsAt = (sequence: number): Map<string, ShardPosition> => {
    const positions = new Map(settled);
    for (const { row, moves } of queue) {
      if (row.sequence > sequence) break;
      for (const [name, position] of moves) positions.set(name, position);
    }
    return positions;
  };

  /** What was committed is not asked for again. */
  const forget = (sequence: number): void => {
    settled = positionsAt(sequence);
    queue = queue.filter(({ row }) => row.sequence > sequence);
  };

  return {
    async readInbox(after, limit) {
      forget(after);
      if (queue.length === 0) await storing("Reading the findings", () => fill(limit));
      return queue.slice(0, limit).map(({ row }) => row);
    },
    async inboxEnd() {
      let unread = 0;
      for (const [name, { end }] of head.last()?.shards ?? []) {
        const position = readers.get(name)?.position ?? settled.get(name);
        if (end !== undefined)
          unread += Math.max(
            0,
            end.checkpoint - (position?.historyUuid === end.historyUuid ? position.checkpoint : -1),
          );
      }
      return next - 1 + unread;
    },
    stateAt: (sequence) => inboxStateAt(positionsAt(sequence)),
    seek(sequence, state) {
      const shards: StoredState["shards"] = state === undefined ? {} : (JSON.parse(state) as StoredState).shards;
      settled = new Map(
        Object.entries(shards).map(([name, [historyUuid, checkpoint]]) => [name, { historyUuid, checkpoint }]),
      );
      readers = new Map();
      queue = [];
      passed = new Map();
      goal = undefined;
      told = "";
      beginsAtEnd = sequence > 0 && state === undefined;
      next = sequence + 1;
    },
    changed: (milliseconds, until) => timers.sleep(Math.min(milliseconds, every), AbortSignal.any([until, signal])),
    async [Symbol.asyncDispose]() {
      closing.abort();
    },
  };
}

function rowOf({ id, source }: TailDocument): Omit<FindingRow, "sequence"> | undefined {
  const finding = (source as unknown as Partial<FindingDocument>).vedette?.finding;
  if (finding?.body === undefined) return undefined;
  const { body, received, source: name, shadow } = finding;
  const receivedAt = received ?? (body.kind === "fact" ? body.time : body.to);
  return { kind: "finding", id, source: name, receivedAt, finding: body, shadow };
}

/** Id of a fact that stands beside another judgement of the same event, as stage one gives it where both stand in one index. */
const otherId = (id: string, { source }: TailDocument): string => {
  const hash = (source as unknown as Partial<FindingDocument>).vedette?.finding.content_hash ?? "";
  return otherJudgementId(id, hash);
};

const asOther = (row: Omit<FindingRow, "sequence">, document: TailDocument): Omit<FindingRow, "sequence"> =>
  row.finding.kind === "fact" ? { ...row, finding: { ...row.finding, id: otherId(row.finding.id, document) } } : row;
