import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GuardDecision } from "@vedette/semconv";
import { createThrottles } from "./throttles.ts";

const throttle = (id: string, limit: number, seconds: number, burst?: number): GuardDecision => ({
  id,
  action: "throttle",
  targets: [{ kind: "http.route", value: "/" }],
  rate: { limit, seconds, burst },
  expiresAt: 0,
  reason: "test",
});

describe("a throttle", () => {
  it("lets a burst through, then its rate, and says when to come again", () => {
    const throttles = createThrottles();
    const rate = throttle("a", 6, 60, 2);
    const take = (seconds: number) => throttles.take([rate], seconds * 1000)?.retryAfter;
    expect([take(0), take(0), take(0), take(1), take(10), take(10), take(30), take(30), take(30)]).toEqual([
      undefined,
      undefined,
      10,
      9,
      undefined,
      10,
      undefined,
      undefined,
      10,
    ]);
  });

  it("takes from none when one of several is empty", () => {
    const throttles = createThrottles();
    const [one, two] = [throttle("one", 1, 3600), throttle("two", 2, 3600)];
    expect(throttles.take([one, two], 0)).toBeUndefined();
    expect(throttles.take([one, two], 0)?.decision.id).toBe("one");
    expect(throttles.take([two], 0)).toBeUndefined();
    expect(throttles.take([two], 0)?.decision.id).toBe("two");
  });

  it("keeps its count while it is in force, and begins anew after it was not", () => {
    const throttles = createThrottles();
    const rate = throttle("a", 1, 3600);
    throttles.take([rate], 0);
    throttles.keep(new Set(["a", "b"]));
    expect(throttles.take([rate], 0)).toBeDefined();
    throttles.keep(new Set(["b"]));
    expect(throttles.take([rate], 0)).toBeUndefined();
  });

  it("never lets more through in any time than its burst and its rate", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 }),
        (limit, seconds, burst, pauses) => {
          const throttles = createThrottles();
          const rate = throttle("a", limit, seconds, burst);
          const passed: number[] = [];
          let now = 0;
          for (const pause of pauses) {
            now += pause;
            if (throttles.take([rate], now) === undefined) passed.push(now);
          }
          for (const [from, start] of passed.entries())
            for (const [to, end] of passed.entries())
              if (to >= from)
                expect(to - from + 1).toBeLessThanOrEqual(burst + ((end - start) / 1000) * (limit / seconds) + 1e-6);
        },
      ),
    );
  });
});
