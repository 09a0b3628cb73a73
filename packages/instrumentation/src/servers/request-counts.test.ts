import { expect, it } from "vitest";
import { createRequestCounts } from "./request-counts.ts";

it("tells of a client once in a window, when it reaches the limit", () => {
  const counts = createRequestCounts(3, 1000);
  const told = (client: string, now: number): boolean => counts.add(client, now);
  expect([told("a", 0), told("a", 1), told("a", 2), told("a", 3), told("b", 3)]).toEqual([
    false,
    false,
    true,
    false,
    false,
  ]);
  expect([told("a", 1000), told("a", 1001), told("a", 1002)]).toEqual([false, false, true]);
});

it("finds every flood among 100,000 clients, and accuses few others", () => {
  const counts = createRequestCounts(100, 10_000);
  const told = new Set<string>();
  for (let round = 0; round < 100; round++) {
    for (let flood = 0; flood < 5; flood++) if (counts.add(`198.51.100.${flood}`, 0)) told.add(`198.51.100.${flood}`);
    for (let other = 0; other < 1000; other++) {
      const client = `10.${round}.${other >> 8}.${other & 255}`;
      if (counts.add(client, 0)) told.add(client);
    }
  }
  for (let flood = 0; flood < 5; flood++) expect(told).toContain(`198.51.100.${flood}`);
  expect(told.size).toBeLessThan(5 + 10);
});
