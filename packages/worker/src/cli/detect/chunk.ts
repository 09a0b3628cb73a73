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

/** A fact without what depends on the events before its chunk, and without what its rule says. */
export type FactPart = Omit<Fact, "id" | "eventId" | "rule">;

/** How facts are wanted: as lines of `--format jsonl`, as findings, or only counted. */
export type FactForm = "lines" | "findings" | "counts";

/** What matched in a chunk, in columns: a thread hands them over at a fraction of what an object a match costs. */
export interface ChunkMatches {
  /** {@link MATCH_WIDTH} numbers a match, see {@link MATCH_COLUMN}. */
  readonly columns: Int32Array<ArrayBuffer>;
  /** Second halves of lines, each with a line feed after it. */
  readonly tails: string;
  /** Facts that a correlation counts, or that are wanted as findings. */
  readonly facts: readonly FactPart[];
}

/**
 * What the numbers of a match are: its event among those of the chunk; its rule among those loaded; its line's second half in `tails`, or
 * {@link NONE} when it is not reported; its place in `facts`, or {@link NONE}.
 */
export const MATCH_COLUMN = { event: 0, rule: 1, tail: 2, fact: 3 } as const;
export const MATCH_WIDTH = 4;
export const NONE = -1;

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
  readonly matches: ChunkMatches;
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
