import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sampleAlert, sampleEffect, sampleFact, sampleRecord } from "../../testing/store-samples.ts";
import type { EffectState } from "../store.ts";
import { openSqliteCore, type SqliteCore, type WriteRequest } from "./core.ts";
import { recordRow, stepRows } from "./encode.ts";

const small = fc.integer({ min: 1, max: 4 });

/** Requests that often repeat, contradict or refuse each other. */
const request: fc.Arbitrary<WriteRequest> = fc.oneof(
  fc
    .array(small, { maxLength: 4 })
    .map((ids): WriteRequest => ({ kind: "append", rows: ids.map((id) => recordRow(sampleRecord(`r${id}`))) })),
  small.map((count): WriteRequest => ({
    kind: "refuse",
    inputs: [{ time: count, source: "otlp", reason: "test", detail: "", sample: "" }],
  })),
  fc
    .record({
      id: fc.integer({ min: 1, max: 12 }),
      cursor: small,
      fact: small,
      time: fc.constantFrom(1, 1, 1, 2),
      revision: small,
      effect: small,
    })
    .chain((step) =>
      fc
        .constantFrom<EffectState>("pending", "attempting", "done", "withdrawn", "escalated")
        .map((state) => ({ ...step, state })),
    )
    .map(({ id, cursor, fact, time, revision, effect, state }): WriteRequest => ({
      kind: "commit",
      step: stepRows({
        id: `s${id}`,
        cursor,
        facts: [sampleFact(`f${fact}`, { time })],
        alerts: [sampleAlert(`a${fact}`, { revision, title: `revision ${revision}` })],
        effects: [sampleEffect(`x${fact}`)],
        effectUpdates: [{ id: `x${effect}`, state, attempts: id, notBefore: id }],
        history: [{ subject: "a", time, actor: "worker", change: `s${id}` }],
        audit: [{ time, actor: "worker", action: "test", subject: `s${id}`, details: {} }],
      }),
    })),
);

/** All that a store holds and can be asked for. */
const contentOf = (core: SqliteCore) => [
  core.readInbox(0, 100),
  core.recover(0),
  core.counts(),
  core.findings(["f1", "f2", "f3", "f4"]),
  ["x1", "x2", "x3", "x4"].map((id) => core.effect(id)),
  core.history("a"),
  core.listAudit(undefined, 100).items,
  core.listRefused(undefined, 100).items,
  core.verifyAudit(),
];

const answersOf = (
  outcomes: readonly ({ readonly value: unknown } | { readonly error: { readonly code: string } })[],
) => outcomes.map((outcome) => ("error" in outcome ? outcome.error.code : outcome.value));

test("requests give the same answers and the same store whether they share transactions or not", () => {
  fc.assert(
    fc.property(fc.array(fc.array(request, { maxLength: 6 }), { maxLength: 8 }), (groups) => {
      const shared = openSqliteCore(":memory:");
      const alone = openSqliteCore(":memory:");
      for (const group of groups) {
        expect(answersOf(shared.write(group))).toEqual(answersOf(group.flatMap((one) => alone.write([one]))));
      }
      expect(contentOf(shared)).toEqual(contentOf(alone));
      shared.close();
      alone.close();
    }),
  );
});

test("steps made again in any later transaction change nothing", () => {
  fc.assert(
    fc.property(
      fc.array(request, { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat(11), { maxLength: 12 }),
      (requests, again) => {
        const core = openSqliteCore(":memory:");
        const outcomes = requests.flatMap((one) => core.write([one]));
        const before = contentOf(core);
        const committed = requests.filter((one, index) => one.kind === "commit" && "value" in (outcomes[index] ?? {}));
        for (const index of again) {
          const one = committed[index % Math.max(1, committed.length)];
          if (one) expect(answersOf(core.write([one]))).toEqual([undefined]);
        }
        expect(contentOf(core)).toEqual(before);
        core.close();
      },
    ),
  );
});
