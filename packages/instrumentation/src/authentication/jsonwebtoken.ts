import { InstrumentationNodeModuleDefinition } from "@opentelemetry/instrumentation";
import { watchCallback, watchExports, watchFunction, type CallWatch } from "../intercept.ts";
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

/** Versions of jsonwebtoken whose `verify` is known. */
export const JSONWEBTOKEN_VERSIONS = ">=8.0.0 <10";

/** Instruments `verify` of jsonwebtoken: refused tokens become events, accepted ones are counted and tell who sends the request. */
export class JsonwebtokenInstrumentation extends AuthenticationInstrumentation {
  constructor(config: LibraryInstrumentationConfig = {}) {
    super("jsonwebtoken", config);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    return new InstrumentationNodeModuleDefinition(
      "jsonwebtoken",
      [JSONWEBTOKEN_VERSIONS],
      (moduleExports: unknown) => {
        this.quietly(() => {
          watchExports(moduleExports, ["verify"], (_name, original) =>
            watchFunction(original, this.watcher, (args) => this.watchVerify(args)),
          );
        });
        return moduleExports;
      },
    );
  }

  private watchVerify(args: readonly unknown[]): CallWatch {
    const [token, secretOrKey, options, callback] = args;
    let key = secretOrKey;
    const refused = (cause: unknown): void => reportRefusedToken(verdictOn(cause, token, key), token, this.reports);
    const accepted = (value: unknown): void => this.accepted(value, token, key);
    // As the library decides it: the third argument is the callback only where there is no fourth.
    const position = typeof options === "function" && !callback ? 2 : 3;
    const done = args[position];
    if (typeof done !== "function") return { returned: accepted, threw: refused };
    const watchedArgs = [...args];
    watchedArgs[position] = watchCallback(done, this.watcher, ([cause, value]) => {
      if (isObject(cause)) refused(cause);
      else accepted(value);
    });
    if (typeof secretOrKey === "function") {
      watchedArgs[1] = watchFunction(secretOrKey as () => unknown, this.watcher, (getterArgs) => ({
        args: [
          getterArgs[0],
          watchCallback(getterArgs[1], this.watcher, ([, found]) => {
            key = found;
          }),
          ...getterArgs.slice(2),
        ],
      }));
    }
    return { args: watchedArgs };
  }

  private accepted(value: unknown, token: unknown, key: unknown): void {
    if (key === undefined || key === null || key === "" || isPublicKey(key)) {
      const algorithm = algorithmOf(token);
      const forgery = forgeryOf(algorithm, key);
      if (forgery !== undefined)
        reportForgeableToken(
          forgery === "alg_none" ? "unsigned_token_accepted" : "algorithm_confusion_accepted",
          algorithm ?? "",
          this.reports,
        );
    }
    const claims = isObject(value) && isObject(value["payload"]) && "signature" in value ? value["payload"] : value;
    reportAcceptedToken(subjectIn(claims), this.reports);
  }
}

/** Messages of the library's errors, which have no codes. */
const MESSAGES: readonly (readonly [RegExp, TokenVerdict])[] = [
  [/^jwt must be provided/, "no_attempt"],
  [/^jwt (?:malformed|must be a string)|^invalid token/, "malformed"],
  [/^invalid signature/, "bad_signature"],
  [/^jwt signature is required/, "missing_signature"],
  [/^please specify "none"/, "missing_signature"],
  [/^invalid algorithm/, "algorithm_not_allowed"],
  [/must be an? (?:a?symmetric) key when using/, "algorithm_not_allowed"],
  [/^jwt audience invalid/, "wrong_audience"],
  [/^jwt issuer invalid/, "wrong_issuer"],
  [/^jwt subject invalid/, "wrong_subject"],
  [/^jwt jwtid invalid/, "wrong_token_id"],
  [/^jwt nonce invalid/, "wrong_nonce"],
  [/^iat required/, "missing_claim"],
  [/^invalid (?:nbf|exp) value/, "invalid_claim"],
  // What looks keys up by the token's key id says so: jwks-rsa, get-jwks.
  [/^error in secret or public key callback: .*(?:signing key|matching|kid)/i, "unknown_key"],
];

/** Why jsonwebtoken refused a token. */
export function verdictOn(cause: unknown, token: unknown, key: unknown): TokenVerdict {
  if (!isObject(cause)) return "unknown";
  const { name, message } = cause;
  if (name === "TokenExpiredError") return "expired";
  if (name === "NotBeforeError") return "not_yet_valid";
  const verdict = typeof message === "string" ? MESSAGES.find(([pattern]) => pattern.test(message))?.[1] : undefined;
  if (verdict === "missing_signature" || verdict === "algorithm_not_allowed")
    return forgeryOf(algorithmOf(token), key) ?? verdict;
  // A header or payload that is no JSON fails inside of the decoder.
  return verdict ?? (cause instanceof SyntaxError ? "malformed" : "unknown");
}
