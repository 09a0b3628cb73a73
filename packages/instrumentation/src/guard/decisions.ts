import type { GuardDecision } from "@vedette/semconv";
import { normaliseAddress } from "../client-address.ts";

/** The decisions in force, looked up for every request. */
export interface GuardDecisions {
  /** The decision that blocks an address now, or undefined. */
  readonly match: (address: string | undefined) => GuardDecision | undefined;
  /** Puts a whole new set in force. */
  readonly replace: (decisions: readonly GuardDecision[]) => void;
  /** Decisions in force now. */
  readonly size: () => number;
}

/** What decisions need from outside. */
export interface GuardDecisionsOptions {
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** Told about each decision that this guard cannot apply. */
  readonly onUnknown?: (decision: GuardDecision) => void;
  /** Told how the number of decisions in force changed. */
  readonly onChange?: (difference: number) => void;
}

/** Makes an empty set of decisions. Each one leaves at its own time, whether or not the worker can be reached. */
export function createGuardDecisions(options: GuardDecisionsOptions = {}): GuardDecisions {
  const now = options.now ?? Date.now;
  let byAddress = new Map<string, GuardDecision>();
  let nextExpiry = Infinity;

  function expire(time: number): void {
    if (time < nextExpiry) return;
    const before = byAddress.size;
    nextExpiry = Infinity;
    for (const [address, decision] of byAddress) {
      if (decision.expiresAt <= time) byAddress.delete(address);
      else nextExpiry = Math.min(nextExpiry, decision.expiresAt);
    }
    if (byAddress.size !== before) options.onChange?.(byAddress.size - before);
  }

  return {
    match(address) {
      if (byAddress.size === 0 || address === undefined) return undefined;
      expire(now());
      return byAddress.get(address);
    },
    replace(decisions) {
      const time = now();
      const before = byAddress.size;
      const next = new Map<string, GuardDecision>();
      nextExpiry = Infinity;
      for (const decision of decisions) {
        const address = decision.target.kind === "client.address" ? normaliseAddress(decision.target.value) : undefined;
        if (decision.action !== "block" || address === undefined) {
          options.onUnknown?.(decision);
          continue;
        }
        const known = next.get(address);
        if (decision.expiresAt <= time || (known !== undefined && known.expiresAt >= decision.expiresAt)) continue;
        next.set(address, decision);
      }
      for (const decision of next.values()) nextExpiry = Math.min(nextExpiry, decision.expiresAt);
      byAddress = next;
      if (next.size !== before) options.onChange?.(next.size - before);
    },
    size() {
      expire(now());
      return byAddress.size;
    },
  };
}
