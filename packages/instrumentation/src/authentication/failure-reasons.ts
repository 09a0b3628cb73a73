/**
 * Why an authentication failed, as `vedette.auth.failure.reason` of what is observed in libraries. The first two mean that somebody forged a token,
 * and the list is in the order of what tells most: of several failures in one request the first of them is reported.
 */
export const FAILURE_REASONS = [
  // The token says that it needs no signature.
  "alg_none",
  // The token is signed with HMAC, and what is to verify it is a public key: whoever knows the public key could have signed it.
  "algorithm_confusion",
  "bad_signature",
  "missing_signature",
  "algorithm_not_allowed",
  "decryption_failed",
  "state_mismatch",
  "missing_state",
  "wrong_nonce",
  "wrong_issuer",
  "wrong_audience",
  "wrong_subject",
  "wrong_token_id",
  "wrong_type",
  "unknown_key",
  "not_yet_valid",
  "expired",
  "missing_claim",
  "invalid_claim",
  "malformed",
  "locked",
  "bad_password",
  "unknown_user",
  "invalid_token",
  "access_denied",
  "invalid_grant",
  "provider_error",
  "invalid_credentials",
  "missing_credentials",
  "unspecified",
] as const;

/** One reason. */
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** Reasons that an honest client never gives. */
export const FORGED: ReadonlySet<string> = new Set<FailureReason>(["alg_none", "algorithm_confusion"]);

/** The more telling of two reasons. */
export function moreTelling(one: FailureReason, other: FailureReason): FailureReason {
  return FAILURE_REASONS.indexOf(one) <= FAILURE_REASONS.indexOf(other) ? one : other;
}
