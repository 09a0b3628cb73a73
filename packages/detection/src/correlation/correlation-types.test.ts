import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../event.ts";
import type { Episode, Fact } from "../finding.ts";
import { canonicalJson, hashOf } from "../hash.ts";
import type { RuleSet } from "../rule.ts";
import { type Follower, createFollower, standing } from "../testing/correlation-follower.ts";
import { factOf, rulesWith } from "../testing/correlation-rules.ts";
import { type NaiveEpisode, naiveEpisodes } from "../testing/naive-correlation.ts";
import { createCorrelator } from "./correlator.ts";

const count = (type: string, condition: string, rules = "[a, b]", timespan = "60s", groupBy = "[user]"): string =>
  `{ type: ${type}, rules: ${rules}, group-by: ${groupBy}, timespan: ${timespan}, condition: ${condition} }`;
const outer = "[user]";

/** Sections by id; each is compared with the naive reading. */
const SETS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "event_count gte": { x: count("event_count", "{ gte: 3 }") },
  "event_count gt": { x: count("event_count", "{ gt: 1 }") },
  "event_count lt": { x: count("event_count", "{ lt: 3 }") },
  "event_count lte": { x: count("event_count", "{ lte: 1 }") },
  "event_count eq": { x: count("event_count", "{ eq: 2 }") },
  "event_count neq": { x: count("event_count", "{ neq: 2 }") },
  "event_count range": { x: count("event_count", "{ gt: 1, lte: 3 }") },
  "value_count gte": { x: count("value_count", "{ field: ip, gte: 3 }") },
  "value_count eq": { x: count("value_count", "{ field: ip, eq: 2 }") },
  "value_count of two fields": { x: count("value_count", "{ field: [ip, bytes], gte: 3 }") },
  temporal: { x: `{ type: temporal, rules: [a, b, c], group-by: [user], timespan: 60s }` },
  "temporal count": { x: count("temporal", "{ eq: 2 }", "[a, b, c]") },
  "temporal expression": { x: count("temporal", "a and (b or not c)", "[a, b, c]") },
  temporal_ordered: { x: `{ type: temporal_ordered, rules: [c, a, b], group-by: [user], timespan: 60s }` },
  "temporal_ordered count": { x: count("temporal_ordered", "{ gte: 2 }", "[c, a, b]") },
  "temporal_ordered exact count": { x: count("temporal_ordered", "{ eq: 2 }", "[c, a, b]") },
  "temporal_ordered expression": { x: count("temporal_ordered", "(a and b) or (c and b and not a)", "[c, a, b]") },
  "value_sum gte": { x: count("value_sum", "{ field: bytes, gte: 0.3 }") },
  "value_sum lt": { x: count("value_sum", "{ field: bytes, lt: 2 }") },
  value_avg: { x: count("value_avg", "{ field: bytes, gt: 1.5 }") },
  value_median: { x: count("value_median", "{ field: bytes, gte: 2 }") },
  "value_percentile of numbers": { x: count("value_percentile", "{ field: bytes, percentile: 90, gt: 2 }") },
  "value_percentile of shares": { x: count("value_percentile", "{ field: ip, lte: 25 }") },
  "a chain in order": {
    x: count("event_count", "{ gte: 2 }", "[a]", "30s"),
    y: `{ type: temporal_ordered, rules: [x, b], group-by: [user], timespan: 60s }`,
  },
  "a chain that counts episodes": {
    x: count("event_count", "{ gte: 2 }", "[a]", "20s"),
    y: count("event_count", "{ gte: 2 }", "[x, b]", "90s"),
  },
  "a chain over what can be withdrawn": {
    x: count("event_count", "{ eq: 2 }", "[a, b]", "20s"),
    y: count("event_count", "{ gte: 2 }", "[x]", "90s"),
  },
  "a chain that asks for nothing of one": {
    x: count("value_avg", "{ field: bytes, gt: 1 }", "[a]", "20s"),
    y: count("temporal", "b and not x", "[x, b]", "30s"),
  },
  "a chain over what can be withdrawn long after": {
    x: count("event_count", "{ eq: 2 }", "[a, b]", "90s"),
    y: count("temporal", "{ gte: 1 }", "[x, c]", "5s"),
  },
  "a chain whose inner episodes merge late": {
    x: count("temporal", "{ gte: 2 }", "[a, b, c]", "60s"),
    y: count("event_count", "{ eq: 1 }", "[x]", "10s"),
  },
  "a chain grouped by what the inner one does not group by": {
    x: count("event_count", "{ gte: 2 }", "[a, b]", "30s", "[ip]"),
    y: count("temporal", "{ gte: 2 }", "[x, c]", "60s", outer),
  },
  "a chain of three": {
    x: count("event_count", "{ gte: 2 }", "[a]", "15s"),
    y: count("value_count", "{ field: ip, gte: 2 }", "[x, b]", "30s"),
    z: `{ type: temporal_ordered, rules: [y, c], group-by: [user], timespan: 40s }`,
  },
};

