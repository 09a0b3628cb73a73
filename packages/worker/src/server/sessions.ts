import { createHmac, createHash, timingSafeEqual } from "node:crypto";
import type { Clock, Random } from "../ports.ts";
import { type ApiToken, type Caller } from "./tokens.ts";

/** Milliseconds that a login link can be used. */
export const LOGIN_LINK_LIFETIME = 10 * 60_000;
/** Milliseconds that a browser stays signed in. */
export const SESSION_LIFETIME = 12 * 3_600_000;
/** Links that can wait to be used; beyond it the oldest is forgotten. */
const LINK_LIMIT = 100;

/** Browser sessions: one-time links that start one, and the cookie that is one. */
export interface Sessions {
  /** A key for `/login?key=…`, good once. */
  createLink(next: string): string;
  /** Uses a link up. */
  redeem(key: string): { readonly cookie: string; readonly next: string } | undefined;
  /** The cookie of somebody who has shown a token. */
  start(token: ApiToken): string;
  /** Who a cookie stands for, or undefined when it is made up, expired, or of a token that is no more. */
  check(cookie: string): Caller | undefined;
}

/** A path on this origin, whatever was asked for: anything else could lead a fresh session to another site. */
export function localPath(next: string | undefined): string {
  if (next === undefined || !/^\/(?![/\\])[\x21-\x7e]*$/.test(next) || next.includes("\\")) return "/";
  return next;
}

/**
 * Sessions are not stored: a cookie is `name.expiry.mac`, its key made from the token that it stands for. It outlives a restart of
 * the worker, and ends with its token.
 */
export function createSessions(options: {
  readonly clock: Clock;
  readonly random: Random;
  readonly tokens: readonly ApiToken[];
  /** Whoever opens a login link. */
  readonly linkToken: ApiToken;
}): Sessions {
  const { clock, random, tokens, linkToken } = options;
  const links = new Map<string, { readonly next: string; readonly expiresAt: number }>();
  const digestOf = (key: string): string => createHash("sha256").update(key).digest("base64url");

  const macOf = (token: ApiToken, name: string, expiry: string): Buffer =>
    createHmac("sha256", createHash("sha256").update(`vedette session\n${token.token}`).digest())
      .update(`${name}.${expiry}`)
      .digest();

  const start = (token: ApiToken): string => {
    const name = Buffer.from(token.name, "utf8").toString("base64url");
    const expiry = String(clock.now() + SESSION_LIFETIME);
    return `${name}.${expiry}.${macOf(token, name, expiry).toString("base64url")}`;
  };

  return {
    createLink(next) {
      const key = Buffer.from(random.bytes(32)).toString("base64url");
      const now = clock.now();
      for (const [digest, link] of links) if (link.expiresAt <= now || links.size >= LINK_LIMIT) links.delete(digest);
      links.set(digestOf(key), { next: localPath(next), expiresAt: now + LOGIN_LINK_LIFETIME });
      return key;
    },
    redeem(key) {
      const digest = digestOf(key);
      const link = links.get(digest);
      links.delete(digest);
      if (link === undefined || link.expiresAt <= clock.now()) return undefined;
      return { cookie: start(linkToken), next: link.next };
    },
    start,
    check(cookie) {
      const [name = "", expiry = "", mac = ""] = cookie.split(".");
      if (!/^\d{1,15}$/.test(expiry) || Number(expiry) <= clock.now()) return undefined;
      const offered = Buffer.from(mac, "base64url");
      for (const token of tokens) {
        const expected = macOf(token, name, expiry);
        if (Buffer.from(token.name, "utf8").toString("base64url") !== name || offered.length !== expected.length)
          continue;
        if (timingSafeEqual(offered, expected)) return { actor: token.name, role: token.role };
      }
      return undefined;
    },
  };
}
