/** Numbers below a bound, each at most once, in the order they came; cleared in constant time. */
export class Marks {
  readonly list: Int32Array;
  count = 0;
  readonly #stamps: Int32Array;
  #stamp = 1;

  constructor(size: number) {
    this.list = new Int32Array(size);
    this.#stamps = new Int32Array(size);
  }

  clear(): void {
    this.count = 0;
    if (++this.#stamp < 0x7fffffff) return;
    this.#stamps.fill(0);
    this.#stamp = 1;
  }

  add(entry: number): void {
    if (this.#stamps[entry] === this.#stamp) return;
    this.#stamps[entry] = this.#stamp;
    this.list[this.count++] = entry;
  }

  /** Adds a stretch of a list. */
  addAll(entries: Int32Array, from: number, to: number): void {
    for (let index = from; index < to; index++) this.add(entries[index]!);
  }
}

/** Lists of numbers by row, put one after another. */
export interface Rows {
  /** Row `r` is `entries[starts[r]]` up to before `entries[starts[r + 1]]`. */
  readonly starts: Int32Array;
  readonly entries: Int32Array;
}

/** Packs lists. */
export function packRows(rows: readonly (readonly number[] | undefined)[]): Rows {
  const starts = new Int32Array(rows.length + 1);
  let total = 0;
  for (const [index, row] of rows.entries()) {
    starts[index] = total;
    total += row?.length ?? 0;
  }
  starts[rows.length] = total;
  const entries = new Int32Array(total);
  let position = 0;
  for (const row of rows) if (row !== undefined) for (const entry of row) entries[position++] = entry;
  return { starts, entries };
}
