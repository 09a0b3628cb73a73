import type { GuardAction, GuardDecision } from "@vedette/semconv";

/** What is to become of a request. */
export type Verdict =
  | { readonly kind: "pass" }
  /** It goes on, and the decision is told: an `observe`, or what monitor mode only tells. */
  | { readonly kind: "tell"; readonly decision: GuardDecision; readonly action: GuardAction }
  /** It is answered in the application's place. */
  | {
      readonly kind: "answer";
      readonly action: Exclude<GuardAction, "observe">;
      readonly decision: GuardDecision;
      /** Seconds; of a throttle. */
      readonly retryAfter?: number;
    }
  /** Nothing was heard from the worker since the process began, and the guard is to fail closed. */
  | { readonly kind: "uninformed" };

/** An answer of the guard, for whatever protocol it goes out by. */
export interface GuardAnswer {
  readonly status: 401 | 403 | 429 | 503;
  /** Names in the spelling of HTTP/1; lower case is as good. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

/** Seconds after which a client that was answered 503 may try again: by then the guard has most often heard from the worker. */
const RETRY_UNINFORMED = 5;

/**
 * Writes the answer of a verdict: 403 for a block, 429 with `Retry-After` (RFC 6585) for a throttle, 401 with the challenge of RFC 9470 for a step-up, 401 with RFC 6750's `invalid_token` and
 * the cookies taken away for an ended session, 503 for an uninformed guard. None says why.
 *
 * @param cookies Names of the cookies to take away.
 */
export function answerOf(
  verdict: Extract<Verdict, { kind: "answer" | "uninformed" }>,
  cookies: readonly string[] = [],
): GuardAnswer {
  if (verdict.kind === "uninformed")
    return text(503, "Service Unavailable\n", { "Retry-After": String(RETRY_UNINFORMED) });
  switch (verdict.action) {
    case "block":
      return text(403, "Forbidden\n");
    case "throttle":
      return text(429, "Too Many Requests\n", { "Retry-After": String(verdict.retryAfter ?? 1) });
    case "step_up":
      return problem("step_up_required", "A stronger proof of identity is required", {
        "WWW-Authenticate": 'Bearer error="insufficient_user_authentication"',
      });
    case "end_session":
      return problem("session_ended", "The session has ended", {
        "WWW-Authenticate": 'Bearer error="invalid_token"',
        ...(cookies.length === 0
          ? {}
          : { "Set-Cookie": cookies.map((name) => `${name}=; Path=/; Max-Age=0; HttpOnly`) }),
      });
  }
}

const NO_STORE = { "Cache-Control": "no-store" };

function text(status: GuardAnswer["status"], body: string, headers: GuardAnswer["headers"] = {}): GuardAnswer {
  return { status, body, headers: { "Content-Type": "text/plain; charset=utf-8", ...NO_STORE, ...headers } };
}

/** Problem details (RFC 9457) with a `code` that a client's program can act on. */
function problem(code: string, title: string, headers: GuardAnswer["headers"]): GuardAnswer {
  const body = `${JSON.stringify({ type: "about:blank", title, status: 401, code })}\n`;
  return { status: 401, body, headers: { "Content-Type": "application/problem+json", ...NO_STORE, ...headers } };
}
