import { describe, expect, it } from "vitest";
import { backOff, createCollector } from "./collector.ts";
import type { Source } from "./source.ts";
import { createCountingObserver } from "./testing/counting-observer.ts";
import { silentLog } from "./testing/otlp-server.ts";

/** Timers that only move when told to. */
const manualTimers = () => {
  const sleeping: { readonly milliseconds: number; wake(): void }[] = [];
  return {
    sleeping,
    timers: {
      sleep: (milliseconds: number, signal?: AbortSignal) =>
        new Promise<void>((resolve) => {
          sleeping.push({ milliseconds, wake: resolve });
          signal?.addEventListener("abort", () => resolve());
        }),
    },
  };
};

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve()));

const source = (name: string, run: Source["run"]): Source => ({
  name,
  kind: "test",
  run,
  status: () => ({ name, kind: "test", state: "running", detail: "runs", received: 0, duplicate: 0, refused: 0 }),
});

describe("the collector", () => {
  it("starts a failing source again after longer and longer waits while the others run on", async () => {
    const { sleeping, timers } = manualTimers();
    const observer = createCountingObserver();
    let attempts = 0;
    let others = 0;
    const collector = createCollector({
      sources: [
        source("bad", async (signal) => {
          attempts += 1;
          if (attempts <= 3) throw new Error(`broken ${attempts}`);
          await untilAborted(signal);
        }),
        source("good", async (signal) => {
          others += 1;
          await untilAborted(signal);
        }),
      ],
      ports: { clock: { now: () => 0 }, timers, log: silentLog },
      observer,
    });
    collector.start();
    collector.start();
    for (let failure = 1; failure <= 3; failure += 1) {
      await settle();
      expect(collector.status()[0]).toMatchObject({
        state: "failed",
        detail: expect.stringContaining(`broken ${failure}`),
      });
      expect(collector.status()[1]).toMatchObject({ state: "running" });
      sleeping.at(-1)?.wake();
    }
    await settle();
    expect(sleeping.map(({ milliseconds }) => milliseconds)).toEqual([500, 1_000, 2_000]);
    expect(collector.status()[0]).toMatchObject({ state: "running" });
    expect(observer.get("source failed bad")).toBe(3);
    expect(others).toBe(1);
    await collector.stop();
    expect(collector.status().map(({ state }) => state)).toEqual(["stopped", "stopped"]);
  });

  it("takes a source that ends by itself for a failed one", async () => {
    const { timers } = manualTimers();
    const collector = createCollector({
      sources: [source("short", async () => undefined)],
      ports: { clock: { now: () => 0 }, timers, log: silentLog },
      observer: createCountingObserver(),
    });
    collector.start();
    await settle();
    expect(collector.status()[0]).toMatchObject({
      state: "failed",
      detail: expect.stringContaining("ended by itself"),
    });
    await collector.stop();
  });

  it("forgets old failures of a source that ran for a while", async () => {
    const { sleeping, timers } = manualTimers();
    let now = 0;
    const collector = createCollector({
      sources: [
        source("flaky", async () => {
          now += 60_000;
          throw new Error("once in a while");
        }),
      ],
      ports: { clock: { now: () => now }, timers, log: silentLog },
      observer: createCountingObserver(),
    });
    collector.start();
    await settle();
    sleeping.at(-1)?.wake();
    await settle();
    expect(sleeping.map(({ milliseconds }) => milliseconds)).toEqual([500, 500]);
    await collector.stop();
  });

  it("waits at most a minute", () => {
    expect([1, 2, 8, 100].map(backOff)).toEqual([500, 1_000, 60_000, 60_000]);
  });
});
