import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";

/** What a process took from start to end. */
export interface Cost {
  /** User and system time of the process and its threads in seconds. */
  readonly cpu: number;
  /** Seconds. */
  readonly wall: number;
  readonly code: number;
}

/** Ticks a second in /proc on every Linux there is. */
const TICKS = 100;

/** Processor time of the children of this process that have ended, in seconds. */
function childrenCpu(): number {
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[13]) + Number(fields[14])) / TICKS;
}

/** Whether the processor time of a child can be read here. */
export const canMeasure: boolean = process.platform === "linux";

/** Runs a program with its output in a file, and alone: processor time is that of all children that end meanwhile. */
export async function measureProcess(command: string, args: readonly string[], output: string): Promise<Cost> {
  const out = openSync(output, "w");
  const errors = openSync(`${output}.errors`, "w");
  const before = childrenCpu();
  const started = performance.now();
  const child = spawn(command, args, { stdio: ["ignore", out, errors], env: { ...process.env, NO_COLOR: "1" } });
  const code = await new Promise<number>((resolve, reject) =>
    child.on("error", reject).on("exit", (status) => {
      resolve(status ?? -1);
    }),
  );
  const wall = (performance.now() - started) / 1_000;
  closeSync(out);
  closeSync(errors);
  return { cpu: childrenCpu() - before, wall, code };
}

/**
 * The whole run less what the same command takes for one event of each log source (start, loading and compiling of rules): the best of
 * `rounds` each.
 */
export async function netCost(run: (events: "few" | "all") => Promise<Cost>, rounds: number): Promise<Cost> {
  const best = async (events: "few" | "all"): Promise<Cost> => {
    let cpu = Infinity;
    let wall = Infinity;
    let code = 0;
    for (let round = 0; round < rounds; round++) {
      const cost = await run(events);
      cpu = Math.min(cpu, cost.cpu);
      wall = Math.min(wall, cost.wall);
      code = cost.code;
    }
    return { cpu, wall, code };
  };
  const few = await best("few");
  const all = await best("all");
  // A difference below the clock's resolution is not a measurement; it is reported as one tick.
  return { cpu: Math.max(all.cpu - few.cpu, 1 / TICKS), wall: Math.max(all.wall - few.wall, 0.001), code: all.code };
}
