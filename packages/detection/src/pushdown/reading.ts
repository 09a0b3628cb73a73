import type { LogSource } from "../event.ts";
import type { FieldMapping, FieldPath } from "../mapping.ts";
import { parsePattern } from "../sigma/pattern.ts";
import type { ValueTest } from "../signature.ts";
import { type Bounds, every, not } from "./bounds.ts";
import type { PlaceReader } from "./places.ts";

/** A way in which documents come to a log source that a rule asks for: the source itself, which decides where fields lie, and which documents. */
export interface SourceAlternative {
  readonly source: LogSource;
  readonly when: Bounds;
}

/** What a mapping does with documents, asked of an index. */
export interface MappingReading {
  /** Whether the mapping, if it is asked, accepts a document. */
  readonly accepts: Bounds;
  /**
   * The log sources that documents of this mapping may have and that fit what a rule wants; every document has at most one of them. Sources that
   * put every field of the rule at the same places (equal `signature`) may be told as one. Undefined when they are too many to name.
   */
  sources(wanted: LogSource, signature: (source: LogSource) => string): readonly SourceAlternative[] | undefined;
}

/** Reads a mapping in an index. */
export type ReadMapping = (mapping: FieldMapping, reader: PlaceReader) => MappingReading;

/** Whether a log source is one that a rule asks for. */
export function fits(wanted: LogSource, source: LogSource): boolean {
  return (["product", "category", "service"] as const).every(
    (key) => wanted[key] === undefined || wanted[key] === source[key],
  );
}

/** The test whether a text is a value, its wildcards meant, upper and lower case alike. */
export const like = (text: string): ValueTest => ({
  kind: "pattern",
  pattern: parsePattern(text),
  cased: false,
  dashes: false,
});

/** The test whether a text is a value, as it is. */
export const equal = (text: string): ValueTest => ({
  kind: "pattern",
  pattern: text === "" ? [] : [text],
  cased: true,
  dashes: false,
});

/** Whether a field has a text with characters, or a number. */
export const filled = (reader: PlaceReader, paths: readonly FieldPath[]): Bounds =>
  every([reader.valued(paths), not(reader.test(paths, [equal("")]))]);
