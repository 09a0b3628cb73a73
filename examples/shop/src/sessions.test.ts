import { describe, expect, it } from "vitest";
import { createLoginLimit } from "./login-limit.ts";
import { createSessions } from "./sessions.ts";

describe("sessions", () => {
  it("opens by its token until it expires", () => {
    let now = 0;
    const sessions = createSessions(() => now);
    const { token, session } = sessions.create(7);
    expect(sessions.find(token)).toBe(session);
    now = session.expiresAt;
    expect(sessions.find(token)).toBeUndefined();
  });

  it("never opens by its id, which may be written down", () => {
    const sessions = createSessions(() => 0);
    expect(sessions.find(sessions.create(7).session.id)).toBeUndefined();
  });

  it("takes over the cart of the session before and ends that one", () => {
    const sessions = createSessions(() => 0);
    const before = sessions.create(undefined);
    before.session.cart.set(1, 2);
    const after = sessions.create(7, before.session);
    expect(after.session.cart).toEqual(new Map([[1, 2]]));
    expect(sessions.find(before.token)).toBeUndefined();
  });

  it("forgets the oldest beyond its limit", () => {
    const sessions = createSessions(() => 0, 2);
    const [first, second, third] = [sessions.create(1), sessions.create(2), sessions.create(3)];
    expect([first, second, third].map(({ token }) => sessions.find(token)?.accountId)).toEqual([undefined, 2, 3]);
  });
});

describe("the log-in limit", () => {
  it("counts each address for itself and begins again after a minute", () => {
    let now = 0;
    const allows = createLoginLimit(2, () => now);
    expect(["a", "a", "a", "b"].map(allows)).toEqual([true, true, false, true]);
    now = 59_999;
    expect(allows("a")).toBe(false);
    now = 60_000;
    expect(allows("a")).toBe(true);
  });
});
