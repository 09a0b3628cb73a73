import type { Arena, Cell } from "./arena.ts";

/** Bytes, and the same bytes for reading text. */
export type Readable = Pick<Arena, "bytes" | "text">;

const LATIN = 0;
const HEX = 1;
const WIDE = 2;
const DIGITS = "0123456789abcdef";
const DIGIT_OF = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) DIGIT_OF[DIGITS.charCodeAt(value)] = value;
/** Numbers are written in one order of bytes, whatever the machine's is. */
const eight = new DataView(new ArrayBuffer(8));
const NUMBER_BYTES = 8;

/**
 * Bytes that are put together before their number is known: whole numbers and texts one after the other. Hexadecimal ids take half a byte a
 * character, texts of Latin letters one, all others (lone surrogates too) two. Equal contents are equal bytes.
 */
export class Scratch {
  length = 0;
  #bytes = new Uint8Array(4_096);
  #words = new Int32Array(this.#bytes.buffer);
  #text = Buffer.from(this.#bytes.buffer);

  clear(): void {
    this.length = 0;
  }

  count(value: number): void {
    this.#room(5);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.length++] = rest;
  }

  text(text: string): void {
    const size = text.length;
    this.#room(size * 2 + 5);
    const start = this.length;
    if (size >= 8 && size % 2 === 0) {
      this.count((size / 2) * 4 + HEX);
      if (this.#hex(text)) return;
      this.length = start;
    }
    this.count(size * 4 + LATIN);
    const bytes = this.#bytes;
    let at = this.length;
    for (let index = 0; index < size; index++) {
      const code = text.charCodeAt(index);
      if (code > 255) {
        this.length = start;
        this.#wide(text);
        return;
      }
      bytes[at++] = code;
    }
    this.length = at;
  }

  number(value: number): void {
    this.#room(NUMBER_BYTES);
    eight.setFloat64(0, value);
    for (let index = 0; index < NUMBER_BYTES; index++) this.#bytes[this.length++] = eight.getUint8(index);
  }

  /** Appends bytes as they are, from one place to before another. */
  append({ bytes }: Readable, from: number, to: number): void {
    this.#room(to - from);
    const target = this.#bytes;
    let at = this.length;
    for (let index = from; index < to; index++) target[at++] = bytes[index] ?? 0;
    this.length = at;
  }

  /** Everything written since the last clear, as text. */
  encoded(encoding: "base64" | "base64url"): string {
    return this.#text.toString(encoding, 0, this.length);
  }

  /** A hash of everything written since the last clear: 32 bits. */
  hash(seed: number): number {
    const bytes = this.#bytes;
    let hash = seed ^ 0x811c9dc5;
    for (let index = 0; index < this.length; index++) hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b3c6d);
    return hash ^ (hash >>> 13);
  }

  /** A number made of the first and last bytes: for hexadecimal ids as good as a hash. */
  digest(): number {
    const bytes = this.#bytes;
    const end = this.length;
    let digest = end;
    for (let index = 1; index < 5 && index < end; index++) {
      digest = Math.imul(digest, 31) + (bytes[index] ?? 0);
      digest = Math.imul(digest, 0x01000193) ^ (bytes[end - index] ?? 0);
    }
    return digest | 0;
  }

  /** Whether the arena holds the same bytes at a cell. */
  equals(arena: Arena, cell: Cell): boolean {
    const bytes = this.#bytes;
    const stored = arena.bytes;
    const base = cell * 8;
    for (let index = 0; index < this.length; index++) if (bytes[index] !== stored[base + index]) return false;
    return true;
  }

  /** Cells that the bytes need. */
  get cells(): number {
    return (this.length + 7) >>> 3;
  }

  /** Copies the bytes to a cell that has room for them. */
  copyTo(arena: Arena, cell: Cell): void {
    const words = this.#words;
    const target = arena.words;
    const base = cell * 2;
    const count = (this.length + 3) >>> 2;
    for (let index = 0; index < count; index++) target[base + index] = words[index] ?? 0;
  }

  #hex(text: string): boolean {
    const bytes = this.#bytes;
    let at = this.length;
    for (let index = 0; index < text.length; index += 2) {
      const high = DIGIT_OF[text.charCodeAt(index)] ?? -1;
      const low = DIGIT_OF[text.charCodeAt(index + 1)] ?? -1;
      if ((high | low) < 0) return false;
      bytes[at++] = high * 16 + low;
    }
    this.length = at;
    return true;
  }

  #wide(text: string): void {
    this.count(text.length * 4 + WIDE);
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      this.#bytes[this.length++] = code & 255;
      this.#bytes[this.length++] = code >>> 8;
    }
  }

  #room(size: number): void {
    if (this.length + size <= this.#bytes.length) return;
    const bytes = new Uint8Array(2 ** Math.ceil(Math.log2(this.length + size)));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#words = new Int32Array(bytes.buffer);
    this.#text = Buffer.from(bytes.buffer);
  }
}

/** Reads, in order, what a {@link Scratch} put together: from an arena, or from bytes of its own. */
export class Reader {
  readonly #arena: Readable;
  at = 0;

  constructor(arena: Readable) {
    this.#arena = arena;
  }

  seek(cell: Cell): this {
    this.at = cell * 8;
    return this;
  }

  count(): number {
    const { bytes } = this.#arena;
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[this.at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  number(): number {
    const { bytes } = this.#arena;
    for (let index = 0; index < NUMBER_BYTES; index++) eight.setUint8(index, bytes[this.at++] ?? 0);
    return eight.getFloat64(0);
  }

  text(): string {
    const header = this.count();
    const kind = header & 3;
    const size = (header - kind) / 4;
    const start = this.at;
    this.at += kind === WIDE ? size * 2 : size;
    return this.#arena.text.toString(kind === HEX ? "hex" : kind === LATIN ? "latin1" : "utf16le", start, this.at);
  }

  skipText(): void {
    const header = this.count();
    const kind = header & 3;
    const size = (header - kind) / 4;
    this.at += kind === WIDE ? size * 2 : size;
  }
}
