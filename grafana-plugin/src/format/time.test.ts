import { expect, it } from "vitest";
import { formatDuration, formatRelative, formatSpan } from "./time.ts";

it.each([
  [0, "0 s"],
  [999, "0 s"],
  [61_000, "1 min 1 s"],
  [3_600_000, "1 h"],
  [3_600_000 + 59_000, "1 h"],
  [90_061_000, "1 d 1 h"],
])("writes a duration of %i ms as %s", (milliseconds, expected) => {
  expect(formatDuration(milliseconds)).toBe(expected);
});

it.each([
  [-4_000, "just now"],
  [-12_000, "12 s ago"],
  [-119_000, "1 min ago"],
  [-3 * 86_400_000, "3 d ago"],
  [180_000, "in 3 min"],
])("writes a moment %i ms away as %s", (distance, expected) => {
  const now = 1_700_000_000_000;
  expect(formatRelative(now + distance, now)).toBe(expected);
});

it("writes a span as its length", () => {
  expect(formatSpan(0, 500)).toBe("at once");
  expect(formatSpan(0, 140_000)).toBe("over 2 min 20 s");
});
