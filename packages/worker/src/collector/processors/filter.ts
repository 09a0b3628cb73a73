import type { JsonObject, JsonValue } from "@vedette/detection";
import type { Processor } from "./processor.ts";

/** How a filtering processor is set up: `equals` or `prefix`. */
export interface FilterOptions {
  readonly name: string;
  readonly field: string;
  readonly equals?: string | number | boolean | undefined;
  readonly prefix?: string | undefined;
  /** Told of each record that is dropped. */
  readonly onFiltered: () => void;
}

const inside = (value: JsonValue | undefined, key: string): JsonValue | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, key)
    ? (value as JsonObject)[key]
    : undefined;

/** A field's value: an attribute, else a resource attribute, else a top-level name, else a dotted path (`body.text`). */
export const fieldValue = (document: JsonObject, field: string): JsonValue | undefined => {
  const direct =
    inside(document["attributes"], field) ??
    inside(inside(document["resource"], "attributes"), field) ??
    inside(document, field);
  if (direct !== undefined || !field.includes(".")) return direct;
  return field.split(".").reduce<JsonValue | undefined>((value, part) => inside(value, part), document);
};

/** A processor that drops records by one field's value; a list counts when one of its elements does. */
export const createFilterProcessor = ({ name, field, equals, prefix, onFiltered }: FilterOptions): Processor => {
  const wanted = String(equals);
  const matches = (value: JsonValue): boolean => {
    if (typeof value === "object") return false;
    const text = String(value);
    return prefix === undefined ? text === wanted : text.startsWith(prefix);
  };
  return {
    name,
    apply(record) {
      const value = fieldValue(record.document, field);
      if (value === undefined || value === null) return record;
      const values = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
      if (!values.some(matches)) return record;
      onFiltered();
      return undefined;
    },
  };
};
