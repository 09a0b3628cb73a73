import type { Alert } from "@vedette/api";
import type { Entity, Episode, Fact } from "@vedette/detection";
import { SEVERITY_LEVELS } from "@vedette/semconv";
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { LineRule } from "../detector/line-rule.ts";
import { classify } from "./classify.ts";
import { addSightings, entityKey, enrich, MAX_ENTITIES, type Sighting } from "./enrich.ts";
import { notificationReason } from "./notify.ts";
import { prioritize } from "./prioritize.ts";
import { suppressionKey, touching } from "./suppress.ts";

const reference = { id: "r", title: "R", level: "medium", revision: "1" } as const;
const fact = (more: Partial<Fact> = {}): Fact => ({
  kind: "fact",
  id: "f",
  rule: reference,
  eventId: "e",
  time: 5,
  entities: [
    { kind: "user", value: "alice" },
    { kind: "address", value: "203.0.113.7" },
  ],
  values: { "client.address": "203.0.113.7", port: 80 },
  alerts: true,
  ...more,
});
const episode = (more: Partial<Episode> = {}): Episode => ({
  kind: "episode",
  id: "p",
  rule: reference,
  group: { "user.name": "alice" },
  from: 1,
  to: 9,
  factIds: ["1", "2"],
  eventIds: ["1", "2"],
  entities: [],
  revision: 1,
  final: false,
  alerts: true,
  ...more,
});
const by = (...fields: string[]): Pick<LineRule, "extension"> => ({
  extension: {
    kind: "security",
    response: [],
    ...(fields.length === 0 ? {} : { suppression: { by: fields, window: 1 } }),
  },
});

test.each([
  ["the fields that the rule names", fact(), by("client.address", "port"), "client.address=203.0.113.7, port=80"],
  ["null for a field without a value", fact(), by("user.id"), "user.id=null"],
  ["a text that says null, quoted", fact({ values: { x: "null" } }), by("x"), 'x="null"'],
  ["a text with a comma, quoted", fact({ values: { x: "a, y=b" } }), by("x"), 'x="a, y=b"'],
  ["else the first address", fact(), by(), "address=203.0.113.7"],
  ["else the first user", fact({ entities: [{ kind: "user", value: "alice" }] }), by(), "user=alice"],
  ["else one key for the rule", fact({ entities: [{ kind: "host", value: "h" }] }), by(), "*"],
  ["the group of an episode", episode(), by(), "user.name=alice"],
  ["one key for an episode without a group", episode({ group: {} }), by(), "*"],
])("suppresses by %s", (_name, finding, rule, key) => {
  expect(suppressionKey(finding, rule)).toBe(key);
});

test("spans touch when their gap is at most the window", () => {
  const spans = [
    { from: 0, to: 10 },
    { from: 21, to: 30 },
    { from: 50, to: 60 },
  ];
  expect(touching(spans, { from: 20, to: 20 }, 10)).toEqual(spans.slice(0, 2));
  expect(touching(spans, { from: 41, to: 45 }, 4)).toEqual([]);
  expect(touching(spans, { from: 0, to: 100 }, 0)).toEqual(spans);
});

test("tells techniques from tactics, and leaves out what is neither", () => {
  const tags = [
    "attack.t1110.004",
    "attack.T1078",
    "attack.credential_access",
    "attack.initial-access",
    "attack.g0016",
    "attack.s0002",
    "cve.2021-44228",
    "attack.ta0001",
  ];
  expect(classify({ tags, extension: { kind: "compliance", response: [] } })).toEqual({
    kind: "compliance",
    techniques: ["T1078", "T1110.004"],
    tactics: ["credential-access", "initial-access"],
  });
});

