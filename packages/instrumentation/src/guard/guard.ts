import { readFileSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { context as contextApi, ROOT_CONTEXT } from "@opentelemetry/api";
import { ATTR, GUARD_PATHS, type GuardDecision } from "@vedette/semconv";
import type { ErrorCode, Warn } from "../errors.ts";
import type { Reporter } from "../reporter.ts";
import type { GuardSettings } from "../settings.ts";
import { createGuardDecisions, type GuardDecisions } from "./decisions.ts";
import { createEventStreamParser } from "./event-stream.ts";
import { isKnownAction, readGuardKey, readSnapshot, type GuardVerificationKey } from "./snapshot.ts";

/** What a guard needs from outside. */
export interface GuardOptions {
  readonly reporter: Reporter;
  /** Told, once each, what an operator should know. */
  readonly warn: Warn;
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** Between 0 and 1; spreads reconnects. */
  readonly random?: () => number;
  /** Milliseconds before the first reconnect; doubles with each failure up to 60 times this. */
  readonly firstDelay?: number;
}

/** A running guard. */
export interface Guard {
  readonly decisions: GuardDecisions;
  /** True while the decision stream is open. */
  readonly connected: () => boolean;
  /** Closes the stream and drops every decision. */
  readonly stop: () => Promise<void>;
}

const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;
const MAX_KEY_CHARACTERS = 4096;
const RESPONSE_MILLISECONDS = 10_000;
const MAX_DELAY_FACTOR = 60;
/** Silence after which a connection counts as dead; the worker writes a comment more often than that. */
const SILENCE_MILLISECONDS = 60_000;

// The key of @opentelemetry/core's suppressTracing: our own requests are nobody's spans.
const SUPPRESS_TRACING = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/**
 * Starts listening to the worker's decisions and keeps listening. Nothing is blocked by mistake when the worker is away: what is in force
 * stays until it expires, and nothing new comes.
 *
 * @throws When the configured or pinned key cannot be read.
 */
export function startGuard(settings: GuardSettings, options: GuardOptions): Guard {
  const { reporter, warn } = options;
  const now = options.now ?? Date.now;
  const random = options.random ?? Math.random;
  const firstDelay = options.firstDelay ?? 1000;
  const warned = new Set<string>();
  const warnOnce = (code: ErrorCode, message: string): void => {
    if (warned.has(message)) return;
    warned.add(message);
    warn(code, message);
  };

  const decisions = createGuardDecisions({
    now,
    onChange: (difference) => reporter.change("guardDecisions", difference),
    onUnknown: (decision: GuardDecision) => warnOnce("guard-decision-unsupported", refusalOf(decision)),
  });
  const agent =
    settings.url.protocol === "https:" ? new https.Agent({ keepAlive: false }) : new http.Agent({ keepAlive: false });
  let key = configuredKey(settings);
  let lastSequence = Number.NEGATIVE_INFINITY;
  let connected = false;
  let failures = 0;
  let stopped = false;
  let request: http.ClientRequest | undefined;
  let timer: NodeJS.Timeout | undefined;
  // Decisions leave by themselves when they are looked up; this keeps the metric right while nobody comes.
  const sweep = setInterval(() => decisions.size(), 5000);
  sweep.unref();

  function setConnected(value: boolean): void {
    if (connected === value) return;
    connected = value;
    reporter.change("guardConnected", value ? 1 : -1);
  }

  function reconnect(cause: unknown): void {
    setConnected(false);
    request = undefined;
    if (stopped) return;
    if (cause !== undefined) {
      warnOnce(
        "guard-unreachable",
        `the guard cannot reach ${settings.url.origin}${GUARD_PATHS.stream} (${messageOf(cause)}); it keeps trying, and what is in force stays until it expires.`,
      );
    }
    const factor = Math.min(2 ** failures++, MAX_DELAY_FACTOR);
    timer = setTimeout(connect, firstDelay * factor * (0.5 + random() / 2));
    timer.unref();
  }

  function connect(): void {
    if (stopped) return;
    const suppressed = ROOT_CONTEXT.setValue(SUPPRESS_TRACING, true);
    contextApi.with(suppressed, () => {
      if (key === undefined) void firstContact().then(openStream, reconnect);
      else openStream();
    });
  }

  function get(path: string): http.ClientRequest {
    const headers: http.OutgoingHttpHeaders = {
      accept: path === GUARD_PATHS.stream ? "text/event-stream" : "application/json",
    };
    if (settings.token !== undefined) headers["authorization"] = `Bearer ${settings.token}`;
    const get = settings.url.protocol === "https:" ? https.request : http.request;
    const outgoing = get(new URL(path, settings.url), { agent, headers, timeout: RESPONSE_MILLISECONDS });
    // A guard must not keep a process alive that has nothing else to do.
    outgoing.on("socket", (socket) => socket.unref());
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
    outgoing.end();
    return outgoing;
  }

  /** Fetches the worker's key where nobody in between can have changed it, and keeps it. */
  async function firstContact(): Promise<void> {
    if (settings.url.protocol !== "https:" && !isLoopback(settings.url.hostname)) {
      throw new Error("VEDETTE_GUARD_PUBLIC_KEY is needed: without TLS a key is fetched from loopback only");
    }
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const outgoing = get(GUARD_PATHS.key);
    request = outgoing;
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      if (response.statusCode !== 200) {
        response.resume();
        reject(new Error(`answer ${response.statusCode} for the key`));
        return;
      }
      let body = "";
      response.setEncoding("utf8");
      response.on("error", reject);
      response.on("data", (chunk: string) => {
        body += chunk;
        if (body.length > MAX_KEY_CHARACTERS) response.destroy(new Error("the answer for the key is too long"));
      });
      response.on("end", () => resolve(body));
      response.on("close", () => reject(new Error("the connection broke")));
    });
    const answer: unknown = JSON.parse(await promise);
    if (
      typeof answer !== "object" ||
      answer === null ||
      !("publicKey" in answer) ||
      typeof answer.publicKey !== "string"
    ) {
      throw new Error("the answer for the key has no publicKey");
    }
    key = readGuardKey(answer.publicKey);
    if (settings.pinFile !== undefined) writeFileSync(settings.pinFile, `${answer.publicKey}\n`, { mode: 0o600 });
  }

  function openStream(): void {
    const pinned = key;
    if (stopped || pinned === undefined) return;
    const outgoing = get(GUARD_PATHS.stream);
    request = outgoing;
    let ended = false;
    const end = (cause: unknown): void => {
      if (ended) return;
      ended = true;
      outgoing.destroy();
      reconnect(cause);
    };
    outgoing.on("error", end);
    outgoing.on("response", (response) => {
      if (response.statusCode !== 200) {
        response.resume();
        end(new Error(`answer ${response.statusCode}`));
        return;
      }
      outgoing.setTimeout(SILENCE_MILLISECONDS);
      setConnected(true);
      const parser = createEventStreamParser(MAX_EVENT_CHARACTERS);
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        try {
          for (const event of parser.push(chunk)) if (event.event === "snapshot") apply(event.data, pinned);
        } catch (cause) {
          end(cause);
        }
      });
      response.on("error", end);
      response.on("close", () => end(undefined));
    });
  }

  function apply(data: string, pinned: GuardVerificationKey): void {
    const { snapshot, refusal } = readSnapshot(data, pinned, lastSequence);
    if (refusal !== undefined) {
      reporter.count("guardSnapshotsRefused", { [ATTR.errorType]: refusal });
      warnOnce(
        "guard-snapshot-refused",
        `the guard refused a snapshot of the decisions in force: ${REFUSALS[refusal]}.`,
      );
      return;
    }
    failures = 0;
    lastSequence = snapshot.sequence;
    decisions.replace(snapshot.decisions);
  }

  connect();
  return {
    decisions,
    connected: () => connected,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      clearInterval(sweep);
      request?.destroy();
      agent.destroy();
      setConnected(false);
      decisions.replace([]);
    },
  };
}

const REFUSALS = {
  signature: "its signature is not the pinned key's",
  replay: "it is older than the one in force",
  malformed: "it cannot be read",
  unknown_key:
    "it is signed with another key than the pinned one; restart the application, or set VEDETTE_GUARD_PUBLIC_KEY, if the worker's key was changed on purpose",
} as const;

function refusalOf(decision: GuardDecision): string {
  if (decision.action !== "block") {
    return `the guard does not apply the action "${decision.action}"${isKnownAction(decision.action) ? " yet" : ", which it does not know"}.`;
  }
  return `the guard cannot block by ${decision.target.kind}${decision.target.kind === "client.address" ? `: "${decision.target.value}" is no address` : " yet"}.`;
}

/**
 * The key that was configured or pinned before.
 *
 * @throws When there is one that cannot be read: fetching another instead would undo the pinning.
 */
function configuredKey(settings: GuardSettings): GuardVerificationKey | undefined {
  if (settings.publicKey !== undefined) return readGuardKey(settings.publicKey);
  if (settings.pinFile === undefined) return undefined;
  try {
    return readGuardKey(readFileSync(settings.pinFile, "utf8").trim());
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw cause;
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
