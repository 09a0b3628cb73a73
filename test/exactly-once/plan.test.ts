import { expect, test } from "vitest";
import { makePlan } from "./plan.ts";

const END = Date.UTC(2026, 4, 1);
const plan = makePlan({ seed: 3, events: 5_000, writers: 4, end: END });

test("plans every write exactly once, what becomes of an event after the event, by one writer", () => {
  expect(plan.events).toHaveLength(5_000);
  const seen = new Map<string, { writer: number; batch: number; writes: string[] }>();
  for (const [writer, batches] of plan.writers.entries()) {
    for (const [batch, { writes }] of [...batches, ...(plan.encores[writer] ?? [])].entries()) {
      for (const write of writes) {
        const known = seen.get(write.event.id);
        if (write.type === "create") {
          expect(known).toBeUndefined();
          seen.set(write.event.id, { writer, batch, writes: ["0"] });
          continue;
        }
        expect(known?.writer).toBe(writer);
        expect(known?.batch).toBeLessThan(batch);
        known?.writes.push(write.type === "replace" ? String(write.version) : "delete");
        if (known) known.batch = batch;
      }
    }
  }
  for (const { id, versions, isDeleted } of plan.events)
    expect(seen.get(id)?.writes).toEqual([...versions.keys()].map(String).concat(isDeleted ? ["delete"] : []));
});

test("plans late, changed and deleted events, and none dated after the end", () => {
  const times = plan.events.flatMap(({ versions }) => versions.map(({ time }) => time));
  expect(Math.max(...times)).toBeLessThanOrEqual(END);
  expect(times.filter((time) => time < END - 3_600_000).length).toBeGreaterThan(10);
  expect(plan.events.filter(({ versions }) => versions.length > 1).length).toBeGreaterThan(10);
  expect(plan.events.filter(({ isDeleted }) => isDeleted).length).toBeGreaterThan(5);
});

test("plans changes both among the other writes and after them", () => {
  const changes = (batches: typeof plan.writers): number =>
    batches.flat().flatMap(({ writes }) => writes.filter(({ type }) => type !== "create")).length;
  expect(changes(plan.writers)).toBeGreaterThan(20);
  expect(changes(plan.encores)).toBeGreaterThan(20);
});

test("plans the same for the same seed only", () => {
  const same = makePlan({ seed: 3, events: 5_000, writers: 4, end: END });
  expect(same).toEqual(plan);
  expect(makePlan({ seed: 4, events: 5_000, writers: 4, end: END })).not.toEqual(plan);
});
