import type { Chunk } from "./chunk.ts";
import { type JsonText, jsonValues } from "./json-texts.ts";

/** Bytes that a chunk of lines has room for; a longer line gets a larger one. */
const CHUNK_BYTES = 512 * 1024;
/** Bytes that one line may have. */
const MAX_LINE = 64 * 1024 * 1024;
/** Characters and number of the texts in one chunk. */
const TEXTS = { characters: 256 * 1024, count: 1_000 } as const;
/** Bytes of white space that are passed over to see what an input is. */
const MAX_LEAD = 1024 * 1024;
/** Milliseconds that whole lines wait for more to come. */
const PATIENCE = 20;

const LINE_FEED = 10;

/** Buffers that chunks are read into; those that come back are used again. */
export class ChunkBuffers {
  readonly #free: ArrayBuffer[] = [];

  take(): ArrayBuffer {
    return this.#free.pop() ?? allocate(CHUNK_BYTES);
  }

  giveBack(buffer: ArrayBuffer): void {
    if (buffer.byteLength === CHUNK_BYTES) this.#free.push(buffer);
  }
}

/** Memory of its own (Node's pool cannot be handed to another thread), not filled with zeros. */
function allocate(bytes: number): ArrayBuffer {
  return Buffer.allocUnsafeSlow(bytes).buffer;
}

/**
 * Cuts an input into chunks: at line ends, without looking at what is in the lines; or, when the input begins with `[`, into the elements of
 * that array; or, when its first line is only `{` (a file written for people), into whole objects.
 */
export async function* chunksOf(pieces: AsyncIterator<Uint8Array>, buffers: ChunkBuffers): AsyncGenerator<Chunk> {
  const head: Uint8Array[] = [];
  const form = await formOf(pieces, head);
  const all = (async function* () {
    yield* head;
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
  })();
  if (form === "lines") yield* lineChunks(all, buffers);
  else {
    const decoder = new LenientDecoder();
    yield* textChunks(jsonValues(decoder.decode(all), form === "array"), decoder);
  }
}

/** Looks at the first characters that are not white space; what was read for that is added to `head`. */
async function formOf(pieces: AsyncIterator<Uint8Array>, head: Uint8Array[]): Promise<"lines" | "array" | "objects"> {
  let opened = false;
  let length = 0;
  while (length < MAX_LEAD) {
    const { value, done } = await pieces.next();
    if (done === true) return "lines";
    head.push(value);
    length += value.length;
    for (const byte of value) {
      if (byte === LINE_FEED && opened) return "objects";
      if (byte === 32 || byte === 9 || byte === 13 || byte === LINE_FEED) continue;
      if (opened) return "lines";
      if (byte === 0x5b) return "array";
      if (byte !== 0x7b) return "lines";
      opened = true;
    }
  }
  return "lines";
}

async function* lineChunks(pieces: AsyncGenerator<Uint8Array>, buffers: ChunkBuffers): AsyncGenerator<Chunk> {
  let bytes = Buffer.from(buffers.take());
  let used = 0;
  /** Bytes up to the last line end. */
  let whole = 0;
  let skipping = false;
  /** Hands on the whole lines and keeps the rest. */
  const cut = (end: number): Chunk => {
    const rest = bytes.subarray(end, used);
    const chunk: Chunk = { kind: "lines", buffer: bytes.buffer, length: end };
    const next = Buffer.from(rest.length < CHUNK_BYTES ? buffers.take() : allocate(rest.length + CHUNK_BYTES));
    rest.copy(next);
    bytes = next;
    used = rest.length;
    whole = 0;
    return chunk;
  };
  /** Asks for the next piece; that it fails is seen when it is awaited, or by nobody when the reading was given up. */
  const ask = (): Promise<IteratorResult<Uint8Array>> => {
    const asked = pieces.next();
    asked.catch(() => undefined);
    return asked;
  };
  let coming = ask();
  for (;;) {
    if (whole > 0 && !(await settles(coming, PATIENCE))) yield cut(whole);
    let next: IteratorResult<Uint8Array>;
    try {
      next = await coming;
    } catch (error) {
      // What came before the damage is judged; the line that is cut off is not.
      if (whole > 0) yield cut(whole);
      throw error;
    }
    const { value, done } = next;
    if (done === true) break;
    coming = ask();
    let piece = value;
    while (piece.length > 0) {
      if (skipping) {
        const end = piece.indexOf(LINE_FEED);
        piece = end < 0 ? piece.subarray(piece.length) : piece.subarray(end + 1);
        skipping = end < 0;
        continue;
      }
      const room = Math.min(bytes.length - used, piece.length);
      bytes.set(piece.subarray(0, room), used);
      const last = bytes.subarray(used, used + room).lastIndexOf(LINE_FEED);
      if (last >= 0) whole = used + last + 1;
      used += room;
      piece = piece.subarray(room);
      if (used < bytes.length) continue;
      if (whole > 0) yield cut(whole);
      else if (used < MAX_LINE) {
        const larger = Buffer.from(allocate(Math.min(MAX_LINE, bytes.length * 4)));
        bytes.copy(larger);
        buffers.giveBack(bytes.buffer);
        bytes = larger;
      } else {
        yield { kind: "overlong" };
        bytes = Buffer.from(buffers.take());
        used = 0;
        skipping = true;
      }
    }
  }
  if (used > 0) yield { kind: "lines", buffer: bytes.buffer, length: used };
}

/** Whether a promise settles within so many milliseconds. */
async function settles(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), milliseconds);
  const settled = (): boolean => true;
  const result = await Promise.race([promise.then(settled, settled), late]);
  clearTimeout(timer);
  return result;
}

/** Decodes UTF-8 and knows whether some of it was none. */
class LenientDecoder {
  isLossy = false;
  readonly #lenient = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

  async *decode(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
    for await (const piece of pieces) {
      this.#check(piece);
      yield this.#lenient.decode(piece, { stream: true });
    }
    this.#check(undefined);
    const last = this.#lenient.decode();
    if (last !== "") yield last;
  }

  #check(piece: Uint8Array | undefined): void {
    if (this.isLossy) return;
    try {
      this.#strict.decode(piece, { stream: piece !== undefined });
    } catch {
      this.isLossy = true;
    }
  }
}

async function* textChunks(source: AsyncIterable<JsonText>, decoder: LenientDecoder): AsyncGenerator<Chunk> {
  let texts: string[] = [];
  let lines: number[] = [];
  let characters = 0;
  const take = (): Chunk => {
    const chunk: Chunk = { kind: "texts", texts, lines, isLossy: decoder.isLossy };
    texts = [];
    lines = [];
    characters = 0;
    return chunk;
  };
  for await (const { text, line, overlong } of source) {
    if (overlong === true) {
      if (texts.length > 0) yield take();
      yield { kind: "overlong", line };
      continue;
    }
    texts.push(text);
    lines.push(line);
    characters += text.length;
    if (characters >= TEXTS.characters || texts.length >= TEXTS.count) yield take();
  }
  if (texts.length > 0) yield take();
}
