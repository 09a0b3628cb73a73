import type { ReactNode } from "react";

/** A column of a table. */
export interface Column<T> {
  readonly id: string;
  readonly header: ReactNode;
  readonly cell: (row: T) => ReactNode;
  /** What rows are ordered by; a column without it cannot be sorted. */
  readonly order?: (row: T) => number | string;
  /** Whether the first click puts the largest first, as for numbers and times. */
  readonly descendingFirst?: boolean;
  readonly align?: "right";
  readonly width?: number | string;
}

/** Which column orders the rows. */
export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** Rows in the order of a column; rows that are equal there keep their places. An unknown column changes nothing. */
export function sortRows<T>(rows: readonly T[], columns: readonly Column<T>[], sort: Sort | undefined): readonly T[] {
  const order = columns.find(({ id }) => id === sort?.column)?.order;
  if (order === undefined || sort === undefined) return rows;
  const sign = sort.descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [x, y] = [order(a), order(b)];
    return x === y ? 0 : x < y ? -sign : sign;
  });
}

/** Reads `severity` or `-severity` from an address. */
export function parseSort(text: string | null): Sort | undefined {
  if (!text) return undefined;
  return text.startsWith("-") ? { column: text.slice(1), descending: true } : { column: text, descending: false };
}

/** Writes what {@link parseSort} reads. */
export function printSort({ column, descending }: Sort): string {
  return descending ? `-${column}` : column;
}
