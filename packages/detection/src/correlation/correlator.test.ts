import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Episode, Fact } from "../finding.ts";
import { baseFact, correlationRules } from "../testing/correlation-rules.ts";
import { naiveEpisodes } from "../testing/naive-episodes.ts";
import { type Correlator, createCorrelator } from "./correlator.ts";
import { decodeGroup } from "./stored-group.ts";

const TIMESPAN = 60_000;
const { rules } = correlationRules({ timespan: "60s", condition: "gte: 3" });

/** What a consumer that follows the changes knows in the end: the last revision of each episode, and the stored groups. */
function follower(): {
  readonly episodes: Map<string, Episode>;
  readonly stored: Map<string, string>;
  follow(correlator: Correlator): void;
} {
  const episodes = new Map<string, Episode>();
  const stored = new Map<string, string>();
  return {
    episodes,
    stored,
    follow: (correlator) => {
      const changes = correlator.takeChanges();
      for (const episode of changes.episodes) {
        const before = episodes.get(episode.id);
        expect(episode.revision).toBe((before?.revision ?? 0) + 1);
        expect(before?.final ?? false).toBe(false);
        episodes.set(episode.id, episode);
      }
      for (const { key, value } of changes.groups) {
        if (value === null) stored.delete(key);
        else stored.set(key, value);
      }
    },
  };
}

const living = (episodes: Iterable<Episode>): readonly (readonly string[])[] =>
  [...episodes]
    .filter(({ mergedInto }) => mergedInto === undefined)
    .map(({ factIds }) => factIds)
    .sort((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1));

/** Facts at these seconds, one after the other, everything reported at the end. */
function run(
  seconds: readonly number[],
  options: { readonly lateness?: number; readonly takeAfterEach?: boolean } = {},
): readonly Episode[] {
  const correlator = createCorrelator(rules, { lateness: options.lateness ?? 3_600_000 });
  const { episodes, follow } = follower();
  for (const [index, second] of seconds.entries()) {
    correlator.observe(baseFact(`f${String(index).padStart(3, "0")}`, second * 1_000));
    if (options.takeAfterEach === true) follow(correlator);
  }
  follow(correlator);
  return [...episodes.values()];
}

describe("an episode", () => {
  test("begins when a window holds the number of facts asked for", () => {
    expect(run([0, 10])).toEqual([]);
    const [episode] = run([0, 10, 20]);
    expect(episode).toMatchObject({
      kind: "episode",
      from: 0,
      to: 20_000,
      factIds: ["f000", "f001", "f002"],
      eventIds: ["event-f000", "event-f001", "event-f002"],
      final: false,
      revision: 1,
    });
    expect(episode?.group).toEqual({ "client.address": "192.0.2.1" });
    expect(episode?.entities).toEqual([{ kind: "address", value: "192.0.2.1" }]);
    expect(episode?.rule).toMatchObject({ id: "counted", title: "Counted", level: "high" });
  });

  test("counts a window that is exactly as long as the timespan", () => {
    expect(run([0, 30, 60])).toHaveLength(1);
    expect(run([0, 30, 60.001])).toEqual([]);
  });

  test("is not bound to the clock", () => {
    expect(run([50, 70, 100])).toHaveLength(1);
  });

  test("grows while qualifying windows share a fact, and ends where none does", () => {
    const episodes = run([0, 20, 40, 60, 80, 300, 310, 320]);
    expect(living(episodes)).toEqual([
      ["f000", "f001", "f002", "f003", "f004"],
      ["f005", "f006", "f007"],
    ]);
  });

  test("leaves out a fact that is near but in no qualifying window", () => {
    expect(living(run([0, 10, 20, 75]))).toEqual([["f000", "f001", "f002"]]);
  });

  test("takes facts of one moment together", () => {
    expect(living(run([5, 5, 5]))).toEqual([["f000", "f001", "f002"]]);
  });

  test("keeps its id when a late fact comes before its first", () => {
    const [first] = run([10, 20, 30]);
    const after = run([10, 20, 30, 5], { takeAfterEach: true });
    expect(after).toHaveLength(1);
    expect(after[0]).toMatchObject({ id: first?.id, from: 5_000, revision: 2 });
  });

  test("is merged into the older one by a late fact, and says so", () => {
    const late = [0, 10, 20, 130, 140, 150, 75, 80];
    const episodes = run(late, { takeAfterEach: true });
    const [older, younger] = episodes;
    expect(episodes).toHaveLength(2);
    expect(younger).toMatchObject({ mergedInto: older?.id, final: true });
    expect(older?.factIds).toHaveLength(8);
    expect(living(run([0, 10, 20, 75, 80, 130, 140, 150]))).toEqual([expect.objectContaining({ length: 8 })]);
  });

  test("is not reported at all when it was merged before anybody heard of it", () => {
    expect(run([0, 10, 20, 130, 140, 150, 75, 80])).toHaveLength(1);
  });

  test("is final once no acceptable fact can share a window with it", () => {
    const correlator = createCorrelator(rules, { lateness: 10_000 });
    for (const second of [0, 10, 20]) correlator.observe(baseFact(`f${second}`, second * 1_000));
    expect(correlator.takeChanges().episodes.map(({ final }) => final)).toEqual([false]);
    correlator.advance(20_000 + TIMESPAN + 10_000);
    expect(correlator.takeChanges().episodes).toEqual([]);
    correlator.advance(20_000 + TIMESPAN + 10_001);
    const changes = correlator.takeChanges();
    expect(changes.episodes.map(({ final, revision }) => [final, revision])).toEqual([[true, 2]]);
    expect(changes.groups.filter(({ key }) => key !== "correlation/watermark").map(({ value }) => value)).toEqual([
      null,
    ]);
    expect(correlator.counters().groups).toBe(0);
  });
});

