import type { JsonObject, LogSource } from "../event.ts";
import type { FieldMapping, FieldPath } from "../mapping.ts";
import { FieldSlot, readValue } from "../match/field-slot.ts";

/** What an event has in a field. */
export interface FieldReading {
  readonly present: boolean;
  /** Whether a value is an object. */
  readonly structured: boolean;
  readonly texts: readonly string[];
  /** Where it was found. */
  readonly place: string | undefined;
  /** A name in the event that differs from the one looked for in upper and lower case alone, when the field is absent. */
  readonly near?: string | undefined;
  /** Where it was looked for. */
  readonly places: readonly string[];
}

/** Reads the fields of one event as a mapping places them for rules of a log source; undefined is what keywords are searched in. */
export type FieldReader = (field: string | undefined) => FieldReading;

/** Makes the reader; each field is read once. */
export function createFieldReader(document: JsonObject, mapping: FieldMapping, logSource: LogSource): FieldReader {
  const known = new Map<string | undefined, FieldReading>();
  return (field) => {
    let reading = known.get(field);
    if (reading === undefined) {
      reading =
        field === undefined
          ? readKeywords(document, mapping.keywordRoots ?? [[]])
          : readPaths(document, mapping.paths(field, logSource));
      known.set(field, reading);
    }
    return reading;
  };
}

function readPaths(document: JsonObject, paths: readonly FieldPath[]): FieldReading {
  const places = [...new Set(paths.map(placeText))];
  let empty: FieldReading | undefined;
  for (const path of paths) {
    const slot = new FieldSlot([path]);
    slot.load(document, 1);
    if (!slot.present) continue;
    const reading = { ...valuesOf(slot), place: placeText(path), places };
    if (slot.count > 0 || slot.structured) return reading;
    empty ??= reading;
  }
  if (empty !== undefined) return empty;
  const near = paths.map((path) => nearName(document, path)).find((name) => name !== undefined);
  return { present: false, structured: false, texts: [], place: undefined, places, near };
}

/** A key beside the one that a path asks for, in another case. */
function nearName(document: JsonObject, path: FieldPath): string | undefined {
  const wanted = path.at(-1) ?? "";
  const parent = path.length > 1 ? readValue(document, [path.slice(0, -1)]) : document;
  if (typeof parent !== "object" || parent === null || Array.isArray(parent)) return undefined;
  return Object.keys(parent).find((key) => key !== wanted && key.toLowerCase() === wanted.toLowerCase());
}

function readKeywords(document: JsonObject, roots: readonly FieldPath[]): FieldReading {
  const slot = new FieldSlot(roots, true);
  slot.load(document, 1);
  const places = roots.map(placeText);
  return { ...valuesOf(slot), place: slot.present ? places.join(", ") : undefined, places };
}

function valuesOf(slot: FieldSlot): Pick<FieldReading, "present" | "structured" | "texts"> {
  return { present: slot.present, structured: slot.structured, texts: slot.raw.slice(0, slot.count) };
}

/** A path as keys joined by dots; a key that is computed or any at all is a star. */
function placeText(path: FieldPath): string {
  return path.length === 0 ? "the whole event" : path.map((key) => (key.startsWith("\0") ? "*" : key)).join(".");
}
