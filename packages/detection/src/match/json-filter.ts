import { ContainedTexts } from "./contained-texts.ts";
import { FieldSlot } from "./field-slot.ts";
import { Marks } from "./marks.ts";

/** Shorter pieces are in too many documents. */
const LEAST_PIECE = 4;

/** Says of the JSON of a document whether one of the texts that are looked for may lie in one of its values. */
export type JsonFilter = (json: string) => boolean;

/**
 * Looks for folded texts in JSON instead of the values in it. Characters that JSON never has to escape stand in it as they are, unless
 * there is an escape by code: so the longest piece of such characters has to be there. Undefined when a text has no such piece, or may lie in
 * a number, which JSON may write in another way.
 */
export function createJsonFilter(texts: readonly string[]): JsonFilter | undefined {
  const pieces = new Map<string, readonly number[]>();
  for (const text of texts) {
    const piece = longestPiece(text);
    if (piece.length < LEAST_PIECE || isInNumber(text)) return undefined;
    pieces.set(piece, [0]);
  }
  const scanner = new ContainedTexts(pieces);
  const marks = new Marks(1);
  const slot = new FieldSlot([], true, { leastLength: 0, withNumbers: false });
  return (json) => {
    if (json.includes("\\u")) return true;
    slot.hold(json);
    marks.clear();
    // False says that the text could not be searched, for instance because it is not ASCII.
    return !scanner.search(slot, 0, marks) || marks.count > 0;
  };
}

/** The longest part without characters that JSON may write in another way. */
function longestPiece(text: string): string {
  return (text.match(/[ !#-.0-[\]-~]+/g) ?? []).reduce(
    (longest, piece) => (piece.length > longest.length ? piece : longest),
    "",
  );
}

/** Whether a folded text may lie in a number or a boolean. */
export function isInNumber(text: string): boolean {
  return /^[-+.\de]*$/.test(text) || ["true", "false", "-infinity"].some((word) => word.includes(text));
}
