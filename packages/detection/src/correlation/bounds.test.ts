import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../event.ts";
import { createFollower, standing } from "../testing/correlation-follower.ts";
import { baseFact, correlationRules, factOf, rulesWith } from "../testing/correlation-rules.ts";
import { naiveEpisodes } from "../testing/naive-correlation.ts";
import { createCorrelator } from "./correlator.ts";
import { decodeGroup } from "./stored-group.ts";

const HOUR = 3_600_000;

describe("the bound on memory", () => {
  test("forgets the groups that would be forgotten first, and counts them", () => {
    const { rules } = rulesWith({
      x: "{ type: event_count, rules: [a], group-by: [user], timespan: 60s, condition: { gte: 3 } }",
    });
    const bytes = 64 * 1_024;
    const correlator = createCorrelator(rules, { lateness: HOUR, limits: { bytes } });
    for (let index = 0; index < 2_000; index++)
      correlator.observe(factOf("a", `f${index}`, index * 1_000, { user: `u${index}` }));
    const { groups, groupsEvictedForMemory, bytes: used } = correlator.counters();
    expect(used).toBeLessThanOrEqual(bytes);
    expect(groups + groupsEvictedForMemory).toBe(2_000);
    const kept = correlator.takeChanges().groups.map(({ key, value }) => decodeGroup(key, value ?? "").values[0]);
    expect(new Set(kept)).toEqual(new Set(Array.from({ length: groups }, (_, index) => `u${1_999 - index}`)));
  });

  test("takes back all memory of what is forgotten", () => {
    const { rules } = rulesWith({
      x: "{ type: value_count, rules: [a, b], group-by: [user], timespan: 60s, condition: { field: ip, gte: 3 } }",
      y: "{ type: temporal_ordered, rules: [x, c], group-by: [user], timespan: 60s }",
    });
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            rule: fc.constantFrom("a", "b", "c"),
            user: fc.string({ minLength: 1, maxLength: 40, unit: "binary" }),
            ip: fc.string({ minLength: 1, maxLength: 2_000 }),
            time: fc.nat(100_000),
          }),
          { maxLength: 60 },
        ),
        (facts) => {
          const correlator = createCorrelator(rules, { lateness: HOUR });
          const { bytes: empty } = correlator.counters();
          for (const [index, { rule, time, ...values }] of facts.entries())
            correlator.observe(factOf(rule, `f${index}`, time, values));
          correlator.takeChanges();
          correlator.advance(Number.MAX_SAFE_INTEGER);
          correlator.takeChanges();
          expect(correlator.counters()).toMatchObject({ groups: 0, bytes: empty });
        },
      ),
    );
  });
});

describe("the bound on groups", () => {
  test("spares a group with an episode while there is one without", () => {
    const { rules } = rulesWith({
      x: "{ type: temporal, rules: [a, b], group-by: [user], timespan: 60s }",
    });
    const correlator = createCorrelator(rules, { lateness: HOUR, limits: { groups: 2 } });
    correlator.observe(factOf("a", "f0", 0, { user: "old" }));
    correlator.observe(factOf("b", "f1", 1, { user: "old" }));
    correlator.observe(factOf("a", "f2", 2, { user: "new" }));
    correlator.observe(factOf("a", "f3", 3, { user: "newest" }));
    expect(correlator.counters()).toMatchObject({ groups: 2, groupsEvicted: 1 });
    expect(correlator.takeChanges().episodes).toMatchObject([{ group: { user: "old" } }]);
  });

  test("deletes the stored state of what it forgets, also when the group comes again in the same step", () => {
    const { rules } = correlationRules({ timespan: "60s", condition: "gte: 3" });
    const correlator = createCorrelator(rules, { lateness: HOUR, limits: { groups: 1 } });
    const seen = createFollower();
    const fact = (id: string, address: string) => baseFact(id, 0, { "client.address": address });
    correlator.observe(fact("f1", "a"));
    seen.follow(correlator);
    correlator.observe(fact("f2", "b"));
    correlator.observe(fact("f3", "a"));
    seen.follow(correlator);
    expect(Array.from(seen.stored, ([key, text]) => decodeGroup(key, text).members[0]?.id)).toEqual(["f3"]);
  });
});

