const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Milliseconds of a Sigma timespan: a whole number and `s`, `m`, `h` or `d` (the extension also takes `w` and `ms`); undefined when it is not one. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|[smhdw])$/.exec(text.trim());
  if (match === null) return undefined;
  const [, digits = "", unit = ""] = match;
  return Number(digits) * (unit === "ms" ? 1 : (UNITS[unit] ?? 0));
}
