const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 } as const;

const read = (text: string, units: Readonly<Record<string, number>>): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim());
  const unit = match?.[2] === undefined ? undefined : Object.hasOwn(units, match[2]) ? units[match[2]] : undefined;
  if (match === null || unit === undefined) return undefined;
  const value = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(value) ? value : undefined;
};

/** Reads a duration such as `500ms`, `30s`, `15m`, `2h` or `7d`: milliseconds, or undefined when the text is none. */
export const parseDuration = (text: string): number | undefined => read(text, MILLISECONDS);

/** Reads a size such as `512KiB` or `8MiB`: bytes, or undefined when the text is none. */
export const parseSize = (text: string): number | undefined => read(text, BYTES);
