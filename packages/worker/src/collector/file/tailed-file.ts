import { createHash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import type { FilePosition } from "./file-checkpoint.ts";
import type { FoundFile } from "./glob.ts";
import { LineSplitter, type Line } from "./line-splitter.ts";

const HEAD_BYTES = 1_024;
const PIECE_BYTES = 262_144;

const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const readAt = async (handle: FileHandle, offset: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
};

/** One file that is read as it grows, through a handle that stays open when it is renamed or removed. */
export class TailedFile {
  readonly id: number;
  readonly device: string;
  readonly inode: string;
  readonly numbered: boolean;
  /** Path under which the content was found first. */
  readonly firstPath: string;
  /** Path under which it is now, as far as known. */
  path: string;
  /** Clock time since when the file is no longer under a name that is looked for, and has not grown. */
  quietSince: number | undefined;
  readonly #handle: FileHandle;
  readonly #splitter: LineSplitter;
  #head: Buffer;
  /** The largest size that was seen. */
  #seenSize = 0;

  private constructor(
    file: FoundFile,
    id: number,
    handle: FileHandle,
    splitter: LineSplitter,
    numbered: boolean,
    head: Buffer,
  ) {
    this.id = id;
    this.device = file.device;
    this.inode = file.inode;
    this.firstPath = file.path;
    this.path = file.path;
    this.numbered = numbered;
    this.#handle = handle;
    this.#splitter = splitter;
    this.#head = head;
  }

  /** Opens content that was not seen before, at its beginning, or after its last whole line. */
  static async fresh(
    file: FoundFile,
    id: number,
    start: "beginning" | "end",
    maxLineBytes: number,
  ): Promise<TailedFile> {
    const handle = await open(file.path, "r");
    try {
      const offset = start === "beginning" ? 0 : await endOfLastLine(handle, maxLineBytes);
      const splitter = new LineSplitter({ offset, lines: 0, skipping: false }, maxLineBytes);
      const head = await readAt(handle, 0, Math.min(HEAD_BYTES, offset));
      return new TailedFile(file, id, handle, splitter, offset === 0, head);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Opens content where reading stopped; undefined when the file holds other content now. */
  static async resumed(file: FoundFile, position: FilePosition, maxLineBytes: number): Promise<TailedFile | undefined> {
    const handle = await open(file.path, "r");
    try {
      const head = await readAt(handle, 0, position.headLength);
      const same =
        head.length === position.headLength && hash(head) === position.headHash && file.size >= position.offset;
      if (same) {
        const { offset, lines, skipping } = position;
        const splitter = new LineSplitter({ offset, lines: Math.max(0, lines), skipping }, maxLineBytes);
        return new TailedFile(file, position.id, handle, splitter, lines >= 0, head);
      }
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return undefined;
  }

  /** Whether the content is still the one that was begun: false after a truncation, even when the file has grown past the old end since. */
  async isSameContent(): Promise<boolean> {
    const { size } = await this.#handle.stat();
    if (size < this.#splitter.readOffset) return false;
    if (size === this.#splitter.readOffset) return true;
    const head = await readAt(this.#handle, 0, this.#head.length);
    return head.equals(this.#head);
  }

  /** Whether the file was seen to hold more than the lines that were read of it. */
  get hasUnread(): boolean {
    return this.#seenSize > this.#splitter.position.offset;
  }

  /** Reads the next piece: its lines, and whether there was anything to read. */
  async read(): Promise<{ readonly lines: readonly Line[]; readonly bytes: number }> {
    const offset = this.#splitter.readOffset;
    const { size } = await this.#handle.stat();
    this.#seenSize = size;
    if (size <= offset) return { lines: [], bytes: 0 };
    const piece = await readAt(this.#handle, offset, Math.min(PIECE_BYTES, size - offset));
    if (offset < HEAD_BYTES && piece.length > 0) {
      this.#head = Buffer.concat([this.#head.subarray(0, offset), piece.subarray(0, HEAD_BYTES - offset)]);
    }
    return { lines: this.#splitter.feed(piece), bytes: piece.length };
  }

  /** The line without an end of a file that will not grow any more. */
  flush(): readonly Line[] {
    return this.#splitter.flush();
  }

  /** Where reading goes on after a restart. */
  position(): FilePosition {
    const { offset, lines, skipping } = this.#splitter.position;
    // Only bytes before the offset are sure to stay as they are.
    const head = this.#head.subarray(0, Math.min(offset, HEAD_BYTES));
    return {
      id: this.id,
      path: this.path,
      device: this.device,
      inode: this.inode,
      offset,
      lines: this.numbered ? lines : -1,
      skipping,
      headLength: head.length,
      headHash: hash(head),
    };
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** The offset after the last newline, looked for in the last bytes of the file; the file's end when a longer line is there. */
const endOfLastLine = async (handle: FileHandle, maxLineBytes: number): Promise<number> => {
  const { size } = await handle.stat();
  const from = Math.max(0, size - maxLineBytes - 1);
  const tail = await readAt(handle, from, size - from);
  const newline = tail.lastIndexOf(0x0a);
  return newline === -1 ? (from === 0 ? 0 : size) : from + newline + 1;
};
