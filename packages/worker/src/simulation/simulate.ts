import { checkReplay } from "./calm-replay.ts";
import { checkRun } from "./check-run.ts";
import { CRASH_POINTS } from "./crash-points.ts";
import type { CrashPlan, FaultLog } from "./incarnation.ts";
import { planRandom, simulateRun } from "./simulate-run.ts";

/** Lives of the process in one run that end in a crash. */
const CRASHES = 9;
/** A crash point is met at one of its first visits in a life. */
const MAX_VISIT = 6;

/** Crash points that few lives come to. */
const RARE_POINTS = CRASH_POINTS.filter((point) =>
  /\(undo|\(incident|check\(|\(deny|\(alert\)|recover|execute\(guard|\(tick/u.test(point),
);

/** Side effects that hardly any life comes to: every life may end at them. */
const RAREST = ["store.alert", "store.incident", "store.commit(undo)", "store.commit(deny)"];

/** What to simulate. */
export interface SimulationOptions {
  readonly seeds: Iterable<number>;
  /** A defect to be found: `checkpoint-first` commits the cursor before what was judged. */
  readonly planted?: "checkpoint-first" | undefined;
  /** Called after each seed. */
  readonly onSeed?: (report: SeedReport) => void;
}

/** What one seed found. */
export interface SeedReport {
  readonly seed: number;
  readonly violations: readonly string[];
}

/** What all seeds together found. */
export interface SimulationReport {
  readonly seeds: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly reached: readonly string[];
  readonly unreached: readonly string[];
  readonly failures: readonly SeedReport[];
}

/** Runs the worker, from its inbox to its effects, once for each seed, with faults, and holds each run against the oracles. */
export async function simulate({ seeds, planted, onSeed }: SimulationOptions): Promise<SimulationReport> {
  const log: FaultLog = { faults: new Map(), reached: new Set() };
  const failures: SeedReport[] = [];
  let count = 0;
  for (const seed of seeds) {
    count += 1;
    const report = { seed, violations: await runSeed(seed, log, planted === "checkpoint-first") };
    if (report.violations.length > 0) failures.push(report);
    onSeed?.(report);
  }
  return {
    seeds: count,
    faults: log.faults,
    reached: CRASH_POINTS.filter((point) => log.reached.has(point)),
    unreached: CRASH_POINTS.filter((point) => !log.reached.has(point)),
    failures,
  };
}

async function runSeed(seed: number, log: FaultLog, checkpointFirst: boolean): Promise<string[]> {
  try {
    const outcome = await simulateRun({
      seed,
      lives: livesOf(seed),
      log,
      late: seed % 2 === 0,
      lagging: seed % 3 === 0,
      checkpointFirst,
    });
    try {
      return [...checkRun(outcome), ...(await checkReplay(outcome))];
    } finally {
      outcome.core.close();
    }
  } catch (error) {
    return [`the run broke off: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/**
 * How the lives of a run end: seeds in a row go through all crash points in turn, each at one of its early visits. Beside it each life
 * ends at the first visit of a point that few lives come to.
 */
export function livesOf(seed: number): CrashPlan[][] {
  const random = planRandom(seed);
  const phase = (life: number): string => ((seed + life) % 2 === 0 ? "before" : "after");
  const turn = <T>(values: readonly T[], life: number): T =>
    values[(((seed * CRASHES + life) % values.length) + values.length) % values.length] as T;
  return Array.from({ length: CRASHES }, (_, life) => [
    { point: turn(CRASH_POINTS, life), visit: random.integer(1, random.chance(0.6) ? 1 : MAX_VISIT) },
    { point: turn(RARE_POINTS, life), visit: 1 },
    ...RAREST.map((name) => ({ point: `${phase(life)} ${name}`, visit: 1 })),
    // Alerts are hardly ever merged: no life that does so goes on.
    { point: `${phase(life)} store.alertMembers`, visit: "any" },
  ]);
}
