import { security } from "@vedette/instrumentation";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Account } from "./accounts.ts";
import type { Session } from "./sessions.ts";
import type { Shop } from "./shop.ts";

/** Name of the session cookie. */
export const SESSION_COOKIE = "shop_session";

/** An API key that opens nothing. It lies in the decoy file `/.env`: whoever presents it has read that file. */
export const DECOY_API_KEY = "shop_live_9f2c41d07be84a6f";

/** Who sent a request, as far as the shop knows. */
export interface Visitor {
  readonly session: Session | undefined;
  readonly account: Account | undefined;
}

const NOBODY: Visitor = { session: undefined, account: undefined };

/** Finds out who sent a request by its session cookie or bearer token, and reports tokens that the shop never issued. */
export function identify(shop: Shop, request: FastifyRequest, reply: FastifyReply): Visitor {
  const bearer = /^Bearer (\S{1,200})$/.exec(request.headers.authorization ?? "")?.[1];
  const cookie = request.cookies[SESSION_COOKIE];
  const token = bearer ?? cookie;
  if (token === undefined) return NOBODY;
  if (token === DECOY_API_KEY) {
    security.honeytoken({ name: "decoy_api_key" });
    return NOBODY;
  }
  const session = shop.sessions.find(token);
  if (session === undefined) {
    security.sessionEvent({ action: "invalid" });
    // A browser that keeps a dead cookie would present it with every request.
    if (bearer === undefined) void reply.clearCookie(SESSION_COOKIE, { path: "/" });
    return NOBODY;
  }
  const account = session.accountId === undefined ? undefined : shop.accounts.find(session.accountId);
  security.identify({ sessionId: session.id, ...(account === undefined ? {} : subjectOf(account)) });
  return { session, account };
}

/** Gives the browser the cookie of a session. */
export function setSessionCookie(reply: FastifyReply, token: string): void {
  void reply.setCookie(SESSION_COOKIE, token, { path: "/", httpOnly: true, sameSite: "lax" });
}

/** The visitor's session, made when there is none yet. */
export function sessionOf(shop: Shop, visitor: Visitor, reply: FastifyReply): Session {
  if (visitor.session !== undefined) return visitor.session;
  const { token, session } = shop.sessions.create(undefined);
  setSessionCookie(reply, token);
  return session;
}

/** How events name the account behind a request. */
export function subjectOf(account: Account): { userId: string; userName: string; userRoles: readonly string[] } {
  return { userId: String(account.id), userName: account.name, userRoles: [account.role] };
}
