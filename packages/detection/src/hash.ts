import { hash } from "node:crypto";
import type { JsonValue } from "./event.ts";

/** SHA-256 over the parts, joined by NUL: 64 hex digits. */
export function hashOf(...parts: readonly string[]): string {
  return hash("sha256", parts.join("\0"));
}

/** JSON with object keys sorted, so that equal content has equal text. */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** Id of the fact that a rule says yes to an event: hash of rule id, rule revision, event id. */
export function factId(rule: { readonly id: string; readonly revision: string }, eventId: string): string {
  return hashOf(rule.id, rule.revision, eventId);
}
