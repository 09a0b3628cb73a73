import { createHmac, randomBytes } from "node:crypto";

/** Names for people and sessions that tell them apart and say nothing else: HMAC-SHA-256 under a key that the deployment shares. */
export interface Pseudonyms {
  /** The pseudonym of a value under the newest key: 32 hex digits. */
  of(value: string): string;
  /** Under each key that is still known, the newest first: during a rotation a decision may name the older one. */
  allOf(value: string): readonly string[];
}

/** Hex digits of a pseudonym: 128 bits, far beyond what collides by chance. */
const LENGTH = 32;
/** Values whose pseudonyms are remembered: the same few users come again and again. */
const REMEMBERED = 1_024;

/**
 * Makes pseudonyms.
 *
 * @param keys The newest first. Without one, a random key of this process is used: its pseudonyms then mean nothing anywhere else.
 */
export function createPseudonyms(keys: readonly string[]): Pseudonyms {
  const secrets = keys.length === 0 ? [randomBytes(32)] : keys.map((key) => Buffer.from(key, "utf8"));
  const memory = new Map<string, readonly string[]>();
  const allOf = (value: string): readonly string[] => {
    const known = memory.get(value);
    if (known !== undefined) return known;
    const names = secrets.map((secret) => createHmac("sha256", secret).update(value).digest("hex").slice(0, LENGTH));
    if (memory.size >= REMEMBERED) memory.clear();
    memory.set(value, names);
    return names;
  };
  return { of: (value) => allOf(value)[0] ?? "", allOf };
}