describe("the priority", () => {
  test("shows what it is made of: the points add up to the score", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SEVERITY_LEVELS),
        fc.constantFrom("stable", "test", "experimental", "deprecated", "unsupported", "who knows"),
        fc.nat(200),
        fc.nat(1_000),
        (severity, ruleStatus, entityCount, findingCount) => {
          const { score, factors } = prioritize({ severity, ruleStatus, entityCount, findingCount });
          expect(factors.reduce((sum, { points }) => sum + points, 0)).toBe(score);
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(100);
        },
      ),
    );
  });

  test("grows with severity, confidence and breadth", () => {
    const score = (more: Partial<Parameters<typeof prioritize>[0]>): number =>
      prioritize({ severity: "medium", ruleStatus: "test", entityCount: 2, findingCount: 1, ...more }).score;
    expect(score({ severity: "high" })).toBeGreaterThan(score({}));
    expect(score({ ruleStatus: "stable" })).toBeGreaterThan(score({}));
    expect(score({ entityCount: 20 })).toBeGreaterThan(score({}));
  });
});

test("keeps the same entities in whatever order findings come, the earliest when there are too many", () => {
  const sighting = fc.record({ value: fc.nat(150), first: fc.nat(1_000) });
  const add = (list: readonly { value: number; first: number }[]): readonly Sighting[] =>
    list.reduce<readonly Sighting[]>(
      (known, { value, first }) => addSightings(known, [{ kind: "user", value: String(value) }], first),
      [],
    );
  fc.assert(
    fc.property(
      fc
        .array(sighting, { maxLength: 300 })
        .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
      ([list, shuffled]) => {
        const kept = add(list);
        expect(add(shuffled)).toEqual(kept);
        const earliest = new Map<string, number>();
        for (const { value, first } of list)
          earliest.set(`user:${value}`, Math.min(first, earliest.get(`user:${value}`) ?? first));
        expect(kept).toHaveLength(Math.min(MAX_ENTITIES, earliest.size));
        for (const { entity, first } of kept) expect(earliest.get(entityKey(entity))).toBe(first);
      },
    ),
  );
});

test("places a fact at the time it is told, and an episode over its span", () => {
  expect(enrich(fact(), undefined, 77)).toMatchObject({ from: 77, to: 77, eventCount: 1, final: true, merged: false });
  expect(enrich(episode({ mergedInto: "q" }), undefined)).toMatchObject({
    from: 1,
    to: 9,
    eventCount: 2,
    final: false,
    merged: true,
  });
});

describe("a notification", () => {
  const alert = (more: Partial<Alert> = {}): Alert => ({
    id: "a",
    revision: 1,
    tenant: "default",
    kind: "security",
    title: "A",
    description: "",
    rule: reference,
    severity: "medium",
    priority: { score: 1, factors: [] },
    status: "open",
    techniques: [],
    tactics: [],
    entities: [] as Entity[],
    suppressionKey: "*",
    firstSeen: 0,
    lastSeen: 0,
    openedAt: 0,
    findingCount: 1,
    eventCount: 1,
    ...more,
  });

  it.each<[string, Alert | undefined, Alert, boolean, string | undefined]>([
    ["a new alert", undefined, alert(), false, "opened"],
    ["more findings", alert(), alert({ findingCount: 9 }), false, undefined],
    ["a higher severity", alert(), alert({ severity: "high" }), true, "severity_raised"],
    [
      "a higher severity of a closed alert",
      alert({ status: "closed" }),
      alert({ status: "closed", severity: "high" }),
      true,
      undefined,
    ],
    ["an acknowledgement", alert(), alert({ status: "acknowledged" }), false, undefined],
    ["a closing", alert(), alert({ status: "closed" }), false, "closed"],
    ["a reopening", alert({ status: "closed" }), alert(), false, "reopened"],
    ["a merge", alert(), alert({ mergedInto: "b" }), false, "merged"],
    [
      "a merge of a closed alert",
      alert({ status: "closed" }),
      alert({ status: "closed", mergedInto: "b" }),
      false,
      undefined,
    ],
  ])("about %s", (_name, before, after, isRaised, reason) => {
    expect(notificationReason(before, after, isRaised)).toBe(reason);
  });
});
