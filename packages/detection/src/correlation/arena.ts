/** Index of 8 bytes in an arena; 0 is no place. */
export type Cell = number;

const SMALL_CELLS = 512;
const FIRST_CELLS = 8_192;
const GROWTH = 1.1;
/** Address space asked for at first; it is no memory until it is used. */
const RESERVED = 2 ** 30;

/**
 * Memory for records that are too many to be objects: one buffer, given out in blocks of whole cells of 8 bytes. A block that is given back is
 * used again for a block of its size; blocks above {@link SMALL_CELLS} are rounded up to a power of two.
 */
export class Arena {
  words: Int32Array;
  numbers: Float64Array;
  bytes: Uint8Array;
  text: Buffer;
  /** Bytes given out. */
  used = 0;
  #top = 1;
  readonly #free = new Int32Array(SMALL_CELLS + 32);

  constructor() {
    const buffer = reserve(FIRST_CELLS * 8, RESERVED);
    this.words = new Int32Array(buffer);
    this.numbers = new Float64Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.text = Buffer.from(buffer);
  }

  /** A block of at least so many cells; what it holds is undefined. */
  take(cells: number): Cell {
    const size = blockOf(cells);
    const list = classOf(size);
    this.used += size * 8;
    const free = this.#free[list] ?? 0;
    if (free !== 0) {
      this.#free[list] = this.words[free * 2] ?? 0;
      return free;
    }
    const cell = this.#top;
    if (cell + size > this.numbers.length) this.#grow(cell + size);
    this.#top = cell + size;
    return cell;
  }

  /** Takes a block back that was given out for so many cells. */
  give(cell: Cell, cells: number): void {
    const size = blockOf(cells);
    const list = classOf(size);
    this.used -= size * 8;
    this.words[cell * 2] = this.#free[list] ?? 0;
    this.#free[list] = cell;
  }

  #grow(cells: number): void {
    const buffer = this.numbers.buffer as ArrayBuffer;
    const bytes = Math.ceil(Math.max(cells, this.numbers.length * GROWTH)) * 8;
    // Views of a buffer that grows in place grow with it; a copy only where the space asked for has been used up.
    if (bytes <= buffer.maxByteLength) {
      buffer.resize(bytes);
      // Not every version of Node lets a Buffer grow with what it shows.
      this.text = Buffer.from(buffer);
      return;
    }
    const larger = reserve(bytes, bytes * 2);
    const words = new Int32Array(larger);
    words.set(this.words);
    this.words = words;
    this.numbers = new Float64Array(larger);
    this.bytes = new Uint8Array(larger);
    this.text = Buffer.from(larger);
  }
}

/** A buffer that can grow to a size, or, where there is no such address space, to as much as there is. */
function reserve(bytes: number, most: number): ArrayBuffer {
  for (let maxByteLength = most; maxByteLength > bytes; maxByteLength = Math.floor(maxByteLength / 16) * 8) {
    try {
      return new ArrayBuffer(bytes, { maxByteLength });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return new ArrayBuffer(bytes, { maxByteLength: bytes });
}

function blockOf(cells: number): number {
  return cells <= SMALL_CELLS ? cells : 2 ** Math.ceil(Math.log2(cells));
}

function classOf(size: number): number {
  return size <= SMALL_CELLS ? size - 1 : SMALL_CELLS + Math.log2(size) - 10;
}