const values = fc.record(
  {
    user: fc.constantFrom<JsonValue>("u", "v"),
    ip: fc.constantFrom<JsonValue>("1", 1, "2", ["1"], ""),
    bytes: fc.constantFrom<JsonValue>(0.1, 0.2, -1, 3, "2", "x", 7, null),
  },
  { requiredKeys: ["user"] },
);
const streams = fc.array(
  fc.record({
    time: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(0, 60, 120)),
    rule: fc.constantFrom("a", "b", "c"),
    values,
    jitter: fc.integer({ min: 0, max: 90 }),
    again: fc.boolean(),
    take: fc.boolean(),
    restart: fc.boolean(),
  }),
  { maxLength: 40 },
);

/** What an episode is, apart from its identity, over all levels of a chain. */
function shapeOf(episode: Episode, episodes: ReadonlyMap<string, Episode>): string {
  const inner = episode.factIds.map((id) => {
    const other = episodes.get(id);
    return other === undefined ? id : shapeOf(other, episodes);
  });
  return canonicalJson([episode.rule.id, episode.group, episode.from, episode.to, episode.eventIds, inner]);
}

function naiveShapeOf({ rule, group, members }: NaiveEpisode): string {
  const inner = members.map(({ id, episode }) => (episode === undefined ? id : naiveShapeOf(episode)));
  const events = members.map(({ eventId }) => eventId);
  const times = members.map(({ time }) => time);
  return canonicalJson([
    rule,
    group,
    Math.min(...times),
    Math.max(...times),
    [...new Set(events)],
    [...new Set(inner)],
  ]);
}

const expectEqualToNaive = (set: RuleSet, facts: readonly Fact[], seen: Follower): void => {
  const found = standing(seen.episodes.values()).map((episode) => shapeOf(episode, seen.episodes));
  expect(found.sort()).toEqual([...naiveEpisodes(set.rules, facts)].map(naiveShapeOf).sort());
};

describe("over random streams, in random order, with repetitions and restarts, the episodes equal the naive reading:", () => {
  test.each(Object.keys(SETS))("%s", (name) => {
    const set = rulesWith(SETS[name] ?? {});
    fc.assert(
      fc.property(streams, fc.constantFrom(0, 30_000, 90_000), (stream, lateness) => {
        const items = stream.map((item, index) => ({
          ...item,
          fact: factOf(item.rule, `f${String(index).padStart(3, "0")}`, item.time * 1_000, item.values),
        }));
        // Delayed by less than the lateness: every fact is acceptable when it comes.
        const arrivals = items.toSorted(
          (a, b) => a.time + (lateness / 90_000) * a.jitter - (b.time + (lateness / 90_000) * b.jitter),
        );
        let correlator = createCorrelator(set.rules, { lateness });
        const seen = createFollower();
        let watermark = 0;
        for (const [index, { fact, again, take, restart }] of arrivals.entries()) {
          correlator.observe(fact);
          if (again) correlator.observe(arrivals[Math.floor(index / 2)]?.fact ?? fact);
          watermark = Math.max(watermark, fact.time);
          correlator.advance(watermark);
          if (take || restart) seen.follow(correlator);
          if (!restart) continue;
          correlator = createCorrelator(set.rules, { lateness });
          correlator.restore(seen.stored);
        }
        correlator.advance(Number.MAX_SAFE_INTEGER);
        seen.follow(correlator);
        expectEqualToNaive(
          set,
          items.map(({ fact }) => fact),
          seen,
        );
        expect([...seen.episodes.values()].every(({ final }) => final)).toBe(true);
        for (const { mergedInto } of seen.episodes.values())
          if (mergedInto !== undefined) expect(seen.episodes.has(mergedInto)).toBe(true);
        expect([...seen.stored.keys()].filter((key) => key !== "correlation/watermark")).toEqual([]);
      }),
      { numRuns: Number(process.env["VEDETTE_PROPERTY_RUNS"] ?? 150) },
    );
  });
});

