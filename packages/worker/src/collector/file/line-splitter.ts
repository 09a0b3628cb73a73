const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** One line of a file, without its end; or the beginning of one that is too long. */
export interface Line {
  /** Byte offset of its first byte. */
  readonly offset: number;
  /** 1-based. */
  readonly number: number;
  readonly bytes: Buffer;
  readonly tooLong: boolean;
}

/** Where a reader of lines stands: everything before `offset` is dealt with. */
export interface LinePosition {
  readonly offset: number;
  /** Lines that ended before `offset`. */
  readonly lines: number;
  /** `offset` lies inside a line that was too long and is being passed over. */
  readonly skipping: boolean;
}

/** Splits bytes that come in pieces into lines and waits with a line that has no end yet. */
export class LineSplitter {
  readonly #maxBytes: number;
  #position: LinePosition;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(position: LinePosition, maxBytes: number) {
    this.#position = position;
    this.#maxBytes = maxBytes;
  }

  /** Where to go on after a restart: the beginning of the line that has no end yet. */
  get position(): LinePosition {
    return this.#position;
  }

  /** Where the next piece must come from. */
  get readOffset(): number {
    return this.#position.offset + this.#heldBytes;
  }

  /** Takes the next piece and gives the lines that end in it. */
  feed(piece: Buffer): Line[] {
    const lines: Line[] = [];
    let start = 0;
    while (start < piece.length) {
      const newline = piece.indexOf(NEWLINE, start);
      const end = newline === -1 ? piece.length : newline;
      this.#hold(piece.subarray(start, end), lines);
      if (newline === -1) break;
      this.#endLine(lines);
      start = newline + 1;
    }
    return lines;
  }

  /** The line without an end, when the file will not grow any more. */
  flush(): Line[] {
    const lines: Line[] = [];
    if (this.#heldBytes > 0) lines.push(this.#line(false));
    this.#position = { offset: this.readOffset, lines: this.#position.lines, skipping: false };
    this.#drop();
    return lines;
  }

  #hold(part: Buffer, lines: Line[]): void {
    const { offset, lines: count, skipping } = this.#position;
    if (skipping) {
      this.#position = { offset: offset + part.length, lines: count, skipping };
      return;
    }
    if (part.length > 0) this.#held.push(part);
    this.#heldBytes += part.length;
    // One byte more is allowed for the return before a newline.
    if (this.#heldBytes <= this.#maxBytes + 1) return;
    lines.push(this.#line(true));
    this.#position = { offset: offset + this.#heldBytes, lines: count, skipping: true };
    this.#drop();
  }

  #endLine(lines: Line[]): void {
    const { lines: count, skipping } = this.#position;
    if (!skipping) {
      const line = this.#line(false);
      lines.push(line.bytes.length > this.#maxBytes ? { ...line, tooLong: true } : line);
    }
    this.#position = { offset: this.readOffset + 1, lines: count + 1, skipping: false };
    this.#drop();
  }

  #line(tooLong: boolean): Line {
    const all = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held);
    const bytes = all.at(-1) === RETURN ? all.subarray(0, -1) : all;
    return { offset: this.#position.offset, number: this.#position.lines + 1, bytes, tooLong };
  }

  #drop(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }
}
