import { isObject } from "./is-object.ts";

/** The algorithm that a compact token names in its header, in the token's own spelling; undefined when it cannot be read. */
export function algorithmOf(token: unknown): string | undefined {
  const header = segmentOf(token, 0);
  return typeof header?.["alg"] === "string" ? header["alg"] : undefined;
}

/** The subject that a compact token names: worth something only once its signature was verified. */
export function subjectOf(token: unknown): string | undefined {
  return subjectIn(segmentOf(token, 1));
}

/** The subject of verified claims. */
export function subjectIn(claims: unknown): string | undefined {
  return isObject(claims) && typeof claims["sub"] === "string" && claims["sub"] !== "" ? claims["sub"] : undefined;
}

/** Characters of a segment that are read. */
const LONGEST_SEGMENT = 16_384;

function segmentOf(token: unknown, index: number): Record<string, unknown> | undefined {
  const text = typeof token === "string" ? token : token instanceof Uint8Array ? Buffer.from(token).toString() : "";
  const segment = text.split(".", 3)[index];
  if (segment === undefined || segment === "" || segment.length > LONGEST_SEGMENT) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, "base64url").toString());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const PUBLIC_PEM = /-----BEGIN (?:RSA )?(?:PUBLIC KEY|CERTIFICATE)-----/;

/** Says whether a key is the public half of a pair, in any of the forms that libraries take. */
export function isPublicKey(key: unknown): boolean {
  if (typeof key === "string") return PUBLIC_PEM.test(key.slice(0, 256));
  if (key instanceof Uint8Array) return PUBLIC_PEM.test(Buffer.from(key.subarray(0, 256)).toString("latin1"));
  if (!isObject(key)) return false;
  // KeyObject and CryptoKey say what they are; a JWK has a type of key, and `d` only in its private half; `{ key: PEM }` is node's own form.
  if (key["type"] === "public") return true;
  if (typeof key["kty"] === "string") return key["kty"] !== "oct" && key["d"] === undefined;
  return key["key"] !== undefined && key["key"] !== key && isPublicKey(key["key"]);
}

/** What a token's own header says about why its algorithm was refused. */
export function forgeryOf(algorithm: string | undefined, key: unknown): "alg_none" | "algorithm_confusion" | undefined {
  if (algorithm === undefined) return undefined;
  if (algorithm.toLowerCase() === "none") return "alg_none";
  return /^hs\d/i.test(algorithm) && isPublicKey(key) ? "algorithm_confusion" : undefined;
}