describe("at every moment the episodes equal the naive reading of what has come so far:", () => {
  test.each(Object.keys(SETS))("%s", (name) => {
    const set = rulesWith(SETS[name] ?? {});
    fc.assert(
      fc.property(streams, (stream) => {
        const correlator = createCorrelator(set.rules, { lateness: 3_600_000 });
        const seen = createFollower();
        const facts: Fact[] = [];
        for (const [index, { rule, time, values: carried, take }] of stream.entries()) {
          const fact = factOf(rule, `f${String(index).padStart(3, "0")}`, time * 1_000, carried);
          facts.push(fact);
          correlator.observe(fact);
          if (!take) continue;
          seen.follow(correlator);
          expectEqualToNaive(set, facts, seen);
        }
      }),
      { numRuns: Number(process.env["VEDETTE_PROPERTY_RUNS"] ?? 40) },
    );
  });
});

test.each(Object.keys(SETS))("a restart at any point changes nothing of what is reported or stored: %s", (name) => {
  const { rules } = rulesWith(SETS[name] ?? {});
  fc.assert(
    fc.property(streams, (stream) => {
      const without = createCorrelator(rules, { lateness: 30_000 });
      let restarted = createCorrelator(rules, { lateness: 30_000 });
      const stored = new Map<string, string>();
      for (const [index, { time, rule, restart, take, values: carried }] of stream.entries()) {
        const fact = factOf(rule, `f${index}`, time * 1_000, carried);
        for (const correlator of [without, restarted]) {
          correlator.observe(fact);
          correlator.advance(time * 1_000);
        }
        if (!take && !restart) continue;
        const expected = without.takeChanges();
        const actual = restarted.takeChanges();
        const states = new Map(actual.groups.map(({ key, value }) => [key, value]));
        expect(actual.episodes).toEqual(expected.episodes);
        expect(states).toEqual(new Map(expected.groups.map(({ key, value }) => [key, value])));
        for (const [key, value] of states) {
          if (value === null) stored.delete(key);
          else stored.set(key, value);
        }
        if (!restart) continue;
        restarted = createCorrelator(rules, { lateness: 30_000 });
        restarted.restore(stored);
      }
    }),
    { numRuns: Number(process.env["VEDETTE_PROPERTY_RUNS"] ?? 60) },
  );
});

describe("correlators that share the groups find together what one finds alone, over restarts:", () => {
  const together = { x: count("event_count", "{ gte: 2 }"), w: count("value_count", "{ field: ip, gte: 2 }") };
  const sets = {
    ...SETS,
    "two that stand alone": together,
    "an unlinked one and a chain": { ...SETS["a chain in order"], ...together },
  };
  const ownerOf = (ruleId: string, group: string, of: number): number =>
    Number.parseInt(hashOf(ruleId, group).slice(0, 8), 16) % of;

  test.each(Object.keys(sets))("%s", (name) => {
    const { rules } = rulesWith((sets as typeof SETS)[name] ?? {});
    fc.assert(
      fc.property(streams, fc.integer({ min: 1, max: 8 }), (stream, partitions) => {
        const make = (owned: number) =>
          createCorrelator(rules, {
            lateness: 30_000,
            owns: (rule, group) => ownerOf(rule, group, partitions) === owned,
          });
        const alone = createCorrelator(rules, { lateness: 30_000 });
        const expected = createFollower();
        const parts = Array.from({ length: partitions }, (_, owned) => ({
          correlator: make(owned),
          seen: createFollower(),
        }));
        for (const [index, { time, rule, values: carried, take, restart }] of stream.entries()) {
          const fact = factOf(rule, `f${index}`, time * 1_000, carried);
          for (const correlator of [alone, ...parts.map((part) => part.correlator)]) {
            correlator.observe(fact);
            correlator.advance(time * 1_000);
          }
          if (!take && !restart) continue;
          expected.follow(alone);
          for (const [owned, part] of parts.entries()) {
            part.seen.follow(part.correlator);
            if (!restart) continue;
            part.correlator = make(owned);
            part.correlator.restore(part.seen.stored);
          }
        }
        for (const [correlator, seen] of [
          [alone, expected] as const,
          ...parts.map((part) => [part.correlator, part.seen] as const),
        ]) {
          correlator.advance(Number.MAX_SAFE_INTEGER);
          seen.follow(correlator);
        }
        const found = parts.flatMap(({ seen }) => [...seen.episodes]);
        expect(new Map(found)).toEqual(expected.episodes);
        expect(found).toHaveLength(expected.episodes.size);
        if (!stream.some(({ restart }) => restart)) {
          const sum = (what: "ungrouped" | "unvalued" | "duplicates"): number =>
            parts.reduce((all, { correlator }) => all + correlator.counters()[what], 0);
          for (const what of ["ungrouped", "unvalued", "duplicates"] as const)
            expect(sum(what)).toBe(alone.counters()[what]);
        }
      }),
      { numRuns: Number(process.env["VEDETTE_PROPERTY_RUNS"] ?? 60) },
    );
  });
});
