import type { TimelineRow } from "@vedette/api";

/** One row as the page shows it: a row of the timeline, or several alike in a row. */
export interface TimelineGroup {
  readonly key: string;
  readonly first: TimelineRow;
  readonly rows: readonly TimelineRow[];
  /** Times of the earliest and the latest row. */
  readonly from: number;
  readonly to: number;
}

const kindOrder: Record<TimelineRow["kind"], number> = { event: 0, alert: 1, action: 2, person: 3 };

/** In order of time; at the same instant the cause before what it caused: event, alert, action, person. */
export function orderTimeline(rows: readonly TimelineRow[]): TimelineRow[] {
  return rows.toSorted((a, b) => a.time - b.time || kindOrder[a.kind] - kindOrder[b.kind]);
}

const alike = (a: TimelineRow, b: TimelineRow) =>
  a.kind === "event" && b.kind === "event" && a.title === b.title && a.source === b.source;

/** Joins events that follow each other and say the same, so that four hundred failed logins are one row. Expects rows in order of time. */
export function groupTimeline(rows: readonly TimelineRow[]): TimelineGroup[] {
  const groups: { rows: TimelineRow[] }[] = [];
  for (const row of rows) {
    const last = groups.at(-1);
    const before = last?.rows.at(-1);
    if (last !== undefined && before !== undefined && alike(before, row)) last.rows.push(row);
    else groups.push({ rows: [row] });
  }
  return groups.flatMap(({ rows }, index) => {
    const [first] = rows;
    const last = rows.at(-1);
    return first === undefined || last === undefined
      ? []
      : [{ key: `${index} ${first.time} ${first.title}`, first, rows, from: first.time, to: last.time }];
  });
}
