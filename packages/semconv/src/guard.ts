/** What the guard may be told to do with a request. The first slice of the guard applies `block`; others are refused by name. */
export const GUARD_ACTIONS = ["block", "throttle", "step_up", "honeypot", "observe"] as const;

/** One thing a guard can do. */
export type GuardAction = (typeof GUARD_ACTIONS)[number];

/** What a decision is about. The first slice knows client addresses. */
export interface GuardTarget {
  readonly kind: "client.address" | "user.id" | "session.id";
  readonly value: string;
}

/** One decision in force. */
export interface GuardDecision {
  /** Stable id of the action that asked for it. */
  readonly id: string;
  readonly action: GuardAction;
  readonly target: GuardTarget;
  /** Unix milliseconds after which the guard drops the decision by itself. */
  readonly expiresAt: number;
  /** One sentence for logs and the event that the guard emits; never sent to the blocked client. */
  readonly reason: string;
}

/**
 * Everything in force at one moment. The stream carries whole snapshots: a guard that missed one is right again with the
 * next. `sequence` grows with every snapshot of one worker key; a smaller one than the last applied is a replay and refused.
 */
export interface GuardSnapshot {
  readonly version: 1;
  readonly sequence: number;
  /** Unix milliseconds. */
  readonly issuedAt: number;
  readonly decisions: readonly GuardDecision[];
}

/**
 * What travels on the guard stream, one per server-sent event named `snapshot`: the exact bytes of the payload (JSON of a
 * {@link GuardSnapshot}) and the Ed25519 signature over the UTF-8 of that string. The signed string itself is sent, so that no two ends
 * have to agree on a canonical form.
 */
export interface SignedGuardSnapshot {
  readonly payload: string;
  /** Base64, 64 bytes. */
  readonly signature: string;
  /** First 16 hex digits of SHA-256 over the raw public key. */
  readonly keyId: string;
}

/** Answer of the guard key endpoint. */
export interface GuardKey {
  readonly algorithm: "Ed25519";
  /** Base64 of the SPKI DER. */
  readonly publicKey: string;
  readonly keyId: string;
}

/** Paths of the guard's two endpoints below the worker's origin. */
export const GUARD_PATHS = {
  key: "/api/v1/guard/key",
  stream: "/api/v1/guard/stream",
} as const;
