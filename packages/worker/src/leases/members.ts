import type { Clock } from "../ports.ts";
import type { MemberDocument, VersionedDocuments } from "./lease-documents.ts";

/** Most workers that are known of. */
const MAX_MEMBERS = 1_000;
/** Documents of workers that were silent so many times longer than it takes to be taken for dead are removed. */
const FORGET_AFTER = 15;

/** What the list of workers needs. */
export interface MembersOptions {
  readonly documents: VersionedDocuments<MemberDocument>;
  readonly worker: string;
  /** A clock that never jumps. */
  readonly steady: Clock;
  /** The time of day, for the documents' timestamps alone. */
  readonly clock: Clock;
  /** Milliseconds of silence after which a worker does not count any more. */
  readonly silentAfter: number;
  /** Milliseconds between two looks for workers that are new. */
  readonly listEvery: number;
}

/** Shows that this worker lives, and watches which others do, each by its own clock: a worker lives whose document keeps changing. */
export class Members {
  readonly #options: MembersOptions;
  readonly #known = new Map<string, { beat: number; changedAt: number; wanted: Readonly<Record<string, number>> }>();
  #beat = 0;
  #listedAt = Number.NEGATIVE_INFINITY;

  constructor(options: MembersOptions) {
    this.#options = options;
  }

  /** Shows that this worker lives, and how many resources of each kind it could work on. */
  async show(wanted: Readonly<Record<string, number>>): Promise<void> {
    const { documents, worker, clock } = this.#options;
    this.#beat += 1;
    const timestamp = new Date(clock.now()).toISOString();
    const result = await documents.write(worker, { "@timestamp": timestamp, worker, beat: this.#beat, wanted }, "any");
    if (result.status === "unknown") throw result.error;
  }

  /** Looks which workers live besides this one, and what they want. Rejects when that cannot be known. */
  async others(): Promise<ReadonlyMap<string, Readonly<Record<string, number>>>> {
    const { documents, worker, steady, silentAfter, listEvery } = this.#options;
    if (steady.now() - this.#listedAt >= listEvery) {
      const begun = steady.now();
      for (const id of await documents.list(MAX_MEMBERS)) {
        if (id !== worker && !this.#known.has(id)) this.#known.set(id, { beat: -1, changedAt: begun, wanted: {} });
      }
      this.#listedAt = begun;
    }
    const ids = [...this.#known.keys()];
    const begun = steady.now();
    const found = ids.length === 0 ? [] : await documents.read(ids);
    const alive = new Map<string, Readonly<Record<string, number>>>();
    for (const [index, id] of ids.entries()) {
      const document = found[index]?.document;
      const known = this.#known.get(id);
      if (document === undefined || known === undefined) {
        this.#known.delete(id);
        continue;
      }
      if (document.beat > known.beat) {
        known.beat = document.beat;
        known.changedAt = steady.now();
        known.wanted = document.wanted;
      }
      const silence = begun - known.changedAt;
      if (silence < silentAfter) alive.set(id, known.wanted);
      else if (silence >= silentAfter * FORGET_AFTER) await this.#forget(id);
    }
    return alive;
  }

  /** This worker goes. */
  async leave(): Promise<void> {
    await this.#options.documents.remove(this.#options.worker);
  }

  async #forget(id: string): Promise<void> {
    this.#known.delete(id);
    await this.#options.documents.remove(id);
  }
}
