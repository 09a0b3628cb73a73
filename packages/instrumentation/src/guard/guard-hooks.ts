import type { IncomingMessage, ServerResponse } from "node:http";
import type { GuardDecision } from "@vedette/semconv";
import { currentRequest, knownRequest, type RequestIdentity, type RequestState } from "../current-request.ts";

/** A request that the guard would answer, handed to the application. */
export interface GuardedRequest {
  readonly request: IncomingMessage;
  /** Undefined where the request asks for an upgrade and has no response. */
  readonly response: ServerResponse | undefined;
  readonly identity: RequestIdentity;
  /** Id of the decision, the same for as long as it is in force. */
  readonly decisionId: string;
}

/**
 * What an application does with such a request: it has `answered` it, or the request shall `continue` to its handlers, which can ask
 * `guard.stepUpRequired()`. Anything else leaves the answer to the guard.
 */
export type GuardHook = (guarded: GuardedRequest) => "answered" | "continue" | undefined;

/** How an application takes part in what the guard does. */
export interface GuardHooks {
  /** Called, synchronously, in the place of the guard's own 401 where a step-up is due. `undefined` takes the hook away. */
  onStepUp(hook: GuardHook | undefined): void;
  /** Called, synchronously, in the place of the guard's own 401 where a session is to end. `undefined` takes the hook away. */
  onEndSession(hook: GuardHook | undefined): void;
  /** Says whether the request being served, or another one, owes a stronger proof of who sends it. */
  stepUpRequired(request?: IncomingMessage): boolean;
  /** Tells that the proof was given: the decisions behind it ask this user, session or address no more in this process. */
  stepUpDone(request?: IncomingMessage): void;
}

/** What was said by and to the application; kept on its own so that it can be set before the guard starts. */
export interface HookState extends GuardHooks {
  readonly hookOf: (action: "step_up" | "end_session") => GuardHook | undefined;
  /**
   * Notes that a decision asks a request for a proof.
   *
   * @returns False when whoever sends it has given it already.
   */
  readonly owe: (state: RequestState, identity: RequestIdentity, decision: GuardDecision) => boolean;
}

/** Proofs that are remembered at most; the oldest is asked for again. */
const MAX_PROOFS = 10_000;

/** Makes the hooks of one process. */
export function createGuardHooks(): HookState {
  const hooks = new Map<string, GuardHook>();
  const owed = new WeakMap<RequestState, Set<string>>();
  const proofs = new Set<string>();
  const set = (action: string, hook: GuardHook | undefined): void => {
    if (hook === undefined) hooks.delete(action);
    else hooks.set(action, hook);
  };
  const owedBy = (request: IncomingMessage | undefined): readonly string[] => {
    const state = request === undefined ? currentRequest.getStore() : knownRequest(request);
    return state === undefined ? [] : [...(owed.get(state) ?? [])];
  };
  return {
    onStepUp: (hook) => set("step_up", hook),
    onEndSession: (hook) => set("end_session", hook),
    stepUpRequired: (request) => owedBy(request).some((proof) => !proofs.has(proof)),
    stepUpDone(request) {
      for (const proof of owedBy(request)) {
        const [oldest] = proofs;
        if (proofs.size >= MAX_PROOFS && oldest !== undefined) proofs.delete(oldest);
        proofs.add(proof);
      }
    },
    hookOf: (action) => hooks.get(action),
    owe(state, identity, decision) {
      const proof = proofOf(state, identity, decision);
      const before = owed.get(state);
      if (before === undefined) owed.set(state, new Set([proof]));
      else before.add(proof);
      return !proofs.has(proof);
    },
  };
}

/** One session proves for itself; where there is none, its key, its user or at least its address does. */
function proofOf(
  { clientAddress }: RequestState,
  { sessionId, apiKey, userId, userName }: RequestIdentity,
  { id }: GuardDecision,
): string {
  return [id, sessionId ?? apiKey ?? userId ?? userName ?? clientAddress ?? ""].join("\n");
}

/** The hooks of this process. */
export const processGuardHooks: HookState = createGuardHooks();

/**
 * How an application takes part in what the guard does.
 *
 * @example
 * guard.onStepUp(({ request, response }) => {
 *   if (response === undefined || request.headers.accept?.includes("text/html") !== true) return undefined;
 *   response.writeHead(303, { location: "/second-factor" }).end();
 *   return "answered";
 * });
 */
export const guard: GuardHooks = {
  onStepUp: processGuardHooks.onStepUp,
  onEndSession: processGuardHooks.onEndSession,
  stepUpRequired: processGuardHooks.stepUpRequired,
  stepUpDone: processGuardHooks.stepUpDone,
};
