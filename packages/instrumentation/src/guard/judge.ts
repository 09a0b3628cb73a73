import { routeOf, type RequestIdentity, type RequestState } from "../current-request.ts";
import { normaliseUserName, type Pseudonyms } from "../pseudonyms.ts";
import type { GuardSubject } from "./decision-index.ts";
import type { GuardDecisions } from "./decisions.ts";
import type { HookState } from "./guard-hooks.ts";
import { isPlainPath, pathList, readExemptions } from "./exemptions.ts";
import type { GuardPolicy } from "./guard-policy.ts";
import type { RememberedIdentities } from "./remembered-identities.ts";
import { createThrottles } from "./throttles.ts";
import type { Verdict } from "./verdict.ts";

/** What a judge decides by. */
export interface JudgeOptions {
  readonly decisions: GuardDecisions;
  readonly policy: GuardPolicy;
  readonly pseudonyms: Pick<Pseudonyms, "allOf">;
  readonly identities: RememberedIdentities;
  readonly hooks: Pick<HookState, "owe">;
  readonly isOff: () => boolean;
  /** True once a snapshot was applied since the process began. */
  readonly isInformed: () => boolean;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** Decides about requests. It answers nothing and emits nothing. */
export interface Judge {
  /**
   * Decides by what is known about a request by now; asked again when more is known, a throttle that has counted the request does not count it twice.
   */
  judge(state: RequestState): Verdict;
  /** Forgets how often decisions were counted that are not among these. */
  keep(ids: ReadonlySet<string>): void;
}

const PASS: Verdict = { kind: "pass" };
const UNINFORMED: Verdict = { kind: "uninformed" };

/** Makes the judge of one process. */
export function createJudge(options: JudgeOptions): Judge {
  const { decisions, policy, pseudonyms, identities, hooks, isOff, isInformed, now } = options;
  const exemptions = readExemptions(policy);
  const isStepUpPath = pathList(policy.stepUpPaths);
  const throttles = createThrottles();
  const counted = new WeakMap<RequestState, Set<string>>();

  /** Who sends it: as this request says, or else as the last one with the same credentials did. */
  function identityOf(state: RequestState): RequestIdentity {
    return hasIdentity(state.identity) ? state.identity : (identities.of(state) ?? state.identity);
  }

  function subjectOf(state: RequestState, { userId, userName, sessionId, apiKey }: RequestIdentity): GuardSubject {
    const named = (value: string | undefined): readonly string[] =>
      value === undefined ? [] : pseudonyms.allOf(value);
    const byName = userName === undefined ? undefined : normaliseUserName(userName);
    return {
      address: state.clientAddress,
      // Events name a user by the id, or by the name where that is all that is known.
      users: byName === undefined || byName === userId ? named(userId) : [...named(userId), ...named(byName)],
      sessions: named(sessionId),
      apiKeys: named(apiKey),
      path: state.path,
      route: routeOf(state),
    };
  }

  function judgeByDecisions(state: RequestState, identity: RequestIdentity): Verdict {
    const standing = decisions.find(subjectOf(state, identity));
    for (const decision of standing) {
      const { action } = decision;
      switch (action) {
        case "observe":
          return { kind: "tell", decision, action };
        case "throttle": {
          const over = throttle(state, standing);
          if (over !== undefined) return over;
          break;
        }
        case "step_up": {
          const owes = hooks.owe(state, identity, decision);
          const mayProve = isStepUpPath(state.path) && isPlainPath(state.path);
          if (owes && !mayProve) return { kind: "answer", action, decision };
          break;
        }
        case "block":
        case "end_session":
          return { kind: "answer", action, decision };
      }
    }
    return PASS;
  }

  /** Everything that throttles a request must have a token left for it. */
  function throttle(state: RequestState, standing: ReturnType<GuardDecisions["find"]>): Verdict | undefined {
    const seen = counted.get(state);
    const rates = standing.filter(({ action, id }) => action === "throttle" && seen?.has(id) !== true);
    const over = throttles.take(rates, now());
    if (over !== undefined)
      return { kind: "answer", action: "throttle", decision: over.decision, retryAfter: over.retryAfter };
    if (rates.length > 0) counted.set(state, new Set([...(seen ?? []), ...rates.map(({ id }) => id)]));
    return undefined;
  }

  return {
    judge(state) {
      const uninformed = policy.fail === "closed" && !isInformed();
      if (!uninformed && decisions.isEmpty()) return PASS;
      const identity = identityOf(state);
      // The exemptions come first: nothing that they let through uses up a rate.
      if (exemptions.isHealthCheck(state) || exemptions.isAllowed(state, identity)) return PASS;
      const verdict = uninformed ? UNINFORMED : judgeByDecisions(state, identity);
      if (verdict.kind === "pass" || isOff()) return PASS;
      if (policy.mode === "monitor" && verdict.kind === "answer")
        return { kind: "tell", decision: verdict.decision, action: verdict.action };
      return policy.mode === "monitor" && verdict.kind === "uninformed" ? PASS : verdict;
    },
    keep: (ids) => throttles.keep(ids),
  };
}

function hasIdentity({ userId, userName, sessionId, apiKey }: RequestState["identity"]): boolean {
  return userId !== undefined || userName !== undefined || sessionId !== undefined || apiKey !== undefined;
}
