import { createReadStream } from "node:fs";
import { type Readable, PassThrough } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import type { JsonObject } from "@vedette/detection";
import type { EventInputErrorCode } from "./error-codes.ts";
import { jsonTexts } from "./json-texts.ts";

/** One event of an input, or why there is none. */
export type InputItem =
  | { readonly kind: "event"; readonly document: JsonObject; readonly line: number }
  | {
      readonly kind: "problem";
      readonly code: EventInputErrorCode;
      readonly detail: string;
      readonly line: number | undefined;
    };

/**
 * Reads events one after the other: JSON lines, a JSON array or whole JSON objects, plain, gzip or zstd (told by the first bytes, not by the name);
 * `-` is standard input. Memory does not grow with the input.
 */
export async function* readEvents(
  path: string,
  standardInput: () => Readable = () => process.stdin,
): AsyncGenerator<InputItem> {
  try {
    const bytes = path === "-" ? standardInput() : createReadStream(path, { highWaterMark: 256 * 1024 });
    for await (const { text, line, overlong } of jsonTexts(decode(await unpack(bytes)))) {
      if (overlong === true) yield { kind: "problem", code: "event-too-large", detail: "it is not judged", line };
      else yield parse(text, line);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isDamage =
      code?.startsWith("Z_") === true || code?.startsWith("ZSTD_") === true || code === "ERR_ZSTD_DECOMPRESSION_FAILED";
    const detail =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EISDIR"
          ? "it is a folder; name its files"
          : (message ?? String(error));
    yield { kind: "problem", code: isDamage ? "event-file-damaged" : "event-file-unreadable", detail, line: undefined };
  }
}

function parse(text: string, line: number): InputItem {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return { kind: "event", document: value as JsonObject, line };
    return { kind: "problem", code: "event-malformed", detail: "it is JSON, but not an object", line };
  } catch (error) {
    return {
      kind: "problem",
      code: "event-malformed",
      detail: error instanceof Error ? error.message : String(error),
      line,
    };
  }
}

async function* decode(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: false });
  for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true });
  const last = decoder.decode();
  if (last !== "") yield last;
}

/** Looks at the first bytes and puts the unpacker they ask for in between. */
async function unpack(source: Readable): Promise<AsyncIterable<Uint8Array>> {
  const iterator = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  let done = false;
  while (head.length < 4 && !done) {
    const next = await iterator.next();
    if (next.done === true) done = true;
    else head = Buffer.concat([head, next.value]);
  }
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  const isZstd = head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528;
  const all = (async function* () {
    if (head.length > 0) yield head;
    if (done) return;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  })();
  if (!isGzip && !isZstd) return all;
  const target = isGzip ? createGunzip() : createZstdDecompress();
  const input = new PassThrough();
  input.pipe(target);
  feed(all, input).catch((error: unknown) => target.destroy(error instanceof Error ? error : new Error(String(error))));
  return target;
}

async function feed(source: AsyncIterable<Buffer>, target: PassThrough): Promise<void> {
  for await (const chunk of source) {
    if (!target.write(chunk)) await new Promise((resolve) => target.once("drain", resolve));
  }
  target.end();
}
