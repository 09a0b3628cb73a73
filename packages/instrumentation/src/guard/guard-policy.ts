/** How the decisions are applied in this process; each setting is an environment variable of its own. */
export interface GuardPolicy {
  /** `monitor` tells what would be done and does none of it. */
  readonly mode: "monitor" | "enforce";
  /** What becomes of requests while the worker was never heard of since the process began; `closed` answers them 503. */
  readonly fail: "open" | "closed";
  /** Addresses, CIDR ranges and `user:ID` entries that nothing is ever done to. */
  readonly allow: readonly string[];
  /** Paths of health checks, `*` at the end for any rest. */
  readonly healthPaths: readonly string[];
  /** Paths that stay open to whoever owes a stronger proof: where it is given. */
  readonly stepUpPaths: readonly string[];
  /** Names of cookies that hold a session, taken away when it is ended. */
  readonly sessionCookies: readonly string[];
  /** True switches the guard off from the start. */
  readonly off: boolean;
  /** The guard is off while this file exists; it is looked for at most once a second. */
  readonly offFile: string | undefined;
}

/** What holds when nothing is configured. */
export const DEFAULT_POLICY: GuardPolicy = {
  mode: "monitor",
  fail: "open",
  allow: [],
  healthPaths: ["/health", "/health/live", "/health/ready", "/healthcheck", "/healthz", "/livez", "/readyz"],
  stepUpPaths: [],
  sessionCookies: ["connect.sid", "sessionId", "session", "sid"],
  off: false,
  offFile: undefined,
};
