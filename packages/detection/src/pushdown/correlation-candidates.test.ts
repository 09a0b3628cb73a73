import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonMapping } from "../mappings/json.ts";
import type { EventCount } from "../rule.ts";
import { candidateGroups, correlationCandidates, leastCount } from "./correlation-candidates.ts";
import { describeIndex } from "./describe-index.ts";

const correlation: EventCount = {
  type: "event_count",
  ruleIds: ["a"],
  groupBy: ["user"],
  aliases: {},
  timespan: 60_000,
  generate: false,
  range: [{ comparison: "gte", value: 5 }],
};
const ask = (user: object, more: Partial<EventCount> = {}) =>
  correlationCandidates({
    correlation: { ...correlation, ...more },
    members: [],
    mapping: jsonMapping,
    fields: describeIndex({ mappings: { properties: { user: { ...user } } } }),
    timeField: "@timestamp",
  });

test.each([
  [[{ comparison: "gte", value: 5 }] as const, 5],
  [[{ comparison: "gt", value: 5 }] as const, 6],
  [
    [
      { comparison: "gt", value: 2 },
      { comparison: "lt", value: 9 },
    ] as const,
    3,
  ],
  [[{ comparison: "lt", value: 5 }] as const, undefined],
  [[{ comparison: "gte", value: 0 }] as const, undefined],
])("%j needs %s findings", (range, least) => {
  expect(leastCount(range)).toBe(least);
});

describe("a correlation as an aggregation", () => {
  test("is refused where groups cannot be told, or few findings are enough", () => {
    expect(ask({ type: "text" })).toMatchObject({ refused: true });
    expect(ask({ type: "keyword", ignore_above: 10 })).toMatchObject({ refused: true });
    expect(ask({ type: "keyword" }, { range: [{ comparison: "lt", value: 5 }] })).toMatchObject({ refused: true });
  });

  test("groups by a field whose values are all there", () => {
    const members = [{ rule: { id: "a", title: "A", logSource: {} } as never, query: { match_all: {} } }];
    const found = correlationCandidates({
      correlation,
      members,
      mapping: jsonMapping,
      fields: describeIndex({ mappings: { properties: { user: { type: "keyword" } } } }),
      timeField: "@timestamp",
    });
    expect(found).toMatchObject({
      least: 5,
      composite: {
        sources: [
          { user: { terms: { field: "user", missing_bucket: true } } },
          { time: { date_histogram: { field: "@timestamp", fixed_interval: "60000ms" } } },
        ],
      },
    });
  });

  test("leaves out no group that has enough events within the timespan", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(100), { maxLength: 30 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 20 }),
        (times, least, timespan) => {
          const buckets = [...Map.groupBy(times, (time) => Math.floor(time / timespan) * timespan)].map(
            ([time, all]) => ({
              group: "one",
              time,
              count: all.length,
            }),
          );
          // Windows are closed at both ends: one that begins at a bucket's beginning reaches into the next.
          const fulfilled = times.filter(
            (start) => times.filter((time) => time >= start && time <= start + timespan).length >= least,
          );
          const [found] = candidateGroups(buckets, { least, timespan });
          if (fulfilled.length === 0) return;
          expect(found).toBeDefined();
          for (const start of fulfilled) {
            const inWindow = times.filter((time) => time >= start && time <= start + timespan);
            expect(found!.from).toBeLessThanOrEqual(Math.min(...inWindow));
            expect(found!.to).toBeGreaterThan(Math.max(...inWindow));
          }
        },
      ),
    );
  });
});
