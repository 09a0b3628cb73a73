import { StoreError } from "../errors.ts";

/** Failures in a row at one place after which fewer records are tried, and in the end the one record is set aside. */
const PATIENCE = 3;

/** Failures of the store that what is written can cause; all others (a full or failing disk, a store that is gone) are nobody's record's fault. */
const CAUSED_BY_CONTENT: ReadonlySet<string> = new Set([
  "store-fact-conflict",
  "store-revision-conflict",
  "store-failed",
]);

/** What to do with the next records: how many to read at most, or that the next one alone is to be set aside. */
export interface Care {
  readonly limit: number;
  readonly setAside: boolean;
}

/**
 * Finds the record that keeps a step from being committed. While steps fail at one cursor for a reason that lies in what they hold, it
 * halves the batch, until the record is alone; behind the records of the first failure it is over.
 */
export class CarefulReader {
  readonly #batchSize: number;
  #trouble: { cursor: number; limit: number; failures: number; readonly until: number } | undefined;

  constructor(batchSize: number) {
    this.#batchSize = batchSize;
  }

  /** How to go on at a cursor. */
  at(cursor: number): Care {
    const trouble = this.#trouble;
    if (trouble === undefined) return { limit: this.#batchSize, setAside: false };
    return { limit: trouble.limit, setAside: trouble.cursor === cursor && trouble.failures >= PATIENCE };
  }

  /** A step of `count` records up to the sequence `last` failed. */
  failed(cursor: number, count: number, last: number, error: unknown): void {
    if (error instanceof StoreError && (error.retryable || !CAUSED_BY_CONTENT.has(error.code))) return;
    if (this.#trouble === undefined || this.#trouble.cursor !== cursor)
      this.#trouble = { cursor, limit: count, failures: 0, until: Math.max(last, this.#trouble?.until ?? 0) };
    this.#trouble.failures += 1;
    if (this.#trouble.failures < PATIENCE || count === 1) return;
    this.#trouble.limit = Math.ceil(count / 2);
    this.#trouble.failures = 0;
  }

  /** Records up to the cursor are done with. */
  passed(cursor: number): void {
    if (this.#trouble !== undefined && cursor >= this.#trouble.until) this.#trouble = undefined;
  }
}
