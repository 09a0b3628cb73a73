import type { Page } from "@vedette/api";
import { StoreError } from "../errors.ts";

/** A place between two rows of a list: the values that the list is ordered by. */
export type Place = readonly [key: number, id: string];

/** The opaque cursor of a place. */
export function toCursor(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/**
 * The place that a cursor stands for; without a cursor, the place before the first row of a list in descending order.
 * @throws StoreError `cursor-invalid`
 */
export function toPlace(cursor: string | undefined): Place {
  if (cursor === undefined) return [Number.MAX_VALUE, ""];
  try {
    const place = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")) as unknown;
    if (Array.isArray(place) && place.length === 2 && typeof place[0] === "number" && typeof place[1] === "string") {
      return [place[0], place[1]];
    }
  } catch {
    // Answered below, with every other form of wrong cursor.
  }
  throw new StoreError(
    "cursor-invalid",
    "The cursor was not made by this list. Leave it out to start at the first page.",
    {
      retryable: false,
    },
  );
}

/** Makes a page of rows read one beyond the limit. */
export function pageOfRows<Row, T>(
  rows: readonly Row[],
  limit: number,
  total: number,
  place: (row: Row) => Place,
  item: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(item),
    total,
    ...(rows.length > limit && last !== undefined ? { nextCursor: toCursor(place(last)) } : {}),
  };
}
