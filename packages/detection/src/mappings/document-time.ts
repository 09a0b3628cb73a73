import type { JsonValue } from "../event.ts";

/**
 * Unix milliseconds of a point in time as documents write it: ISO 8601 (UTC when it names no zone), a number or text of seconds
 * (below 10^11), milliseconds or nanoseconds. Undefined for anything else.
 */
export function toMilliseconds(value: JsonValue | undefined): number | undefined {
  if (typeof value === "number") return fromEpoch(value);
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (/^\d{1,19}(?:\.\d{1,9})?$/.test(text)) return fromEpoch(Number(text));
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s?(Z|[+-]\d{2}:?\d{2})?$/.exec(text);
  if (match === null) return undefined;
  const [, date = "", time = "", zone = "Z"] = match;
  const milliseconds = Date.parse(
    `${date}T${time}${/^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone}`,
  );
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

function fromEpoch(value: number): number | undefined {
  if (!Number.isFinite(value) || value < 0) return undefined;
  if (value < 1e11) return Math.floor(value * 1_000);
  if (value < 1e14) return Math.floor(value);
  return value < 1e17 ? Math.floor(value / 1_000) : Math.floor(value / 1_000_000);
}
