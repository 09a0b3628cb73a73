import { describe, expect, it } from "vitest";
import { describeScrypt, readStoredHash } from "./hash-strength.ts";

const argon2 = (parameters: string, salt = "c29tZXNhbHRzb21lc2FsdA"): string =>
  `$argon2id$v=19$${parameters}$${salt}$aGFzaA`;

describe("the strength of a stored hash", () => {
  it.each([
    ["$2b$10$0123456789012345678901abcdefghijabcdefghijabcdefghija", "bcrypt", "cost=10", undefined],
    ["$2a$09$0123456789012345678901abcdefghijabcdefghijabcdefghija", "bcrypt", "cost=9", "low_cost"],
    ["$2y$04$0123456789012345678901abcdefghijabcdefghijabcdefghija", "bcrypt", "cost=4", "low_cost"],
    [argon2("m=65536,t=3,p=4"), "argon2id", "m=65536,t=3,p=4", undefined],
    [argon2("m=19456,t=2,p=1"), "argon2id", "m=19456,t=2,p=1", undefined],
    [argon2("m=19456,t=1,p=1"), "argon2id", "m=19456,t=1,p=1", "low_cost"],
    [argon2("m=47104,t=1,p=1"), "argon2id", "m=47104,t=1,p=1", undefined],
    [argon2("m=4096,t=9,p=1"), "argon2id", "m=4096,t=9,p=1", "low_cost"],
    [argon2("m=65536,t=3,p=4", "c2FsdA"), "argon2id", "m=65536,t=3,p=4", "short_salt"],
    ["$argon2i$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$aGFzaA", "argon2i", "m=65536,t=3,p=4", undefined],
  ])("is read from %s", (text, algorithm, parameters, weakness) => {
    expect(readStoredHash(text)).toMatchObject({ algorithm, parameters, weakness });
  });

  it.each([undefined, 7, "", "hunter2", "$2b$10$short", "$argon2id$", "$5$rounds=5000$salt$hash", "$".repeat(100_000)])(
    "is not read from %j",
    (text) => {
      expect(readStoredHash(text)).toBeUndefined();
    },
  );

  it.each([
    [{ N: 131_072, r: 8, p: 1 }, 16, undefined],
    [{ N: 16_384, r: 8, p: 5 }, 16, undefined],
    [{ N: 16_384, r: 8, p: 1 }, 16, "low_cost"],
    [{ N: 131_072, r: 1, p: 1 }, 16, "low_cost"],
    [{ N: 131_072, r: 8, p: 1 }, 4, "short_salt"],
  ])("is told of scrypt with %j and %d bytes of salt", (costs, salt, weakness) => {
    expect(describeScrypt(costs, new Uint8Array(salt), new Uint8Array(64)).weakness).toBe(weakness);
  });
});
