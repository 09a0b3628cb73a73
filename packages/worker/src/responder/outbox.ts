import { StoreError } from "../errors.ts";
import type { Ports } from "../ports.ts";
import type { AuditDraft, EffectUpdate, OutboxRow, StepCommit, Store } from "../store/store.ts";
import { backoff } from "./backoff.ts";
import type { ExecutionResult, Executor } from "./executor.ts";

/** Effects read at once for an action. */
const READ = 100;
/** Failures in a row after which an action's other effects wait for the next round: its receiver is in trouble. */
const PATIENCE = 3;
/** Effects looked at in one start for those that no executor is configured for. */
const MAX_ORPHANS = 100_000;
/**
 * How long an interrupted attempt may still be on its way to its receiver, milliseconds: whether it happened is only asked after that, or the
 * answer could be no and the attempt arrive behind it.
 */
const SETTLING = 30_000;
/** Milliseconds between two looks into the outbox when nobody wakes the dispatcher. */
const POLL = 1_000;

/** How an effect's turn ended, for metrics. */
export interface OutboxOutcome {
  readonly action: string;
  readonly outcome: "done" | "failed" | "unknown" | "escalated";
}

/** What the dispatcher works with. */
export interface OutboxOptions {
  readonly store: Pick<Store, "commit" | "dueEffects" | "effect" | "onChange">;
  readonly executors: readonly Executor[];
  readonly ports: Pick<Ports, "clock" | "timers" | "random" | "log">;
  readonly observe?: (outcome: OutboxOutcome) => void;
}

/** Carries out the effects in the outbox. */
export interface Outbox {
  /** Gives every effect that is due at `now` (Unix milliseconds) one turn; actions do not wait for each other. */
  runOnce(now: number): Promise<void>;
  /** Carries out effects as they become due, until the signal aborts; resolves when the last attempt has ended. */
  start(signal: AbortSignal): Promise<void>;
  /** Looks into the outbox at once instead of at the next poll. */
  wake(): void;
}

/**
 * Makes the dispatcher. Around each attempt it commits: `attempting` (audited) before, the outcome after. An effect found `attempting` was
 * interrupted, and its outcome is not known: an `idempotent` one is attempted again, a `checkable` one is asked about first, one that is
 * `neither` is escalated to people and never attempted again.
 */
