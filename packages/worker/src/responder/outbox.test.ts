import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Change } from "@vedette/api";
import { StoreError } from "../errors.ts";
import type { Log } from "../ports.ts";
import { openSqliteCore } from "../store/sqlite/core.ts";
import type { EffectGuarantee, StepCommit } from "../store/store.ts";
import { sampleEffect } from "../testing/store-samples.ts";
import { backoff } from "./backoff.ts";
import type { ExecutionResult, Executor } from "./executor.ts";
import { createOutbox, type OutboxOutcome } from "./outbox.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A store in memory, a clock that stands, an executor that answers what it is told, and what all of them saw. */
function stage(
  answers: readonly (ExecutionResult["outcome"] | Error)[],
  more: { guarantee?: EffectGuarantee; check?: Executor["check"] } = {},
) {
  const core = openSqliteCore(":memory:");
  const { guarantee = "idempotent", check } = more;
  const left = [...answers];
  const executed: string[] = [];
  const observed: OutboxOutcome[] = [];
  const clock = { time: 10_000, now: () => clock.time };
  const faults: ((step: StepCommit) => Error | undefined)[] = [];
  const executor: Executor = {
    action: "alertmanager.notify",
    guarantee,
    async execute(effect) {
      executed.push(`${effect.id}#${effect.attempts}`);
      const outcome = left.shift() ?? "done";
      if (outcome instanceof Error) throw outcome;
      return { outcome, detail: outcome };
    },
    ...(check ? { check } : {}),
  };
  const listeners = new Set<(changes: readonly Change[]) => void>();
  const options = {
    store: {
      commit: async (step: StepCommit) => {
        const fault = faults.shift()?.(step);
        if (fault) throw fault;
        core.commit(step);
        for (const listener of listeners) listener([]);
      },
      dueEffects: async (now: number, limit: number) => core.dueEffects(now, limit),
      effect: async (id: string) => core.effect(id),
      onChange: (listener: (changes: readonly Change[]) => void) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    executors: [executor],
    ports: {
      clock,
      timers: { sleep: async (milliseconds: number) => void (clock.time += milliseconds) },
      random: { bytes: (count: number) => new Uint8Array(count) },
      log: silent,
    },
    observe: (outcome: OutboxOutcome) => void observed.push(outcome),
  };
  const add = (id: string, action = executor.action) =>
    core.commit({ id: `add:${id}`, effects: [sampleEffect(id, { guarantee, action })] });
  const interrupt = (id: string) =>
    core.commit({ id: `interrupt:${id}`, effectUpdates: [{ id, state: "attempting", attempts: 1, notBefore: 5_000 }] });
  const audit = () =>
    core
      .listAudit(undefined, 100)
      .items.map(({ action }) => action)
      .reverse();
  return { core, clock, executed, observed, faults, options, add, interrupt, audit, outbox: createOutbox(options) };
}

describe("an effect that fails", () => {
  test("is audited at its first failure, also when an attempt before it was interrupted, and not again", async () => {
    const { add, interrupt, outbox, clock, audit } = stage(["failed", "failed"]);
    add("x");
    interrupt("x");
    for (let round = 0; round < 3; round += 1) {
      clock.time += 3_600_000;
      await outbox.runOnce(clock.now());
    }
    expect(audit()).toEqual(["effect.failed", "effect.done"]);
  });
});

describe("an effect that nobody can carry out any more", () => {
  test("is withdrawn at the start, audited, and the others are not", async () => {
    const { add, options, core, audit } = stage([]);
    for (const id of ["old-1", "old-2"]) add(id, "pager.notify");
    add("x");
    const stop = new AbortController();
    const sleep = async (): Promise<void> => stop.abort();
    const outbox = createOutbox({ ...options, ports: { ...options.ports, timers: { sleep } } });
    await outbox.start(stop.signal);
    expect(["old-1", "old-2", "x"].map((id) => core.effect(id)?.state)).toEqual(["withdrawn", "withdrawn", "done"]);
    expect(core.pendingEffects()).toBe(0);
    expect(audit()).toEqual(["effect.withdrawn", "effect.withdrawn", "effect.attempt", "effect.done"]);
  });
});

describe("runOnce", () => {
  test("carries out each due effect once, audited before and after", async () => {
    const { add, outbox, clock, executed, core, audit, observed } = stage([]);
    add("x");
    await outbox.runOnce(clock.now());
    await outbox.runOnce(clock.now());
    expect(executed).toEqual(["x#1"]);
    expect(core.effect("x")).toMatchObject({ state: "done", attempts: 1 });
    expect(audit()).toEqual(["effect.attempt", "effect.done"]);
    expect(observed).toEqual([{ action: "alertmanager.notify", outcome: "done" }]);
    expect(core.verifyAudit().ok).toBe(true);
  });

  test.each<[EffectGuarantee, ExecutionResult["outcome"] | Error, string, string[]]>([
    ["idempotent", "failed", "pending", ["effect.attempt", "effect.failed"]],
    ["idempotent", "unknown", "pending", ["effect.attempt", "effect.failed"]],
    ["idempotent", new Error("broken executor"), "pending", ["effect.attempt", "effect.failed"]],
    ["checkable", "failed", "pending", ["effect.attempt", "effect.failed"]],
    ["checkable", "unknown", "attempting", ["effect.attempt", "effect.failed"]],
    ["neither", "failed", "pending", ["effect.attempt", "effect.failed"]],
    ["neither", "unknown", "escalated", ["effect.attempt", "effect.escalated"]],
    ["neither", new Error("broken executor"), "escalated", ["effect.attempt", "effect.escalated"]],
  ])("%s with outcome %s becomes %s", async (guarantee, outcome, state, entries) => {
    const { add, outbox, clock, core, audit } = stage([outcome], { guarantee });
    add("x");
    await outbox.runOnce(clock.now());
    expect(core.effect("x")).toMatchObject({ state, attempts: 1, notBefore: state === "escalated" ? 10_000 : 10_500 });
    expect(audit()).toEqual(entries);
  });

  test.each<[EffectGuarantee, "done" | "not_done" | "unknown" | undefined, string[], string]>([
    ["idempotent", undefined, ["x#2"], "done"],
    ["checkable", "done", [], "done"],
    ["checkable", "not_done", ["x#2"], "done"],
    ["checkable", "unknown", [], "attempting"],
    ["neither", undefined, [], "escalated"],
  ])("an interrupted %s effect, of which the receiver says %s", async (guarantee, says, expected, state) => {
    const { add, interrupt, outbox, clock, executed, core } = stage([], {
      guarantee,
      check: async () => says ?? "unknown",
    });
    add("x");
    interrupt("x");
    await outbox.runOnce(clock.now());
    expect(executed).toEqual(expected);
    expect(core.effect("x")?.state).toBe(state);
    await outbox.runOnce(clock.now() + 1);
    expect(executed, "nothing is asked or done again before its time").toEqual(expected);
  });

  test("asks about an interrupted attempt only when it can no longer be on its way", async () => {
    const { add, options, core, clock } = stage([], { guarantee: "checkable" });
    add("x");
    let during: unknown;
    const executor: Executor = {
      action: "alertmanager.notify",
      guarantee: "checkable",
      execute: async () => {
        during = core.effect("x");
        return { outcome: "done", detail: "" };
      },
    };
    await createOutbox({ ...options, executors: [executor] }).runOnce(clock.now());
    expect(during).toMatchObject({ state: "attempting", notBefore: 40_000 });
  });

  test("waits for the back-off between attempts, which grows", async () => {
    const { add, outbox, clock, executed, core } = stage(["failed", "failed", "failed"]);
    add("x");
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await outbox.runOnce(clock.time);
      waits.push((core.effect("x")?.notBefore ?? 0) - clock.time);
      await outbox.runOnce((core.effect("x")?.notBefore ?? 0) - 1);
      expect(executed).toHaveLength(attempt);
      clock.time = core.effect("x")?.notBefore ?? 0;
    }
    await outbox.runOnce(clock.time);
    expect(waits).toEqual([500, 1_000, 2_000]);
    expect(core.effect("x")).toMatchObject({ state: "done", attempts: 4 });
  });

  test("leaves withdrawn effects alone, also one withdrawn at the last moment", async () => {
    const { add, outbox, clock, executed, core, faults } = stage([]);
    add("x");
    add("y");
    const withdraw = (id: string) =>
      core.commit({ id: `w${id}`, effectUpdates: [{ id, state: "withdrawn", attempts: 0, notBefore: 0 }] });
    withdraw("x");
    faults.push(() => {
      withdraw("y");
      return undefined;
    });
    await outbox.runOnce(clock.now());
    expect(executed).toEqual([]);
    expect(core.effect("y")?.state).toBe("withdrawn");
  });

  test("records an outcome when the store recovers, and does not repeat the attempt", async () => {
    const { add, outbox, clock, executed, core, faults, audit } = stage([]);
    add("x");
    const full = () => new StoreError("store-full", "full", { retryable: true });
    faults.push(() => undefined, full, full);
    await outbox.runOnce(clock.now());
    expect(executed).toEqual(["x#1"]);
    expect(core.effect("x")?.state).toBe("done");
    expect(audit()).toEqual(["effect.attempt", "effect.done"]);
  });

  test("attempts nothing when the attempt cannot be recorded first", async () => {
    const { add, outbox, clock, executed, faults } = stage([]);
    add("x");
    faults.push(() => new StoreError("store-damaged", "damaged", { retryable: false }));
    await expect(outbox.runOnce(clock.now())).rejects.toMatchObject({ code: "store-damaged" });
    expect(executed).toEqual([]);
  });

  test("leaves the rest of an action for later after three failures in a row, and other actions go on", async () => {
    const { add, clock, executed, options } = stage(["failed", "failed", "failed", "done"]);
    const other: string[] = [];
    const publish: Executor = {
      action: "guard.publish",
      guarantee: "idempotent",
      execute: async ({ id }) => (other.push(id), { outcome: "done", detail: "" }),
    };
    for (const id of ["a", "b", "c", "d", "e"]) add(id);
    add("p", "guard.publish");
    await createOutbox({ ...options, executors: [...options.executors, publish] }).runOnce(clock.now());
    expect(executed).toEqual(["a#1", "b#1", "c#1"]);
    expect(other).toEqual(["p"]);
  });

  test("does not carry out an effect twice when two rounds overlap", async () => {
    const { add, outbox, clock, executed } = stage([]);
    add("x");
    await Promise.all([outbox.runOnce(clock.now()), outbox.runOnce(clock.now())]);
    expect(executed).toEqual(["x#1"]);
  });
});

test("start carries effects out as they come, and ends after the attempt under way", async () => {
  const { add, options, executed, core } = stage(["failed", "done", "done"]);
  const stop = new AbortController();
  let sleeps = 0;
  const { timers, clock } = { timers: options.ports.timers, clock: options.ports.clock };
  const sleep = async (milliseconds: number): Promise<void> => {
    await timers.sleep(milliseconds);
    sleeps += 1;
    if (sleeps === 2) add("y");
    if (sleeps === 5) stop.abort();
  };
  add("x");
  await createOutbox({ ...options, ports: { ...options.ports, timers: { sleep } } }).start(stop.signal);
  expect(executed).toEqual(["x#1", "x#2", "y#1"]);
  expect(core.pendingEffects()).toBe(0);
  expect(clock.now()).toBe(15_000);
});

test("back-off lies between half and the whole of a doubling that ends at five minutes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.uint8Array({ minLength: 2, maxLength: 2 }), (attempts, bytes) => {
      const whole = Math.min(300_000, 1_000 * 2 ** (attempts - 1));
      const wait = backoff(attempts, { bytes: () => bytes });
      expect(wait).toBeGreaterThanOrEqual(whole / 2);
      expect(wait).toBeLessThanOrEqual(whole);
    }),
  );
});
