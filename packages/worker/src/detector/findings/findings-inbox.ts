import { type ShardPosition, type ShardTail, type ShardKey, type TailDocument, type TailPage } from "../../collector/elasticsearch/shard-tail.ts";
import type { Log } from "../../ports.ts";
import type { FindingDocument } from "./finding-document.ts";
import type { FindingsGoal, FindingsHead } from "./findings-head.ts";
import type { FindingRow, ProgressRow, SourceShardState, StreamRow } from "./line-rows.ts";

/** Reads the stream of findings for one line, in an order of its own that it numbers. */
export interface FindingsInbox {
  /**
   * Rows after a sequence, at most `limit`: what stands in all shards of the stream, and, once everything is read that belongs to it, how far the sources are judged. Rejects with an
   * `ElasticsearchError`; calling again goes on at the same place.
   */
  read(after: number, limit: number): Promise<readonly StreamRow[]>;
  /** Highest sequence known to be there. */
  end(): number;
  /** Positions in the shards of the stream once the rows up to a sequence are dealt with: text. */
  stateAt(sequence: number): string;
  /** The rows up to a sequence are dealt with for good. */
  forget(sequence: number): void;
  /** Goes on after a sequence, at the positions that belong to it; without them at the beginning. */
  seek(sequence: number, state: string | undefined): void;
}

/** What reading the stream needs. */
export interface FindingsInboxOptions {
  readonly head: FindingsHead;
  readonly open: (key: ShardKey, position: ShardPosition | undefined) => ShardTail;
  readonly log: Log;
  /** Aborts what is under way when the line ends. */
  readonly signal: AbortSignal;
}

interface Reader {
  readonly name: string;
  readonly tail: ShardTail;
  position: ShardPosition;
  /** Operations up to here are read again after the shard has given its numbers anew. */
  isRepeating: boolean;
}

interface Queued {
  readonly row: StreamRow;
  /** The shard and its position behind the row; none for progress. */
  readonly moves: readonly (readonly [string, ShardPosition])[];
}

/** A state as it is stored: position by shard of the stream. */
interface StoredState {
  readonly version: 1;
  readonly shards: Readonly<Record<string, readonly [historyUuid: string, checkpoint: number]>>;
}

/** Makes the reader; nothing is read before the first call of `seek` and `read`. */
export function createFindingsInbox({ head, open, log, signal }: FindingsInboxOptions): FindingsInbox {
  let readers = new Map<string, Reader>();
  /** Positions behind the last row that is forgotten. */
  let settled = new Map<string, ShardPosition>();
  let queue: Queued[] = [];
  let next = 1;
  /** Positions that moved over nothing, to be taken along by the next row. */
  let passed = new Map<string, ShardPosition>();
  let goal: FindingsGoal | undefined;
  let told = "";

  const put = (row: (sequence: number) => StreamRow, moves: Queued["moves"]): void => {
    queue.push({ row: row(next), moves: [...passed, ...moves] });
    passed = new Map();
    next += 1;
  };

  const readerOf = (name: string, key: ShardKey): Reader => {
    let reader = readers.get(name);
    if (reader === undefined) {
      const position = settled.get(name);
      reader = { name, tail: open(key, position), position: position ?? { historyUuid: "", checkpoint: -1 }, isRepeating: false };
      readers.set(name, reader);
    }
    return reader;
  };

  const takePage = (reader: Reader, page: TailPage): void => {
    const { name } = reader;
    const { historyUuid, checkpoint } = page.position;
    if (reader.position.historyUuid !== "" && reader.position.historyUuid !== historyUuid) reader.isRepeating = true;
    for (const [at, document] of page.documents.entries()) {
      const isLast = at === page.documents.length - 1;
      const position = isLast ? page.position : { historyUuid, checkpoint: document.seqNo };
      const row = rowOf(document, reader.isRepeating);
      if (row === undefined) {
        log.warn({ index: document.index, id: document.id }, "a document in the findings indices is no finding; it is left out");
        passed.set(name, position);
      } else put((sequence) => ({ ...row, sequence }), [[name, position]]);
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
  async function fill(limit: number, after: number): Promise<void> {
    const isEnough = (): boolean => (queue.at(-1)?.row.sequence ?? 0) - after >= limit;
    goal ??= await head.read();
    // A shard that is gone has nothing left to read.
    for (const name of readers.keys()) if (!goal.shards.has(name)) readers.delete(name);
    for (;;) {
      let hasRead = false;
      for (const [name, { key, end }] of goal.shards) {
        if (isReached(name, end) || end === undefined) continue;
        const reader = readerOf(name, key);
        const page = await reader.tail.next(signal);
        if (page === undefined) continue;
        takePage(reader, page);
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
    if (progress === undefined) return;
    for (const name of settled.keys()) if (!shards.has(name)) settled.delete(name);
    const states = progress.map(({ partition, state, newest }): SourceShardState => ({ partition, state, newest }));
    const text = JSON.stringify(states);
    if (text === told) return;
    told = text;
    put((sequence): ProgressRow => ({ kind: "progress", sequence, shards: states }), []);
  }

  const positionsAt = (sequence: number): Map<string, ShardPosition> => {
    const positions = new Map(settled);
    for (const { row, moves } of queue) {
      if (row.sequence > sequence) break;
      for (const [name, position] of moves) positions.set(name, position);
    }
    return positions;
  };

  return {
    async read(after, limit) {
      const behind = (): Queued[] => queue.filter(({ row }) => row.sequence > after);
      let rows = behind();
      if (rows.length === 0) {
        await fill(limit, after);
        rows = behind();
      }
      return rows.slice(0, limit).map(({ row }) => row);
    },
    end() {
      let unread = 0;
      for (const [name, { end }] of head.last()?.shards ?? []) {
        const position = readers.get(name)?.position ?? settled.get(name);
        if (end !== undefined)
          unread += Math.max(0, end.checkpoint - (position?.historyUuid === end.historyUuid ? position.checkpoint : -1));
      }
      return next - 1 + unread;
    },
    stateAt(sequence) {
      const shards = Object.fromEntries(
        Array.from(positionsAt(sequence), ([name, { historyUuid, checkpoint }]) => [name, [historyUuid, checkpoint] as const]),
      );
      return JSON.stringify({ version: 1, shards } satisfies StoredState);
    },
    forget(sequence) {
      settled = positionsAt(sequence);
      queue = queue.filter(({ row }) => row.sequence > sequence);
    },
    seek(sequence, state) {
      const { shards } = state === undefined ? { shards: {} } : (JSON.parse(state) as StoredState);
      settled = new Map(
        Object.entries(shards).map(([name, [historyUuid, checkpoint]]) => [name, { historyUuid, checkpoint }]),
      );
      readers = new Map();
      queue = [];
      passed = new Map();
      goal = undefined;
      told = "";
      next = sequence + 1;
    },
  };
}

function rowOf({ source }: TailDocument, repeated: boolean): Omit<FindingRow, "sequence"> | undefined {
  const finding = (source as unknown as Partial<FindingDocument>).vedette?.finding;
  if (finding?.body === undefined) return undefined;
  return {
    kind: "finding",
    finding: finding.body,
    receivedAt: finding.received,
    source: finding.source,
    shadow: finding.shadow,
    ...(repeated ? { repeated } : {}),
  };
}

