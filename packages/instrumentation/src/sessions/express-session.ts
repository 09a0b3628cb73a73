import type { IncomingMessage, ServerResponse } from "node:http";
import { InstrumentationNodeModuleDefinition } from "@opentelemetry/instrumentation";
import { isObject } from "../authentication/is-object.ts";
import { knownRequest } from "../current-request.ts";
import { replaceModuleFunction, watchCallback, watchFunction, type Callable } from "../intercept.ts";
import { LibraryInstrumentation, type LibraryInstrumentationConfig } from "../library-instrumentation.ts";
import { cookieOf, isSigned } from "./session-cookie.ts";
import { userOfSession } from "./session-user.ts";
import { watchSession, type PresentedSession, type SessionMoment } from "./session-watch.ts";

/** Versions of express-session whose cookies and sessions are known. */
export const EXPRESS_SESSION_VERSIONS = ">=1.17.0 <2";

interface SessionOptions {
  readonly name?: unknown;
  readonly key?: unknown;
  readonly secret?: unknown;
  readonly unset?: unknown;
}

interface SessionRequest extends IncomingMessage {
  session?: unknown;
  sessionID?: unknown;
  secret?: unknown;
}

/** Instruments express-session: what becomes of a request's session between the moment when it was read and the end of the answer. */
export class ExpressSessionInstrumentation extends LibraryInstrumentation {
  constructor(config: LibraryInstrumentationConfig = {}) {
    super("express-session", config);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    return new InstrumentationNodeModuleDefinition(
      "express-session",
      [EXPRESS_SESSION_VERSIONS],
      (moduleExports: unknown) =>
        this.quietly(() =>
          replaceModuleFunction(moduleExports, (original) =>
            watchFunction(original, this.watcher, ([options]) => ({
              replace: (middleware) => this.watchMiddleware(middleware as Callable, isObject(options) ? options : {}),
            })),
          ),
        ) ?? moduleExports,
    );
  }

  private watchMiddleware(middleware: Callable, options: SessionOptions): Callable {
    return watchFunction(middleware, this.watcher, ([request, response, next]) => {
      const before = (request as SessionRequest).session;
      // Read already, by another instance of the middleware.
      if (isObject(before)) return undefined;
      const begin = watchCallback(next, this.watcher, ([cause]) => {
        if (isObject(cause)) return undefined;
        return this.begin(request as SessionRequest, response as ServerResponse, options) ? "answered" : undefined;
      });
      return { args: [request, response, begin] };
    });
  }

  private begin(request: SessionRequest, response: ServerResponse, options: SessionOptions): boolean {
    const state = knownRequest(request);
    if (state === undefined || !isObject(request.session)) return false;
    const name = [options.name, options.key, "connect.sid"].find(
      (each) => typeof each === "string" && each !== "",
    ) as string;
    const raw = cookieOf(request.headers.cookie, name);
    let last: SessionMoment = { id: undefined, user: {} };
    const now = (): SessionMoment => {
      const { session, sessionID } = request;
      // Without a session the store was told to destroy it; `null` leaves it there, unless the middleware was told otherwise.
      if (isObject(session))
        last = { id: typeof sessionID === "string" ? sessionID : undefined, user: userOfSession(session) };
      else if (session === undefined || options.unset === "destroy") last = { id: undefined, user: {} };
      return last;
    };
    const presented = presentedBy(raw, request.sessionID, options.secret ?? request.secret);
    return watchSession(
      state,
      { presented, now, wasHandedOut: () => handsOut(response, name) },
      { security: this.security, reporter: this.reporter },
    );
  }
}

function presentedBy(raw: string | undefined, id: unknown, secret: unknown): PresentedSession {
  if (raw === undefined || raw === "") return "none";
  if (!raw.startsWith("s:")) return "tampered";
  const signed = raw.slice(2);
  if (typeof id === "string" && signed.slice(0, signed.lastIndexOf(".")) === id) return "known";
  return isSigned(signed, [secret].flat()) ? "gone" : "tampered";
}

/** Says whether an answer gave a value to a cookie; without one the cookie is taken away. */
export function handsOut(response: Pick<ServerResponse, "getHeader">, name: string): boolean {
  const start = `${name}=`;
  return [response.getHeader("set-cookie")]
    .flat()
    .some(
      (cookie) => typeof cookie === "string" && cookie.startsWith(start) && !/^;|^$/.test(cookie.slice(start.length)),
    );
}
