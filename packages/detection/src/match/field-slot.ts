import type { JsonObject, JsonValue } from "../event.ts";
import { fold, foldDashes } from "../fold.ts";
import { ANY_KEY, type FieldPath } from "../mapping.ts";

/** Values of one field that are looked at; what lies beyond is counted. */
const MAX_VALUES = 10_000;

/**
 * The values of one field in the event at hand, read at most once an event and folded at most once. Nothing is allocated for a field
 * that is absent.
 */
export class FieldSlot {
  /** Whether the field is there, be it empty or null. */
  present = false;
  /** Whether a value is an object: there, but nothing that a text could be compared with. */
  structured = false;
  /** Number of values: text, numbers and booleans. */
  count = 0;
  /** Values beyond `MAX_VALUES`, over all events. */
  truncated = 0;
  readonly raw: string[] = [];
  readonly #folded: string[] = [];
  readonly #dashed: string[] = [];
  /** Candidate places, the first with a value counts. */
  readonly paths: readonly FieldPath[];
  #epoch = -1;
  #foldedEpoch = -1;
  #dashedEpoch = -1;

  constructor(paths: readonly FieldPath[]) {
    this.paths = paths;
  }

  /** Reads the field from a document; does nothing when that was done for this epoch. */
  load(document: JsonObject, epoch: number): void {
    if (this.#epoch === epoch) return;
    this.#epoch = epoch;
    this.present = false;
    this.structured = false;
    this.count = 0;
    for (const path of this.paths) {
      const only = path.length === 1 ? path[0] : undefined;
      if (only === undefined) this.#walk(document, path, 0);
      else {
        const value = property(document, only);
        if (value !== undefined) this.#add(value);
      }
      if (this.present) return;
    }
  }

  /** Reads every value below all of the paths, objects entered. */
  protected loadAll(document: JsonObject, roots: readonly FieldPath[], epoch: number): void {
    if (this.#epoch === epoch) return;
    this.#epoch = epoch;
    this.present = false;
    this.structured = false;
    this.count = 0;
    for (const root of roots) {
      const value = readValue(document, [root]);
      if (value !== undefined) this.#addDeep(value);
    }
  }

  #addDeep(value: JsonValue): void {
    const pending: JsonValue[] = [value];
    for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
      if (typeof item !== "object" || item === null) this.#add(item);
      else for (const inner of Object.values(item)) pending.push(inner as JsonValue);
    }
  }

  /** The values folded (fold.ts), in the order of `raw`. */
  folded(): readonly string[] {
    if (this.#foldedEpoch !== this.#epoch) {
      this.#foldedEpoch = this.#epoch;
      for (let index = 0; index < this.count; index++) this.#folded[index] = fold(this.raw[index] ?? "");
    }
    return this.#folded;
  }

  /** The values folded, with every dash of `windash` as `-`. */
  dashed(): readonly string[] {
    if (this.#dashedEpoch !== this.#epoch) {
      const folded = this.folded();
      this.#dashedEpoch = this.#epoch;
      for (let index = 0; index < this.count; index++) this.#dashed[index] = foldDashes(folded[index] ?? "");
    }
    return this.#dashed;
  }

  #walk(value: JsonValue, path: FieldPath, depth: number): void {
    if (depth === path.length) {
      this.#add(value);
      return;
    }
    if (Array.isArray(value)) {
      for (const item of value as readonly JsonValue[]) this.#walk(item, path, depth);
    } else if (typeof value === "object" && value !== null) {
      const key = path[depth] ?? "";
      if (key === ANY_KEY) for (const next of Object.values(value)) this.#walk(next, path, depth + 1);
      else {
        const next = property(value as JsonObject, key);
        if (next !== undefined) this.#walk(next, path, depth + 1);
      }
    }
  }

  #add(value: JsonValue): void {
    this.present = true;
    if (typeof value === "string") this.#push(value);
    else if (typeof value === "number" || typeof value === "boolean") this.#push(String(value));
    else if (Array.isArray(value)) for (const item of value as readonly JsonValue[]) this.#add(item);
    else if (value !== null) this.structured = true;
  }

  #push(text: string): void {
    if (this.count < MAX_VALUES) this.raw[this.count++] = text;
    else this.truncated++;
  }
}

/** Names that every object answers to without having them. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/** An own property of a parsed document. */
export function property(object: JsonObject, key: string): JsonValue | undefined {
  if (INHERITED.has(key)) return Object.hasOwn(object, key) ? object[key] : undefined;
  return object[key];
}

/** The JSON value of a field: the first of its places that has one; several values on the way are a list. */
export function readValue(document: JsonObject, paths: readonly FieldPath[]): JsonValue | undefined {
  for (const path of paths) {
    const found: JsonValue[] = [];
    collect(document, path, 0, found);
    const [first] = found;
    if (first !== undefined) return found.length === 1 ? first : found;
  }
  return undefined;
}

function collect(value: JsonValue, path: FieldPath, depth: number, found: JsonValue[]): void {
  if (depth === path.length) found.push(value);
  else if (Array.isArray(value)) for (const item of value as readonly JsonValue[]) collect(item, path, depth, found);
  else if (typeof value === "object" && value !== null) {
    const key = path[depth] ?? "";
    if (key === ANY_KEY) for (const next of Object.values(value)) collect(next, path, depth + 1, found);
    else {
      const next = property(value as JsonObject, key);
      if (next !== undefined) collect(next, path, depth + 1, found);
    }
  }
}
