import { beforeAll, describe, expect, it } from "vitest";
import { CRASH_POINTS } from "./crash-points.ts";
import { Scheduler } from "./scheduler.ts";
import { seededRandom } from "./seeded-random.ts";
import { simulate, type SimulationReport } from "./simulate.ts";

const seeds = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("25 seeds of the worker from its inbox to its effects", () => {
  let report: SimulationReport;
  beforeAll(async () => {
    report = await simulate({ seeds: seeds(1, 25) });
  }, 180_000);

  it("hold facts, state and effects against their oracles", () => {
    expect(report.failures).toEqual([]);
  });

  it("crash before and after every awaited side effect, with up to 15 seeds more", async () => {
    expect(new Set([...report.reached, ...report.unreached])).toEqual(new Set(CRASH_POINTS));
    const missing = new Set(report.unreached);
    function* untilReached(): Iterable<number> {
      for (let seed = 26; seed <= 40 && missing.size > 0; seed += 1) yield seed;
    }
    for (const seed of untilReached()) {
      const more = await simulate({ seeds: [seed] });
      expect(more.failures).toEqual([]);
      for (const point of more.reached) missing.delete(point);
    }
    expect([...missing]).toEqual([]);
  }, 120_000);

  it.each([
    "crash",
    "store failed, may be retried",
    "store committed, answer lost",
    "store refused a commit for good",
    "store slow",
    "batch delivered again",
    "receiver refused",
    "request lost",
    "answer lost",
    "check unanswered",
  ])("inject the fault: %s", (fault) => {
    expect(report.faults.get(fault) ?? 0).toBeGreaterThan(0);
  });
});

it("finds a checkpoint that is committed before what was judged", async () => {
  const found = new AbortController();
  function* untilFound(): Iterable<number> {
    for (let seed = 1; seed <= 25 && !found.signal.aborted; seed += 1) yield seed;
  }
  const { failures } = await simulate({
    seeds: untilFound(),
    planted: "checkpoint-first",
    onSeed: ({ violations }) => {
      if (violations.length > 0) found.abort();
    },
  });
  expect(failures.flatMap(({ violations }) => violations)).toContainEqual(
    expect.stringMatching(/^facts: rule .* instead of /u),
  );
}, 120_000);

it("repeats a seed exactly", async () => {
  const runs = [
    await simulate({ seeds: [5], planted: "checkpoint-first" }),
    await simulate({ seeds: [5], planted: "checkpoint-first" }),
  ];
  expect(runs[1]).toEqual(runs[0]);
}, 60_000);

describe("the virtual clock", () => {
  it("lets what waits go on in the order of time, and at once when it is told to stop", async () => {
    const scheduler = new Scheduler(1_000, seededRandom(1));
    const order: string[] = [];
    const stop = new AbortController();
    const wait = async (name: string, milliseconds: number, signal?: AbortSignal): Promise<void> => {
      await scheduler.sleep(milliseconds, signal);
      order.push(`${name} at ${scheduler.now()}`);
    };
    const work = Promise.all([
      wait("b", 20),
      wait("a", 10),
      wait("never", 1_000, stop.signal),
      wait("c", 30).then(() => stop.abort()),
    ]);
    await scheduler.drive(work, 10_000);
    expect(order).toEqual(["a at 1010", "b at 1020", "c at 1030", "never at 1030"]);
  });

  it("says so when everything waits for nothing", async () => {
    const scheduler = new Scheduler(0, seededRandom(1));
    await expect(scheduler.drive(new Promise(() => {}), 10)).rejects.toThrow("Everything waits");
  });
});
