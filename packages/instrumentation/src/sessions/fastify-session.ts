import type { IncomingMessage, ServerResponse } from "node:http";
import { InstrumentationNodeModuleDefinition } from "@opentelemetry/instrumentation";
import { isObject } from "../authentication/is-object.ts";
import { knownRequest } from "../current-request.ts";
import { replaceModuleFunction, watchCallback, watchFunction } from "../intercept.ts";
import { LibraryInstrumentation, type LibraryInstrumentationConfig } from "../library-instrumentation.ts";
import { handsOut } from "./express-session.ts";
import { isSigned } from "./session-cookie.ts";
import { userOfSession } from "./session-user.ts";
import { watchSession, type PresentedSession, type SessionMoment } from "./session-watch.ts";

/** Versions of `@fastify/session` whose cookies and sessions are known. */
export const FASTIFY_SESSION_VERSIONS = ">=10.0.0 <12";

interface SessionOptions {
  readonly cookieName?: unknown;
  readonly cookiePrefix?: unknown;
  readonly secret?: unknown;
  readonly algorithm?: unknown;
}

interface SessionRequest {
  readonly raw: IncomingMessage;
  readonly cookies?: Readonly<Record<string, string | undefined>>;
  readonly session?: { readonly sessionId?: unknown; readonly encryptedSessionId?: unknown } | null;
}

type Reply = Pick<ServerResponse, "getHeader">;

interface Instance {
  addHook(name: "onRequest", hook: (request: SessionRequest, reply: Reply, done: () => void) => void): void;
}

/** Instruments `@fastify/session`: adds a hook after the plugin's own that watches the session of each request until the end of the answer. */
export class FastifySessionInstrumentation extends LibraryInstrumentation {
  constructor(config: LibraryInstrumentationConfig = {}) {
    super("@fastify/session", config);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    return new InstrumentationNodeModuleDefinition(
      "@fastify/session",
      [FASTIFY_SESSION_VERSIONS],
      (moduleExports: unknown) =>
        this.quietly(() =>
          replaceModuleFunction(moduleExports, (original) =>
            watchFunction(original, this.watcher, ([instance, options, next]) => ({
              // The plugin has added its hooks when it says that it is done; what is added then runs after them.
              args: [
                instance,
                options,
                watchCallback(next, this.watcher, ([cause]) => {
                  if (!isObject(cause)) this.addHook(instance as Instance, isObject(options) ? options : {});
                }),
              ],
            })),
          ),
        ) ?? moduleExports,
    );
  }

  private addHook(instance: Instance, options: SessionOptions): void {
    instance.addHook("onRequest", (request, reply, done) => {
      const answered = this.isEnabled() && this.quietly(() => this.begin(request, reply, options)) === true;
      // Without done() fastify goes no further with a request.
      if (!answered) done();
    });
  }

  private begin(request: SessionRequest, reply: Reply, options: SessionOptions): boolean {
    const state = knownRequest(request.raw);
    if (state === undefined || typeof request.session?.sessionId !== "string") return false;
    const name = typeof options.cookieName === "string" && options.cookieName !== "" ? options.cookieName : "sessionId";
    const prefix = typeof options.cookiePrefix === "string" ? options.cookiePrefix : "";
    const now = (): SessionMoment => {
      const { session } = request;
      if (!isObject(session)) return { id: undefined, user: {} };
      return {
        id: typeof session.sessionId === "string" ? session.sessionId : undefined,
        user: userOfSession(session),
      };
    };
    return watchSession(
      state,
      {
        presented: presentedBy(request.cookies?.[name], prefix, request.session, options),
        now,
        wasHandedOut: () => handsOut(reply, name),
      },
      { security: this.security, reporter: this.reporter },
    );
  }
}

function presentedBy(
  raw: string | undefined,
  prefix: string,
  session: NonNullable<SessionRequest["session"]>,
  { secret, algorithm }: SessionOptions,
): PresentedSession {
  if (raw === undefined || raw === "") return "none";
  if (!raw.startsWith(prefix)) return "tampered";
  const signed = raw.slice(prefix.length);
  if (signed === session.encryptedSessionId || signed.slice(0, signed.lastIndexOf(".")) === session.sessionId)
    return "known";
  return isWellSigned(signed, secret, algorithm) ? "gone" : "tampered";
}

/** A signer of the application's own is asked; for secrets, what the plugin does with them is done. */
function isWellSigned(signed: string, secret: unknown, algorithm: unknown): boolean {
  if (isObject(secret) && typeof secret["unsign"] === "function") {
    const unsigned: unknown = Reflect.apply(secret["unsign"] as () => unknown, secret, [signed]);
    return isObject(unsigned) && unsigned["valid"] === true;
  }
  return isSigned(signed, [secret].flat(), typeof algorithm === "string" ? algorithm : "sha256");
}
