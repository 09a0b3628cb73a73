import { ATTR, type GuardDecision } from "@vedette/semconv";
import type { ErrorCode, Warn } from "../errors.ts";
import { processPseudonyms, type Pseudonyms } from "../pseudonyms.ts";
import type { Reporter } from "../reporter.ts";
import type { GuardSettings } from "../settings.ts";
import type { Unsupported } from "./decision-index.ts";
import { createGuardDecisions, monotonicNow, type GuardDecisions } from "./decisions.ts";
import { readExemptions } from "./exemptions.ts";
import { processGuardHooks, type HookState } from "./guard-hooks.ts";
import { DEFAULT_POLICY, type GuardPolicy } from "./guard-policy.ts";
import { createJudge } from "./judge.ts";
import { createOffSwitch } from "./off-switch.ts";
import { createRememberedIdentities } from "./remembered-identities.ts";
import { createRequestGuard, type RequestGuard } from "./request-guard.ts";
import { readSnapshot, type GuardVerificationKey } from "./snapshot.ts";
import { DEFAULT_TIMING, type Timing } from "./timing.ts";
import { startTransport } from "./transport.ts";
import { createWorkerClient } from "./worker-client.ts";
import { configuredKey, firstContact } from "./worker-key.ts";

/** What a guard needs from outside. */
export interface GuardOptions {
  readonly reporter: Reporter;
  /** Told, once each, what an operator should know. */
  readonly warn: Warn;
  /** Default: monitor mode and the defaults of everything else. */
  readonly policy?: GuardPolicy;
  /** Default: the process's. */
  readonly pseudonyms?: Pick<Pseudonyms, "allOf">;
  /** Default: the process's. */
  readonly hooks?: HookState;
  /** Milliseconds of a clock that nobody sets; default: the process's monotonic clock. */
  readonly now?: () => number;
  /** Between 0 and 1; spreads reconnects. */
  readonly random?: () => number;
  /** Replaces single delays. */
  readonly timing?: Partial<Timing>;
}

