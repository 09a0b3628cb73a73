import { setTimeout as sleep } from "node:timers/promises";
import { DECOY_API_KEY } from "../../examples/shop/src/visitor.ts";
import type { RunningShop } from "./running-shop.ts";

/** Milliseconds between two requests of an attacker that waits to be blocked. */
const BETWEEN = 4;
/** Milliseconds after which an attacker counts as never blocked. */
const PATIENCE = 20_000;

/**
 * Has one attacker after the other touch the honeytoken, and takes the time from the request that does it until a request of the same attacker is
 * answered 403: through the shop's exporter, the worker's detection and decision, the guard's stream and the guard.
 *
 * @returns Milliseconds, one number an attacker.
 */
export async function measureContainment(shop: RunningShop, attackers: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < attackers; index += 1) {
    const headers = { "x-forwarded-for": `198.51.${100 + Math.floor(index / 250)}.${1 + (index % 250)}` };
    const begun = performance.now();
    await shop.get("/", { ...headers, authorization: `Bearer ${DECOY_API_KEY}` });
    while ((await shop.get("/", headers)) !== 403) {
      if (performance.now() - begun > PATIENCE) throw new Error(`${headers["x-forwarded-for"]} was never blocked.`);
      await sleep(BETWEEN);
    }
    times.push(performance.now() - begun);
    // Attackers come at their own times: not in step with the exporter's intervals.
    await sleep((index * 37) % 300);
  }
  return times;
}

/** The time that a share of the attackers stays under. */
export function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
