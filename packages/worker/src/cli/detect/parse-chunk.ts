import { isAscii, isUtf8 } from "node:buffer";
import type { JsonObject } from "@vedette/detection";
import type { Chunk, ChunkProblem } from "./chunk.ts";

/** What the texts of a chunk came to, besides events. */
export interface ChunkTexts {
  /** Lines that the chunk has, when its lines are counted from 0; undefined when they are counted from the start of the input, from 1. */
  readonly lines: number | undefined;
  /** Events with bytes that are not UTF-8. */
  readonly replaced: number;
}

/** Parses the texts of a chunk in order: calls back with each event, or with what is wrong with it. */
export function eachText(
  chunk: Chunk,
  onEvent: (document: JsonObject, line: number, json: string) => void,
  onProblem: (problem: ChunkProblem) => void,
): ChunkTexts {
  /** Whether the text is an event. */
  const take = (text: string, line: number): boolean => {
    const document = parse(text, line, onProblem);
    if (document !== undefined) onEvent(document, line, text);
    return document !== undefined;
  };
  if (chunk.kind === "lines") return eachLine(Buffer.from(chunk.buffer, 0, chunk.length), take);
  if (chunk.kind === "overlong") {
    onProblem({ code: "event-too-large", detail: "it is not judged", line: chunk.line ?? 0 });
    return { lines: chunk.line === undefined ? 1 : undefined, replaced: 0 };
  }
  let replaced = 0;
  for (const [index, text] of chunk.texts.entries())
    if (take(text, chunk.lines[index] ?? 0) && chunk.isLossy && text.includes("\uFFFD")) replaced++;
  return { lines: undefined, replaced };
}

/** Calls back with each line that is not blank, and counts line feeds and events that are not UTF-8. */
function eachLine(
  bytes: Buffer,
  callback: (text: string, line: number) => boolean,
): { readonly lines: number; readonly replaced: number } {
  const length = bytes.length;
  // One text of one-byte characters is made once and cut; other chunks are decoded line by line.
  const ascii = isAscii(bytes) ? bytes.toString("latin1") : undefined;
  const isValid = ascii !== undefined || isUtf8(bytes);
  let replaced = 0;
  let line = 0;
  for (let start = 0; start < length; line++) {
    let end = ascii === undefined ? bytes.indexOf(10, start) : ascii.indexOf("\n", start);
    const isLast = end < 0;
    if (isLast) end = length;
    // A blank line has a blank first character, which is rare otherwise.
    const isBlank = end === start || ((bytes[start] ?? 0) <= 32 && bytes.toString("latin1", start, end).trim() === "");
    if (!isBlank) {
      const text = ascii === undefined ? bytes.toString("utf8", start, end) : ascii.slice(start, end);
      if (callback(text, line) && !isValid && !isUtf8(bytes.subarray(start, end))) replaced++;
    }
    start = end + 1;
    if (isLast) break;
  }
  return { lines: line, replaced };
}

function parse(text: string, line: number, onProblem: (problem: ChunkProblem) => void): JsonObject | undefined {
  let detail = "it is JSON, but not an object";
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch (error) {
    detail = error instanceof Error ? error.message : String(error);
  }
  onProblem({ code: "event-malformed", detail, line });
  return undefined;
}
