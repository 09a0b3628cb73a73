import type { EffectState } from "./store.ts";

/** Which states may follow a state; any other update is ignored (store.ts, `EffectState`). */
const NEXT: Readonly<Record<EffectState, readonly EffectState[]>> = {
  pending: ["pending", "attempting", "done", "withdrawn", "escalated"],
  attempting: ["attempting", "pending", "done", "withdrawn", "escalated"],
  withdrawn: ["done"],
  escalated: ["done"],
  done: [],
};

/** Whether an effect in one state may be moved to another. */
export const mayFollow = (before: EffectState, after: EffectState): boolean => NEXT[before].includes(after);
