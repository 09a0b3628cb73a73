import type { AuditVerification } from "@vedette/api";
import { type ChainHead, type ChainRow, EMPTY_CHAIN, link } from "../../audit/chain.ts";
import { TRIM_ACTION, trimOf } from "../../audit/trim.ts";
import { type ChainVerifier, createChainVerifier } from "../../audit/verify.ts";
import type { AuditDraft } from "../store.ts";
import type { Connection } from "./connection.ts";

/** Rows read at once while verifying. */
const VERIFY_ROWS = 2_000;

/** Where the store says that the audit chain ends. */
export function auditHead({ sql }: Connection): ChainHead {
  const value = sql("SELECT value FROM meta WHERE key = 'audit_head'").get()?.["value"] as string | undefined;
  return value === undefined ? EMPTY_CHAIN : (JSON.parse(value) as ChainHead);
}

/** Puts entries at the end of the chain. */
export function appendAudit(connection: Connection, drafts: readonly AuditDraft[]): void {
  if (drafts.length === 0) return;
  const { sql } = connection;
  const insert = sql("INSERT INTO audit (sequence, entry, hash) VALUES (?, ?, ?)");
  let head = auditHead(connection);
  for (const draft of drafts) {
    const row = link(head, draft);
    insert.run(row.sequence, row.entry, row.hash);
    head = { sequence: row.sequence, hash: row.hash };
  }
  sql(
    "INSERT INTO meta (key, value) VALUES ('audit_head', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  ).run(JSON.stringify({ sequence: head.sequence, hash: head.hash }));
}

/** Entries of the chain, newest first. */
export function auditRows({ sql }: Connection, before: number, limit: number): ChainRow[] {
  return sql("SELECT sequence, entry, hash FROM audit WHERE sequence < ? ORDER BY sequence DESC LIMIT ?").all(
    before,
    limit,
  ) as unknown as ChainRow[];
}

/** A verification under way: it can be done part by part between other work, on the trail as it was when it began. */
export interface Verification {
  readonly verifier: ChainVerifier;
  /** The last sequence number when it began. */
  readonly end: number;
  /** The next part begins after this sequence number. */
  after: number;
}

/**
 * Begins to verify the chain.
 * @param anchors heads noted outside the database, read before this call
 */
export function beginVerification(connection: Connection, anchors: readonly ChainHead[]): Verification {
  let head: ChainHead | undefined;
  let end = Number.MAX_SAFE_INTEGER;
  try {
    // One statement sees one moment of the database, also while another process commits.
    const row = connection
      .sql(
        "SELECT (SELECT coalesce(max(sequence), 0) FROM audit) AS last, (SELECT value FROM meta WHERE key = 'audit_head') AS head",
      )
      .get() as { readonly last: number; readonly head: string | null };
    end = row.last;
    head = row.head === null ? EMPTY_CHAIN : (JSON.parse(row.head) as ChainHead);
  } catch {
    // Without a readable head the verifier reports its damage, after the entries themselves.
  }
  const begin = beginOf(connection, end);
  return { verifier: createChainVerifier(head, anchors, begin), end, after: begin.sequence };
}

/** Where the trail begins: a store that was moved here may have had its older part deleted, which an entry of the chain says. */
function beginOf({ sql }: Connection, end: number): ChainHead {
  try {
    const first = sql("SELECT min(sequence) AS first FROM audit").get()?.["first"] as number | null;
    if (first === null || first === 1) return EMPTY_CHAIN;
    const row = sql(
      "SELECT entry FROM audit WHERE sequence <= ? AND json_valid(entry) AND json_extract(entry, '$.action') = ? ORDER BY sequence DESC LIMIT 1",
    ).get(end, TRIM_ACTION) as Pick<ChainRow, "entry"> | undefined;
    return (row && trimOf(row)) ?? EMPTY_CHAIN;
  } catch {
    // The verifier finds what is damaged.
    return EMPTY_CHAIN;
  }
}

/** Verifies the next rows; true while there is more to do. A damaged page ends the trail at the entry before it. */
export function verifyPart({ sql }: Connection, verification: Verification): boolean {
  const { verifier, end, after } = verification;
  try {
    const rows = sql(
      "SELECT sequence, entry, hash FROM audit WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?",
    ).all(after, end, VERIFY_ROWS) as unknown as ChainRow[];
    for (const row of rows) if (!verifier.take(row)) return false;
    verification.after += rows.length;
    return rows.length === VERIFY_ROWS;
  } catch (error) {
    takeReadable({ sql }, verification);
    verifier.unreadable(`the database file is damaged here (${(error as Error).message})`);
    return false;
  }
}

/** Takes the rows before the one that cannot be read. */
function takeReadable({ sql }: Pick<Connection, "sql">, { verifier, after }: Verification): void {
  try {
    for (let sequence = after + 1; ; sequence += 1) {
      const row = sql("SELECT sequence, entry, hash FROM audit WHERE sequence = ?").get(sequence) as
        | ChainRow
        | undefined;
      if (!row || !verifier.take(row)) return;
    }
  } catch {
    // The row after the last one taken is the damaged one.
  }
}

/** Verifies the whole chain at once. */
export function verifyTrail(connection: Connection, anchors: readonly ChainHead[] = []): AuditVerification {
  const verification = beginVerification(connection, anchors);
  while (verifyPart(connection, verification)) continue;
  return verification.verifier.finish();
}
