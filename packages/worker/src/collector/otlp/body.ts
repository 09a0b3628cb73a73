import type { IncomingMessage } from "node:http";
import { createGunzip, type Gunzip } from "node:zlib";
import type { InflightBytes } from "./inflight.ts";

/** Why a body was not read. */
export type BodyFailure = "too_large" | "overloaded" | "malformed" | "aborted";

/** A request's body could not be read whole. */
export class BodyError extends Error {
  override readonly name = "BodyError";
  readonly reason: BodyFailure;
  constructor(reason: BodyFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** How a body is read. */
export interface BodyOptions {
  readonly gzip: boolean;
  /** Most bytes before and, separately, after gunzip. */
  readonly maxBytes: number;
  readonly inflight: InflightBytes;
}

/** A body and how to give its bytes back when they are no longer held. */
export interface Body {
  readonly bytes: Uint8Array;
  release(): void;
}

/**
 * Reads a body as it comes and stops at the first byte beyond a limit, before and after gunzip. Rejects with a {@link BodyError}; the
 * request is then paused, not destroyed, so that an answer can still be sent.
 */
export const readBody = (request: IncomingMessage, options: BodyOptions): Promise<Body> =>
  new Promise((resolve, reject) => {
    const { maxBytes, inflight } = options;
    const chunks: Uint8Array[] = [];
    let received = 0;
    let held = 0;
    let settled = false;
    const gunzip: Gunzip | undefined = options.gzip ? createGunzip({ chunkSize: 65_536 }) : undefined;

    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      request.off("data", onData);
      request.off("end", onEnd);
      request.off("close", onClose);
      request.off("error", onClose);
      gunzip?.destroy();
      return true;
    };
    const fail = (reason: BodyFailure, message: string, cause?: unknown): void => {
      if (!settle()) return;
      request.pause();
      chunks.length = 0;
      inflight.release(held);
      reject(new BodyError(reason, message, { cause }));
    };
    const keep = (chunk: Uint8Array): void => {
      if (settled) return;
      if (held + chunk.length > maxBytes) {
        fail("too_large", `The body is larger than ${maxBytes} bytes${gunzip === undefined ? "" : " after gunzip"}.`);
      } else if (inflight.take(chunk.length)) {
        held += chunk.length;
        chunks.push(chunk);
      } else fail("overloaded", "Too many request bytes wait to be stored.");
    };
    const done = (): void => {
      if (!settle()) return;
      resolve({ bytes: Buffer.concat(chunks, held), release: () => inflight.release(held) });
    };
    const onData = (chunk: Uint8Array): void => {
      received += chunk.length;
      if (received > maxBytes) fail("too_large", `The body is larger than ${maxBytes} bytes.`);
      else if (gunzip === undefined) keep(chunk);
      else if (!gunzip.write(chunk)) request.pause();
    };
    const onEnd = (): void => {
      if (gunzip === undefined) done();
      else gunzip.end();
    };
    const onClose = (): void => {
      // `close` also follows a whole request, while the rest of it is still being unpacked.
      if (!request.complete) fail("aborted", "The connection was closed before the body was whole.");
    };

    request.on("data", onData);
    request.on("end", onEnd);
    request.on("close", onClose);
    request.on("error", onClose);
    gunzip?.on("drain", () => {
      if (!settled) request.resume();
    });
    gunzip?.on("data", keep);
    gunzip?.on("end", done);
    gunzip?.on("error", (error) => fail("malformed", `The body is no gzip: ${error.message}`, error));
  });
