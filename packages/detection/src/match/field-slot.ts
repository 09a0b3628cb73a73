import type { JsonObject, JsonValue } from "../event.ts";
import { fold, foldDashes } from "../fold.ts";
import { ANY_KEY, type FieldPath } from "../mapping.ts";
import { isStep, takeStep } from "../mappings/path-step.ts";
import { type KnownValue, KnownValues } from "./known-values.ts";

/** How a deep slot joins all values to one, nothing between them: a text lies in a value only if it lies in that. */
export interface JoinOptions {
  /** Shorter values are left out. */
  readonly leastLength: number;
  /** Whether numbers and booleans are there. */
  readonly withNumbers: boolean;
}

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
  readonly raw: string[] = [];
  readonly #folded: string[] = [];
  readonly #dashed: string[] = [];
  /** Candidate places, the first with a value counts. */
  readonly paths: readonly FieldPath[];
  /** Whether every value below the paths is read, objects entered. */
  readonly isDeep: boolean;
  /** The paths as plain keys of the root, when they are no more than that. */
  readonly #keys: readonly string[] | undefined;
  readonly #join: JoinOptions | undefined;
  /** Whether all values are joined to one. */
  readonly isJoined: boolean;
  #joined = "";
  #epoch = -1;
  readonly #memory = new KnownValues();
  /** What is remembered of the only value, and the event that it was looked up for. */
  #known: KnownValue | undefined;
  #knownEpoch = -1;
  readonly #foldedEpochs: number[] = [];
  readonly #dashedEpochs: number[] = [];

  constructor(paths: readonly FieldPath[], isDeep = false, join?: JoinOptions) {
    this.paths = paths;
    this.isDeep = isDeep;
    this.#join = join;
    this.isJoined = join !== undefined;
    const keys = paths.flatMap((path) => (path.length === 1 ? path : []));
    if (!isDeep && keys.length === paths.length && keys.every(isPlain)) this.#keys = keys;
  }

  /** Reads the field from a document; does nothing when that was done for this epoch. */
  load(document: JsonObject, epoch: number): void {
    if (this.#epoch === epoch) return;
    this.#epoch = epoch;
    this.present = false;
    this.structured = false;
    this.count = 0;
    const keys = this.#keys;
    if (keys !== undefined) {
      for (let index = 0; index < keys.length; index++) {
        const value = document[keys[index]!];
        if (typeof value === "string") {
          this.present = true;
          this.count = 1;
          this.raw[0] = value;
          return;
        }
        if (value === undefined) continue;
        this.#add(value);
        if (this.count > 0 || this.structured) return;
      }
      return;
    }
    if (this.raw.length > MAX_KEPT) this.#release();
    if (this.#join !== undefined) {
      this.#loadJoined(document, this.#join);
      return;
    }
    if (this.isDeep) {
      for (const path of this.paths) for (const value of valuesAt(document, path)) this.#addDeep(value, MAX_DEPTH);
      return;
    }
    for (const path of this.paths) {
      this.#walk(document, path, 0);
      if (this.count > 0 || this.structured) return;
    }
  }

  /** Makes a text the only value. */
  hold(text: string): void {
    this.#epoch++;
    this.present = true;
    this.count = 1;
    this.raw[0] = text;
  }

  #release(): void {
    this.raw.length = 0;
    this.#folded.length = 0;
    this.#dashed.length = 0;
    this.#foldedEpochs.length = 0;
    this.#dashedEpochs.length = 0;
  }

  /** Adds every value below, by recursion down to so many levels: events may be nested deeper than a stack goes. */
  #addDeep(value: JsonValue, levels: number): void {
    this.present = true;
    if (typeof value === "string") this.raw[this.count++] = value;
    else if (typeof value !== "object" || value === null) this.#addOne(value);
    else if (levels === 0) for (const leaf of leavesOf(value)) this.#addOne(leaf);
    else {
      const inner: readonly JsonValue[] = isList(value) ? value : Object.values(value);
      for (let index = 0; index < inner.length; index++) this.#addDeep(inner[index] ?? null, levels - 1);
    }
  }

  #loadJoined(document: JsonObject, options: JoinOptions): void {
    this.#joined = "";
    for (const path of this.paths) {
      for (const value of valuesAt(document, path))
        this.#addJoined(typeof value === "object" && value !== null ? value : [value], MAX_DEPTH, options);
    }
    this.present = true;
    this.count = 1;
    this.raw[0] = this.#joined;
  }

  /** Appends every value below, by recursion down to so many levels. */
  #addJoined(value: JsonObject | readonly JsonValue[], levels: number, options: JoinOptions): void {
    const inner: readonly JsonValue[] = levels === 0 ? leavesOf(value) : isList(value) ? value : Object.values(value);
    for (let index = 0; index < inner.length; index++) {
      const item = inner[index]!;
      if (typeof item === "string") {
        if (item.length >= options.leastLength) this.#joined += item;
      } else if (typeof item === "object") {
        if (item !== null) this.#addJoined(item, levels - 1, options);
      } else if (options.withNumbers) this.#joined += String(item);
    }
  }

  /** What is remembered of the value, when there is one alone and it is remembered. */
  known(): KnownValue | undefined {
    if (this.#knownEpoch === this.#epoch) return this.#known;
    this.#knownEpoch = this.#epoch;
    return (this.#known = this.count === 1 && !this.isDeep ? this.#memory.of(this.raw[0]!) : undefined);
  }

  /** A value folded (fold.ts). */
  foldedAt(index: number): string {
    if (this.#knownEpoch === this.#epoch && this.#known !== undefined) return this.#known.folded;
    const known = this.#folded[index];
    if (known !== undefined && this.#foldedEpochs[index] === this.#epoch) return known;
    const folded = fold(this.raw[index] ?? "");
    this.#folded[index] = folded;
    this.#foldedEpochs[index] = this.#epoch;
    return folded;
  }

  /** A value folded, with every dash of `windash` as `-`. */
  dashedAt(index: number): string {
    if (this.#knownEpoch === this.#epoch && this.#known !== undefined) return this.#known.dashed;
    const known = this.#dashed[index];
    if (known !== undefined && this.#dashedEpochs[index] === this.#epoch) return known;
    const dashed = foldDashes(this.foldedAt(index));
    this.#dashed[index] = dashed;
    this.#dashedEpochs[index] = this.#epoch;
    return dashed;
  }

  /** Follows a path; a list on the way stands for each of its elements. Lists in lists are opened without recursion: events may be hostile. */
  #walk(value: JsonValue, path: FieldPath, depth: number): void {
    if (depth === path.length) {
      this.#add(value);
      return;
    }
    const computed = path[depth] ?? "";
    if (isStep(computed) && computed !== ANY_KEY) {
      const next = takeStep(value, computed);
      if (next !== undefined) this.#walk(next, path, depth + 1);
      return;
    }
    for (const item of isList(value) ? elements(value) : [value]) {
      if (typeof item !== "object" || item === null) continue;
      const key = path[depth] ?? "";
      if (key === ANY_KEY) for (const next of Object.values(item)) this.#walk(next, path, depth + 1);
      else {
        const next = property(item as JsonObject, key);
        if (next !== undefined) this.#walk(next, path, depth + 1);
      }
    }
  }

  #add(value: JsonValue): void {
    this.present = true;
    if (isList(value)) for (const item of elements(value)) this.#addOne(item);
    else this.#addOne(value);
  }

  #addOne(value: JsonValue): void {
    if (typeof value === "string") this.raw[this.count++] = value;
    else if (typeof value === "number" || typeof value === "boolean") this.raw[this.count++] = String(value);
    else if (value !== null) this.structured = true;
  }
}

/** Values whose memory is kept from event to event. */
const MAX_KEPT = 1_024;

/** Whether `document[key]` is an own property or undefined, and the key is no more than a key. */
function isPlain(key: string): boolean {
  return key !== ANY_KEY && !key.startsWith("\0") && !INHERITED.has(key);
}

/** Names that every object answers to without having them. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/** An own property of a parsed document. */
export function property(object: JsonObject, key: string): JsonValue | undefined {
  if (INHERITED.has(key)) return Object.hasOwn(object, key) ? object[key] : undefined;
  return object[key];
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The elements of a list in order, lists in it opened. */
function elements(list: readonly JsonValue[]): readonly JsonValue[] {
  if (!list.some(isList)) return list;
  const result: JsonValue[] = [];
  const pending: JsonValue[] = [list];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    if (isList(item)) for (let index = item.length - 1; index >= 0; index--) pending.push(item[index] ?? null);
    else result.push(item);
  }
  return result;
}

/** Every value below one that is no list or object, without recursion; null is left out. */
function leavesOf(value: JsonValue): readonly JsonValue[] {
  const leaves: JsonValue[] = [];
  const pending: JsonValue[] = [value];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    if (typeof item !== "object") leaves.push(item);
    else if (item !== null)
      for (const inner of isList(item) ? item : Object.values(item)) if (inner !== null) pending.push(inner);
  }
  return leaves;
}

/** Everything that lies at a path. */
function valuesAt(document: JsonObject, path: FieldPath): readonly JsonValue[] {
  if (path.length === 0) return [document];
  const found: JsonValue[] = [];
  collect(document, path, 0, found);
  return found;
}

/** Levels of lists and objects that a value taken from an event may have. */
const MAX_DEPTH = 16;

/**
 * The JSON value of a field: the first of its places that has one; several values on the way are a list. A value nested deeper than any
 * real one is left out, because what is made of it (keys, JSON) would be.
 */
export function readValue(document: JsonObject, paths: readonly FieldPath[]): JsonValue | undefined {
  let nothing: null | undefined;
  for (const path of paths) {
    const key = path.length === 1 ? path[0]! : "";
    const own = document[key];
    // What every object answers to is never a text or a number.
    if ((typeof own === "string" || typeof own === "number") && path.length === 1 && !isStep(key)) return own;
    if (path.length === 1 && isPlain(key)) {
      const value = own;
      if (value === undefined) continue;
      if (value === null) {
        nothing = null;
        continue;
      }
      return typeof value !== "object" || isShallow(value, MAX_DEPTH) ? value : undefined;
    }
    const found: JsonValue[] = [];
    collect(document, path, 0, found);
    const [first] = found;
    if (first === undefined) continue;
    if (found.length === 1 && first === null) {
      nothing = null;
      continue;
    }
    const value = found.length === 1 ? first : found;
    return isShallow(value, MAX_DEPTH) ? value : undefined;
  }
  return nothing;
}

function collect(value: JsonValue, path: FieldPath, depth: number, found: JsonValue[]): void {
  if (depth === path.length) {
    found.push(value);
    return;
  }
  const computed = path[depth] ?? "";
  if (isStep(computed) && computed !== ANY_KEY) {
    const next = takeStep(value, computed);
    if (next !== undefined) collect(next, path, depth + 1, found);
    return;
  }
  for (const item of isList(value) ? elements(value) : [value]) {
    if (typeof item !== "object" || item === null) continue;
    const key = path[depth] ?? "";
    if (key === ANY_KEY) for (const next of Object.values(item)) collect(next, path, depth + 1, found);
    else {
      const next = property(item as JsonObject, key);
      if (next !== undefined) collect(next, path, depth + 1, found);
    }
  }
}

function isShallow(value: JsonValue, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1));
}
