import type { JsonValue } from "../event.ts";
import { canonicalJson } from "../hash.ts";
import type { Reader, Scratch } from "./scratch.ts";

type Values = Readonly<Record<string, JsonValue>>;

const TEXT = 0;
const JSON_TEXT = 1;

/** A value that counts: null and the empty text are none. */
export function valueOf(values: Values, field: string): JsonValue | undefined {
  const value = Object.hasOwn(values, field) ? values[field] : undefined;
  return value === null || value === "" ? undefined : value;
}

/** Writes the key of the group with the values of these fields; false when one has none. */
export function writeKey(scratch: Scratch, values: Values, fields: readonly string[]): boolean {
  scratch.clear();
  for (const field of fields) {
    const value = valueOf(values, field);
    if (value === undefined) return false;
    if (typeof value === "string") {
      scratch.count(TEXT);
      scratch.text(value);
    } else {
      scratch.count(JSON_TEXT);
      scratch.text(canonicalJson(value));
    }
  }
  return true;
}

/** The values that {@link writeKey} wrote, read from where the reader is. */
export function readValues(reader: Reader, count: number): readonly JsonValue[] {
  const values: JsonValue[] = [];
  while (values.length < count) {
    const kind = reader.count();
    const text = reader.text();
    values.push(kind === TEXT ? text : (JSON.parse(text) as JsonValue));
  }
  return values;
}

/** Goes past the values that {@link writeKey} wrote. */
export function skipValues(reader: Reader, count: number): void {
  for (let left = count; left > 0; left--) {
    reader.count();
    reader.skipText();
  }
}

/** A text that is equal for equal values of these fields only; undefined when one has none. */
export function comparedText(values: Values, fields: readonly string[]): string | undefined {
  const [only] = fields;
  if (fields.length === 1 && only !== undefined) {
    const value = valueOf(values, only);
    if (value === undefined) return undefined;
    return typeof value === "string" ? `"${value}` : canonicalJson(value);
  }
  const all: JsonValue[] = [];
  for (const field of fields) {
    const value = valueOf(values, field);
    if (value === undefined) return undefined;
    all.push(value);
  }
  return canonicalJson(all);
}

const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

/** The number that a value is: a finite JSON number, or a text that is a decimal number; undefined for everything else. */
export function numberOf(value: JsonValue | undefined): number | undefined {
  const number =
    typeof value === "number" ? value : typeof value === "string" && NUMBER.test(value) ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}
