import type { Log } from "../ports.ts";
import { createDetector, createCorrelator } from "@vedette/detection";
import { StoreError } from "../errors.ts";
import { createLine, type Line } from "../detector/line.ts";
import type { RawRecord } from "../record.ts";
import { createOutbox } from "../responder/outbox.ts";
import { openSqliteCore, type SqliteCore } from "../store/sqlite/core.ts";
import { WORLD_ACTIONS } from "./crash-points.ts";
import { type CrashPlan, type FaultLog, Incarnation, type StoreFaults } from "./incarnation.ts";
import { type Decision, drawDecision, mayAskAgain } from "./people.ts";
import { Scheduler } from "./scheduler.ts";
import { seededRandom, type SeededRandom } from "./seeded-random.ts";
import { simulatedRules } from "./simulated-rules.ts";
import { closingRecords, heartbeats, planTraffic, type PlannedEvent, SIMULATED, START, TRAFFIC } from "./workload.ts";
import { createWorld, type World, type WorldFaults } from "./world.ts";

/** What one run leaves behind for the oracles. */
export interface RunOutcome {
  readonly core: SqliteCore;
  readonly world: World;
  readonly events: readonly PlannedEvent[];
  /** Ids of the records whose taking the sender was told of. */
  readonly acknowledged: ReadonlySet<string>;
  readonly decisions: readonly Decision[];
  /** Defects that showed while it ran. */
  readonly defects: readonly string[];
  readonly end: number;
}

/** How a run is made. */
export interface RunOptions {
  readonly seed: number;
  /** How each life of the process ends, one after the other; then it lives on. */
  readonly lives: readonly (readonly CrashPlan[])[];
  readonly log: FaultLog;
  readonly late: boolean;
  readonly lagging: boolean;
  readonly checkpointFirst: boolean;
}

const RULES = simulatedRules();
const DETECTOR = createDetector(RULES.rules);
/** Longest virtual time that a run may take, milliseconds. */
const LIMIT = 6 * 3_600_000;

/**
 * Makes a line with the simulation's rules and settings. Each start names another address that is never blocked and that no record has, so
 * that each has settings to record.
 */
export function simulatedLine(options: Pick<Parameters<typeof createLine>[0], "store" | "ports">, start = 0): Line {
  return createLine({
    ...options,
    detector: DETECTOR,
    correlator: (limits) => createCorrelator(RULES.rules, limits),
    rules: RULES.rules,
    config: {
      ...SIMULATED,
      neverBlock: [...SIMULATED.neverBlock, `2001:db8::${start.toString(16)}`],
      notifiers: Object.entries(WORLD_ACTIONS)
        .filter(([action]) => action !== "guard.publish")
        .map(([action, guarantee]) => ({ action, guarantee, target: action })),
    },
  });
}

/** A process with its line, or nothing between two lives. */
interface Process {
  readonly incarnation: Incarnation;
  readonly line: Line;
}

