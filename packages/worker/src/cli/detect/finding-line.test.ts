import type { Entity, EntityKind, Episode } from "@vedette/detection";
import fc from "fast-check";
import { expect, test } from "vitest";
import { episodeLine, eventPart, indexOf, lineHead, lineTail } from "./finding-line.ts";
import { isoTime } from "./iso-time.ts";

const text = fc.string({ unit: "binary" });
const entities: fc.Arbitrary<Entity[]> = fc.array(
  fc.record({ kind: fc.constantFrom<EntityKind>("user", "host", "address"), value: text }),
  { maxLength: 6 },
);
const rule = fc.record({ id: text, title: text, level: fc.constant("high" as const), revision: fc.constant("0") });
const time = fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.constantFrom(Number.NaN, Infinity, 8.64e15 + 1));

const byKind = (list: readonly Entity[]): object => {
  const result: Record<string, string[]> = {};
  for (const { kind, value } of list) (result[kind] ??= []).push(value);
  return result;
};
const dateText = (milliseconds: number): string | null =>
  Number.isNaN(new Date(milliseconds).getTime()) ? null : new Date(milliseconds).toISOString();

test("a time is written as Date writes it", () => {
  fc.assert(
    fc.property(fc.oneof(time, fc.double(), fc.integer({ min: 0, max: 2e12 })), (milliseconds) => {
      expect(isoTime(milliseconds)).toBe(dateText(milliseconds));
    }),
    { numRuns: 2_000 },
  );
});

test("the line of a fact, put together of its parts, is what JSON.stringify gives", () => {
  fc.assert(
    fc.property(rule, entities, time, fc.nat(), (reference, list, milliseconds, index) => {
      const id = `82c142a3393f22fe4739db4608c36fa3-${index}`;
      const line = lineHead(reference) + eventPart(index, id) + lineTail(milliseconds, list);
      expect(line).toBe(
        JSON.stringify({
          rule: { id: reference.id, title: reference.title, level: reference.level },
          events: [{ index, id }],
          time: dateText(milliseconds),
          entities: byKind(list),
        }),
      );
      expect(line).not.toMatch(/[\r\n]/);
    }),
  );
});

test.each([undefined, 3])("the line of an episode with %s omitted members is what JSON.stringify gives", (omitted) => {
  fc.assert(
    fc.property(rule, entities, time, fc.dictionary(text, text), (reference, list, milliseconds, group) => {
      const eventIds = ["a-0", "b-17"];
      const episode: Episode = {
        kind: "episode",
        id: "x",
        rule: reference,
        group,
        from: milliseconds,
        to: 1_000,
        factIds: [],
        eventIds,
        omitted,
        entities: list,
        revision: 1,
        final: true,
        alerts: true,
      };
      expect(episodeLine(episode)).toBe(
        JSON.stringify({
          rule: { id: reference.id, title: reference.title, level: reference.level },
          events: eventIds.map((id) => ({ index: indexOf(id), id })),
          time: dateText(milliseconds),
          to: dateText(1_000),
          group,
          ...(omitted === undefined ? {} : { omitted }),
          entities: byKind(list),
        }),
      );
    }),
  );
});
