import type { GuardDecision } from "@vedette/semconv";
import { createGuardDecisions, monotonicNow, type GuardDecisions } from "../guard/decisions.ts";
import { createGuardHooks, type HookState } from "../guard/guard-hooks.ts";
import { DEFAULT_POLICY, type GuardPolicy } from "../guard/guard-policy.ts";
import { createJudge } from "../guard/judge.ts";
import { createRememberedIdentities } from "../guard/remembered-identities.ts";
import { createRequestGuard, type RequestGuard } from "../guard/request-guard.ts";
import { createPseudonyms, type Pseudonyms } from "../pseudonyms.ts";
import type { Reporter } from "../reporter.ts";

/** A guard without a worker: what is in force is what the test says. */
export interface TestGuard {
  readonly requests: RequestGuard;
  readonly decisions: GuardDecisions;
  readonly hooks: HookState;
  readonly pseudonyms: Pseudonyms;
}

/** Makes a guard that enforces, unless the policy says otherwise. */
export function createTestGuard(
  reporter: Reporter,
  initial: readonly GuardDecision[] = [],
  options: {
    readonly policy?: Partial<GuardPolicy>;
    readonly now?: () => number;
    readonly isOff?: () => boolean;
    readonly isInformed?: () => boolean;
  } = {},
): TestGuard {
  const { now = monotonicNow, isOff = () => false, isInformed = () => true } = options;
  const policy: GuardPolicy = { ...DEFAULT_POLICY, mode: "enforce", ...options.policy };
  const decisions = createGuardDecisions({
    now,
    onChange: (difference) => reporter.change("guardDecisions", difference),
  });
  const [hooks, identities, pseudonyms] = [
    createGuardHooks(),
    createRememberedIdentities(),
    createPseudonyms(["the key of the test, the newer", "the key of the test, the older"]),
  ];
  const judge = createJudge({ decisions, policy, pseudonyms, identities, hooks, isOff, isInformed, now });
  const requests = createRequestGuard({
    judge,
    identities,
    hooks,
    sessionCookies: policy.sessionCookies,
    reporter,
    isInformed,
  });
  decisions.replace(initial);
  return { requests, decisions, hooks, pseudonyms };
}