/** Runs the worker over one plan of traffic, faults and decisions, until everything has come to rest. */
export async function simulateRun(options: RunOptions): Promise<RunOutcome> {
  const random = seededRandom(options.seed);
  const scheduler = new Scheduler(START, random.fork("schedule"));
  const core = openSqliteCore(":memory:");
  let calm = false;
  const outage = { until: 0 };
  const storeFaults = (): StoreFaults => {
    if (calm) return { retryable: 0, unknown: 0, broken: 0, slow: 0 };
    if (scheduler.now() < outage.until) return { retryable: 0.9, unknown: 0.05, broken: 0, slow: 0 };
    return { retryable: 0.01, unknown: 0.02, broken: 0.012, slow: 0.01 };
  };
  const worldFaults = (): WorldFaults => (calm ? { refused: 0, lost: 0 } : { refused: 0.1, lost: 0.2 });
  const world = createWorld(scheduler, random.fork("world"), options.log, worldFaults);
  const events = planTraffic(random.fork("traffic"), options);
  const acknowledged = new Set<string>();
  const decisions: Decision[] = [];
  const defects: string[] = [];
  let current: Process | undefined;
  const closing = new AbortController();

  const begin = (life: number): Process => {
    const incarnation = new Incarnation({
      core,
      scheduler,
      random: random.fork(`life ${life}`),
      log: options.log,
      plans: options.lives[life] ?? [],
      mortalFrom: scheduler.now() + (random.chance(0.4) ? 0 : random.integer(0, 60_000)),
      faults: storeFaults,
      checkpointFirst: options.checkpointFirst,
    });
    const ports = { clock: scheduler, timers: incarnation.timers, random, log: watchingLog(defects) };
    const outbox = createOutbox({
      store: incarnation.store,
      executors: world.executors.map((one) => incarnation.executor(one)),
      ports,
    });
    const line = simulatedLine({ store: incarnation.store, ports }, life);
    const signal = new AbortController().signal;
    line.start(signal).catch((error: unknown) => defects.push(`The line ended: ${String(error)}`));
    outbox.start(signal).catch((error: unknown) => defects.push(`The outbox ended: ${String(error)}`));
    return { incarnation, line };
  };

  async function live(): Promise<void> {
    for (const life of options.lives.keys()) {
      current = begin(life);
      // A life whose crash point is not met ends somewhere else.
      await Promise.race([current.incarnation.died, scheduler.sleep(random.integer(60_000, 150_000))]);
      current.incarnation.kill();
      current = undefined;
      await scheduler.sleep(random.integer(10, 4_000));
    }
    current = begin(options.lives.length);
  }

  /** Hands a batch to the worker until it says that it has it. */
  async function send(records: readonly Omit<RawRecord, "receivedAt">[], again: boolean): Promise<void> {
    for (;;) {
      const process = current;
      if (process !== undefined) {
        const batch = records.map((record) => ({ ...record, receivedAt: scheduler.now() }));
        const taken = await Promise.race([
          process.incarnation.store.append(batch).then(
            () => true,
            () => false,
          ),
          process.incarnation.died.then(() => false),
        ]);
        if (taken) {
          process.line.notify();
          for (const { id } of records) acknowledged.add(id);
          if (!again) return;
          again = false;
          options.log.faults.set("batch delivered again", (options.log.faults.get("batch delivered again") ?? 0) + 1);
        }
      }
      await scheduler.sleep(random.integer(100, 1_500));
    }
  }

  async function sendBeat({ sendAt, record }: PlannedEvent): Promise<void> {
    await scheduler.sleep(sendAt - scheduler.now());
    await send([record], false);
  }

  async function sendAll(): Promise<void> {
    const sending: Promise<void>[] = options.lagging ? heartbeats().map(sendBeat) : [];
    for (let next = 0; next < events.length;) {
      const size = random.integer(1, 8);
      const before = (events[next]?.sendAt ?? 0) + 3_000;
      const batch = events.slice(next, next + size).filter(({ sendAt }) => sendAt < before);
      next += batch.length;
      await scheduler.sleep(Math.max(0, (batch.at(-1)?.sendAt ?? 0) - scheduler.now()));
      const records = random.shuffle(batch.map(({ record }) => record));
      sending.push(send(records, random.chance(0.1)));
    }
    await Promise.all(sending);
  }

  async function decide(): Promise<void> {
    const people = random.fork("people");
    const asking: Promise<void>[] = [];
    while (!closing.signal.aborted) {
      await scheduler.sleep(people.integer(3_000, 20_000));
      const drawn = drawDecision(core, people, `decision-${decisions.length}`);
      if (drawn === undefined) continue;
      decisions.push(drawn.decision);
      asking.push(insist(drawn.decision, drawn.ask));
    }
    await Promise.all(asking);
  }

  async function insist(decision: Decision, ask: (line: Line) => Promise<unknown>): Promise<void> {
    for (;;) {
      const process = current;
      if (process !== undefined) {
        const answer = await Promise.race([
          ask(process.line).then(
            () => "made" as const,
            (error: unknown) => {
              if (!mayAskAgain(error)) return "refused" as const;
              if (!(error instanceof StoreError)) defects.push(String(error));
              return undefined;
            },
          ),
          process.incarnation.died.then(() => undefined),
        ]);
        if (answer !== undefined) {
          decision.answer = answer;
          return;
        }
      }
      await scheduler.sleep(random.integer(100, 1_000));
    }
  }

  async function trouble(): Promise<void> {
    while (!closing.signal.aborted) {
      await scheduler.sleep(random.integer(30_000, 120_000));
      outage.until = scheduler.now() + random.integer(1_000, 8_000);
    }
  }

  async function rest(): Promise<void> {
    const process = current as Process;
    for (;;) {
      await scheduler.sleep(2_000);
      const judged = process.line.status().cursor === core.inboxEnd();
      if (judged && core.pendingEffects() === 0) return;
    }
  }

  async function story(): Promise<void> {
    const living = live();
    const deciding = decide();
    const troubling = trouble();
    await sendAll();
    await scheduler.sleep(Math.max(0, START + TRAFFIC - scheduler.now()));
    // People go on for a while after the watermark has passed the first alerts.
    await send(closingRecords(scheduler.now()), false);
    await scheduler.sleep(60_000);
    await send(closingRecords(scheduler.now()), false);
    await scheduler.sleep(60_000);
    closing.abort();
    await Promise.all([living, deciding, troubling]);
    calm = true;
    await rest();
    await send(closingRecords(scheduler.now()), false);
    await rest();
    // Blocks end by themselves, and the watermark passes everything.
    await scheduler.sleep(300_000);
    await send(closingRecords(scheduler.now()), false);
    await rest();
    current?.incarnation.kill();
  }

  await scheduler.drive(story(), START + LIMIT);
  return { core, world, events, acknowledged, decisions, defects, end: scheduler.now() };
}

/** A log in which an error that nobody injected is a defect. */
function watchingLog(defects: string[]): Log {
  const note = (fields: object, message: string): void => {
    const error = String(
      (fields as { error?: unknown; err?: unknown }).error ?? (fields as { err?: unknown }).err ?? "",
    );
    if (!error.includes("StoreError") && !message.includes("needs a person")) defects.push(`${message}: ${error}`);
  };
  return { debug() {}, info() {}, warn() {}, error: note };
}

/** Random numbers for choosing where lives end; apart from the run's own, so that a plan can be changed alone. */
export const planRandom = (seed: number): SeededRandom => seededRandom(seed).fork("plans");
