import { createReadStream } from "node:fs";
import { type Readable, PassThrough } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import type { EventInputErrorCode } from "./error-codes.ts";

/** Why an input, or the rest of it, could not be read. */
export class InputFailure extends Error {
  readonly code: EventInputErrorCode;
  constructor(code: EventInputErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An input being read. */
export interface EventBytes {
  /** UTF-8, unpacked, without a byte order mark. */
  readonly pieces: AsyncIterator<Uint8Array>;
  /** Stops the reading. */
  destroy(): void;
}

const READ_SIZE = 256 * 1024;

/**
 * Opens a file or standard input (`-`): plain, gzip or zstd (told by the first bytes, not by the name), in UTF-8 or, with a byte order
 * mark, UTF-16. Reading throws {@link InputFailure}.
 *
 * @param onRead told how many bytes were read, as they lie in the file
 */
export function openEvents(
  path: string,
  onRead: (bytes: number) => void = () => undefined,
  standardInput: () => Readable = () => process.stdin,
): EventBytes {
  const source = path === "-" ? standardInput() : createReadStream(path, { highWaterMark: READ_SIZE });
  const pieces = (async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* withoutMark(await unpack(counted(source, onRead)));
    } catch (error) {
      throw failureOf(error);
    }
  })();
  return { pieces, destroy: () => source.destroy() };
}

function failureOf(error: unknown): InputFailure {
  if (error instanceof InputFailure) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code?.startsWith("Z_") === true || code?.startsWith("ZSTD_") === true || code?.startsWith("ERR_ZSTD_") === true)
    return new InputFailure("event-file-damaged", message, { cause: error });
  const detail =
    code === "ENOENT"
      ? "there is no such file"
      : code === "EISDIR"
        ? "it is a folder; name its files"
        : code === "EACCES" || code === "EPERM"
          ? "permission denied"
          : (message ?? String(error));
  return new InputFailure("event-file-unreadable", detail, { cause: error });
}

async function* counted(source: Readable, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const piece of source as AsyncIterable<Buffer>) {
    onRead(piece.length);
    yield piece;
  }
}

/** The first bytes of a stream, and the stream with them still in it. */
async function peek(
  source: AsyncIterable<Uint8Array>,
  length: number,
): Promise<readonly [Buffer, AsyncGenerator<Uint8Array>]> {
  const iterator = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  let done = false;
  while (head.length < length && !done) {
    const next = await iterator.next();
    if (next.done === true) done = true;
    else head = head.length === 0 ? Buffer.from(next.value) : Buffer.concat([head, next.value]);
  }
  const all = (async function* () {
    if (head.length > 0) yield head;
    if (done) return;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  })();
  return [head, all];
}

/** Looks at the first bytes and puts the unpacker they ask for in between. */
async function unpack(source: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const [head, all] = await peek(source, 4);
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  const isZstd = head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528;
  if (!isGzip && !isZstd) return all;
  const options = { chunkSize: READ_SIZE };
  const target = isGzip ? createGunzip(options) : createZstdDecompress(options);
  const input = new PassThrough();
  input.pipe(target);
  feed(all, input).catch((error: unknown) => target.destroy(error instanceof Error ? error : new Error(String(error))));
  return target;
}

async function feed(source: AsyncIterable<Uint8Array>, target: PassThrough): Promise<void> {
  for await (const piece of source) {
    if (!target.write(piece)) await new Promise((resolve) => target.once("drain", resolve));
  }
  target.end();
}

/** Takes a byte order mark away; UTF-16, which PowerShell writes, becomes UTF-8. */
async function* withoutMark(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const [head, all] = await peek(source, 3);
  const wide =
    head[0] === 0xff && head[1] === 0xfe ? "utf-16le" : head[0] === 0xfe && head[1] === 0xff ? "utf-16be" : undefined;
  if (wide !== undefined) {
    const decoder = new TextDecoder(wide);
    for await (const piece of all) yield Buffer.from(decoder.decode(piece, { stream: true }));
    yield Buffer.from(decoder.decode());
    return;
  }
  let mark = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  for await (const piece of all) {
    yield mark === 0 ? piece : piece.subarray(mark);
    mark = 0;
  }
}
