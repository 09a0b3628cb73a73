import type { ExecutionResult, Executor } from "../responder/executor.ts";
import type { EffectGuarantee, OutboxRow } from "../store/store.ts";
import { WORLD_ACTIONS } from "./crash-points.ts";
import type { FaultLog } from "./incarnation.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** How the receivers of effects behave. Probabilities an attempt. */
export interface WorldFaults {
  /** Refused: it did not happen, and the answer says so. */
  readonly refused: number;
  /** The answer is lost; it did or did not happen. */
  readonly lost: number;
}

/** Everything outside the worker that effects reach: it outlives every crash and remembers what really happened. */
export interface World {
  readonly executors: readonly Executor[];
  /** How often each effect really happened. */
  readonly happened: ReadonlyMap<string, number>;
}

/** Makes a world that behaves as `faults` says at the moment of each attempt. */
export function createWorld(
  scheduler: Scheduler,
  random: SeededRandom,
  log: FaultLog,
  faults: () => WorldFaults,
): World {
  const happened = new Map<string, number>();
  const count = (fault: string): void => void log.faults.set(fault, (log.faults.get(fault) ?? 0) + 1);

  const execute = async (effect: OutboxRow): Promise<ExecutionResult> => {
    await scheduler.sleep(random.integer(1, 50));
    const { refused, lost } = faults();
    if (random.chance(refused)) {
      count("receiver refused");
      return { outcome: "failed", detail: "refused" };
    }
    const isLost = random.chance(lost);
    if (isLost && random.chance(0.5)) {
      count("request lost");
      return { outcome: "unknown", detail: "no answer" };
    }
    happened.set(effect.id, (happened.get(effect.id) ?? 0) + 1);
    await scheduler.sleep(random.integer(1, 50));
    if (isLost) count("answer lost");
    return isLost ? { outcome: "unknown", detail: "no answer" } : { outcome: "done", detail: "ok" };
  };

  const check = async (effect: OutboxRow): Promise<"done" | "not_done" | "unknown"> => {
    await scheduler.sleep(random.integer(1, 50));
    if (random.chance(faults().lost)) {
      count("check unanswered");
      return "unknown";
    }
    return happened.has(effect.id) ? "done" : "not_done";
  };

  const executors = Object.entries(WORLD_ACTIONS).map(([action, guarantee]: [string, EffectGuarantee]): Executor => ({
    action,
    guarantee,
    execute,
    ...(guarantee === "checkable" ? { check } : {}),
  }));
  return { executors, happened };
}