describe("what is not counted", () => {
  test("a fact later than the lateness, and it is said", () => {
    const correlator = createCorrelator(rules, { lateness: 5_000 });
    correlator.advance(100_000);
    correlator.observe(baseFact("late", 94_999));
    correlator.observe(baseFact("just", 95_000));
    expect(correlator.counters()).toMatchObject({ lateDropped: 1, groups: 1 });
  });

  test("a fact without a value to group by, and it is said", () => {
    const correlator = createCorrelator(rules, { lateness: 0 });
    for (const values of [{}, { "client.address": null }, { "client.address": "" }])
      correlator.observe(baseFact("f", 0, values));
    expect(correlator.counters()).toMatchObject({ ungrouped: 3, groups: 0 });
  });

  test("a fact that was taken before, and it is said", () => {
    const correlator = createCorrelator(rules, { lateness: 0 });
    for (let turn = 0; turn < 5; turn++) correlator.observe(baseFact("same", 0));
    expect(correlator.takeChanges().episodes).toEqual([]);
    expect(correlator.counters().duplicates).toBe(4);
  });

  test("facts of another group", () => {
    const correlator = createCorrelator(rules, { lateness: 0 });
    for (const last of [1, 2, 3]) correlator.observe(baseFact(`f${last}`, 0, { "client.address": `192.0.2.${last}` }));
    expect(correlator.takeChanges().episodes).toEqual([]);
    expect(correlator.counters().groups).toBe(3);
  });

  test("the number 1 and the text 1 as one group", () => {
    const correlator = createCorrelator(rules, { lateness: 0 });
    for (const [index, address] of [1, "1", 1].entries())
      correlator.observe(baseFact(`f${index}`, 0, { "client.address": address }));
    expect(correlator.takeChanges().episodes).toEqual([]);
  });
});

describe("bounds", () => {
  test("forget the quietest group without an episode first, and count it", () => {
    const correlator = createCorrelator(rules, { lateness: 3_600_000, limits: { groups: 2 } });
    const fact = (address: string, index: number): Fact =>
      baseFact(`${address}-${index}`, index * 1_000, { "client.address": address });
    for (const index of [0, 1, 2]) correlator.observe(fact("a", index));
    correlator.observe(fact("b", 0));
    correlator.observe(fact("c", 0));
    expect(correlator.counters()).toMatchObject({ groupsEvicted: 1, groups: 2 });
    const keys = correlator
      .takeChanges()
      .groups.map(({ key, value }) => (value === null ? "gone" : decodeGroup(key, value).values[0]));
    expect(new Set(keys)).toEqual(new Set(["a", "c"]));
  });

  test("keep an episode with far more facts than a group may hold one episode, and count what is not listed", () => {
    const correlator = createCorrelator(rules, { lateness: 3_600_000, limits: { membersPerGroup: 100 } });
    for (let index = 0; index < 5_000; index++)
      correlator.observe(baseFact(`f${String(index).padStart(4, "0")}`, index * 100));
    const { episodes } = correlator.takeChanges();
    expect(episodes).toHaveLength(1);
    expect(episodes[0]).toMatchObject({ from: 0, to: 499_900 });
    expect((episodes[0]?.factIds.length ?? 0) + (episodes[0]?.omitted ?? 0)).toBe(5_000);
    expect(episodes[0]?.factIds.length).toBeLessThanOrEqual(100);
    expect(correlator.counters().membersOmitted).toBe(episodes[0]?.omitted);
  });

  test("list at most the given number of entities", () => {
    const { rules: ungrouped } = correlationRules({ timespan: "60s", condition: "gte: 3", groupBy: [] });
    const correlator = createCorrelator(ungrouped, { lateness: 0, limits: { entitiesPerEpisode: 2 } });
    for (const last of [1, 2, 3]) correlator.observe(baseFact(`f${last}`, 0, { "client.address": `192.0.2.${last}` }));
    expect(correlator.takeChanges().episodes[0]?.entities).toHaveLength(2);
    expect(correlator.counters().entitiesOmitted).toBe(1);
  });
});

