import { createHash, randomBytes } from "node:crypto";

/** What a visitor has in hand: a cart, and an account once logged in. */
export interface Session {
  /** Hash of the token; safe to write down. */
  readonly id: string;
  readonly accountId: number | undefined;
  /** Quantity by product id. */
  readonly cart: Map<number, number>;
  readonly usedCoupons: Set<string>;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

/** Sessions by token; tokens themselves are not kept. */
export interface Sessions {
  /** Makes a session and the token that opens it; a cart is carried over when one is given. */
  create(accountId: number | undefined, from?: Session): { readonly token: string; readonly session: Session };
  /** The session that a token opens; undefined when it was never issued, has expired or was ended. */
  find(token: string): Session | undefined;
  end(session: Session): void;
}

const LIFETIME = 8 * 60 * 60 * 1000;

/**
 * Keeps sessions in memory; beyond `limit` the oldest ends.
 *
 * @param now Unix milliseconds.
 */
export function createSessions(now: () => number, limit = 10_000): Sessions {
  const sessions = new Map<string, Session>();
  return {
    create(accountId, from) {
      const token = randomBytes(24).toString("base64url");
      const session: Session = {
        id: hash(token),
        accountId,
        cart: from?.cart ?? new Map(),
        usedCoupons: from?.usedCoupons ?? new Set(),
        expiresAt: now() + LIFETIME,
      };
      if (from !== undefined) sessions.delete(from.id);
      sessions.set(session.id, session);
      if (sessions.size > limit) {
        const oldest = sessions.keys().next();
        if (oldest.done !== true) sessions.delete(oldest.value);
      }
      return { token, session };
    },
    find(token) {
      const session = sessions.get(hash(token));
      if (session === undefined) return undefined;
      if (session.expiresAt > now()) return session;
      sessions.delete(session.id);
      return undefined;
    },
    end(session) {
      sessions.delete(session.id);
    },
  };
}

function hash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