test("tiny bounds on chains leave no trace but what is counted: reports stay in order, and everything is forgotten in the end", () => {
  const { rules } = rulesWith({
    x: "{ type: event_count, rules: [a, b], group-by: [user], timespan: 20s, condition: { gte: 2 } }",
    y: "{ type: value_avg, rules: [a], group-by: [ip], timespan: 20s, condition: { field: bytes, gt: 2 } }",
    z: "{ type: temporal, rules: [x, y, c], group-by: [user], timespan: 60s, condition: { gte: 2 } }",
  });
  const fact = fc.record({
    rule: fc.constantFrom("a", "b", "c"),
    time: fc.nat(200),
    user: fc.constantFrom("u", "v", "w"),
    ip: fc.constantFrom("1", "2", "3"),
    bytes: fc.nat(5),
    take: fc.boolean(),
    restart: fc.boolean(),
  });
  const limits = fc.record({
    groups: fc.integer({ min: 1, max: 6 }),
    bytes: fc.integer({ min: 5_000, max: 8_000 }),
    membersPerGroup: fc.integer({ min: 1, max: 8 }),
  });
  fc.assert(
    fc.property(fc.array(fact, { maxLength: 120 }), limits, (facts, bounds) => {
      let correlator = createCorrelator(rules, { lateness: 30_000, limits: bounds });
      const { bytes: empty } = correlator.counters();
      const seen = createFollower();
      for (const [index, { rule, time, take, restart, ...values }] of facts.entries()) {
        correlator.observe(factOf(rule, `f${index}`, time * 1_000, values));
        correlator.advance(time * 1_000);
        if (!take) continue;
        seen.follow(correlator);
        expect(correlator.counters().groups).toBeLessThanOrEqual(bounds.groups);
        if (!restart) continue;
        correlator = createCorrelator(rules, { lateness: 30_000, limits: bounds });
        correlator.restore(seen.stored);
      }
      correlator.advance(Number.MAX_SAFE_INTEGER);
      seen.follow(correlator);
      expect(correlator.counters()).toMatchObject({ groups: 0, bytes: empty });
      expect([...seen.stored.keys()].filter((key) => key !== "correlation/watermark")).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

describe("the bound on the facts of a group", () => {
  test("drops the oldest of what can still matter far above it, and counts them", () => {
    const { rules } = rulesWith({
      x: "{ type: value_count, rules: [a], group-by: [user], timespan: 1h, condition: { field: ip, gte: 10000 } }",
    });
    const correlator = createCorrelator(rules, { lateness: HOUR, limits: { membersPerGroup: 20 } });
    for (let index = 0; index < 1_000; index++)
      correlator.observe(factOf("a", `f${index}`, index, { user: "u", ip: `${index}` }));
    const [state] = correlator.takeChanges().groups;
    const { members } = decodeGroup(state?.key ?? "", state?.value ?? "");
    expect(members.length).toBeLessThanOrEqual(205);
    expect(members.at(-1)?.id).toBe("f999");
    expect(correlator.counters().membersDropped + members.length).toBe(1_000);
  });

  test("drops facts outside of episodes before those inside", () => {
    const { rules } = rulesWith({
      x: "{ type: value_count, rules: [a], group-by: [user], timespan: 60s, condition: { field: ip, gte: 3 } }",
    });
    const correlator = createCorrelator(rules, { lateness: HOUR, limits: { membersPerGroup: 4 } });
    for (let index = 0; index < 60; index++)
      correlator.observe(
        factOf("a", `f${index}`, (index < 3 ? index : 600 + index) * 1_000, { user: "u", ip: `${Math.min(index, 3)}` }),
      );
    expect(correlator.counters().membersDropped).toBeGreaterThan(0);
    const [episode] = correlator.takeChanges().episodes;
    expect(episode?.factIds).toEqual(["f0", "f1", "f2"]);
    expect(episode).not.toHaveProperty("omitted");
  });

  test("keeps an episode one episode, whatever its type, and says how many facts it does not list", () => {
    const { rules } = rulesWith({
      x: "{ type: value_count, rules: [a], group-by: [user], timespan: 1h, condition: { field: ip, gte: 3 } }",
    });
    const correlator = createCorrelator(rules, { lateness: HOUR, limits: { membersPerGroup: 20 } });
    for (let index = 0; index < 1_000; index++)
      correlator.observe(factOf("a", `f${index}`, index * 1_000, { user: "u", ip: `${index % 7}` }));
    const { episodes } = correlator.takeChanges();
    expect(episodes).toMatchObject([{ from: 0, to: 999_000 }]);
    expect((episodes[0]?.factIds.length ?? 0) + (episodes[0]?.omitted ?? 0)).toBe(1_000);
  });
});

describe("what is left out is counted", () => {
  test.each<[string, JsonValue | undefined, number]>([
    ["no value", undefined, 1],
    ["null", null, 1],
    ["a text", "many", 1],
    ["a text that begins with a number", "12 kB", 1],
    ["true", true, 1],
    ["a list", [1], 1],
    ["an infinite number", Number.POSITIVE_INFINITY, 1],
    ["a number that is too large", "1e999", 1],
    ["a number", 12, 0],
    ["a number as text", " -1.5e3 ", 0],
    ["zero", 0, 0],
  ])("where a number is asked for: %s", (_name, bytes, unvalued) => {
    const { rules } = rulesWith({
      x: "{ type: value_sum, rules: [a], group-by: [user], timespan: 60s, condition: { field: bytes, gt: -10000 } }",
    });
    const correlator = createCorrelator(rules, { lateness: 0 });
    correlator.observe(factOf("a", "f", 0, { user: "u", ...(bytes === undefined ? {} : { bytes }) }));
    expect(correlator.counters()).toMatchObject({ unvalued, groups: 1 - unvalued });
    expect(correlator.takeChanges().episodes).toHaveLength(1 - unvalued);
  });
});

describe("stored state", () => {
  const { rules } = correlationRules({ timespan: "60s", condition: "gte: 3" });

  test.each([1, 2])("of version %i is read: the episode keeps its id and goes on, and is stored anew", (version) => {
    const rule = rules.find(({ id }) => id === "counted");
    const stored: [string, string] = [
      "correlation/counted/0123456789abcdef0123456789abcdef",
      JSON.stringify({
        version,
        rule: "counted",
        revision: rule?.revision,
        values: ["192.0.2.1"],
        next: 1,
        members: [0, 10, 20].map((second) => [second * 1_000, `f${second}`, `event-f${second}`, [0]]),
        entities: [{ kind: "address", value: "192.0.2.1" }],
        episodes: [["the id", 0, 0, "f0", 20_000, "f20", 1, 0, false, ...(version === 1 ? [] : [3, 1_234, 0, "f0"])]],
      }),
    ];
    const next = createCorrelator(rules, { lateness: HOUR });
    next.restore([stored]);
    const { episodes, groups } = next.takeChanges();
    expect(episodes).toEqual([]);
    expect(groups).toMatchObject([
      { key: stored[0], value: null },
      {
        key: expect.stringMatching(/^correlation\/counted\/=/) as string,
        value: expect.stringMatching(/^3:/) as string,
      },
    ]);
    next.observe(baseFact("f30", 30_000));
    const changes = next.takeChanges();
    expect(changes.episodes).toMatchObject([{ id: "the id", revision: 2, to: 30_000 }]);
    expect(changes.episodes[0]?.factIds).toEqual(["f0", "f10", "f20", "f30"]);
  });

  test.each([
    ["an unknown version", '{"version":4}', /version/],
    ["no version", "AAAA", /version/],
    ["a text that ends too early", "3:AAAA", /damaged/],
    [
      "a text that says it has members, and has none",
      `3:${Buffer.from([0, 0, 0, 0, 0, 0, 255, 255, 255, 7]).toString("base64")}`,
      /damaged/,
    ],
  ])("of %s is refused", (_what, text, message) => {
    expect(() => createCorrelator(rules, { lateness: 0 }).restore([["correlation/x/1", text]])).toThrow(message);
  });

  test("is the same after a restart, whatever the values, times and entities are", () => {
    const types = rulesWith({
      x: "{ type: value_sum, rules: [a], group-by: [user, host], timespan: 60s, condition: { field: n, gt: 3 } }",
      y: "{ type: value_count, rules: [a, b], group-by: [user], timespan: 60s, condition: { field: host, lte: 3 } }",
      z: "{ type: temporal_ordered, rules: [x, c], group-by: [user], timespan: 60s }",
    });
    const text = fc.oneof(fc.constantFrom("u", "v"), fc.string({ unit: "binary", minLength: 1, maxLength: 80 }));
    const fact = fc.record({
      rule: fc.constantFrom("a", "b", "c"),
      time: fc.oneof(fc.nat(200_000), fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constantFrom(1e300, 2 ** 40)),
      user: text,
      host: fc.oneof(text, fc.constantFrom<JsonValue>(1, [1, "h"], { b: 1, a: null })),
      n: fc.double({ noNaN: true, noDefaultInfinity: true }),
      entities: fc.array(fc.record({ kind: fc.constantFrom("user" as const, "agent" as const), value: text })),
    });
    fc.assert(
      fc.property(fc.array(fact, { maxLength: 40 }), (facts) => {
        const made = facts.map(({ rule, time, entities, ...values }, index) => ({
          ...factOf(rule, `f${index % 30}`, time, values),
          entities,
        }));
        const correlator = createCorrelator(types.rules, { lateness: HOUR });
        for (const fact of made) correlator.observe(fact);
        const stored = correlator.takeChanges().groups.map(({ key, value }) => [key, value ?? ""] as const);
        const next = createCorrelator(types.rules, { lateness: HOUR });
        next.restore(stored);
        const goOn = (one: typeof next): readonly [string, string | null][] => {
          for (const fact of made) one.observe({ ...fact, id: `again ${fact.id}` });
          return one
            .takeChanges()
            .groups.map(({ key, value }): [string, string | null] => [key, value])
            .sort(([one], [other]) => (one < other ? -1 : 1));
        };
        expect(goOn(next)).toEqual(goOn(correlator));
      }),
    );
  });

  test("cannot be read once the correlator has gone on", () => {
    const correlator = createCorrelator(rules, { lateness: 0 });
    correlator.observe(baseFact("f", 0));
    const { groups } = correlator.takeChanges();
    expect(groups[0]?.key).toMatch(/^correlation\/counted\//);
    correlator.observe(baseFact("g", 0));
    expect(() => groups[0]?.value).toThrow(/went on/);
  });

  test("of a correlation starts anew when one that it lists has changed", () => {
    const chain = (number: number): ReturnType<typeof rulesWith> =>
      rulesWith({
        x: `{ type: event_count, rules: [a], group-by: [user], timespan: 60s, condition: { gte: ${number} } }`,
        y: "{ type: event_count, rules: [x, b], group-by: [user], timespan: 60s, condition: { gte: 2 } }",
      });
    const correlator = createCorrelator(chain(2).rules, { lateness: 0 });
    correlator.observe(factOf("b", "f", 0, { user: "u" }));
    const stored = correlator.takeChanges().groups.map(({ key, value }) => [key, value ?? ""] as const);
    const changed = createCorrelator(chain(3).rules, { lateness: 0 });
    changed.restore(stored);
    expect(changed.counters().groupsOrphaned).toBe(1);
  });
});

test("thousands of groups at once are kept apart, through growth, forgetting and restarts", () => {
  const { rules } = rulesWith({
    x: "{ type: event_count, rules: [a], group-by: [user, host], timespan: 100s, condition: { gte: 2 } }",
  });
  fc.assert(
    fc.property(
      fc.infiniteStream(
        fc.tuple(fc.nat(900), fc.constantFrom<JsonValue>("", "h", "é", "字\ud800", 1, ["\0"], "1"), fc.boolean()),
      ),
      (stream) => {
        let correlator = createCorrelator(rules, { lateness: 20_000 });
        const seen = createFollower();
        const facts = [...stream.take(3_000)].map(([user, host, restart], index) => ({
          restart,
          fact: factOf("a", `f${index}`, index * 100, { user: `user-${user}`, host }),
        }));
        for (const [index, { fact, restart }] of facts.entries()) {
          correlator.observe(fact);
          correlator.advance(fact.time);
          if (index % 500 !== 499) continue;
          seen.follow(correlator);
          if (!restart) continue;
          correlator = createCorrelator(rules, { lateness: 20_000 });
          correlator.restore(seen.stored);
        }
        correlator.advance(Number.MAX_SAFE_INTEGER);
        seen.follow(correlator);
        const found = standing(seen.episodes.values()).map(({ factIds }) => factIds.join());
        const byGroup = Map.groupBy(facts, ({ fact: { values } }) => JSON.stringify([values["user"], values["host"]]));
        const expected = [...byGroup.values()].flatMap((group) =>
          naiveEpisodes(
            rules,
            group.map(({ fact }) => fact),
          ).map(({ members }) => members.map(({ id }) => id).join()),
        );
        expect(found.sort()).toEqual(expected.sort());
      },
    ),
    { numRuns: 8 },
  );
});
