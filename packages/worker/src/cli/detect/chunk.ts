import type { Fact } from "@vedette/detection";
import type { EventInputErrorCode } from "./error-codes.ts";

/** A part of an input that is judged as a whole. */
export type Chunk =
  /** Whole lines, the last perhaps without its line feed; `length` bytes of a buffer that can be used again. */
  | { readonly kind: "lines"; readonly buffer: ArrayBuffer; readonly length: number }
  /** JSON texts and the lines they begin on. `isLossy`: the input has bytes that are not UTF-8, each of which became U+FFFD. */
  | {
      readonly kind: "texts";
      readonly texts: readonly string[];
      readonly lines: readonly number[];
      readonly isLossy: boolean;
    }
  /** A line or text that is too long to be read. `line` is absent where it is the next one. */
  | { readonly kind: "overlong"; readonly line?: number | undefined };

/** A match, with the number of its event among those of the chunk. What depends on the events before the chunk is still to be put in. */
export interface ChunkMatch {
  readonly event: number;
  /** Index of the rule among those loaded. */
  readonly rule: number;
  readonly fact: Omit<Fact, "id" | "eventId" | "rule">;
}

/** Something wrong with a text of a chunk. */
export interface ChunkProblem {
  readonly code: EventInputErrorCode;
  readonly detail: string;
  readonly line: number;
}

/** What judging a chunk gave. */
export interface ChunkResult {
  readonly events: number;
  /** Lines that the chunk has, when its lines are counted from 0; undefined when they are counted from the start of the input, from 1. */
  readonly lines: number | undefined;
  readonly matches: readonly ChunkMatch[];
  readonly problems: readonly ChunkProblem[];
  /** Events without a log source, and the line of the first. */
  readonly unmatched: number;
  readonly firstUnmatched: number | undefined;
  /** Events with bytes that are not UTF-8. */
  readonly replaced: number;
  /** The newest event time up to each event, when it is asked for. */
  readonly newest: Float64Array<ArrayBuffer> | undefined;
  /** Events by mapping and log sources, when they are asked for. */
  readonly sources: ReadonlyMap<string, number> | undefined;
  /** Findings that exceptions hid, by rule id and name of the exception, separated by a tab. */
  readonly excepted: ReadonlyMap<string, number>;
}
