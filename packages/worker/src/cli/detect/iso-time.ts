const DAY = 86_400_000;

const pad = (value: number, width: number): string => String(value).padStart(width, "0");
const TWO: readonly string[] = Array.from({ length: 60 }, (_, value) => pad(value, 2));
const THREE: readonly string[] = Array.from({ length: 1_000 }, (_, value) => pad(value, 3));

/** Events stand by day: the date of the last one asked for. */
const last = { day: Number.NaN, text: "" };

/** Unix milliseconds in ISO 8601, as `Date` writes them; null for what is no time. */
export function isoTime(milliseconds: number): string | null {
  if (Number.isNaN(milliseconds) || Math.abs(milliseconds) > 8.64e15) return null;
  if (!Number.isInteger(milliseconds)) return new Date(milliseconds).toISOString();
  const day = Math.floor(milliseconds / DAY);
  if (day !== last.day) {
    last.day = day;
    const [date = ""] = new Date(milliseconds).toISOString().split("T");
    last.text = `${date}T`;
  }
  const rest = milliseconds - day * DAY;
  const hour = TWO[Math.floor(rest / 3_600_000)] ?? "";
  const minute = TWO[Math.floor(rest / 60_000) % 60] ?? "";
  const second = TWO[Math.floor(rest / 1_000) % 60] ?? "";
  return `${last.text}${hour}:${minute}:${second}.${THREE[rest % 1_000] ?? ""}Z`;
}
