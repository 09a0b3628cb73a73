import type { JsonObject, JsonValue } from "@vedette/detection";
import type { DecodeBudget } from "./budget.ts";
import { OtlpDecodeError } from "./decode-error.ts";
import { asDouble, asInteger, asObject, field, listField, textField, wrong, type JsonFields } from "./json-fields.ts";
import { jsonDouble, jsonInteger, KeyValues } from "./key-values.ts";

/**
 * The readers here give the place of an error relative to what they read, and each puts its own part before it on the way up: the place is
 * written only when something is wrong, not for every value of every record.
 */
const within = (place: string, error: unknown): unknown =>
  error instanceof OtlpDecodeError && error.reason === "malformed"
    ? new OtlpDecodeError("malformed", place + error.message)
    : error;

const readOne = (name: string, value: unknown, depth: number, budget: DecodeBudget): JsonValue | undefined => {
  switch (name) {
    case "stringValue":
      if (typeof value !== "string") throw wrong("", "a string");
      return budget.text(value);
    case "boolValue":
      if (typeof value !== "boolean") throw wrong("", "true or false");
      return value;
    case "intValue":
      return jsonInteger(asInteger(value, ""));
    case "doubleValue":
      return jsonDouble(asDouble(value, ""));
    case "bytesValue":
      if (typeof value !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) throw wrong("", "base64");
      return budget.text(Buffer.from(value, "base64").toString("base64"));
    case "arrayValue":
      return readList(asObject(value, ""), depth + 1, budget);
    case "kvlistValue":
      return readJsonPairs(asObject(value, ""), "values", depth + 1, budget, false);
    default:
      return undefined;
  }
};

const readList = (object: JsonFields, depth: number, budget: DecodeBudget): JsonValue[] => {
  const values: JsonValue[] = [];
  const list = listField(object, "values", "");
  try {
    for (const element of list) values.push(readJsonValue(element, depth, budget));
  } catch (error) {
    throw within(`.values[${values.length}]`, error);
  }
  return values;
};

/** Reads an AnyValue; one without any value is null. */
export const readJsonValue = (input: unknown, depth: number, budget: DecodeBudget): JsonValue => {
  budget.value(depth);
  const object = asObject(input, "");
  let found: JsonValue | undefined;
  let name: string | undefined;
  for (const key of Object.keys(object)) {
    const given = object[key];
    if (given === null || given === undefined) continue;
    try {
      const value = readOne(key, given, depth, budget);
      if (value === undefined) continue;
      if (name !== undefined) throw wrong("", `nothing beside ${name}`);
      found = value;
      name = key;
    } catch (error) {
      throw within(`.${key}`, error);
    }
  }
  return found ?? null;
};

/** Reads a list of KeyValues; a list of attributes has its own limit on their number. */
export const readJsonPairs = (
  object: JsonFields,
  name: string,
  depth: number,
  budget: DecodeBudget,
  isAttributes: boolean,
): JsonObject => {
  const pairs = new KeyValues();
  const list = listField(object, name, "");
  try {
    for (const element of list) {
      if (isAttributes) budget.attribute(pairs.count + 1);
      const pair = asObject(element, "");
      const value = field(pair, "value");
      const key = budget.text(textField(pair, "key", ""));
      if (value === undefined) budget.value(depth);
      pairs.add(key, value === undefined ? null : readField(value, depth, budget));
    }
  } catch (error) {
    throw within(`.${name}[${pairs.count}]`, error);
  }
  return pairs.object;
};

const readField = (value: unknown, depth: number, budget: DecodeBudget): JsonValue => {
  try {
    return readJsonValue(value, depth, budget);
  } catch (error) {
    throw within(".value", error);
  }
};

/** Runs a reader of this file and puts the place of what it reads before that of an error. */
export const placed = <T>(place: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw within(place, error);
  }
};
