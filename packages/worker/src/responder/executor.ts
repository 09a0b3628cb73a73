import type { EffectGuarantee, OutboxRow } from "../store/store.ts";

/** How an attempt at an effect ended. `unknown`: it may or may not have happened. */
export interface ExecutionResult {
  readonly outcome: "done" | "failed" | "unknown";
  /** One sentence for the outbox row and the audit trail. */
  readonly detail: string;
}

/** Carries out one kind of notification or response action. */
export interface Executor {
  /** The effects it carries out: those with this `action`. */
  readonly action: string;
  readonly guarantee: EffectGuarantee;
  /** Makes one attempt; it never rejects. */
  execute(effect: OutboxRow): Promise<ExecutionResult>;
  /** Asks whether an effect of unknown outcome happened; there when the guarantee is `checkable`. */
  check?(effect: OutboxRow): Promise<"done" | "not_done" | "unknown">;
}
