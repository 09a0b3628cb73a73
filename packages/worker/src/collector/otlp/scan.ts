import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { OtlpDecodeError } from "./decode-error.ts";
import type { RequestLimits } from "./limits.ts";
import { checkEnd, readEnd, readTag, skipField } from "./protobuf-values.ts";

/** Deepest nesting of messages: enough for 20 levels of values. */
const MAX_DEPTH = 96;

const fieldsOf = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>();

const fields = (message: DescMessage): ReadonlyMap<number, DescField> => {
  let found = fieldsOf.get(message);
  if (found === undefined) {
    found = new Map(message.fields.map((field) => [field.number, field]));
    fieldsOf.set(message, found);
  }
  return found;
};

const isEightBytes = (type: ScalarType): boolean =>
  type === ScalarType.DOUBLE || type === ScalarType.FIXED64 || type === ScalarType.SFIXED64;

/**
 * Walks an encoded message without making anything of it, and counts its messages by type name. Throws when it is not well-formed, and an
 * {@link OtlpDecodeError} (`too_large`) when decoding it would make more elements than allowed.
 */
export const scanMessage = (
  schema: DescMessage,
  bytes: Uint8Array,
  limits: RequestLimits,
): ReadonlyMap<string, number> => {
  const reader = new BinaryReader(bytes);
  const counts = new Map<string, number>();
  let elements = 0;
  const take = (count: number): void => {
    elements += count;
    if (elements > limits.elements) {
      throw new OtlpDecodeError("too_large", `The request holds more than ${limits.elements} messages and numbers.`);
    }
  };
  const walk = (message: DescMessage, end: number, depth: number): void => {
    if (depth > MAX_DEPTH)
      throw new OtlpDecodeError("malformed", `The request is nested deeper than ${MAX_DEPTH} messages.`);
    take(1);
    counts.set(message.typeName, (counts.get(message.typeName) ?? 0) + 1);
    const known = fields(message);
    while (reader.pos < end) {
      const tag = readTag(reader);
      const field = known.get(tag >>> 3);
      if ((tag & 7) !== 2 || field === undefined) {
        skipField(reader, tag);
        continue;
      }
      const partEnd = readEnd(reader, end);
      if (field.message !== undefined) walk(field.message, partEnd, depth + 1);
      else {
        const length = partEnd - reader.pos;
        if (field.fieldKind === "list" && field.listKind === "scalar")
          take(isEightBytes(field.scalar) ? length / 8 : length);
        reader.pos = partEnd;
      }
    }
    checkEnd(reader, end);
  };
  walk(schema, reader.len, 1);
  return counts;
};
