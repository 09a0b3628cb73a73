/**
 * What the guard may be told to do with a request, the strictest first: answer 403; answer 401 and take the session's cookie away; ask for a
 * stronger proof of who it is; answer 429 beyond a rate; let it through and tell.
 */
export const GUARD_ACTIONS = ["block", "end_session", "step_up", "throttle", "observe"] as const;

/** One thing a guard can do. */
export type GuardAction = (typeof GUARD_ACTIONS)[number];

/**
 * What a decision can be about, by the name of the attribute that events carry the value in. The value of `client.address` is an address or a
 * CIDR range, that of `http.route` a route pattern (`/users/:id`); a user, a session and an API key are named by their pseudonym and nothing else.
 */
export const GUARD_TARGET_KINDS = [
  "client.address",
  "user.hash",
  "session.id",
  "vedette.api_key.hash",
  "http.route",
] as const;

/** One kind of target. */
export type GuardTargetKind = (typeof GUARD_TARGET_KINDS)[number];

/** What a decision is about. */
export interface GuardTarget {
  readonly kind: GuardTargetKind;
  readonly value: string;
}

/** How much a throttled target may do: `limit` requests in `seconds` on average, and `burst` at once (by default `limit`). */
export interface GuardRate {
  readonly limit: number;
  readonly seconds: number;
  readonly burst?: number | undefined;
}

/** One decision in force. */
export interface GuardDecision {
  /** Stable id of the action that asked for it. */
  readonly id: string;
  readonly action: GuardAction;
  /** A request must be about all of them: an address and a route stand for that address on that route. At least one; of each kind at most one. */
  readonly targets: readonly GuardTarget[];
  /** Of a `throttle`, and only there. */
  readonly rate?: GuardRate | undefined;
  /** Unix milliseconds of the worker's clock after which the guard drops the decision by itself; counted from `issuedAt` of the snapshot. */
  readonly expiresAt: number;
  /** One sentence for logs and the event that the guard emits; never sent to the blocked client. */
  readonly reason: string;
}

/**
 * Everything in force at one moment. The stream carries whole snapshots: a guard that missed one is right again with the
 * next. `sequence` grows with every snapshot of one worker key; a smaller one than the last applied is a replay and refused.
 */
export interface GuardSnapshot {
  readonly version: 2;
  readonly sequence: number;
  /** Unix milliseconds of the worker's clock. */
  readonly issuedAt: number;
  /** True while the guards of this worker are switched off: they apply nothing, and go on listening. */
  readonly off: boolean;
  readonly decisions: readonly GuardDecision[];
}

/**
 * What travels on the guard stream, one per server-sent event named `snapshot`, and as the answer to a poll: the exact bytes of the payload (JSON of
 * a {@link GuardSnapshot}) and the Ed25519 signature over the UTF-8 of that string. The signed string itself is sent, so that no two ends
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

/** Paths of the guard's endpoints below the worker's origin. */
export const GUARD_PATHS = {
  key: "/api/v1/guard/key",
  stream: "/api/v1/guard/stream",
  /**
   * The same snapshots by long poll, for where something in between cuts or holds back a stream: `?after=SEQUENCE&wait=SECONDS&guard=ID` is
   * answered with the newest snapshot as soon as its sequence is larger, else with 204 when the time is over.
   */
  decisions: "/api/v1/guard/decisions",
} as const;

/** Seconds that a worker keeps a poll waiting at most: shorter than proxies keep a silent connection. */
export const GUARD_LONGEST_WAIT = 25;
