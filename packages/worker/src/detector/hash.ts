import { createHash } from "node:crypto";

/** Deterministic id of a list of parts: 32 hex digits of SHA-256 over their JSON. */
export function hashId(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
