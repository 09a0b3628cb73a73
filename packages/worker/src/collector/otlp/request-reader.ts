import { BinaryReader } from "@bufbuild/protobuf/wire";

/** Attribute names are few and come again and again; a table of this size holds those of a fleet. */
const TABLE_SIZE = 4_096;
const LONGEST_NAME = 64;

interface KnownName {
  readonly bytes: Uint8Array;
  readonly text: string;
}

const known: (KnownName | undefined)[] = Array.from({ length: TABLE_SIZE }, () => undefined);

/** A reader of protobuf that is quick with texts: names are looked up by their bytes instead of being made anew for each record. */
export class RequestReader extends BinaryReader {
  readonly #buffer: Buffer;

  constructor(bytes: Uint8Array) {
    super(bytes);
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Reads a text; invalid UTF-8 is replaced by U+FFFD. */
  override string(): string {
    const length = this.uint32();
    const start = this.pos;
    this.pos += length;
    this.assertEnd();
    return length === 0 ? "" : this.#buffer.toString("utf8", start, this.pos);
  }

  /** Reads a name: a text that probably was read before. */
  name(): string {
    const length = this.uint32();
    const start = this.pos;
    const end = start + length;
    this.pos = end;
    this.assertEnd();
    const buffer = this.#buffer;
    if (length === 0) return "";
    if (length > LONGEST_NAME) return buffer.toString("utf8", start, end);
    let hash = length;
    for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (buffer[at] as number)) | 0;
    const place = (hash ^ (hash >>> 15)) & (TABLE_SIZE - 1);
    const found = known[place];
    if (found !== undefined && found.bytes.length === length) {
      let same = 0;
      while (same < length && found.bytes[same] === buffer[start + same]) same += 1;
      if (same === length) return found.text;
    }
    const text = buffer.toString("utf8", start, end);
    known[place] = { bytes: Uint8Array.prototype.slice.call(buffer, start, end), text };
    return text;
  }

  private assertEnd(): void {
    if (this.pos > this.len) throw new RangeError("premature end of the request");
  }
}
