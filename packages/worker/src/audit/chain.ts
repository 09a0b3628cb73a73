import { createHash } from "node:crypto";
import type { AuditEntry } from "@vedette/api";
import { canonicalJson } from "./canonical-json.ts";

/** What an audit entry says, before it has its place in the chain. */
export type AuditContent = Pick<AuditEntry, "time" | "actor" | "action" | "subject" | "details">;

/** An entry as it is stored: its canonical JSON without the hash, and the hash of exactly that text. */
export interface ChainRow {
  readonly sequence: number;
  readonly entry: string;
  readonly hash: string;
}

/** The last entry of a chain: the place that the next one links to. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: string;
}

/** The head of a chain that has no entries yet. */
export const EMPTY_CHAIN: ChainHead = { sequence: 0, hash: "0".repeat(64) };

/** SHA-256 of a text's UTF-8 bytes, 64 hex digits. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Links an entry to the chain: the entry names its sequence number and the previous hash, and its own hash covers all of it. */
export function link(head: ChainHead, content: AuditContent): ChainRow {
  const { time, actor, action, subject } = content;
  // As any JSON writer would have it: a number that JSON lacks must not keep a step from being committed.
  const details: unknown = JSON.parse(JSON.stringify(content.details));
  const sequence = head.sequence + 1;
  const entry = canonicalJson({ sequence, time, actor, action, subject, details, previousHash: head.hash });
  return { sequence, entry, hash: sha256(entry) };
}

/** The entry that a row holds, as the API shows it. */
export function entryOf(row: ChainRow): AuditEntry {
  return { ...(JSON.parse(row.entry) as Omit<AuditEntry, "hash">), hash: row.hash };
}