test("groups of a rule that is gone or has changed are deleted and counted", () => {
  const correlator = createCorrelator(rules, { lateness: 0 });
  correlator.observe(baseFact("f", 0));
  const stored = correlator.takeChanges().groups.map(({ key, value }) => [key, value ?? ""] as const);
  const changed = createCorrelator(correlationRules({ timespan: "60s", condition: "gte: 4" }).rules, { lateness: 0 });
  changed.restore(stored);
  expect(changed.counters()).toMatchObject({ groupsOrphaned: 1, groups: 0 });
  expect(changed.takeChanges().groups).toEqual([{ key: stored[0]?.[0], value: null }]);
});

/** Facts in a few groups with clustered and equal times. */
const streams = fc.array(
  fc.record({
    time: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constantFrom(0, 60, 120)),
    group: fc.constantFrom("a", "b"),
    jitter: fc.integer({ min: 0, max: 90 }),
    again: fc.boolean(),
    take: fc.boolean(),
    restart: fc.boolean(),
  }),
  { maxLength: 60 },
);

describe("over random streams the episodes equal the naive reading", () => {
  const check = (threshold: number, lateness: number): void => {
    const set = correlationRules({ timespan: "60s", condition: `gte: ${threshold}` });
    fc.assert(
      fc.property(streams, (stream) => {
        const items = stream.map((item, index) => ({
          ...item,
          fact: baseFact(`f${String(index).padStart(3, "0")}`, item.time * 1_000, { "client.address": item.group }),
        }));
        // Delayed by less than the lateness: every fact is acceptable when it comes.
        const arrivals = items.toSorted(
          (a, b) => a.time + (lateness / 90_000) * a.jitter - (b.time + (lateness / 90_000) * b.jitter),
        );
        let correlator = createCorrelator(set.rules, { lateness });
        const seen = follower();
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
        const expected = ["a", "b"].flatMap((group) =>
          naiveEpisodes(
            items.filter((item) => item.group === group).map(({ fact }) => fact),
            TIMESPAN,
            threshold,
          ),
        );
        expect(living(seen.episodes.values())).toEqual(expected.sort((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1)));
        expect([...seen.episodes.values()].every(({ final }) => final)).toBe(true);
        for (const { mergedInto } of seen.episodes.values())
          if (mergedInto !== undefined) expect(seen.episodes.has(mergedInto)).toBe(true);
        expect([...seen.stored.keys()].filter((key) => key !== "correlation/watermark")).toEqual([]);
      }),
      { numRuns: 400 },
    );
  };
  test.each([
    [1, 90_000],
    [2, 90_000],
    [3, 400_000],
    [3, 90_000],
    [5, 30_000],
  ])("threshold %i, lateness %i ms", check);
});

test("a group kept small by its bound has the same episodes, but for what they list", () => {
  const set = correlationRules({ timespan: "60s", condition: "gte: 3" });
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 250 }), { minLength: 20, maxLength: 120 }),
      fc.array(fc.nat(), { maxLength: 120 }),
      (seconds, order) => {
        const facts = seconds.map((second, index) => baseFact(`f${String(index).padStart(3, "0")}`, second * 1_000));
        const correlator = createCorrelator(set.rules, { lateness: 3_600_000, limits: { membersPerGroup: 12 } });
        const seen = follower();
        for (const [index, fact] of facts
          .toSorted((a, b) => (order[facts.indexOf(a)] ?? 0) - (order[facts.indexOf(b)] ?? 0))
          .entries()) {
          correlator.observe(fact);
          if (index % 7 === 0) seen.follow(correlator);
        }
        correlator.advance(Number.MAX_SAFE_INTEGER);
        seen.follow(correlator);
        const extent = (episode: Episode): string =>
          `${episode.factIds[0]} ${episode.factIds.at(-1)} ${episode.factIds.length + (episode.omitted ?? 0)}`;
        const found = [...seen.episodes.values()].filter(({ mergedInto }) => mergedInto === undefined).map(extent);
        const expected = naiveEpisodes(facts, TIMESPAN, 3).map((ids) => `${ids[0]} ${ids.at(-1)} ${ids.length}`);
        expect(correlator.counters().membersDropped).toBe(0);
        expect(new Set(found)).toEqual(new Set(expected));
      },
    ),
    { numRuns: 500 },
  );
});

test("a restart at any point changes nothing of what is reported", () => {
  fc.assert(
    fc.property(streams, (stream) => {
      const without = createCorrelator(rules, { lateness: 30_000 });
      let restarted = createCorrelator(rules, { lateness: 30_000 });
      const stored = new Map<string, string>();
      for (const [index, { time, group, restart, take }] of stream.entries()) {
        const fact = baseFact(`f${index}`, time * 1_000, { "client.address": group });
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
    { numRuns: 400 },
  );
});
