import { expect, it } from "vitest";
import { type Column, parseSort, printSort, sortRows } from "./sort-rows.ts";

const columns: Column<{ id: string; n: number }>[] = [
  { id: "n", header: "", cell: () => "", order: ({ n }) => n },
  { id: "plain", header: "", cell: () => "" },
];
const rows = [
  { id: "a", n: 2 },
  { id: "b", n: 1 },
  { id: "c", n: 2 },
];
const ids = (sort: string | null) =>
  sortRows(rows, columns, parseSort(sort))
    .map(({ id }) => id)
    .join("");

it.each([
  { sort: "n", expected: "bac" },
  { sort: "-n", expected: "acb" },
  { sort: "plain", expected: "abc" },
  { sort: "unknown", expected: "abc" },
  { sort: null, expected: "abc" },
])("orders by $sort", ({ sort, expected }) => {
  expect(ids(sort)).toBe(expected);
});

it.each(["n", "-n"])("writes what it reads: %s", (text) => {
  const sort = parseSort(text);
  expect(sort && printSort(sort)).toBe(text);
});
