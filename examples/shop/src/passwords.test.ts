import { describe, expect, it } from "vitest";
import { hashPassword, verifyPassword } from "./passwords.ts";

describe("passwords", () => {
  it("salts: the same password is hashed differently each time", async () => {
    const [first, second] = [await hashPassword("sunshine", 16), await hashPassword("sunshine", 16)];
    expect(first).not.toBe(second);
    expect([await verifyPassword("sunshine", first), await verifyPassword("sunshine", second)]).toEqual([true, true]);
  });

  it.each([
    ["another password", "sunshinE"],
    ["an empty password", ""],
  ])("refuses %s", async (_name, password) => {
    expect(await verifyPassword(password, await hashPassword("sunshine", 16))).toBe(false);
  });

  it("takes the same letters however a keyboard composes them", async () => {
    expect(await verifyPassword("a\u0301brete", await hashPassword("\u00e1brete", 16))).toBe(true);
  });

  it.each(["", "sunshine", "scrypt$16$c2FsdA", "md5$16$c2FsdA$aGFzaA"])(
    "refuses everything when the stored text is %j",
    async (stored) => {
      expect(await verifyPassword("sunshine", stored)).toBe(false);
    },
  );
});
