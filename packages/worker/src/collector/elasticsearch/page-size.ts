/** Between which sizes a page adapts. */
export interface PageSizeOptions {
  /** Fewest and most documents. A page falls below `min` only where documents are too large for it. */
  readonly min: number;
  readonly max: number;
}

/** Bytes of an answer that are aimed at, and the most that is read at once unless it is a single document. */
const TARGET_BYTES = 4 * 1024 * 1024;
/** Longest answer that is taken for more than one document. */
export const MAX_PAGE_BYTES = 16 * 1024 * 1024;
/** Milliseconds that reading a page should not exceed. */
const TARGET_TIME = 1_000;

/** Number of documents asked for at once, by what the last pages weighed and took. */
export class PageSize {
  readonly #min: number;
  readonly #max: number;
  #size: number;

  constructor({ min, max }: PageSizeOptions) {
    this.#min = min;
    this.#max = max;
    this.#size = Math.min(max, Math.max(min, 1_000));
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
    this.#size = Math.min(10_000, this.#size * 2);
  }
}
