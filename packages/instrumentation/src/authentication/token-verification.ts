import { ATTR, EVENT } from "@vedette/semconv";
import { currentRequest, requestAttributes } from "../current-request.ts";
import type { FailureReason } from "./failure-reasons.ts";
import { observeAuthentication, type AuthenticationReports } from "./observed-authentication.ts";
import { subjectOf } from "./token-facts.ts";

/** `no_attempt`: there was no token; `unknown`: the application or its key server failed, not the token. */
export type TokenVerdict = FailureReason | "no_attempt" | "unknown";

/** Reasons that are found only after the signature was: what the token says about its subject is then true. */
const SIGNED: ReadonlySet<TokenVerdict> = new Set<TokenVerdict>([
  "expired",
  "not_yet_valid",
  "wrong_issuer",
  "wrong_audience",
  "wrong_subject",
  "wrong_token_id",
  "wrong_nonce",
  "wrong_type",
  "missing_claim",
  "invalid_claim",
]);

/** Reports that a token was refused. The token itself goes nowhere. */
export function reportRefusedToken(verdict: TokenVerdict, token: unknown, reports: AuthenticationReports): void {
  if (verdict === "no_attempt") return;
  observeAuthentication(
    verdict === "unknown"
      ? { source: "token", method: "jwt", outcome: "unknown", login: false }
      : {
          source: "token",
          method: "jwt",
          outcome: "failure",
          failureReason: verdict,
          userId: SIGNED.has(verdict) ? subjectOf(token) : undefined,
          login: false,
        },
    reports,
  );
}

/** Reports that a token was accepted: counted, and by its subject it is known who sends the request. */
export function reportAcceptedToken(userId: string | undefined, reports: AuthenticationReports): void {
  observeAuthentication({ source: "token", method: "jwt", outcome: "success", userId, login: false }, reports);
}

/** Reports that an application accepted a token that anybody could have made. */
export function reportForgeableToken(
  weakness: "unsigned_token_accepted" | "algorithm_confusion_accepted",
  algorithm: string,
  { reporter }: AuthenticationReports,
): void {
  const state = currentRequest.getStore();
  reporter.event(EVENT.authenticationWeakness, "error", {
    ...(state === undefined ? {} : requestAttributes(state)),
    [ATTR.authWeakness]: weakness,
    [ATTR.authMethod]: "jwt",
    [ATTR.authAlgorithm]: algorithm,
  });
}
