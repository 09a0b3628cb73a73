import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

const KEY_BYTES = 32;

/** scrypt's cost when nothing else is asked for: about 50 ms of one core. */
export const PASSWORD_COST = 16_384;

/**
 * Hashes a password with scrypt and a random salt; the result names its own cost, so that a later cost can be higher.
 *
 * @param cost A power of two.
 */
export async function hashPassword(password: string, cost = PASSWORD_COST): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, cost);
  return `scrypt$${cost}$${salt.toString("base64url")}$${key.toString("base64url")}`;
}

/** Compares a password with what {@link hashPassword} made, in a time that does not depend on where they differ. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, cost, salt, expected] = stored.split("$");
  if (scheme !== "scrypt" || cost === undefined || salt === undefined || expected === undefined) return false;
  const expectedKey = Buffer.from(expected, "base64url");
  const key = await derive(password, Buffer.from(salt, "base64url"), Number(cost));
  return key.length === expectedKey.length && timingSafeEqual(key, expectedKey);
}

function derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, KEY_BYTES, { N: cost, r: 8, p: 1 }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
