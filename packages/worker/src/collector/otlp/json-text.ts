import { OtlpDecodeError } from "./decode-error.ts";
import type { RequestLimits } from "./limits.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const COMMA = 0x2c;

/** Deepest nesting of a request: enough for 32 levels of values. */
const MAX_DEPTH = 512;

/**
 * Parses the JSON of a request after counting what it would make in memory, so that a few megabytes of `[{},{},…` do not become hundreds.
 * Throws an {@link OtlpDecodeError} (`too_large` or `malformed`).
 */
export const parseRequestJson = (bytes: Uint8Array, limits: RequestLimits): unknown => {
  let containers = 0;
  let commas = 0;
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (inText) {
      if (byte === BACKSLASH) index += 1;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      containers += 1;
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth -= 1;
    else if (byte === COMMA) commas += 1;
  }
  // A record's objects and lists are several; a comma alone makes no object and is cheap.
  if (containers > limits.elements * 2 || commas > limits.elements * 4) {
    throw new OtlpDecodeError("too_large", `The request holds more than ${limits.elements} records and values.`);
  }
  if (deepest > MAX_DEPTH) {
    throw new OtlpDecodeError("malformed", `The request is nested deeper than ${MAX_DEPTH} levels.`);
  }
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch (error) {
    throw new OtlpDecodeError("malformed", `The request is no JSON: ${(error as Error).message}`, { cause: error });
  }
};
