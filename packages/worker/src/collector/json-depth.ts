import type { JsonValue } from "@vedette/detection";

/** Deepest nesting of a record that is taken: whatever writes or walks it later must not run out of stack. */
export const MAX_RECORD_DEPTH = 64;

/** Whether a parsed value is nested no deeper than a limit; a plain value has depth 1. */
export const isWithinDepth = (value: JsonValue, limit: number = MAX_RECORD_DEPTH): boolean => {
  if (typeof value !== "object" || value === null) return limit >= 1;
  if (limit <= 1) return Object.keys(value).length === 0 && limit === 1;
  for (const inner of Array.isArray(value) ? (value as readonly JsonValue[]) : Object.values(value)) {
    if (!isWithinDepth(inner, limit - 1)) return false;
  }
  return true;
};
