import { createHmac, timingSafeEqual } from "node:crypto";

/** The value of a cookie as a request carries it, decoded; the first of several of one name. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    const bare = value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
    try {
      return bare.includes("%") ? decodeURIComponent(bare) : bare;
    } catch {
      return bare;
    }
  }
  return undefined;
}

/** Says whether a signed value (`value.signature`, base64 without padding) was signed with one of the secrets, as cookie-signature and `@fastify/cookie` sign. */
export function isSigned(value: string, secrets: readonly unknown[], algorithm = "sha256"): boolean {
  const dot = value.lastIndexOf(".");
  if (dot < 0) return false;
  const given = Buffer.from(value.slice(dot + 1));
  return secrets.some((secret) => {
    if (typeof secret !== "string" && !(secret instanceof Uint8Array)) return false;
    const text = createHmac(algorithm, secret).update(value.slice(0, dot)).digest("base64").replace(/=+$/, "");
    const expected = Buffer.from(text);
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
}
