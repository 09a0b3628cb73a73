import { createHmac, randomBytes } from "node:crypto";
import type { Warn } from "./errors.ts";
import { tellOperator } from "./operator-message.ts";
import { readSettings } from "./settings.ts";

/** Names for people and sessions that tell them apart and say nothing else: HMAC-SHA-256 under a key that the deployment shares. */
export interface Pseudonyms {
  /**
   * The pseudonym that events carry: 32 hex digits, under the key in force, which is the oldest one. While keys are changed, every service
   * knows that one, so that events of those that have the new key already and of those that have not yet still belong together.
   */
  of(value: string): string;
  /** The pseudonym under the newest key, where that is another one than the key in force. */
  next(value: string): string | undefined;
  /** Under each key, the newest first: a decision may name any of them. */
  allOf(value: string): readonly string[];
}

/** Hex digits of a pseudonym: 128 bits, far beyond what collides by chance. */
const LENGTH = 32;
/** Values whose pseudonyms are remembered: the same few users come again and again. */
const REMEMBERED = 1_024;
/** Characters of a value worth remembering; a client may send any length. */
const REMEMBERED_LENGTH = 256;

/**
 * Makes pseudonyms.
 *
 * @param keys The newest first. Without one, a random key of this process is used: its pseudonyms then mean nothing anywhere else.
 * @param warn Told once, when the first pseudonym without a key is made.
 */
export function createPseudonyms(keys: readonly string[], warn?: Warn): Pseudonyms {
  const secrets = keys.length === 0 ? [randomBytes(32)] : keys.map((key) => Buffer.from(key, "utf8"));
  const memory = new Map<string, readonly string[]>();
  let warned = keys.length > 0 || warn === undefined;
  const allOf = (value: string): readonly string[] => {
    const known = memory.get(value);
    if (known !== undefined) return known;
    const names = secrets.map((secret) => createHmac("sha256", secret).update(value).digest("hex").slice(0, LENGTH));
    if (value.length > REMEMBERED_LENGTH) return names;
    if (memory.size >= REMEMBERED) memory.clear();
    memory.set(value, names);
    return names;
  };
  return {
    of(value) {
      if (!warned) {
        warned = true;
        warn?.(
          "instrumentation-hash-key-missing",
          "VEDETTE_HASH_KEY is not set: users and sessions get pseudonyms that only this process knows, and that change with each start. Set it to the same secret for all services.",
        );
      }
      return allOf(value).at(-1) ?? "";
    },
    next: (value) => (secrets.length < 2 ? undefined : allOf(value)[0]),
    allOf,
  };
}

const NAME_CHARACTERS = 512;

/** A user name as it is hashed: spellings that log in to one account, or try to, are one. */
export function normaliseUserName(name: string): string {
  return name.slice(0, NAME_CHARACTERS).trim().normalize("NFKC").toLowerCase();
}

let ofProcess: { readonly keys: string; readonly pseudonyms: Pseudonyms } | undefined;

/** The process's pseudonyms: under the keys of the start, or else of the environment. */
export function processPseudonyms(): Pseudonyms {
  return ofProcess?.pseudonyms ?? setProcessHashKeys(readSettings(process.env).settings.hashKeys);
}

/** Changes the keys of the process's pseudonyms; the same keys again change nothing, a random key stays what it is. */
export function setProcessHashKeys(keys: readonly string[]): Pseudonyms {
  const text = JSON.stringify(keys);
  if (ofProcess?.keys !== text) ofProcess = { keys: text, pseudonyms: createPseudonyms(keys, tellOperator) };
  return ofProcess.pseudonyms;
}
