/** Between which sizes a page adapts. */
export interface PageSizeOptions {
  /** Fewest and most documents. A page falls below `min` only where documents are too large for it. */
  readonly min: number;
  readonly max: number;
}

/**
 * Bytes of an answer that are aimed at: the few pages that are in memory at once then die young. Larger ones spare the cluster a little for each document, and cost the worker a fifth
 * more, all of it for collecting garbage (measured).
 */
const TARGET_BYTES = 1024 * 1024;
/** Longest answer that is taken for more than one document. */
export const MAX_PAGE_BYTES = 16 * 1024 * 1024;
/** Milliseconds that reading a page should not exceed. */
const TARGET_TIME = 1_000;

/** An index answers with 10,000 documents unless it is set otherwise; one more than the page is asked for. */
const MOST = 9_999;

/** Number of documents asked for at once, by what the last pages weighed and took. */
export class PageSize {
  readonly #min: number;
  #max: number;
  #size: number;

  constructor({ min, max }: PageSizeOptions) {
    this.#min = Math.min(min, MOST);
    this.#max = Math.min(max, MOST);
    this.#size = Math.min(this.#max, Math.max(this.#min, 1_000));
  }

  /** Documents to ask for now. */
  get size(): number {
    return this.#size;
  }

  /** A page was read. */
  observe(page: { readonly documents: number; readonly bytes: number; readonly milliseconds: number }): void {
    if (page.documents === 0) return;
    const fitting = Math.floor(TARGET_BYTES / (page.bytes / page.documents));
    let next = Math.min(fitting, this.#size * 2);
    if (page.milliseconds > TARGET_TIME && page.documents * 2 > this.#size) next = Math.min(next, this.#size / 2);
    this.#size = Math.max(1, Math.min(this.#max, Math.max(Math.min(this.#min, fitting), Math.floor(next))));
  }

  /** A page was too large to be read; one of the half size or less is tried. False when it was a single document. */
  shrink(): boolean {
    if (this.#size === 1) return false;
    this.#size = Math.max(1, Math.floor(this.#size / 4));
    return true;
  }

  /** A whole page had one and the same number. */
  grow(): void {
    this.#size = Math.min(MOST, this.#size * 2);
  }

  /** The index takes no larger page than this. False when the page was no larger: asking for less does not help. */
  limitTo(most: number): boolean {
    if (!(most >= 1 && most < this.#size)) return false;
    this.#max = Math.min(this.#max, most);
    this.#size = most;
    return true;
  }
}