export function createOutbox({ store, executors, ports, observe = () => {} }: OutboxOptions): Outbox {
  const { clock, timers, random, log } = ports;
  const running = new Map<string, Promise<void>>();
  let stopping: AbortSignal | undefined;
  let alarm = new AbortController();

  /** Commits, however long the store takes to recover: giving up between an attempt and its record would leave the outcome unknown. */
  const commit = async (step: StepCommit): Promise<void> => {
    for (let failures = 1; ; failures += 1) {
      try {
        return await store.commit(step);
      } catch (error) {
        if (!(error instanceof StoreError) || !error.retryable || stopping?.aborted) throw error;
        log.warn({ err: error, step: step.id }, "the outbox waits for the store");
        await timers.sleep(backoff(failures, random), stopping);
      }
    }
  };

  const record = (
    effect: OutboxRow,
    phase: string,
    update: Omit<EffectUpdate, "id">,
    audit: AuditDraft[],
  ): Promise<void> =>
    commit({
      id: `outbox:${effect.id}:${update.attempts}:${phase}`,
      effectUpdates: [{ id: effect.id, ...update }],
      audit,
    });

  const auditOf = (effect: OutboxRow, action: string, details: Record<string, unknown>): AuditDraft => ({
    time: clock.now(),
    actor: "responder",
    action,
    subject: effect.subject,
    details: {
      effect: effect.id,
      action: effect.action,
      target: effect.target,
      generation: effect.generation,
      ...details,
    },
  });

  const done = async (effect: OutboxRow, detail: string): Promise<true> => {
    const { attempts } = effect;
    await record(effect, "done", { state: "done", attempts, notBefore: clock.now() }, [
      auditOf(effect, "effect.done", { attempts, detail }),
    ]);
    observe({ action: effect.action, outcome: "done" });
    return true;
  };

  const escalate = async (effect: OutboxRow, detail: string): Promise<false> => {
    const { attempts } = effect;
    await record(effect, "escalated", { state: "escalated", attempts, notBefore: clock.now(), lastError: detail }, [
      auditOf(effect, "effect.escalated", { attempts, detail }),
    ]);
    log.error(
      { effect: effect.id, action: effect.action, target: effect.target, detail },
      "an effect of unknown outcome needs a person",
    );
    observe({ action: effect.action, outcome: "escalated" });
    return false;
  };

  /** Records a failure and when to try (or, in state `attempting`, to ask) again. */
  const later = async (
    effect: OutboxRow,
    state: "pending" | "attempting",
    { outcome, detail }: ExecutionResult,
  ): Promise<false> => {
    const { attempts } = effect;
    const now = clock.now();
    // The first failure is evidence; the ones after it are only its length, which the last entry's number of attempts tells.
    // It need not be the first attempt: that one may have been interrupted.
    const isFirst = effect.lastError === undefined;
    const audit = isFirst ? [auditOf(effect, "effect.failed", { attempts, detail, outcome })] : [];
    const notBefore = now + backoff(attempts, random);
    await record(effect, `${state}:${now}`, { state, attempts, notBefore, lastError: detail }, audit);
    log.warn(
      { effect: effect.id, action: effect.action, attempts, outcome, detail },
      "an effect failed and will be tried again",
    );
    observe({ action: effect.action, outcome: outcome === "unknown" ? "unknown" : "failed" });
    return false;
  };

  /** Makes one attempt; whether the receiver seems well. */
  const attempt = async (executor: Executor, effect: OutboxRow): Promise<boolean> => {
    const attempts = effect.attempts + 1;
    const audit = attempts === 1 ? [auditOf(effect, "effect.attempt", { guarantee: effect.guarantee })] : [];
    const notBefore = clock.now() + (effect.guarantee === "checkable" ? SETTLING : 0);
    const { lastError } = effect;
    await record(effect, "attempting", { state: "attempting", attempts, notBefore, lastError }, audit);
    const current = await store.effect(effect.id);
    // It was withdrawn while it waited for its turn.
    if (current?.state !== "attempting") return true;
    const result = await executor
      .execute(current)
      .catch((error: unknown): ExecutionResult => ({ outcome: "unknown", detail: String(error) }));
    if (result.outcome === "done") return done(current, result.detail);
    if (result.outcome === "failed" || effect.guarantee === "idempotent") return later(current, "pending", result);
    return effect.guarantee === "checkable" ? later(current, "attempting", result) : escalate(current, result.detail);
  };

  /** Finds out about an attempt that was interrupted, and goes on from there. */
  const resume = async (executor: Executor, effect: OutboxRow): Promise<boolean> => {
    if (effect.guarantee === "idempotent") return attempt(executor, effect);
    if (effect.guarantee === "neither" || !executor.check) {
      return escalate(effect, "The worker stopped during the attempt; whether it happened is not known.");
    }
    const answer = await executor.check(effect).catch(() => "unknown" as const);
    if (answer === "done") return done(effect, "The receiver says that it happened.");
    if (answer === "not_done") return attempt(executor, effect);
    return later(effect, "attempting", {
      outcome: "unknown",
      detail: "The receiver could not say whether it happened.",
    });
  };

  const runAction = async (executor: Executor, now: number): Promise<void> => {
    let failures = 0;
    for (const effect of await store.dueEffects(now, READ, executor.action)) {
      if (failures >= PATIENCE || stopping?.aborted) return;
      if (effect.action !== executor.action || effect.notBefore > now) continue;
      const well = await (effect.state === "attempting" ? resume : attempt)(executor, effect);
      failures = well ? 0 : failures + 1;
    }
  };

  /** Withdraws what no executor is configured for any more: it would wait for ever, and be sent much too late once there is one again. */
  const withdrawOrphans = async (): Promise<void> => {
    const waiting = await store.dueEffects(Number.MAX_SAFE_INTEGER, MAX_ORPHANS);
    const orphans = waiting.filter(({ action }) => executors.every((executor) => executor.action !== action));
    for (let from = 0; from < orphans.length; from += READ) {
      const some = orphans.slice(from, from + READ);
      const reason = "No executor is configured for the action.";
      await commit({
        id: `outbox:orphans:${some[0]?.id}:${some.length}`,
        effectUpdates: some.map(({ id, attempts }) => ({
          id,
          state: "withdrawn",
          attempts,
          notBefore: clock.now(),
          lastError: reason,
        })),
        audit: some.map((effect) =>
          auditOf(effect, "effect.withdrawn", { attempts: effect.attempts, before: effect.state, reason }),
        ),
      });
    }
    if (orphans.length > 0)
      log.warn(
        { effects: orphans.length, actions: [...new Set(orphans.map(({ action }) => action))] },
        "effects were withdrawn because no executor is configured for their action",
      );
  };

  /** One round of an action at a time: two would carry out the same effects. */
  const runExclusively = (executor: Executor, now: number): Promise<void> => {
    const under = running.get(executor.action);
    if (under) return under;
    const round = runAction(executor, now).finally(() => running.delete(executor.action));
    running.set(executor.action, round);
    return round;
  };

  const runForever = async (executor: Executor, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const woken = alarm.signal;
      try {
        await runExclusively(executor, clock.now());
      } catch (error) {
        log.error({ err: error, action: executor.action }, "the outbox could not be worked on");
      }
      await timers.sleep(POLL, AbortSignal.any([signal, woken]));
    }
  };

  const wake = (): void => {
    alarm.abort();
    alarm = new AbortController();
  };

  return {
    async runOnce(now) {
      await Promise.all(executors.map((executor) => runExclusively(executor, now)));
    },
    async start(signal) {
      stopping = signal;
      const unsubscribe = store.onChange(wake);
      await withdrawOrphans().catch((error: unknown) =>
        log.error({ err: error }, "effects without an executor could not be withdrawn"),
      );
      await Promise.all(executors.map((executor) => runForever(executor, signal)));
      unsubscribe();
    },
    wake,
  };
}
