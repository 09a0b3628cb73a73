import { InstrumentationNodeModuleDefinition, InstrumentationNodeModuleFile } from "@opentelemetry/instrumentation";
import { isWatchedFunction, watchExports, watchFunction, type Callable, type CallWatch } from "../intercept.ts";
import type { LibraryInstrumentationConfig } from "../library-instrumentation.ts";
import { AuthenticationInstrumentation } from "./authentication-instrumentation.ts";
import type { FailureReason } from "./failure-reasons.ts";
import { isObject } from "./is-object.ts";
import { observeAuthentication } from "./observed-authentication.ts";
import { algorithmOf, forgeryOf, subjectIn } from "./token-facts.ts";

/** Versions of openid-client whose calls and errors are known. */
export const OPENID_CLIENT_VERSIONS = ">=5.0.0 <7";

const VERSION_5 = ">=5.0.0 <6";
const VERSION_6 = ">=6.0.0 <7";

/** What ends a login, and what only prolongs one. */
const LOGINS = { 5: ["callback", "oauthCallback"], 6: ["authorizationCodeGrant", "implicitAuthentication"] } as const;
const PROLONGATIONS = { 5: ["refresh"], 6: ["refreshTokenGrant"] } as const;

/** Instruments what openid-client does with the answer of an identity provider. */
export class OpenidClientInstrumentation extends AuthenticationInstrumentation {
  constructor(config: LibraryInstrumentationConfig = {}) {
    super("openid-client", config);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    const version6 = (moduleExports: unknown): unknown =>
      this.quietly(() =>
        watchExports(moduleExports, [...LOGINS[6], ...PROLONGATIONS[6]], (name, original) =>
          this.watch(name, original),
        ),
      ) ?? moduleExports;
    const version5 = (moduleExports: unknown): unknown => {
      this.quietly(() => {
        const client = isHolder(moduleExports) ? moduleExports["BaseClient"] : undefined;
        const prototype = isHolder(client) ? client["prototype"] : undefined;
        if (isObject(prototype)) this.watchMethods(prototype, [...LOGINS[5], ...PROLONGATIONS[5]]);
      });
      return moduleExports;
    };
    const nothing = (): void => {};
    return new InstrumentationNodeModuleDefinition("openid-client", [VERSION_6], version6, undefined, [
      // Its own strategy for passport imports the index as a file.
      new InstrumentationNodeModuleFile("openid-client/build/index.js", [VERSION_6], version6, nothing),
      new InstrumentationNodeModuleFile("openid-client/lib/client.js", [VERSION_5], version5, nothing),
    ]);
  }

  private watchMethods(prototype: Record<string, unknown>, names: readonly string[]): void {
    for (const name of names) {
      const original = prototype[name];
      if (typeof original !== "function" || isWatchedFunction(original)) continue;
      Object.defineProperty(prototype, name, {
        configurable: true,
        writable: true,
        enumerable: false,
        value: this.watch(name, original as Callable),
      });
    }
  }

  private watch(name: string, original: Callable): Callable {
    const login = [...LOGINS[5], ...LOGINS[6]].some((each) => each === name);
    const begin = (): CallWatch => ({
      returned: (tokens) => {
        observeAuthentication(
          { source: "provider", method: "oidc", outcome: "success", userId: subjectOfTokens(tokens), login },
          this.reports,
        );
      },
      threw: (cause) => {
        const failureReason = reasonOf(cause);
        const outcome = failureReason === undefined ? "unknown" : "failure";
        observeAuthentication({ source: "provider", method: "oidc", outcome, failureReason, login }, this.reports);
      },
    });
    return watchFunction(original, this.watcher, begin);
  }
}

function isHolder(value: unknown): value is Record<string, unknown> {
  return isObject(value) || typeof value === "function";
}

/** The subject of the ID token, which was validated. */
function subjectOfTokens(tokens: unknown): string | undefined {
  if (!isObject(tokens) || typeof tokens["claims"] !== "function" || tokens["id_token"] === undefined) return undefined;
  return subjectIn(Reflect.apply(tokens["claims"] as () => unknown, tokens, []));
}

/** What the errors of both versions say; those of version 6 have the particulars in their cause. */
const MESSAGES: readonly (readonly [RegExp, FailureReason])[] = [
  [/state missing|"state" missing/, "missing_state"],
  // An answer that nobody waits for.
  [/state mismatch|checks\.state argument is missing|unexpected "state"/, "state_mismatch"],
  [/nonce/, "wrong_nonce"],
  [/claim missing|missing required|missing from response/, "missing_claim"],
  [/no valid key found|multiple matching keys|when selecting a JWT verification key/, "unknown_key"],
  [/signature/, "bad_signature"],
  [/expected (?:RS|PS|ES|Ed)\w+, got: HS/, "algorithm_confusion"],
  [/alg received|"alg"/, "algorithm_not_allowed"],
  [/\biss mismatch|iss value|iss missing|"iss"/, "wrong_issuer"],
  [/\baud mismatch|aud is missing|azp|"aud"/, "wrong_audience"],
  [/sub mismatch|"sub"/, "wrong_subject"],
  [/not active yet|"nbf"/, "not_yet_valid"],
  [/expired|"exp"|too much time|too far in the past|"iat"|auth_time/, "expired"],
  [/claim must be|claim type|claim value|_hash/, "invalid_claim"],
  [/decrypt/, "decryption_failed"],
  [/failed to decode|Invalid JWT|parsing error/, "malformed"],
];

/** Why a login failed; undefined where the application or the network is to blame. */
function reasonOf(cause: unknown): FailureReason | undefined {
  if (!isObject(cause)) return undefined;
  // What the provider answered instead of a code or of tokens (RFC 6749, section 4.1.2.1 and 5.2).
  if (typeof cause["error"] === "string") {
    if (cause["error"] === "access_denied" || cause["error"] === "invalid_grant") return cause["error"];
    return cause["error"] === "invalid_client" ? undefined : "provider_error";
  }
  if (cause["name"] === "OPError" || cause["code"] === "OAUTH_RESPONSE_IS_NOT_CONFORM") return undefined;
  const inner = cause["cause"];
  const texts = [cause["message"], isObject(inner) ? inner["message"] : undefined];
  const text = texts.filter((each) => typeof each === "string").join("\n");
  const reason = MESSAGES.find(([pattern]) => pattern.test(text))?.[1];
  if (reason !== "algorithm_not_allowed") return reason;
  return forgeryOf(algorithmIn(cause, inner), undefined) ?? reason;
}

/** The algorithm that the ID token names: version 5 has the token beside the error, version 6 its header inside of the cause. */
function algorithmIn(cause: Record<string, unknown>, inner: unknown): string | undefined {
  if (typeof cause["jwt"] === "string") return algorithmOf(cause["jwt"]);
  const particulars = isObject(inner) ? inner["cause"] : undefined;
  const header = isObject(particulars) ? particulars["header"] : undefined;
  return isObject(header) && typeof header["alg"] === "string" ? header["alg"] : undefined;
}
