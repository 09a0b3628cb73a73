import type { JsonValue } from "@vedette/detection";
import type { Clock, Timers } from "../ports.ts";
import { type Lease, LeaseLostError, MAX_PAYLOAD_BYTES } from "./lease.ts";
import type { DocumentVersion, LeaseDocument, VersionedDocuments } from "./lease-documents.ts";

/** First and longest pause before a write that failed is made again, milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 500;

/** What a held lease needs. */
export interface HeldLeaseOptions {
  readonly documents: Pick<VersionedDocuments<LeaseDocument>, "read" | "write">;
  readonly worker: string;
  /** A clock that never jumps. */
  readonly steady: Clock;
  /** The time of day, for the document's timestamp alone. */
  readonly clock: Clock;
  readonly timers: Timers;
  /** Milliseconds without a renewal after which the lease counts as lost here, earlier than for anybody else. */
  readonly lostAfter: number;
  /** The document as it was taken. */
  readonly taken: LeaseDocument;
  readonly version: DocumentVersion;
  /** When the write that took it was begun, by the steady clock. */
  readonly takenAt: number;
}

/** A lease that this process holds. Its writes are made one after the other. */
export class HeldLease implements Lease {
  readonly resource: string;
  readonly epoch: number;
  readonly #options: HeldLeaseOptions;
  readonly #lost = new AbortController();
  readonly #recalled = new AbortController();
  /** Aborts when the document is no longer this lease's to write. */
  readonly #ended = new AbortController();
  #payload: JsonValue;
  #version: DocumentVersion;
  #beat: number;
  #renewedAt: number;
  #writes: Promise<unknown> = Promise.resolve();
  #isWriting = false;

  constructor(options: HeldLeaseOptions) {
    this.#options = options;
    this.resource = options.taken.resource;
    this.epoch = options.taken.epoch;
    this.#payload = options.taken.payload;
    this.#version = options.version;
    this.#beat = options.taken.beat;
    this.#renewedAt = options.takenAt;
    void this.#watch();
  }

  get payload(): JsonValue | undefined {
    return this.#payload ?? undefined;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get recalled(): AbortSignal {
    return this.#recalled.signal;
  }

  /** True while the document is this lease's. */
  get isHeld(): boolean {
    return !this.#ended.signal.aborted;
  }

  async save(payload: JsonValue): Promise<void> {
    const bytes = Buffer.byteLength(JSON.stringify(payload));
    if (bytes > MAX_PAYLOAD_BYTES) {
      throw new RangeError(`the progress of ${this.resource} has ${bytes} bytes; ${MAX_PAYLOAD_BYTES} are allowed`);
    }
    if (this.#lost.signal.aborted) throw this.#lostError();
    await this.#inTurn(() => this.#write(payload, this.#options.worker));
  }

  /** Shows that the owner lives, unless a write under way shows it anyway. Does not reject. */
  async renew(dueAfter: number): Promise<void> {
    const { steady, worker } = this.#options;
    if (this.#isWriting || !this.isHeld || steady.now() - this.#renewedAt < dueAfter) return;
    try {
      await this.#inTurn(() => this.#write(this.#payload, worker));
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
    }
  }

  /** Asks the work to end at its next good moment. */
  recall(): void {
    this.#recalled.abort();
  }

  /** Ends the work, while the document is kept until `release`. */
  stop(): void {
    this.#recalled.abort();
    this.#lost.abort();
  }

  async release(): Promise<void> {
    if (!this.isHeld) return;
    this.stop();
    try {
      await this.#inTurn(() => this.#write(this.#payload, null));
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
    }
    this.#end();
  }

  #end(): void {
    this.#ended.abort();
    this.#recalled.abort();
    this.#lost.abort();
  }

  #lostError(cause?: unknown): LeaseLostError {
    return new LeaseLostError(`This worker has no right to ${this.resource} any more.`, { cause });
  }

  async #inTurn<T>(write: () => Promise<T>): Promise<T> {
    const turn = this.#writes.then(async () => {
      this.#isWriting = true;
      try {
        return await write();
      } finally {
        this.#isWriting = false;
      }
    });
    this.#writes = turn.catch(() => {});
    return turn;
  }

  /** By its own clock the lease ends before anybody else may take it. */
  async #watch(): Promise<void> {
    while (this.isHeld) {
      const left = this.#left();
      if (left <= 0) return this.#end();
      await this.#options.timers.sleep(left, this.#ended.signal);
    }
  }

  #left(): number {
    return this.#renewedAt + this.#options.lostAfter - this.#options.steady.now();
  }

  /** Writes until it is written, or the lease is lost. A process that slept asks its clock before anything else. */
  async #write(payload: JsonValue, owner: string | null): Promise<void> {
    const { documents, worker, steady, clock, timers } = this.#options;
    let cause: unknown;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
      if (this.#left() <= 0) this.#end();
      if (!this.isHeld) throw this.#lostError(cause);
      const begun = steady.now();
      this.#beat += 1;
      const beat = this.#beat;
      const { resource, epoch } = this;
      const timestamp = new Date(clock.now()).toISOString();
      const document: LeaseDocument = { "@timestamp": timestamp, resource, owner, epoch, beat, payload };
      const result = await documents.write(resource, document, this.#version);
      if (result.status === "written") {
        this.#wrote(result.version, payload, begun);
        return;
      }
      if (result.status === "unknown") cause = result.error;
      try {
        const [current] = await documents.read([resource], ["owner", "epoch", "beat"]);
        const found = current?.document;
        // A released document with this epoch can only be this lease's own doing.
        const isOurs = found?.epoch === epoch && (found.owner === worker || (found.owner === null && owner === null));
        if (current === undefined || !isOurs) {
          this.#end();
          throw this.#lostError(cause);
        }
        if (current.document.beat === beat) {
          this.#wrote(current.version, payload, begun);
          return;
        }
        // An earlier write of this lease may have arrived only now; the same version again is a stale answer, or nothing was written.
        const isNews = current.version.seqNo !== this.#version.seqNo;
        this.#version = current.version;
        if (isNews) continue;
      } catch (error) {
        if (error instanceof LeaseLostError) throw error;
        cause = error;
      }
      await timers.sleep(Math.min(pause, Math.max(1, this.#left())), this.#ended.signal);
    }
  }

  #wrote(version: DocumentVersion, payload: JsonValue, begun: number): void {
    this.#version = version;
    this.#payload = payload;
    this.#renewedAt = begun;
  }
}
