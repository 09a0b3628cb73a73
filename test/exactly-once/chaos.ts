import { setTimeout as wait } from "node:timers/promises";
import type { FaultRule } from "../../packages/worker/src/testing/elasticsearch/fault-rules.ts";
import type { WorkerFleet } from "./worker-fleet.ts";

/** Longer than a lease lives. Milliseconds. */
const FREEZE = 14_000;

/** What every worker's requests meet, so many times as often as usual. Statistics of anything but the source are never old: their order against leases is part of what the cluster promises. */
export const faultsOf = (source: string, scale: number): FaultRule[] =>
  rulesOf(source).map((rule) => ({ ...rule, probability: Math.min(1, rule.probability * scale) }));

const rulesOf = (source: string): FaultRule[] => [
  { fault: { kind: "reset" }, probability: 0.005 },
  { fault: { kind: "refuse", status: 503 }, probability: 0.005 },
  { fault: { kind: "refuse", status: 429 }, probability: 0.01, path: /_(bulk|search)$/ },
  { fault: { kind: "refuse-items", share: 0.2 }, probability: 0.1, path: /_bulk$/ },
  { fault: { kind: "lose-answer" }, probability: 0.01 },
  { fault: { kind: "cut" }, probability: 0.01 },
  { fault: { kind: "fail-shards" }, probability: 0.01 },
  { fault: { kind: "stale" }, probability: 0.05, path: /_search$/, name: "stale search" },
  { fault: { kind: "stale" }, probability: 0.05, path: new RegExp(`^/${source}.*/_stats/`), name: "stale statistics" },
  { fault: { kind: "delay", milliseconds: [10, 400] }, probability: 0.03 },
  { fault: { kind: "delay", milliseconds: [1_000, 4_000] }, probability: 0.002, name: "long delay" },
];

/** Kills a worker every few seconds, and freezes one past its lease now and then, until told to end; no worker is frozen or gone when this resolves. */
export async function disturb(options: {
  readonly fleet: WorkerFleet;
  readonly workers: number;
  readonly random: () => number;
  /** Milliseconds between two kills. */
  readonly every: number;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { fleet, workers, random, every, signal } = options;
  const pick = (): number => Math.floor(random() * workers);
  const frozen = new Set<number>();
  const freezing: Promise<void>[] = [];
  for (let round = 1; ; round += 1) {
    await wait(every * (0.5 + random()), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const worker = pick();
    if (frozen.has(worker)) continue;
    if (round % 4 === 2) {
      frozen.add(worker);
      freezing.push(fleet.freeze(worker, FREEZE).finally(() => frozen.delete(worker)));
    } else await fleet.kill(worker, random() * 1_500);
  }
  await Promise.all(freezing);
  fleet.startAll();
}
