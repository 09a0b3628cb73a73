import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Watermark } from "./watermark.ts";

const OPTIONS = { lateness: 60_000, idleAfter: 20_000, futureTolerance: 30_000 };
const START = 1_000_000_000;
const at = (partition: string, seconds: number, received = seconds) => ({
  partition,
  time: START + seconds * 1_000,
  receivedAt: START + received * 1_000,
});
const seconds = (watermark: Watermark): number => (watermark.value - START) / 1_000;

describe("the watermark", () => {
  it("is the newest event less the lateness, for one partition", () => {
    const watermark = new Watermark(OPTIONS);
    expect(watermark.value).toBe(Number.NEGATIVE_INFINITY);
    watermark.observe(at("a", 0));
    watermark.observe(at("a", 100));
    watermark.observe(at("a", 50));
    expect(seconds(watermark)).toBe(40);
  });

  it("waits for the partition that is furthest behind, as long as that one is not idle", () => {
    const watermark = new Watermark(OPTIONS);
    watermark.observe(at("slow", 0, 100));
    watermark.observe(at("fast", 100));
    expect(seconds(watermark)).toBe(-60);
    watermark.observe(at("fast", 120));
    expect(seconds(watermark), "20 s without a record are not idle yet").toBe(-60);
    watermark.observe(at("fast", 121));
    expect(seconds(watermark)).toBe(61);
    expect(watermark.observe(at("slow", 1, 122))).toMatchObject({ late: true, time: START + 1_000 });
    expect(seconds(watermark), "it never goes back").toBe(61);
  });

  it("lets time alone exclude an idle partition", () => {
    const watermark = new Watermark(OPTIONS);
    watermark.observe(at("slow", 0, 100));
    watermark.observe(at("fast", 110));
    expect(watermark.nextIdle(START + 110_000)).toBe(START + 120_001);
    expect(watermark.tick(START + 120_000)).toBe(false);
    expect(watermark.tick(START + 120_001)).toBe(true);
    expect(seconds(watermark)).toBe(50);
    expect(watermark.tick(START + 999_999_000), "time alone moves nothing when all are idle").toBe(false);
  });

  it("is not moved by a date in the future", () => {
    const watermark = new Watermark(OPTIONS);
    watermark.observe(at("a", 100));
    expect(watermark.observe(at("a", 131, 100))).toEqual({ time: START + 100_000, quarantined: true, late: false });
    expect(seconds(watermark)).toBe(40);
    expect(watermark.observe(at("a", 130, 100)).quarantined).toBe(false);
    expect(seconds(watermark)).toBe(70);
  });

  it("is bounded in partitions, whoever makes up their names", () => {
    const watermark = new Watermark(OPTIONS);
    for (let index = 0; index < 3_000; index += 1) watermark.observe(at(`partition-${index}`, 100));
    const blob = JSON.parse(watermark.takeBlob() ?? "") as { partitions: unknown[] };
    expect(blob.partitions).toHaveLength(1_001);
  });

  it("goes on from its blob as if there had been no restart", () => {
    const row = fc.record({
      partition: fc.constantFrom("a", "b", "c"),
      age: fc.integer({ min: -40, max: 100 }),
      pause: fc.integer({ min: 0, max: 15 }),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), fc.nat(40), (rows, restartAt) => {
        let now = 0;
        const whole = new Watermark(OPTIONS);
        let part = new Watermark(OPTIONS);
        let blob: string | undefined;
        for (const [index, { partition, age, pause }] of rows.entries()) {
          now += pause;
          const record = at(partition, now - age, now);
          expect(part.observe(record)).toEqual(whole.observe(record));
          blob = part.takeBlob() ?? blob;
          if (index !== restartAt) continue;
          part = new Watermark(OPTIONS);
          if (blob !== undefined) part.restore(blob);
        }
        expect(part.value).toBe(whole.value);
      }),
    );
  });
});
