import type { RefusedInput } from "../../record.ts";
import type { AppendResult } from "../store.ts";
import type { Connection } from "./connection.ts";
import type { RecordRow, StoredRecordRow } from "./encode.ts";
import { toTextKey } from "./text-key.ts";
import { addTotal } from "./totals.ts";

/** How many refused inputs are kept to be looked at; older ones remain counted. */
export const REFUSED_KEPT = 10_000;

const RECORD_COLUMNS = "sequence, id, source, position, partition, time, received_at AS receivedAt, document, undated";

/** Takes records that the inbox does not have yet, in the order given; moves the source's checkpoint when one is given. */
export function append(
  { sql }: Connection,
  rows: readonly RecordRow[],
  checkpoint?: { readonly source: string; readonly value: string },
): AppendResult {
  const insert = sql(
    `INSERT INTO inbox (id, source, position, partition, time, received_at, document, undated) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO NOTHING`,
  );
  let appended = 0;
  for (const { id, source, position, partition, time, receivedAt, document, undated } of rows) {
    appended += Number(insert.run(id, source, position, partition, time, receivedAt, document, undated).changes);
  }
  if (checkpoint) {
    sql(
      "INSERT INTO checkpoints (source, value) VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET value = excluded.value",
    ).run(toTextKey(checkpoint.source), checkpoint.value);
  }
  return { appended, duplicate: rows.length - appended };
}

/** The checkpoint last committed for a source. */
export function checkpoint({ sql }: Connection, source: string): string | undefined {
  return sql("SELECT value FROM checkpoints WHERE source = ?").get(toTextKey(source))?.["value"] as string | undefined;
}

/** Keeps what could not be taken, and forgets the oldest beyond `REFUSED_KEPT`. */
export function refuse(connection: Connection, inputs: readonly RefusedInput[]): void {
  const { sql } = connection;
  const insert = sql("INSERT INTO refused (time, source, reason, detail, sample) VALUES (?, ?, ?, ?, ?)");
  let last = 0;
  for (const { time, source, reason, detail, sample } of inputs) {
    last = Number(insert.run(time, source, reason, detail, sample).lastInsertRowid);
  }
  sql("DELETE FROM refused WHERE sequence <= ?").run(last - REFUSED_KEPT);
  addTotal(connection, "refused", inputs.length);
}

/** Rows after a sequence, in order. */
export function readInbox({ sql }: Connection, after: number, limit: number): StoredRecordRow[] {
  return sql(`SELECT ${RECORD_COLUMNS} FROM inbox WHERE sequence > ? ORDER BY sequence LIMIT ?`).all(
    after,
    limit,
  ) as unknown as StoredRecordRow[];
}

/** Highest sequence, 0 when there is none. */
export function inboxEnd({ sql }: Connection): number {
  return sql("SELECT coalesce(max(sequence), 0) AS last FROM inbox").get()?.["last"] as number;
}

/** The records with these ids, in the order of the ids; unknown ids are left out. */
export function records({ sql }: Connection, ids: readonly string[]): StoredRecordRow[] {
  const select = sql(`SELECT ${RECORD_COLUMNS} FROM inbox WHERE id = ?`);
  return ids.flatMap((id) => (select.get(toTextKey(id)) as unknown as StoredRecordRow | undefined) ?? []);
}
