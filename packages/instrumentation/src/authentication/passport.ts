import type { IncomingHttpHeaders } from "node:http";
import { InstrumentationNodeModuleDefinition } from "@opentelemetry/instrumentation";
import { currentRequest, identifyAndCheck } from "../current-request.ts";
import { facesOf, isWatchedFunction, watchCallback, watchFunction, type Callable } from "../intercept.ts";
import type { LibraryInstrumentationConfig } from "../library-instrumentation.ts";
import { AuthenticationInstrumentation } from "./authentication-instrumentation.ts";
import type { FailureReason } from "./failure-reasons.ts";
import { isObject } from "./is-object.ts";
import { verdictOn } from "./jsonwebtoken.ts";
import { observeAuthentication } from "./observed-authentication.ts";
import { identityOfUser } from "./user-facts.ts";

/** Versions of passport whose strategies are known to end in the same four calls. */
export const PASSPORT_VERSIONS = ">=0.7.0 <0.8";

interface Strategy {
  authenticate: Callable;
  readonly name?: unknown;
  success?: unknown;
  fail?: unknown;
  error?: unknown;
  pass?: unknown;
}

/**
 * Instruments the strategies of passport, whichever they are: each ends by calling `success`, `fail`, `error` or `pass`, which passport gives it for one request.
 */
export class PassportInstrumentation extends AuthenticationInstrumentation {
  declare private names: WeakMap<object, string> | undefined;

  constructor(config: LibraryInstrumentationConfig = {}) {
    super("passport", config);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    return new InstrumentationNodeModuleDefinition("passport", [PASSPORT_VERSIONS], (moduleExports: unknown) => {
      this.quietly(() => {
        for (const face of facesOf(moduleExports)) this.watchAuthenticator(face["Authenticator"]);
      });
      return moduleExports;
    });
  }

  private watchAuthenticator(authenticator: unknown): void {
    if (typeof authenticator !== "function") return;
    const prototype = authenticator.prototype as Record<"_strategy" | "authenticate", Callable>;
    if (isWatchedFunction(prototype._strategy)) return;
    prototype._strategy = watchFunction(prototype._strategy, this.watcher, ([name]) => ({
      returned: (strategy) => this.watchStrategy(strategy, name),
    }));
    // A strategy can be handed over as it is, too.
    prototype.authenticate = watchFunction(prototype.authenticate, this.watcher, ([strategies]) => {
      for (const strategy of [strategies].flat()) this.watchStrategy(strategy, undefined);
      return undefined;
    });
  }

  private watchStrategy(strategy: unknown, name: unknown): void {
    if (!isStrategy(strategy)) return;
    this.names ??= new WeakMap();
    if (typeof name === "string") this.names.set(strategy, name);
    if (isWatchedFunction(strategy.authenticate)) return;
    const given = typeof name === "string" ? name : strategy.name;
    const method = typeof given === "string" ? given : "unnamed";
    Object.defineProperty(strategy, "authenticate", {
      configurable: true,
      writable: true,
      enumerable: false,
      value: watchFunction(strategy.authenticate, this.watcher, ([request, options], attempt) => {
        this.watchAttempt(attempt as Strategy, this.names?.get(strategy) ?? method, request, options);
        return undefined;
      }),
    });
  }

  /** @param attempt The strategy as passport set it up for one request. */
  private watchAttempt(attempt: Strategy, method: string, request: unknown, options: unknown): void {
    if (method === "session") {
      attempt.pass = watchCallback(attempt.pass, this.watcher, () => this.restored(request));
      return;
    }
    const { session, assignProperty } = isObject(options) ? options : {};
    // An account of somewhere else is connected to somebody who has logged in already.
    if (assignProperty !== undefined) return;
    const login = session !== false;
    attempt.success = watchCallback(attempt.success, this.watcher, ([user]) => {
      const identity = identityOfUser(user);
      const { userId, userName } = identity;
      observeAuthentication({ source: "framework", method, outcome: "success", userId, userName, login }, this.reports);
      const state = currentRequest.getStore();
      if (state !== undefined && identifyAndCheck(state, identity)) return "answered";
    });
    attempt.fail = watchCallback(attempt.fail, this.watcher, ([challenge]) => {
      const failureReason = reasonOf(challenge, request);
      if (failureReason === "no_attempt") return;
      const userName = typedName(attempt, request);
      observeAuthentication(
        { source: "framework", method, outcome: "failure", failureReason, userName, login },
        this.reports,
      );
    });
    attempt.error = watchCallback(attempt.error, this.watcher, () => {
      observeAuthentication({ source: "framework", method, outcome: "unknown", login }, this.reports);
    });
  }

  /** A session was read, and passport knows whose it is. */
  private restored(request: unknown): "answered" | void {
    if (!isObject(request)) return;
    const property = typeof request["_userProperty"] === "string" ? request["_userProperty"] : "user";
    const user = request[property];
    const state = currentRequest.getStore();
    if (state === undefined || user === undefined || user === null) return;
    if (identifyAndCheck(state, identityOfUser(user))) return "answered";
  }
}

function isStrategy(value: unknown): value is Strategy {
  return isObject(value) && typeof value["authenticate"] === "function";
}

/** What strategies say in their challenge or their info's message; the words are theirs, and these are common to many. */
const WORDS: readonly (readonly [RegExp, FailureReason])[] = [
  [/missing credentials/i, "missing_credentials"],
  [/expired/i, "expired"],
  [/lock|disabled|suspended|too many/i, "locked"],
  [/state/i, "state_mismatch"],
  [/user ?name or password|credentials/i, "invalid_credentials"],
  [
    /unknown|not found|no such|does not exist|(?:invalid|incorrect|wrong|bad) (?:user|e-?mail|account|login)/i,
    "unknown_user",
  ],
  [/password|passphrase|pin\b/i, "bad_password"],
  [/invalid_token|token/i, "invalid_token"],
  [/denied/i, "access_denied"],
];

function reasonOf(challenge: unknown, request: unknown): FailureReason | "no_attempt" {
  if (challenge instanceof Error) {
    if (/^no auth token/i.test(challenge.message)) return "no_attempt";
    const verdict = verdictOn(challenge, undefined, undefined);
    if (verdict !== "unknown") return verdict;
  }
  // `Basic realm="…"` asks for credentials: nothing was tried where the request has none.
  if (typeof challenge === "string" && /^\w+ realm=/i.test(challenge) && !/error=/.test(challenge)) {
    const headers = isObject(request) ? (request["headers"] as IncomingHttpHeaders | undefined) : undefined;
    return headers?.authorization === undefined ? "no_attempt" : "unspecified";
  }
  const text = isObject(challenge) ? challenge["message"] : challenge;
  if (typeof text !== "string") return "unspecified";
  return WORDS.find(([pattern]) => pattern.test(text.slice(0, 256)))?.[1] ?? "unspecified";
}

/** The name that was typed, where the strategy is one of the many that say which field of the body it is in. */
function typedName(strategy: object, request: unknown): string | undefined {
  const field: unknown = Reflect.get(strategy, "_usernameField");
  if (typeof field !== "string" || !isObject(request)) return undefined;
  for (const place of [request["body"], request["query"]]) {
    const name = isObject(place) ? place[field] : undefined;
    if (typeof name === "string" && name !== "") return name.slice(0, 256);
  }
  return undefined;
}
