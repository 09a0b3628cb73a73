/** Every message that the instrumentation gives an operator: its code, what it means, what to do. */
export const ERROR_CODES = {
  "instrumentation-sdk-missing": {
    summary:
      "No OpenTelemetry SDK is configured and @opentelemetry/sdk-node is not installed; security events go nowhere, the application runs on.",
    cure: "Run `npm install @opentelemetry/sdk-node`, or set up an SDK of your own before the register module is loaded.",
  },
  "instrumentation-sdk-failed": {
    summary:
      "@opentelemetry/sdk-node is there but could not be loaded; security events go nowhere, the application runs on.",
    cure: "Read the reason in the message; most often versions of @opentelemetry packages do not fit together (`npm ls @opentelemetry/api`).",
  },
  "instrumentation-opentelemetry-old": {
    summary:
      "A package of OpenTelemetry is older than @opentelemetry/api 1.10 or @opentelemetry/sdk-node 0.300; security events go nowhere, the application and its own telemetry run on.",
    cure: "Run `npm install @opentelemetry/api@^1.10 @opentelemetry/sdk-node@latest`, and update the instrumentations of the application with them.",
  },
  "instrumentation-start-failed": {
    summary: "A part of the instrumentation could not be started; the application runs on without it.",
    cure: "Read the reason in the message; VEDETTE_DISABLED_INSTRUMENTATIONS leaves out the instrumentation of one library.",
  },
  "instrumentation-setting-invalid": {
    summary: "An environment variable has a value that cannot be used; its default is used instead.",
    cure: "Correct the variable named in the message.",
  },
  "instrumentation-hash-key-missing": {
    summary:
      "VEDETTE_HASH_KEY is not set; users and sessions get pseudonyms under a random key of this process, which nothing else can compare and which end with it.",
    cure: "Set VEDETTE_HASH_KEY to one secret for all services of the deployment, such as the output of `openssl rand -base64 32`.",
  },
  "instrumentation-hash-key-weak": {
    summary:
      "A key in VEDETTE_HASH_KEY has fewer than 16 characters; whoever reads the events can find it, and with it every user, by trying.",
    cure: "Use a random secret, such as the output of `openssl rand -base64 32`; while it is changed, set the new and the old one with a comma between.",
  },
  "instrumentation-proxy-invalid": {
    summary:
      "An entry of VEDETTE_TRUSTED_PROXIES is neither an IP address nor a CIDR range; it is left out, and that proxy is not trusted.",
    cure: "Write addresses such as `192.0.2.1` or ranges such as `10.0.0.0/8`, separated by commas; host names are not looked up.",
  },
  "guard-key-unreadable": {
    summary:
      "The configured or pinned public key is no Ed25519 key; the guard stays off rather than trust another one.",
    cure: "Set VEDETTE_GUARD_PUBLIC_KEY to the `publicKey` of the worker's key endpoint, or remove the pin file to make first contact again.",
  },
  "guard-unreachable": {
    summary: "The guard cannot reach the worker; it keeps trying, and decisions in force stay until they expire.",
    cure: "Check VEDETTE_GUARD_URL, that the worker runs, and, off loopback, VEDETTE_GUARD_TOKEN and VEDETTE_GUARD_PUBLIC_KEY.",
  },
  "guard-snapshot-refused": {
    summary:
      "The guard did not apply a snapshot of decisions: forged, replayed, unreadable, or signed with another key than the pinned one.",
    cure: "If the worker's key was changed on purpose, restart the application or set VEDETTE_GUARD_PUBLIC_KEY; otherwise find out who answers at VEDETTE_GUARD_URL.",
  },
  "guard-monitoring": {
    summary: "The guard is in monitor mode and let a request through that a decision of the worker would have stopped.",
    cure: "Look at the events `vedette.guard.observed`; when nobody is among them who should not be, set VEDETTE_GUARD_MODE=enforce.",
  },
  "guard-decision-unsupported": {
    summary:
      "A decision asks for an action or a target that this version of the guard does not apply; the other decisions are applied.",
    cure: "Correct what was asked for, or update @vedette/instrumentation.",
  },
} as const satisfies Readonly<Record<string, { readonly summary: string; readonly cure: string }>>;

/** Code of a message to the operator. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Takes a message to the operator. */
export type Warn = (code: ErrorCode, message: string) => void;
