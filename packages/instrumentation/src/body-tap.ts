import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import * as zlib from "node:zlib";
import { bodyFormat, type BodyFormat } from "./inspect/body-fields.ts";

/** A body as far as it was seen. */
export interface SeenBody {
  readonly format: BodyFormat;
  readonly boundary: string;
  readonly text: string;
  /** False when there was more than was kept, or the client went away before the end. */
  readonly complete: boolean;
}

/** What the tap hears of: a body that ended, one that was cut off, or one in an encoding that is not looked at. */
export type BodyOutcome = { readonly kind: "seen"; readonly body: SeenBody } | { readonly kind: "encoding" };

/** A body that is being seen. */
export interface BodyTap {
  /** What was seen so far, when the end is not to be waited for; undefined when there is nothing, or it is compressed. */
  soFar(): SeenBody | undefined;
  /** Takes the tap off. */
  remove(): void;
}

type Push = (this: object, chunk: unknown, encoding?: BufferEncoding) => boolean;

/**
 * Sees what a request's stream is filled with, if it is text that is looked at. Chunks are copied as they are pushed into the stream and
 * handed on untouched: the tap reads nothing, adds no listener, and changes neither flow, pause, encoding nor the stream's limits.
 *
 * @param limit Bytes that are kept.
 * @param ended Called once, after the application had its own end of the body.
 * @returns undefined when there is no body, or none that is looked at.
 */
export function tapBody(
  request: Readable & { readonly headers: IncomingHttpHeaders },
  limit: number,
  ended: (outcome: BodyOutcome) => void,
): BodyTap | undefined {
  const { headers } = request;
  if (!hasBody(headers)) return undefined;
  const type = headers["content-type"];
  const found = type === undefined ? undefined : bodyFormat(type);
  if (type === undefined || found === undefined) return undefined;
  const encoding = headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  const inflate = encoding === "identity" || encoding === "" ? undefined : INFLATERS[encoding];
  const compressed = encoding !== "identity" && encoding !== "";
  if (compressed && inflate === undefined) {
    setImmediate(ended, { kind: "encoding" });
    return undefined;
  }
  const charset = /;\s{0,8}charset\s{0,4}=\s{0,4}"?([\w.:-]{1,40})/i.exec(type)?.[1];
  const chunks: Buffer[] = [];
  let kept = 0;
  let more = false;
  let done = false;

  const bodyOf = (bytes: Buffer, complete: boolean): SeenBody => ({ ...found, text: decode(bytes, charset), complete });
  const finish = (): void => {
    if (done) return;
    done = true;
    remove();
    const bytes = Buffer.concat(chunks, kept);
    chunks.length = 0;
    if (inflate === undefined) setImmediate(() => ended({ kind: "seen", body: bodyOf(bytes, !more) }));
    else
      inflateBounded(inflate(), bytes, limit, (inflated, whole) =>
        ended({ kind: "seen", body: bodyOf(inflated, whole && !more) }),
      );
  };
  const keep = (chunk: unknown, chunkEncoding: BufferEncoding | undefined): void => {
    if (done) return;
    if (chunk === null) return finish();
    const bytes =
      typeof chunk === "string" ? Buffer.from(chunk, chunkEncoding) : chunk instanceof Uint8Array ? chunk : undefined;
    if (bytes === undefined || bytes.length === 0) return;
    const left = limit - kept;
    if (bytes.length > left) more = true;
    if (left <= 0) return;
    // A copy: the application may write into what it is handed.
    chunks.push(Buffer.from(bytes.subarray(0, left)));
    kept += Math.min(bytes.length, left);
  };

  const stream: { push: Push } = request;
  const original = stream.push;
  const push: Push = function push(chunk, chunkEncoding) {
    try {
      keep(chunk, chunkEncoding);
    } catch {
      done = true;
    }
    return Reflect.apply(original, this, chunkEncoding === undefined ? [chunk] : [chunk, chunkEncoding]);
  };
  Object.defineProperty(push, "length", { value: original.length, configurable: true });
  const own = Object.getOwnPropertyDescriptor(stream, "push");
  const remove = (): void => {
    // Somebody put another in our place: theirs calls ours, which hands on.
    if (stream.push !== push) return;
    if (own === undefined) Reflect.deleteProperty(stream, "push");
    else Object.defineProperty(stream, "push", own);
  };
  Object.defineProperty(stream, "push", { value: push, writable: true, configurable: true, enumerable: false });
  return {
    soFar: () => (done || compressed || kept === 0 ? undefined : bodyOf(Buffer.concat(chunks, kept), false)),
    remove() {
      done = true;
      chunks.length = 0;
      remove();
    },
  };
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  if (headers["transfer-encoding"] !== undefined) return true;
  const length = headers["content-length"];
  return length !== undefined && length !== "0";
}

const INFLATERS: Readonly<Record<string, (() => zlib.Gunzip | zlib.Inflate | zlib.BrotliDecompress) | undefined>> = {
  gzip: () => zlib.createGunzip({ finishFlush: zlib.constants.Z_SYNC_FLUSH }),
  "x-gzip": () => zlib.createGunzip({ finishFlush: zlib.constants.Z_SYNC_FLUSH }),
  deflate: () => zlib.createInflate({ finishFlush: zlib.constants.Z_SYNC_FLUSH }),
  br: () => zlib.createBrotliDecompress({ finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH }),
};

/** Inflates up to a limit in the thread pool; a body that is no such thing gives what could be read of it. */
function inflateBounded(
  stream: zlib.Gunzip | zlib.Inflate | zlib.BrotliDecompress,
  bytes: Buffer,
  limit: number,
  ended: (inflated: Buffer, whole: boolean) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  let told = false;
  const tell = (whole: boolean): void => {
    if (told) return;
    told = true;
    stream.destroy();
    ended(Buffer.concat(chunks).subarray(0, limit), whole);
  };
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) tell(false);
  });
  stream.on("end", () => tell(true));
  stream.on("error", () => tell(false));
  stream.end(bytes);
}

function decode(bytes: Buffer, charset: string | undefined): string {
  if (charset === undefined || /^utf-?8$/i.test(charset)) return bytes.toString("utf8");
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString("utf8");
  }
}
