import { ElasticsearchError } from "../../elasticsearch/errors.ts";
import type { Clock, Log } from "../../ports.ts";
import { AnswerTooLargeError, type AskCluster } from "./ask-cluster.ts";
import { MAX_PAGE_BYTES, PageSize, type PageSizeOptions } from "./page-size.ts";
import { readShard, type SourceFields } from "./read-shard.ts";
import type { Refresher } from "./refresher.ts";
import type { ShardKey, ShardPosition, ShardSight, ShardTail, TailDocument, TailPage } from "./shard-tail.ts";

/** What a shard is tailed with. */
export interface ShardTailOptions {
  readonly key: ShardKey;
  readonly ask: AskCluster;
  readonly refresher: Refresher;
  /** The shard as it was seen last; undefined when it is gone. */
  readonly sight: () => ShardSight | undefined;
  /** Where to go on; undefined to begin at the first document. */
  readonly position: ShardPosition | undefined;
  readonly pageSize: PageSizeOptions;
  /** All of `_source` when undefined; asked for each page, because rules change. */
  readonly sourceFields?: (() => SourceFields | undefined) | undefined;
  /** Pages that may be on their way before they are asked for, 1 by default. With two the cluster makes one while the other is taken apart here. */
  readonly pagesAhead?: (() => number) | undefined;
  /** A clock that never jumps. */
  readonly steady: Clock;
  readonly log: Log;
  /** Milliseconds that documents which the shard has taken are waited for until the index is refreshed for them: its own refresh mostly comes first. */
  readonly patience?: number | undefined;
  /** For tests that show what the refresh is for: numbers missing before a document that is seen are taken for superseded at once, and copies are read in turn. */
  readonly testing?: { readonly skipRefresh?: boolean } | undefined;
}

interface Ahead {
  readonly after: number;
  /** Where it ends if it is not cut. */
  readonly upTo: number;
  readonly reading: Promise<Reading | undefined>;
}

interface Reading {
  readonly after: number;
  readonly upTo: number;
  readonly historyUuid: string;
  readonly node: string;
  /** Everything up to here was visible before the reading began. */
  readonly covered: number;
  readonly documents: readonly TailDocument[];
  /** There are more documents up to the end than were asked for. */
  readonly isCut: boolean;
}

/** Makes the tail of one shard. */
export function createShardTail(options: ShardTailOptions): ShardTail {
  return new Tail(options);
}

class Tail implements ShardTail {
  readonly key: ShardKey;
  readonly #options: ShardTailOptions;
  readonly #page: PageSize;
  #position: ShardPosition;
  /** Share of sequence numbers that hold a document. */
  #density = 1;
  /** Since when nothing is seen of what the shard has taken. */
  #waitingSince: number | undefined;
  /** A hole stands behind the position: nothing is read before the index was refreshed up to here. */
  #holeUpTo = -1;
  #turn = 0;
  /** What is read before it is asked for, in order. */
  #ahead: Ahead[] = [];

  constructor(options: ShardTailOptions) {
    this.#options = options;
    this.key = options.key;
    this.#page = new PageSize(options.pageSize);
    this.#position = options.position ?? { historyUuid: "", checkpoint: -1 };
  }

