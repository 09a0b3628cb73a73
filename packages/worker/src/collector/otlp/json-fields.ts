import { OtlpDecodeError } from "./decode-error.ts";

/** A JSON object of a request. */
export type JsonFields = Readonly<Record<string, unknown>>;

const UINT64_MAX = 18_446_744_073_709_551_615n;
const INT64_MIN = -9_223_372_036_854_775_808n;
const INT64_MAX = 9_223_372_036_854_775_807n;

/** The error for a value that is not what the protocol says. */
export const wrong = (where: string, expected: string): OtlpDecodeError =>
  new OtlpDecodeError("malformed", `${where}: expected ${expected}`);

/** A field's value; null stands for a missing one, as in protobuf's JSON. */
export const field = (object: JsonFields, name: string): unknown =>
  Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined;

/** An object; throws an OtlpDecodeError when it is something else. */
export const asObject = (value: unknown, where: string): JsonFields => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(where, "an object");
  return value as JsonFields;
};

/** A list, empty when missing; throws an OtlpDecodeError when it is something else. */
export const listField = (object: JsonFields, name: string, where: string): readonly unknown[] => {
  const value = field(object, name);
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrong(`${where}.${name}`, "a list");
  return value as readonly unknown[];
};

/** A text, empty when missing; throws an OtlpDecodeError when it is something else. */
export const textField = (object: JsonFields, name: string, where: string): string => {
  const value = field(object, name);
  if (value === undefined) return "";
  if (typeof value !== "string") throw wrong(`${where}.${name}`, "a string");
  return value;
};

/** An identifier in hexadecimal (OTLP/JSON differs here from protobuf's JSON, which would have base64). */
export const hexField = (object: JsonFields, name: string, where: string): string => {
  const value = textField(object, name, where);
  if (value.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(value)) throw wrong(`${where}.${name}`, "hexadecimal digits");
  return value.toLowerCase();
};

/** A 64-bit integer given as digits or as a number; undefined when it is neither or does not fit. */
const toInteger = (value: unknown, least: bigint, most: bigint): bigint | undefined => {
  const whole =
    typeof value === "string" && value.length <= 20 && /^-?\d+$/.test(value)
      ? BigInt(value)
      : typeof value === "number" && Number.isInteger(value)
        ? BigInt(value)
        : undefined;
  return whole === undefined || whole < least || whole > most ? undefined : whole;
};

/** Nanoseconds since 1970, 0 when missing. */
export const timeField = (object: JsonFields, name: string, where: string): bigint => {
  const value = field(object, name);
  if (value === undefined) return 0n;
  const time = toInteger(value, 0n, UINT64_MAX);
  if (time === undefined) throw wrong(`${where}.${name}`, "an unsigned 64-bit integer");
  return time;
};

/** A signed 64-bit integer. */
export const asInteger = (value: unknown, where: string): bigint => {
  const integer = toInteger(value, INT64_MIN, INT64_MAX);
  if (integer === undefined) throw wrong(where, "a signed 64-bit integer");
  return integer;
};

/** A 32-bit number between two bounds, 0 when missing. */
export const smallField = (object: JsonFields, name: string, where: string, least: number, most: number): number => {
  const value = field(object, name);
  if (value === undefined) return 0;
  const integer = toInteger(value, BigInt(least), BigInt(most));
  if (integer === undefined) throw wrong(`${where}.${name}`, "a 32-bit integer");
  return Number(integer);
};

/** A double; JSON has no number for three of them. */
export const asDouble = (value: unknown, where: string): number => {
  if (typeof value === "number") return value;
  if (value === "NaN") return Number.NaN;
  if (value === "Infinity") return Number.POSITIVE_INFINITY;
  if (value === "-Infinity") return Number.NEGATIVE_INFINITY;
  if (typeof value === "string" && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return Number(value);
  throw wrong(where, "a double");
};
