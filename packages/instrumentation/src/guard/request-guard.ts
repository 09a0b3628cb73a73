import { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Attributes } from "@opentelemetry/api";
import { ATTR, EVENT, type GuardDecision } from "@vedette/semconv";
import { answerBehindItsBack, answerInItsPlace, answerOnSocket } from "../blocked-answer.ts";
import { requestAttributes, type RequestState } from "../current-request.ts";
import type { Reporter } from "../reporter.ts";
import type { HookState } from "./guard-hooks.ts";
import type { Judge } from "./judge.ts";
import type { RememberedIdentities } from "./remembered-identities.ts";
import { sessionCookiesOf } from "./session-cookies.ts";
import { answerOf, type GuardAnswer, type Verdict } from "./verdict.ts";

/** What servers ask before and while they serve a request. None of it throws. */
export interface RequestGuard {
  /**
   * Decides about a request, without carrying it out.
   *
   * @returns What {@link RequestGuard.carryOut} does; undefined when the request is to pass and nothing is to be told.
   */
  judge(state: RequestState): Exclude<Verdict, { kind: "pass" }> | undefined;
  /**
   * Does what was decided: tells it, and answers where that is what is to be done.
   *
   * @param target Where the answer goes; none for what is only told.
   * @returns True when the request was answered and must not reach the application.
   */
  carryOut(state: RequestState, verdict: Exclude<Verdict, { kind: "pass" }>, target?: ServerResponse | Duplex): boolean;
  /**
   * Tells what was decided, for a server that writes the answer itself (http/2): `undefined` lets the request pass, `answered` says that the
   * application's own hook has answered.
   */
  answer(state: RequestState, verdict: Exclude<Verdict, { kind: "pass" }>): GuardAnswer | "answered" | undefined;
  /** Notes what an application has found out about who sends a request, for this request and the next one. */
  identified(state: RequestState): void;
  /**
   * Decides once more, now that more is known about a request that the application has begun to work on.
   *
   * @returns True when it was answered: whoever found out should not hand it on.
   */
  checkAgain(state: RequestState): boolean;
}

/** What a request guard works with. */
export interface RequestGuardOptions {
  readonly judge: Judge;
  readonly identities: RememberedIdentities;
  readonly hooks: Pick<HookState, "hookOf">;
  readonly sessionCookies: readonly string[];
  readonly reporter: Reporter;
  /** True once something was heard from the worker. */
  readonly isInformed: () => boolean;
  /** Told that a request was let through that would have been stopped. */
  readonly onMonitored?: () => void;
}

/** Makes what servers ask. */
export function createRequestGuard(options: RequestGuardOptions): RequestGuard {
  const { judge, identities, hooks, sessionCookies, reporter, isInformed } = options;
  const told = new WeakMap<RequestState, Set<string>>();

  function tell(state: RequestState, decision: GuardDecision, action: string): void {
    const before = told.get(state);
    if (before?.has(decision.id) === true) return;
    if (before === undefined) told.set(state, new Set([decision.id]));
    else before.add(decision.id);
    reporter.count("guardObserved", { [ATTR.guardAction]: action });
    const own = { [ATTR.guardDecisionId]: decision.id, [ATTR.guardAction]: action };
    reporter.event(EVENT.guardObserved, "info", { ...requestAttributes(state), ...own }, state.context);
  }

  function tellAnswered(state: RequestState, action: string, status: number, decision?: GuardDecision): void {
    state.blocked = true;
    reporter.count("guardBlocked", { [ATTR.guardAction]: action });
    const own: Attributes = { [ATTR.guardAction]: action, [ATTR.httpResponseStatusCode]: status };
    if (decision !== undefined) own[ATTR.guardDecisionId] = decision.id;
    reporter.event(EVENT.guardBlocked, "warn", { ...requestAttributes(state), ...own }, state.context);
  }

  /** Asks the application, where it wants to be asked. */
  function asked(
    state: RequestState,
    verdict: Extract<Verdict, { kind: "answer" }>,
    response: ServerResponse | undefined,
  ): "answered" | "continue" | undefined {
    const { action, decision } = verdict;
    const hook = action === "step_up" || action === "end_session" ? hooks.hookOf(action) : undefined;
    if (hook === undefined) return undefined;
    try {
      const { request, identity } = state;
      return hook({ request, response, identity, decisionId: decision.id });
    } catch (cause) {
      // The application's own hook failed: the answer is the guard's, which is the safe one.
      reporter.error(cause);
      return undefined;
    }
  }

  /** The answer of a verdict, told; undefined when the application has taken the request over. */
  function settle(
    state: RequestState,
    verdict: Exclude<Verdict, { kind: "pass" }>,
    response: ServerResponse | undefined,
  ): GuardAnswer | "answered" | undefined {
    if (verdict.kind === "tell") {
      tell(state, verdict.decision, verdict.action);
      if (verdict.action !== "observe") options.onMonitored?.();
      return undefined;
    }
    if (verdict.kind === "answer") {
      const reply = asked(state, verdict, response);
      if (reply === "continue") {
        tell(state, verdict.decision, verdict.action);
        return undefined;
      }
      if (reply === "answered") {
        tellAnswered(state, verdict.action, response?.statusCode ?? 0, verdict.decision);
        return "answered";
      }
    }
    const sessionId = state.identity.sessionId ?? identities.of(state)?.sessionId;
    const cookies = sessionCookiesOf(state.request, sessionId, sessionCookies);
    const answer = answerOf(verdict, cookies);
    if (verdict.kind === "answer") tellAnswered(state, verdict.action, answer.status, verdict.decision);
    else tellAnswered(state, "fail_closed", answer.status);
    return answer;
  }

  return {
    judge(state) {
      try {
        if (!isInformed()) reporter.count("guardUninformed");
        const verdict = judge.judge(state);
        return verdict.kind === "pass" ? undefined : verdict;
      } catch (cause) {
        reporter.error(cause);
        return undefined;
      }
    },
    carryOut(state, verdict, target) {
      const settled = settle(state, verdict, target instanceof ServerResponse ? target : undefined);
      if (settled === undefined) return false;
      if (settled === "answered" || target === undefined) return true;
      if (target instanceof ServerResponse) answerInItsPlace(state.request, target, settled);
      else answerOnSocket(target, settled);
      return true;
    },
    answer: (state, verdict) => settle(state, verdict, undefined),
    identified(state) {
      try {
        identities.remember(state);
      } catch (cause) {
        reporter.error(cause);
      }
    },
    checkAgain(state) {
      try {
        const { response } = state;
        if (state.blocked) return true;
        if (response === undefined || response.headersSent || response.writableEnded) return false;
        const verdict = judge.judge(state);
        if (verdict.kind === "pass") return false;
        const settled = settle(state, verdict, response);
        if (settled === undefined) return false;
        return settled === "answered" || answerBehindItsBack(state.request, response, settled);
      } catch (cause) {
        reporter.error(cause);
        return false;
      }
    },
  };
}
