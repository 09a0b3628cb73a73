const units = [
  { name: "d", milliseconds: 86_400_000 },
  { name: "h", milliseconds: 3_600_000 },
  { name: "min", milliseconds: 60_000 },
  { name: "s", milliseconds: 1_000 },
] as const;

/** A length of time in its two largest units: `14 min 5 s`, `2 d 3 h`; less than a second is `0 s`. */
export function formatDuration(milliseconds: number): string {
  const first = units.findIndex((unit) => milliseconds >= unit.milliseconds);
  if (first < 0) return "0 s";
  let rest = milliseconds;
  const parts: string[] = [];
  for (const unit of units.slice(first, first + 2)) {
    const count = Math.floor(rest / unit.milliseconds);
    rest -= count * unit.milliseconds;
    if (count > 0) parts.push(`${count} ${unit.name}`);
  }
  return parts.join(" ");
}

/** How long ago, or in how long, in one unit: `just now`, `12 s ago`, `in 3 h`. */
export function formatRelative(time: number, now: number): string {
  const distance = Math.abs(now - time);
  const unit = units.find(({ milliseconds }) => distance >= milliseconds);
  if (unit === undefined || distance < 5_000) return "just now";
  const text = `${Math.floor(distance / unit.milliseconds)} ${unit.name}`;
  return time <= now ? `${text} ago` : `in ${text}`;
}

/** From when to when, as its length: `over 3 min`, or `at once`. */
export function formatSpan(from: number, to: number): string {
  return to - from < 1_000 ? "at once" : `over ${formatDuration(to - from)}`;
}
