import type { BinaryReader } from "@bufbuild/protobuf/wire";
import type { JsonObject, JsonValue } from "@vedette/detection";
import type { DecodeBudget } from "./budget.ts";
import type { RequestReader } from "./request-reader.ts";
import { jsonDouble, jsonInteger, KeyValues } from "./key-values.ts";

/**
 * Reads the values of common.proto straight into JSON. Tags are written as `field << 3 | wire type`; a known field with another wire type
 * is skipped like an unknown one, as protobuf asks for.
 */

/** Reads the tag of the next field. */
export const readTag = (reader: BinaryReader): number => {
  const tag = reader.uint32();
  if (tag >>> 3 === 0) throw new Error("illegal field number 0");
  return tag;
};

/** Reads the length of a message and gives the position where it ends, which must lie inside the enclosing one. */
export const readEnd = (reader: BinaryReader, enclosingEnd: number): number => {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > enclosingEnd) throw new RangeError("a message is longer than the one around it");
  return end;
};

/** Skips a field that is not read. */
export const skipField = (reader: BinaryReader, tag: number): void => {
  reader.skip(tag & 7, tag >>> 3);
};

/** Checks that a message ended where its length said. */
export const checkEnd = (reader: BinaryReader, end: number): void => {
  if (reader.pos !== end) throw new RangeError("a field is longer than the message around it");
};

const readArray = (reader: RequestReader, end: number, depth: number, budget: DecodeBudget): JsonValue[] => {
  const values: JsonValue[] = [];
  while (reader.pos < end) {
    const tag = readTag(reader);
    if (tag === 0x0a) values.push(readAnyValue(reader, readEnd(reader, end), depth, budget));
    else skipField(reader, tag);
  }
  checkEnd(reader, end);
  return values;
};

const readMap = (reader: RequestReader, end: number, depth: number, budget: DecodeBudget): JsonObject => {
  const pairs = new KeyValues();
  while (reader.pos < end) {
    const tag = readTag(reader);
    if (tag === 0x0a) readKeyValue(reader, readEnd(reader, end), depth, budget, pairs);
    else skipField(reader, tag);
  }
  checkEnd(reader, end);
  return pairs.object;
};

/** Reads an AnyValue up to its end; one without any value is null. */
export const readAnyValue = (reader: RequestReader, end: number, depth: number, budget: DecodeBudget): JsonValue => {
  budget.value(depth);
  let value: JsonValue = null;
  while (reader.pos < end) {
    const tag = readTag(reader);
    switch (tag) {
      case 0x0a:
        value = budget.text(reader.string());
        break;
      case 0x10:
        value = reader.bool();
        break;
      case 0x18:
        value = jsonInteger(BigInt(reader.int64()));
        break;
      case 0x21:
        value = jsonDouble(reader.double());
        break;
      case 0x2a:
        value = readArray(reader, readEnd(reader, end), depth + 1, budget);
        break;
      case 0x32:
        value = readMap(reader, readEnd(reader, end), depth + 1, budget);
        break;
      case 0x3a:
        value = budget.text(Buffer.from(reader.bytes()).toString("base64"));
        break;
      default:
        skipField(reader, tag);
    }
  }
  checkEnd(reader, end);
  return value;
};

/** Reads a KeyValue up to its end into a list of pairs. */
export const readKeyValue = (
  reader: RequestReader,
  end: number,
  depth: number,
  budget: DecodeBudget,
  pairs: KeyValues,
): void => {
  let key = "";
  let value: JsonValue = null;
  let hasValue = false;
  while (reader.pos < end) {
    const tag = readTag(reader);
    if (tag === 0x0a) key = budget.text(reader.name());
    else if (tag === 0x12) {
      value = readAnyValue(reader, readEnd(reader, end), depth, budget);
      hasValue = true;
    } else skipField(reader, tag);
  }
  checkEnd(reader, end);
  if (!hasValue) budget.value(depth);
  pairs.add(key, value);
};
