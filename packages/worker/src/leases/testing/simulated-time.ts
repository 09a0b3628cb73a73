import type { Clock, Timers } from "../../ports.ts";

/** Time of one simulated process: it can be stopped (SIGSTOP) and go on. */
export interface SimulatedProcess {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Its timers do not fire any more, until it goes on. Its clock goes on. */
  stop(): void;
  goOn(): void;
  /** It never does anything any more. */
  kill(): void;
}

/** A clock that runs from timer to timer, and the processes that live by it. */
export interface SimulatedTime {
  now(): number;
  process(): SimulatedProcess;
  /** Lets so many milliseconds pass, firing each timer at its time. */
  run(milliseconds: number): Promise<void>;
}

interface Sleeper {
  readonly until: number;
  readonly order: number;
  readonly owner: { state: "runs" | "stopped" | "killed" };
  wake(): void;
}

/** Lets everything that is ready go on: no timer of the machine is involved. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Makes a simulated time that begins at 0. */
export function createSimulatedTime(): SimulatedTime {
  let now = 0;
  let order = 0;
  const sleepers = new Set<Sleeper>();
  const due = (end: number): Sleeper | undefined => {
    let next: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (sleeper.owner.state !== "runs" || sleeper.until > end) continue;
      if (
        next === undefined ||
        sleeper.until < next.until ||
        (sleeper.until === next.until && sleeper.order < next.order)
      )
        next = sleeper;
    }
    return next;
  };
  return {
    now: () => now,
    process() {
      const owner: Sleeper["owner"] = { state: "runs" };
      return {
        clock: { now: () => now },
        timers: {
          sleep: (milliseconds, signal) =>
            new Promise((resolve) => {
              if (signal?.aborted === true) return resolve();
              order += 1;
              const wake = (): void => {
                sleepers.delete(sleeper);
                signal?.removeEventListener("abort", wake);
                resolve();
              };
              const sleeper: Sleeper = { until: now + milliseconds, order, owner, wake };
              sleepers.add(sleeper);
              signal?.addEventListener("abort", wake);
            }),
        },
        stop: () => void (owner.state = "stopped"),
        goOn: () => void (owner.state = "runs"),
        kill: () => void (owner.state = "killed"),
      };
    },
    async run(milliseconds) {
      const end = now + milliseconds;
      await settle();
      for (let next = due(end); next !== undefined; next = due(end)) {
        now = Math.max(now, next.until);
        next.wake();
        await settle();
      }
      now = end;
    },
  };
}
