import type { JsonObject, JsonValue } from "@vedette/detection";

/**
 * Collects the pairs of an attribute list or of a nested map. A key that comes twice, which OpenTelemetry forbids, keeps all of its values as
 * a list, so that nobody hides a value behind another.
 */
export class KeyValues {
  readonly object: JsonObject = {};
  count = 0;
  #repeated: Map<string, JsonValue[]> | undefined;

  /** Adds one pair. */
  add(key: string, value: JsonValue): void {
    this.count += 1;
    const object = this.object as Record<string, JsonValue>;
    if (!Object.hasOwn(object, key)) {
      // Plain assignment of this one key would change the prototype instead.
      if (key === "__proto__") {
        Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
      } else object[key] = value;
      return;
    }
    this.#repeated ??= new Map();
    const values = this.#repeated.get(key);
    if (values !== undefined) {
      values.push(value);
      return;
    }
    const both = [object[key] as JsonValue, value];
    this.#repeated.set(key, both);
    Object.defineProperty(object, key, { value: both, writable: true, enumerable: true, configurable: true });
  }
}

/** A double as JSON can hold it: the values that JSON has no number for are written as OTLP/JSON writes them. */
export const jsonDouble = (value: number): JsonValue =>
  Number.isFinite(value) ? value : Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";

/** A 64-bit integer as JSON can hold it: a number where that is exact, else its digits. */
export const jsonInteger = (value: bigint): JsonValue => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
};
