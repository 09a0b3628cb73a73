import { expect, test } from "vitest";
import { check, type FoundFact } from "./check.ts";
import { expectationOf, subjectOf } from "./oracle.ts";
import { makePlan } from "./plan.ts";

const plan = makePlan({ seed: 5, events: 3_000, writers: 2, end: Date.UTC(2026, 4, 1) });
const expectation = expectationOf(plan.events);
const facts = [...expectation.facts.values(), ...expectation.lastFacts.values()].map(
  ({ rule, id, version }): FoundFact => ({
    place: `${rule}/${id}`,
    rule,
    document: id,
    subject: subjectOf(rule, version),
  }),
);
const [first] = facts as [FoundFact];
const counts = (found: readonly FoundFact[]) => {
  const { lost, doubled, strange } = check(expectation, { facts: found, second: undefined });
  return { lost: lost.length, doubled: doubled.length, strange: strange.length };
};

test("finds nothing wrong with what must be there, with passing judgements or without", () => {
  expect(facts.length).toBeGreaterThan(300);
  expect(counts(facts)).toEqual({ lost: 0, doubled: 0, strange: 0 });
  const passing = [...expectation.passingFacts.values()].map(({ rule, id, version }) => ({
    ...first,
    rule,
    document: id,
    subject: subjectOf(rule, version),
  }));
  expect(counts([...facts, ...passing])).toEqual({ lost: 0, doubled: 0, strange: 0 });
});

test("tells of one fact that is lost, doubled or strange", () => {
  expect(counts(facts.slice(1))).toEqual({ lost: 1, doubled: 0, strange: 0 });
  expect(counts([...facts, { ...first, place: "elsewhere" }])).toEqual({ lost: 0, doubled: 1, strange: 0 });
  expect(counts([...facts, { ...first, document: "unknown" }])).toEqual({ lost: 0, doubled: 0, strange: 1 });
});
