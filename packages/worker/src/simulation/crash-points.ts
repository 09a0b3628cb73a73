import type { StepCommit } from "../store/store.ts";
import type { StoreMethod } from "./core-store.ts";

/** Commits by what they are for (the part of a step's id before the first colon). */
const STEP_KINDS = ["inputs", "judge", "tick", "alert", "incident", "deny", "undo", "outbox"] as const;

/** Store calls, besides commits, that the worker makes. */
const STORE_CALLS = [
  "append",
  "recover",
  "readInbox",
  "alert",
  "alertMembers",
  "incident",
  "effect",
  "dueEffects",
  "idempotentAnswer",
] as const satisfies readonly StoreMethod[];

/** Actions of the simulated world outside, by their guarantee. */
export const WORLD_ACTIONS = {
  "guard.publish": "idempotent",
  "alertmanager.notify": "idempotent",
  "page.person": "checkable",
  "ticket.create": "neither",
} as const;

/** Every awaited side effect of the worker: it can crash right before and right after each. */
export const SIDE_EFFECTS: readonly string[] = [
  ...STORE_CALLS.map((method) => `store.${method}`),
  ...STEP_KINDS.map((kind) => `store.commit(${kind})`),
  ...Object.keys(WORLD_ACTIONS).map((action) => `execute(${action})`),
  "check(page.person)",
  "timers.sleep",
];

/** Every crash point: `before X` and `after X` for each side effect. */
export const CRASH_POINTS: readonly string[] = SIDE_EFFECTS.flatMap((name) => [`before ${name}`, `after ${name}`]);

/** The side effect that a store call is. */
export function sideEffectOf(method: StoreMethod, parameters: readonly unknown[]): string {
  if (method !== "commit") return `store.${method}`;
  return `store.commit(${(parameters[0] as StepCommit).id.split(":")[0]})`;
}
