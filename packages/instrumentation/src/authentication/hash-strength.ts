/** What is weak about a stored password hash. */
export type HashWeakness = "low_cost" | "short_salt";

/** What a stored password hash says about itself. */
export interface StoredHash {
  /** bcrypt, argon2id, argon2i, argon2d or scrypt. */
  readonly algorithm: string;
  /** As in `cost=10` or `m=19456,t=2,p=1`. */
  readonly parameters: string;
  readonly weakness: HashWeakness | undefined;
  readonly salt: string;
  readonly digest: string;
}

/** Costs below which a hash is broken too cheaply, as OWASP's Password Storage Cheat Sheet has them. */
const LEAST_BCRYPT_COST = 10;
/** Memory in KiB and passes: enough is at least one of the rows. */
const ARGON2_ENOUGH = [
  [47_104, 1],
  [19_456, 2],
  [12_288, 3],
  [9_216, 4],
  [7_168, 5],
] as const;
/** N and p, with r = 8: enough is at least one of the rows. */
const SCRYPT_ENOUGH = [
  [131_072, 1],
  [65_536, 2],
  [32_768, 3],
  [16_384, 5],
  [8_192, 10],
] as const;
/** Bytes of salt, as RFC 9106 has it at least. */
const LEAST_SALT = 8;

const BCRYPT = /^\$2[abxy]?\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/;
const ARGON2 = /^\$(argon2(?:id|i|d))\$(?:v=\d+\$)?([^$]{1,128})\$([^$]{1,512})\$([^$]{1,512})$/;

/** Reads a hash in bcrypt's or argon2's own format; undefined for anything else. */
export function readStoredHash(text: unknown): StoredHash | undefined {
  if (typeof text !== "string" || text.length > 1_500) return undefined;
  const bcrypt = BCRYPT.exec(text);
  if (bcrypt !== null) {
    const [, cost = "", salt = "", digest = ""] = bcrypt;
    return {
      algorithm: "bcrypt",
      parameters: `cost=${Number(cost)}`,
      weakness: Number(cost) < LEAST_BCRYPT_COST ? "low_cost" : undefined,
      salt,
      digest,
    };
  }
  const argon2 = ARGON2.exec(text);
  if (argon2 === null) return undefined;
  const [, algorithm = "", given = "", salt = "", digest = ""] = argon2;
  const values = new Map(given.split(",").map((pair) => pair.split("=", 2) as [string, string]));
  const number = (name: string): number => Number(values.get(name) ?? 0);
  const enough = ARGON2_ENOUGH.some(([memory, passes]) => number("m") >= memory && number("t") >= passes);
  const short = Buffer.from(salt, "base64").byteLength < LEAST_SALT;
  return {
    algorithm,
    parameters: `m=${number("m")},t=${number("t")},p=${number("p")}`,
    weakness: enough ? (short ? "short_salt" : undefined) : "low_cost",
    salt,
    digest,
  };
}

/** The same about a hash that was made with scrypt. */
export function describeScrypt(
  { N, r, p }: { readonly N: number; readonly r: number; readonly p: number },
  salt: Uint8Array,
  digest: Uint8Array,
): StoredHash {
  const enough = r >= 8 && SCRYPT_ENOUGH.some(([least, parallel]) => N >= least && p >= parallel);
  return {
    algorithm: "scrypt",
    parameters: `N=${N},r=${r},p=${p}`,
    weakness: enough ? (salt.byteLength < LEAST_SALT ? "short_salt" : undefined) : "low_cost",
    salt: Buffer.from(salt).toString("base64"),
    digest: Buffer.from(digest).toString("base64"),
  };
}
