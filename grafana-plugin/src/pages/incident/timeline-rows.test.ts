import type { TimelineRow } from "@vedette/api";
import fc from "fast-check";
import { expect, it } from "vitest";
import { groupTimeline, orderTimeline } from "./timeline-rows.ts";

const row = (time: number, kind: TimelineRow["kind"], title = "login"): TimelineRow => ({
  time,
  kind,
  title,
  source: "shop",
});

it("puts the cause before what it caused at the same instant", () => {
  const rows = [row(5, "person"), row(5, "action"), row(5, "alert"), row(5, "event"), row(1, "action")];
  expect(orderTimeline(rows).map(({ time, kind }) => `${time} ${kind}`)).toEqual([
    "1 action",
    "5 event",
    "5 alert",
    "5 action",
    "5 person",
  ]);
});

it("joins events that say the same and follow each other, and nothing else", () => {
  const groups = groupTimeline([
    row(1, "event"),
    row(2, "event"),
    row(3, "alert"),
    row(4, "event"),
    row(5, "event", "search"),
    row(6, "action"),
    row(7, "action"),
  ]);
  expect(groups.map(({ rows, from, to }) => [rows.length, from, to])).toEqual([
    [2, 1, 2],
    [1, 3, 3],
    [1, 4, 4],
    [1, 5, 5],
    [1, 6, 6],
    [1, 7, 7],
  ]);
});

it("loses no row", () => {
  const anyRow = fc.record({
    time: fc.nat(50),
    kind: fc.constantFrom("event", "alert", "action", "person"),
    title: fc.constantFrom("a", "b"),
    source: fc.constant("shop"),
  });
  fc.assert(
    fc.property(fc.array(anyRow), (rows) => {
      const ordered = orderTimeline(rows);
      expect(groupTimeline(ordered).flatMap((group) => group.rows)).toEqual(ordered);
    }),
  );
});
