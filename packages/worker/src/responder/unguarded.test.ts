import { describe, expect, it } from "vitest";
import { createUnguardedWarning } from "./unguarded.ts";

describe("createUnguardedWarning", () => {
  it("warns once of a deny list that nobody applies, and again when the guards have gone again", () => {
    const now = { addresses: 0, guards: 0 };
    const warned: string[] = [];
    const check = createUnguardedWarning({
      log: { warn: (_fields: object, message: string) => void warned.push(message) },
      addresses: () => now.addresses,
      guards: () => now.guards,
    });
    const look = (addresses: number, guards: number): number => {
      Object.assign(now, { addresses, guards });
      check();
      return warned.length;
    };
    expect([look(0, 0), look(2, 0), look(3, 0), look(0, 0), look(3, 1), look(1, 0)]).toEqual([0, 1, 1, 1, 1, 2]);
    expect(warned).toEqual([
      "2 addresses are on the deny list and no guard is connected to apply it.",
      "1 address is on the deny list and no guard is connected to apply it.",
    ]);
  });
});
