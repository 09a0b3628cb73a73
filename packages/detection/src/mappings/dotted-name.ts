import type { JsonObject, JsonValue } from "../event.ts";
import type { FieldPath } from "../mapping.ts";

/** Names of more parts than this are only taken as one key, as nested keys, and cut once. */
const MAX_PARTS_CUT_EVERYWHERE = 4;
/** Names of more parts than this are only taken as one key and as nested keys. */
const MAX_PARTS_CUT = 16;

/**
 * The places that a dotted name may stand for, because documents nest, flatten, or do a bit of both: `a.b.c` is `a.b.c`, `a` → `b` → `c`,
 * `a.b` → `c`, `a` → `b.c`. The flat place is first, the nested one second. Names of more than four parts are not cut at every dot.
 */
export function dottedPaths(name: string): readonly FieldPath[] {
  const parts = name.split(".");
  if (parts.length === 1) return [[name]];
  if (parts.includes("")) return [[name], parts];
  const places: FieldPath[] = [[name], parts];
  if (parts.length <= MAX_PARTS_CUT_EVERYWHERE) {
    const cuts = parts.length - 1;
    for (let mask = 1; mask < 2 ** cuts - 1; mask++) {
      const place: string[] = [parts[0] ?? ""];
      for (let cut = 0; cut < cuts; cut++) {
        const part = parts[cut + 1] ?? "";
        if ((mask & (1 << cut)) === 0) place[place.length - 1] += `.${part}`;
        else place.push(part);
      }
      places.push(place);
    }
  } else if (parts.length <= MAX_PARTS_CUT)
    for (let cut = 1; cut < parts.length; cut++) {
      const head = parts.slice(0, cut);
      const tail = parts.slice(cut);
      if (cut > 1) places.push([head.join("."), ...tail]);
      if (tail.length > 1) places.push([...head, tail.join(".")]);
      if (cut > 1 && tail.length > 1) places.push([head.join("."), tail.join(".")]);
    }
  return places;
}

/** A dotted name prepared for {@link dig}, so that reading it makes no new texts. */
export interface DottedName {
  readonly whole: string;
  readonly cuts: readonly { readonly head: string; readonly rest: DottedName }[];
}

/** Prepares a dotted name that a mapping asks every document for. */
export function dottedName(name: string): DottedName {
  const parts = name.split(".");
  return {
    whole: name,
    cuts: parts.slice(1).map((_, index) => ({
      head: parts.slice(0, index + 1).join("."),
      rest: dottedName(parts.slice(index + 1).join(".")),
    })),
  };
}

/** The value of a dotted name, however the document nests or flattens it. Lists on the way are not entered. */
export function dig(value: JsonValue | undefined, name: DottedName): JsonValue | undefined {
  if (!isObject(value)) return undefined;
  for (const { head, rest } of name.cuts) {
    const next = value[head];
    if (next === undefined) continue;
    const found = dig(next, rest);
    if (found !== undefined) return found;
  }
  return value[name.whole];
}

/** The text or number of a dotted name, as text; of a list the first; empty when there is none. */
export function digText(value: JsonValue | undefined, name: DottedName): string {
  const found = dig(value, name);
  return textOf(isList(found) ? found[0] : found);
}

/** The texts of a dotted name that may be one text or a list. */
export function digTexts(value: JsonValue | undefined, name: DottedName): readonly string[] {
  const found = dig(value, name);
  if (typeof found === "string") return [found];
  return isList(found) ? found.filter((item) => typeof item === "string") : NO_TEXTS;
}

const NO_TEXTS: readonly string[] = [];

/** A text or number as text; empty for anything else. */
export function textOf(value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : "";
}

/** Whether a value is a JSON object. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a list. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Whether a value identifies: a text with characters, or a number. */
export function isText(value: JsonValue | undefined): boolean {
  return (typeof value === "string" && value !== "") || typeof value === "number";
}