  async next(signal: AbortSignal): Promise<TailPage | undefined> {
    for (;;) {
      const sight = this.#options.sight();
      if (sight?.globalCheckpoint === undefined || sight.historyUuid === undefined) return undefined;
      const node = this.#copyOf(sight);
      if (node === undefined) return undefined;
      this.#follow(sight.historyUuid);
      const { checkpoint } = this.#position;
      const goal = sight.globalCheckpoint;
      if (goal <= checkpoint) return undefined;
      if (!(await this.#passHole(sight, node, signal))) return undefined;
      const reading = (await this.#takeAhead(sight, node)) ?? (await this.#read(sight, node, checkpoint, signal));
      const page = this.#pageOf(reading, goal);
      if (page !== undefined) {
        this.#position = page.position;
        this.#waitingSince = undefined;
        const isWhole = reading.isCut || page.position.checkpoint === reading.upTo;
        if (isWhole && !page.caughtUp && this.#holeUpTo < 0) this.#readAhead(sight, node, !reading.isCut, signal);
        return page;
      }
      if (this.#holeUpTo < 0) return undefined;
    }
  }

  /** The primary: a replica may show less for a moment when another copy becomes primary. */
  #copyOf({ nodes }: ShardSight): string | undefined {
    if (this.#options.testing?.skipRefresh !== true) return nodes[0];
    this.#turn += 1;
    return nodes[this.#turn % nodes.length];
  }

  #follow(historyUuid: string): void {
    if (this.#position.historyUuid === historyUuid) return;
    const { checkpoint } = this.#position;
    if (checkpoint >= 0)
      this.#options.log.warn(
        { index: this.key.index, shard: this.key.shard, checkpoint },
        "The shard has given its numbers anew; it is read again from its beginning.",
      );
    this.#position = { historyUuid, checkpoint: -1 };
    this.#ahead = [];
    this.#holeUpTo = -1;
    this.#waitingSince = undefined;
  }

  /** Makes what is missing behind the position visible. False when that has to wait. */
  async #passHole(sight: ShardSight, node: string, signal: AbortSignal): Promise<boolean> {
    if (this.#holeUpTo < 0) return true;
    const { refresher } = this.#options;
    const isCovered = (): boolean => refresher.coveredTo(this.key, this.#position.historyUuid, node) >= this.#holeUpTo;
    if (!isCovered()) {
      if (!refresher.isDue(this.key)) return false;
      await refresher.refresh(sight.key, signal);
      // The refresh that was under way may have begun before the last checkpoint was read.
      if (!isCovered()) return false;
    }
    this.#holeUpTo = -1;
    this.#ahead = [];
    return true;
  }

  /** What can be delivered of what was read; undefined when that is nothing yet. */
  #pageOf({ after, upTo, historyUuid, covered, documents, isCut }: Reading, goal: number): TailPage | undefined {
    const last = documents.at(-1)?.seqNo ?? after;
    const end = isCut ? last : upTo;
    const deliver = (delivered: readonly TailDocument[], to: number): TailPage => ({
      documents: delivered,
      position: { historyUuid, checkpoint: to },
      superseded: to - after - numbersIn(delivered),
      caughtUp: to >= goal,
    });
    const numbers = numbersIn(documents);
    if (end > after) this.#density = Math.min(1, Math.max(1e-4, (this.#density + numbers / (end - after)) / 2));
    const count = this.#options.testing?.skipRefresh === true ? documents.length : readable(documents, after, covered);
    const seen = documents[count - 1]?.seqNo ?? after;
    const to = count < documents.length ? seen : Math.max(seen, Math.min(covered, end));
    if (to < end && (count < documents.length || this.#isPatienceOver(to > after))) this.#holeUpTo = end;
    return to === after ? undefined : deliver(documents.slice(0, count), to);
  }

  #isPatienceOver(isMoving: boolean): boolean {
    if (isMoving || this.#options.testing?.skipRefresh === true) return false;
    const now = this.#options.steady.now();
    this.#waitingSince ??= now;
    return now - this.#waitingSince >= (this.#options.patience ?? 1_000);
  }

  /** Which numbers are read next, as far as is known now. */
  #windowAfter(sight: ShardSight, node: string, after: number): { readonly covered: number; readonly upTo: number } {
    const { size } = this.#page;
    const covered = this.#options.refresher.coveredTo(sight.key, sight.historyUuid ?? "", node);
    const goal = sight.globalCheckpoint ?? after;
    // Where a refresh has made everything visible, a thin stretch is read in one go.
    const numbers = Math.max(size, Math.min(covered - after, Math.ceil(size / this.#density)));
    return { covered, upTo: Math.min(goal, after + numbers) };
  }

  async #read(sight: ShardSight, node: string, after: number, signal: AbortSignal): Promise<Reading> {
    const { ask, steady, sourceFields } = this.#options;
    const historyUuid = sight.historyUuid ?? "";
    for (;;) {
      const { size } = this.#page;
      const { covered, upTo } = this.#windowAfter(sight, node, after);
      const begun = steady.now();
      try {
        const { documents, bytes } = await readShard(
          ask,
          {
            sight,
            node,
            after,
            upTo,
            size: size + 1,
            maxBytes: size === 1 ? Number.POSITIVE_INFINITY : MAX_PAGE_BYTES,
            sourceFields: sourceFields?.(),
          },
          signal,
        );
        this.#page.observe({ documents: documents.length, bytes, milliseconds: steady.now() - begun });
        const isCut = documents.length > size;
        // Of a number that several documents have (a shrunk index), all are delivered together.
        const whole = isCut ? documents.slice(0, firstOf(documents, documents[size]!.seqNo)) : documents;
        if (isCut && whole.length === 0) {
          this.#page.grow();
          continue;
        }
        return { after, upTo, historyUuid, node, covered, documents: whole, isCut };
      } catch (error) {
        const window = windowOf(error);
        const isLess =
          window === undefined
            ? error instanceof AnswerTooLargeError && this.#page.shrink()
            : this.#page.limitTo(window - 1);
        if (!isLess) throw error;
      }
    }
  }

  /** Begins to read what comes after the page, while that is dealt with. A page that turns out to begin elsewhere than was thought is read again. */
  #readAhead(sight: ShardSight, node: string, isEndKnown: boolean, signal: AbortSignal): void {
    const { checkpoint } = this.#position;
    const goal = sight.globalCheckpoint ?? checkpoint;
    if (this.#ahead[0]?.after !== checkpoint) this.#ahead = [];
    // Where pages are cut, nobody knows where the one after the next begins.
    const most = isEndKnown ? (this.#options.pagesAhead?.() ?? 1) : 1;
    while (this.#ahead.length < most) {
      const after = this.#ahead.at(-1)?.upTo ?? checkpoint;
      if (after >= goal) return;
      const { upTo } = this.#windowAfter(sight, node, after);
      const reading = this.#read(sight, node, after, signal).catch(() => undefined);
      this.#ahead.push({ after, upTo, reading });
    }
  }

  async #takeAhead(sight: ShardSight, node: string): Promise<Reading | undefined> {
    const ahead = this.#ahead[0];
    if (ahead === undefined) return undefined;
    const reading = ahead.after === this.#position.checkpoint ? await ahead.reading : undefined;
    if (reading?.node === node && reading.historyUuid === sight.historyUuid) {
      this.#ahead.shift();
      return reading;
    }
    this.#ahead = [];
    return undefined;
  }
}

/** How many different sequence numbers sorted documents have. */
function numbersIn(documents: readonly TailDocument[]): number {
  let count = 0;
  let last = -1;
  for (const { seqNo } of documents) {
    if (seqNo !== last) count += 1;
    last = seqNo;
  }
  return count;
}

/** How many documents come before the first number that is missing and may still come: those up to `covered` do not. */
function readable(documents: readonly TailDocument[], after: number, covered: number): number {
  let last = Math.max(after, covered);
  for (const [index, { seqNo }] of documents.entries()) {
    if (seqNo > last + 1) return index;
    last = Math.max(last, seqNo);
  }
  return documents.length;
}

/** How many documents an index answers with at most, by its refusal of more (`index.max_result_window`). */
function windowOf(error: unknown): number | undefined {
  const said = error instanceof ElasticsearchError && error.status === 400 ? error.message : "";
  const [, most] = /Result window is too large.*less than or equal to: \[(\d+)\]/.exec(said) ?? [];
  return most === undefined ? undefined : Number(most);
}

function firstOf(documents: readonly TailDocument[], seqNo: number): number {
  let index = documents.length;
  while (index > 0 && documents[index - 1]!.seqNo >= seqNo) index -= 1;
  return index;
}
