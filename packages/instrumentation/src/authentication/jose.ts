import { AsyncLocalStorage } from "node:async_hooks";
import { InstrumentationNodeModuleDefinition, InstrumentationNodeModuleFile } from "@opentelemetry/instrumentation";
import { watchExports, watchFunction, type CallWatch } from "../intercept.ts";
import type { LibraryInstrumentationConfig } from "../library-instrumentation.ts";
import { AuthenticationInstrumentation } from "./authentication-instrumentation.ts";
import { isObject } from "./is-object.ts";
import { algorithmOf, forgeryOf, isPublicKey, subjectIn } from "./token-facts.ts";
import {
  reportAcceptedToken,
  reportForgeableToken,
  reportRefusedToken,
  type TokenVerdict,
} from "./token-verification.ts";

/** Versions of jose whose files are known. */
export const JOSE_VERSIONS = ">=4.0.0 <7";

/** The functions that judge a token, by the file that they are in below each build. */
const JUDGES: Readonly<Record<string, string>> = {
  "jwt/verify.js": "jwtVerify",
  "jwt/decrypt.js": "jwtDecrypt",
  "jws/compact/verify.js": "compactVerify",
  "jws/flattened/verify.js": "flattenedVerify",
  "jws/general/verify.js": "generalVerify",
  "jwe/compact/decrypt.js": "compactDecrypt",
  "jwe/flattened/decrypt.js": "flattenedDecrypt",
  "jwe/general/decrypt.js": "generalDecrypt",
};

/**
 * How many judges are at work: one asks another (jwtVerify asks compactVerify, which asks flattenedVerify), all before it waits for
 * anything, and the outermost knows what it is about.
 */
let depth = 0;
/** A token with several signatures is judged one signature after the other, waiting in between. */
const judgingSeveral = new AsyncLocalStorage<true>();

const BUILDS = ["dist/node/cjs", "dist/node/esm", "dist/webapi"];

/**
 * Instruments what verifies and decrypts tokens in jose: refused tokens become events, accepted ones are counted and tell who sends the request.
 *
 * File by file, because the index of the CommonJS build has getters only that nobody can replace, and because applications import single files.
 */
export class JoseInstrumentation extends AuthenticationInstrumentation {
  constructor(config: LibraryInstrumentationConfig = {}) {
    super("jose", config);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    const files = BUILDS.flatMap((build) =>
      Object.entries(JUDGES).map(
        ([file, name]) =>
          new InstrumentationNodeModuleFile(
            `jose/${build}/${file}`,
            [JOSE_VERSIONS],
            (moduleExports: unknown) =>
              this.quietly(() =>
                watchExports(moduleExports, [name], (_name, original) =>
                  watchFunction(original, this.watcher, (args) =>
                    depth > 0 || judgingSeveral.getStore() === true ? undefined : this.watchJudge(name, args),
                  ),
                ),
              ) ?? moduleExports,
            () => {},
          ),
      ),
    );
    return new InstrumentationNodeModuleDefinition("jose", [JOSE_VERSIONS], undefined, undefined, files);
  }

  private watchJudge(name: string, args: readonly unknown[]): CallWatch {
    const [token, givenKey] = args;
    let key = givenKey;
    const watchedArgs = [...args];
    if (typeof givenKey === "function") {
      watchedArgs[1] = watchFunction(givenKey as () => unknown, this.watcher, () => {
        const outside = depth;
        return {
          // The application's own code: what it verifies by itself is not part of this.
          enter: () => (depth = 0),
          leave: () => (depth = outside),
          returned: (value) => (key = value),
        };
      });
    }
    return {
      args: watchedArgs,
      enter: () => depth++,
      leave: () => depth--,
      run: name.startsWith("general") ? (call) => judgingSeveral.run(true, call) : undefined,
      threw: (cause) => reportRefusedToken(verdictOn(cause, token, key), token, this.reports),
      returned: (value) => this.accepted(value, key),
    };
  }

  private accepted(value: unknown, key: unknown): void {
    if (!isObject(value)) return;
    const header = value["protectedHeader"];
    const algorithm = isObject(header) && typeof header["alg"] === "string" ? header["alg"] : undefined;
    // A public key as the bytes of a secret: the only form in which this library takes one for HMAC.
    if (isPublicKey(key) && forgeryOf(algorithm, key) === "algorithm_confusion")
      reportForgeableToken("algorithm_confusion_accepted", algorithm ?? "", this.reports);
    reportAcceptedToken(subjectIn(value["payload"]), this.reports);
  }
}

const CODES: Readonly<Record<string, TokenVerdict>> = {
  ERR_JWT_EXPIRED: "expired",
  ERR_JOSE_ALG_NOT_ALLOWED: "algorithm_not_allowed",
  ERR_JOSE_NOT_SUPPORTED: "algorithm_not_allowed",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "bad_signature",
  ERR_JWE_DECRYPTION_FAILED: "decryption_failed",
  ERR_JWS_INVALID: "malformed",
  ERR_JWE_INVALID: "malformed",
  ERR_JWT_INVALID: "malformed",
  ERR_JWKS_NO_MATCHING_KEY: "unknown_key",
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: "unknown_key",
};

const CLAIMS: Readonly<Record<string, TokenVerdict>> = {
  nbf: "not_yet_valid",
  iat: "not_yet_valid",
  iss: "wrong_issuer",
  aud: "wrong_audience",
  sub: "wrong_subject",
  typ: "wrong_type",
};

/** Why jose refused a token. */
function verdictOn(cause: unknown, token: unknown, key: unknown): TokenVerdict {
  if (token === undefined || token === null || token === "") return "no_attempt";
  if (!isObject(cause)) return "unknown";
  const code = typeof cause["code"] === "string" ? cause["code"] : "";
  if (code === "ERR_JWT_CLAIM_VALIDATION_FAILED") {
    if (cause["reason"] === "missing") return "missing_claim";
    if (cause["reason"] === "invalid") return "invalid_claim";
    return CLAIMS[String(cause["claim"])] ?? "invalid_claim";
  }
  const verdict = CODES[code];
  // A key of the wrong kind for the token's algorithm is a TypeError without a code.
  if (verdict === "algorithm_not_allowed" || (verdict === undefined && cause instanceof TypeError)) {
    const algorithm = typeof token === "object" && !(token instanceof Uint8Array) ? undefined : algorithmOf(token);
    return forgeryOf(algorithm, key) ?? verdict ?? "unknown";
  }
  return verdict ?? "unknown";
}