/** A running guard. */
export interface Guard {
  readonly decisions: GuardDecisions;
  /** What servers ask. */
  readonly requests: RequestGuard;
  /** How it hears from the worker now; undefined while it does not. */
  readonly connectedBy: () => "stream" | "poll" | undefined;
  /** True while it hears from the worker. */
  readonly connected: () => boolean;
  /** Ends the connection and drops every decision. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts listening to the worker's decisions and keeps listening. Nothing is blocked by mistake when the worker is away: what is in force
 * stays until it expires, and nothing new comes.
 *
 * @throws When the configured or pinned key cannot be read.
 */
export function startGuard(settings: GuardSettings, options: GuardOptions): Guard {
  const { reporter, warn } = options;
  const policy = options.policy ?? DEFAULT_POLICY;
  const now = options.now ?? monotonicNow;
  const warned = new Set<string>();
  const warnOnce = (code: ErrorCode, message: string): void => {
    if (warned.has(message)) return;
    warned.add(message);
    warn(code, message);
  };

  let key: GuardVerificationKey | undefined = configuredKey(settings);
  let lastSequence = Number.NEGATIVE_INFINITY;
  /** The smallest difference so far between our clock and the worker's when a snapshot came: its way, and how far the clocks are apart. */
  let promptest = Infinity;
  let by: "stream" | "poll" | undefined;
  let stopped = false;

  const hooks = options.hooks ?? processGuardHooks;
  const offSwitch = createOffSwitch({
    off: policy.off,
    file: policy.offFile,
    now,
    onChange: (off) => reporter.change("guardOff", off ? 1 : -1),
  });
  const identities = createRememberedIdentities();
  const decisions = createGuardDecisions({
    now,
    onChange: (difference) => reporter.change("guardDecisions", difference),
    onUnknown: (decision, why) => warnOnce("guard-decision-unsupported", refusalOf(decision, why)),
    onReplace: (ids) => judge.keep(ids),
  });
  const isInformed = (): boolean => lastSequence > Number.NEGATIVE_INFINITY;
  const judge = createJudge({
    decisions,
    policy,
    pseudonyms: options.pseudonyms ?? { allOf: (value) => processPseudonyms().allOf(value) },
    identities,
    hooks,
    isOff: () => offSwitch.isOff(),
    isInformed,
    now,
  });
  const requests = createRequestGuard({
    judge,
    identities,
    hooks,
    sessionCookies: policy.sessionCookies,
    reporter,
    isInformed,
    onMonitored: () =>
      warnOnce(
        "guard-monitoring",
        "the guard would have stopped a request and did not, because it is in monitor mode; set VEDETTE_GUARD_MODE=enforce once its events (vedette.guard.observed) look right.",
      ),
  });
  for (const entry of readExemptions(policy).invalid)
    warnOnce(
      "instrumentation-setting-invalid",
      `VEDETTE_GUARD_ALLOW has "${entry}", which is neither an address, a CIDR range nor user:ID; it is left out.`,
    );
  // Decisions end by themselves; this keeps the metric right while nobody comes.
  const sweep = setInterval(() => decisions.size(), 5000);
  sweep.unref();

  function deliver(data: string, floor: number): { sequence: number; late: number } | undefined {
    if (key === undefined) return undefined;
    const { snapshot, refusal } = readSnapshot(data, key, floor);
    if (refusal !== undefined) {
      reporter.count("guardSnapshotsRefused", { [ATTR.errorType]: refusal });
      warnOnce(
        "guard-snapshot-refused",
        `the guard refused a snapshot of the decisions in force: ${REFUSALS[refusal]}.`,
      );
      return undefined;
    }
    const { sequence, issuedAt, off } = snapshot;
    const way = now() - issuedAt;
    promptest = Math.min(promptest, way);
    const late = way - promptest;
    // A late snapshot proves that something holds them back; measured from it, the next prompt one would look normal.
    // What came by another way in the meantime is newer; the same one again must not begin its decisions' time anew.
    if (sequence > lastSequence && !stopped) {
      lastSequence = sequence;
      offSwitch.setByWorker(off);
      decisions.replace(snapshot.decisions, issuedAt);
    }
    return { sequence, late };
  }

  const client = createWorkerClient(settings);
  const end = startTransport({
    client,
    timing: { ...DEFAULT_TIMING, ...options.timing },
    random: options.random ?? Math.random,
    prepare: async () => {
      key ??= await firstContact(settings, client);
    },
    deliver,
    lastSequence: () => lastSequence,
    onConnected(way) {
      if ((by === undefined) !== (way === undefined)) reporter.change("guardConnected", way === undefined ? -1 : 1);
      by = way;
    },
    onFailure: (cause) =>
      warnOnce(
        "guard-unreachable",
        `the guard cannot reach ${settings.url.origin} (${messageOf(cause)}); it keeps trying, and ${whatHolds(policy, isInformed())}.`,
      ),
  });

  return {
    decisions,
    requests,
    connectedBy: () => by,
    connected: () => by !== undefined,
    async stop() {
      stopped = true;
      end();
      clearInterval(sweep);
      offSwitch.setByWorker(false);
      decisions.replace([]);
    },
  };
}

function whatHolds({ fail }: GuardPolicy, isInformed: boolean): string {
  if (isInformed) return "what is in force stays until it expires";
  return fail === "closed" ? "requests are answered 503 until then" : "nothing is blocked until then";
}

const REFUSALS = {
  signature: "its signature is not the pinned key's",
  replay: "it is older than the one in force",
  malformed: "it cannot be read",
  unknown_key:
    "it is signed with another key than the pinned one; restart the application, or set VEDETTE_GUARD_PUBLIC_KEY, if the worker's key was changed on purpose",
} as const;

function refusalOf({ action, targets, rate }: GuardDecision, why: Unsupported): string {
  switch (why) {
    case "action":
      return `the guard does not know the action "${action}".`;
    case "rate":
      return `the guard cannot throttle by ${JSON.stringify(rate ?? null)}: it needs a limit and seconds above 0.`;
    case "target":
      return `the guard cannot ${action} by ${targets.map(({ kind, value }) => `${kind} "${value}"`).join(" and ")}.`;
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
