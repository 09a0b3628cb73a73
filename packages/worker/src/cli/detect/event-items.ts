import type { JsonObject } from "@vedette/detection";
import { ChunkBuffers, chunksOf } from "./chunks.ts";
import type { EventInputErrorCode } from "./error-codes.ts";
import { InputFailure, openEvents } from "./event-bytes.ts";
import { eachText } from "./parse-chunk.ts";

/** One event of an input, or why there is none. */
export type InputItem =
  | { readonly kind: "event"; readonly document: JsonObject; readonly line: number }
  | {
      readonly kind: "problem";
      readonly code: EventInputErrorCode;
      readonly detail: string;
      readonly line: number | undefined;
    };

/** Reads the events of an input one after the other. */
export async function* readItems(path: string): AsyncGenerator<InputItem> {
  const buffers = new ChunkBuffers();
  const bytes = openEvents(path);
  let linesBefore = 1;
  try {
    for await (const chunk of chunksOf(bytes.pieces, buffers)) {
      const items: InputItem[] = [];
      const first = chunk.kind === "lines" || (chunk.kind === "overlong" && chunk.line === undefined) ? linesBefore : 0;
      const { lines } = eachText(
        chunk,
        (document, line) => items.push({ kind: "event", document, line: first + line }),
        ({ code, detail, line }) => items.push({ kind: "problem", code, detail, line: first + line }),
      );
      linesBefore += lines ?? 0;
      if (chunk.kind === "lines") buffers.giveBack(chunk.buffer);
      yield* items;
    }
  } catch (error) {
    if (!(error instanceof InputFailure)) throw error;
    yield { kind: "problem", code: error.code, detail: error.message, line: undefined };
  } finally {
    bytes.destroy();
  }
}
