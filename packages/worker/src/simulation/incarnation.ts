import type { Executor } from "../responder/executor.ts";
import { StoreError } from "../errors.ts";
import type { Timers } from "../ports.ts";
import type { SqliteCore } from "../store/sqlite/core.ts";
import type { StepCommit, Store } from "../store/store.ts";
import { type AroundCall, storeOverCore } from "./core-store.ts";
import { SIDE_EFFECTS, sideEffectOf } from "./crash-points.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** Where a process dies: at the given visit of a crash point, counted from 1 once the life is mortal, or at any time. */
export interface CrashPlan {
  readonly point: string;
  readonly visit: number | "any";
}

/** What one run of the simulation gathers about its faults. */
export interface FaultLog {
  readonly faults: Map<string, number>;
  readonly reached: Set<string>;
}

/** How the store behaves. Probabilities a call. */
export interface StoreFaults {
  readonly retryable: number;
  readonly unknown: number;
  readonly broken: number;
  readonly slow: number;
}

/** What makes one life of the simulated process. */
export interface IncarnationOptions {
  readonly core: SqliteCore;
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly log: FaultLog;
  /** The first of these that is met is the end. */
  readonly plans: readonly CrashPlan[];
  /** Visits before this time do not count, Unix milliseconds. */
  readonly mortalFrom: number;
  readonly faults: () => StoreFaults;
  /** Planted defect: the checkpoint is written before the outputs. */
  readonly checkpointFirst: boolean;
}

/** Never settles: what a dead process waits for. */
const never = new Promise<never>(() => {});

/**
 * One life of the simulated worker process. Everything that it awaits passes through here and can be its end; after that nothing it
 * does reaches the store or the world any more.
 */
export class Incarnation {
  readonly store: Store;
  readonly timers: Timers;
  readonly died: Promise<void>;
  #alive = true;
  #die: () => void = () => {};
  readonly #options: IncarnationOptions;
  readonly #visits = new Map<string, number>();

  constructor(options: IncarnationOptions) {
    this.#options = options;
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
    const store = storeOverCore(options.core, this.#aroundStore);
    const listeners = new Map<object, () => void>();
    this.store = {
      ...store,
      [Symbol.asyncDispose]: store[Symbol.asyncDispose],
      commit: options.checkpointFirst ? (step) => this.#commitCheckpointFirst(store, step) : store.commit,
      onChange: (listener) => {
        const off = options.core.onChange((changes) => this.#alive && listener(changes));
        listeners.set(listener, off);
        return off;
      },
    };
    void this.died.then(() => {
      for (const off of listeners.values()) off();
    });
    this.timers = {
      sleep: (milliseconds, signal) =>
        this.#sideEffect("timers.sleep", () => options.scheduler.sleep(milliseconds, signal)),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Ends the process between two instructions. */
  kill(): void {
    this.#alive = false;
    this.#die();
  }

  /** An executor whose attempts the process may not survive. */
  executor(executor: Executor): Executor {
    const { action, guarantee, execute, check } = executor;
    return {
      action,
      guarantee,
      execute: (effect) => this.#sideEffect(`execute(${action})`, () => execute(effect)),
      ...(check === undefined ? {} : { check: (effect) => this.#sideEffect(`check(${action})`, () => check(effect)) }),
    };
  }

  readonly #aroundStore: AroundCall = (method, parameters, call) => {
    const { random, scheduler, faults } = this.#options;
    return this.#sideEffect(sideEffectOf(method, parameters), async () => {
      const now = faults();
      if (random.chance(now.slow)) {
        this.#count("store slow");
        await scheduler.sleep(random.integer(200, 3_000));
      } else {
        await scheduler.sleep(random.integer(0, 5));
      }
      if (!this.#alive) return never;
      if (random.chance(now.retryable)) {
        this.#count("store failed, may be retried");
        throw new StoreError("store-input-output", "injected", { retryable: true });
      }
      if (method === "commit" && random.chance(now.broken)) {
        this.#count("store refused a commit for good");
        throw new StoreError("store-damaged", "injected", { retryable: false });
      }
      const result = call();
      if ((method === "commit" || method === "append") && random.chance(now.unknown)) {
        this.#count("store committed, answer lost");
        throw new StoreError("store-input-output", "injected: the outcome is not known", { retryable: true });
      }
      return result;
    });
  };

  async #sideEffect<T>(name: string, perform: () => Promise<T>): Promise<T> {
    if (!SIDE_EFFECTS.includes(name))
      throw new Error(`The worker awaits ${name}, which is not among the crash points.`);
    this.#pass(`before ${name}`);
    if (!this.#alive) return never;
    const result = await perform();
    this.#pass(`after ${name}`);
    return this.#alive ? result : never;
  }

  #pass(point: string): void {
    const { plans, mortalFrom, scheduler, log } = this.#options;
    if (!this.#alive) return;
    const isMortal = scheduler.now() >= mortalFrom;
    const visits = (this.#visits.get(point) ?? 0) + (isMortal ? 1 : 0);
    this.#visits.set(point, visits);
    if (!plans.some((plan) => plan.point === point && (plan.visit === "any" || (isMortal && plan.visit === visits))))
      return;
    log.reached.add(point);
    this.#count("crash");
    this.kill();
  }

  #count(fault: string): void {
    const { faults } = this.#options.log;
    faults.set(fault, (faults.get(fault) ?? 0) + 1);
  }

  async #commitCheckpointFirst(store: Store, step: StepCommit): Promise<void> {
    const { cursor, ...outputs } = step;
    if (cursor !== undefined) await store.commit({ id: `${step.id}#checkpoint`, cursor });
    await store.commit(outputs);
  }
}
