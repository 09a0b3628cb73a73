import { type Role, SESSION_COOKIE } from "@vedette/api";
import type { FastifyRequest } from "fastify";
import { isLoopback } from "../config/loopback.ts";
import { RequestProblem } from "./problem.ts";
import type { Sessions } from "./sessions.ts";
import { type ApiToken, type Caller, createTokenCheck, includesRole } from "./tokens.ts";

/** Decides which requests are taken, and who makes them. */
export interface Access {
  /** Refuses a request for another host (DNS rebinding) or from another site's page; for every request, before anything else. */
  screen(request: FastifyRequest): void;
  /** The caller, if the role allows what is needed. @throws RequestProblem `unauthenticated`, `role-too-small` or `origin-refused`. */
  require(request: FastifyRequest, role: Role): Caller;
  /** As `require`, but lets anybody on this machine in when the listener is a loopback one (guards, Prometheus). */
  requireUnlessLocal(request: FastifyRequest, role: Role): void;
  /** The token's owner, or undefined. */
  tokenOwner(token: string): ApiToken | undefined;
}

/** Host name of a Host header or origin without port and brackets, lower case. */
function hostnameOf(host: string): string | undefined {
  const address = `http://${host}`;
  if (!URL.canParse(address)) return undefined;
  return new URL(address).hostname.replaceAll(/^\[|\]$/g, "");
}

const FORWARDING_HEADERS = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"] as const;

/** Makes the rules of access of a listener. */
export function createAccess(options: {
  readonly host: string;
  readonly publicUrl?: string | undefined;
  readonly tokens: readonly ApiToken[];
  readonly sessions: Sessions;
  readonly readCookie: (request: FastifyRequest, name: string) => string | undefined;
}): Access {
  const loopback = isLoopback(options.host);
  const publicOrigin = options.publicUrl === undefined ? undefined : new URL(options.publicUrl).origin;
  const publicHostname = options.publicUrl === undefined ? undefined : hostnameOf(new URL(options.publicUrl).host);
  const checkToken = createTokenCheck(options.tokens);

  const isOwnOrigin = (request: FastifyRequest, origin: string): boolean => {
    if (origin === publicOrigin) return true;
    return (
      URL.canParse(origin) &&
      new URL(origin).host !== "" &&
      new URL(origin).host === request.headers.host?.toLowerCase()
    );
  };

  /** The browser itself says that a page of this origin sent the request. */
  const isFromOwnPage = (request: FastifyRequest): boolean => {
    const { origin } = request.headers;
    return origin === undefined ? request.headers["sec-fetch-site"] === "same-origin" : isOwnOrigin(request, origin);
  };

  const callerOf = (request: FastifyRequest): Caller | undefined => {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const [, bearer = ""] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
      const token = checkToken(bearer);
      return token === undefined ? undefined : { actor: token.name, role: token.role };
    }
    const cookie = options.readCookie(request, SESSION_COOKIE);
    const caller = cookie === undefined ? undefined : options.sessions.check(cookie);
    if (caller !== undefined && request.method !== "GET" && request.method !== "HEAD" && !isFromOwnPage(request)) {
      throw new RequestProblem("origin-refused", "A write with a session cookie must come from a page of this origin.");
    }
    return caller;
  };

  const require = (request: FastifyRequest, role: Role): Caller => {
    const caller = callerOf(request);
    if (caller === undefined) throw new RequestProblem("unauthenticated", "The request has no valid token or session.");
    if (!includesRole(caller.role, role)) {
      throw new RequestProblem(
        "role-too-small",
        `This needs the role ${role}; ${caller.actor} has the role ${caller.role}.`,
      );
    }
    return caller;
  };

  return {
    screen(request) {
      if (loopback) {
        const hostname = hostnameOf(request.headers.host ?? "");
        if (hostname === undefined || !(isLoopback(hostname) || hostname === publicHostname)) {
          throw new RequestProblem("host-refused", "The Host header names none of this worker's addresses.");
        }
      }
      // Whoever can set Authorization has passed a preflight that this server never grants, or is no browser.
      if (request.headers.authorization !== undefined) return;
      const { origin } = request.headers;
      const site = request.headers["sec-fetch-site"];
      const foreign =
        origin === undefined
          ? (site === "cross-site" || site === "same-site") && request.headers["sec-fetch-mode"] !== "navigate"
          : !isOwnOrigin(request, origin);
      if (foreign) throw new RequestProblem("origin-refused", "The request comes from a page of another origin.");
    },
    require,
    requireUnlessLocal(request, role) {
      // A reverse proxy on this machine speaks for somebody elsewhere.
      const forwarded = FORWARDING_HEADERS.some((name) => request.headers[name] !== undefined);
      if (!loopback || forwarded) require(request, role);
    },
    tokenOwner: checkToken,
  };
}
