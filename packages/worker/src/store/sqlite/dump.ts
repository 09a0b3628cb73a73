import { existsSync } from "node:fs";
import type { Alert, DenyListEntry, Incident, RefusedRecord } from "@vedette/api";
import type { Episode, Fact } from "@vedette/detection";
import { type ChainRow, EMPTY_CHAIN } from "../../audit/chain.ts";
import { StoreError } from "../../errors.ts";
import type { DumpRecord, DumpSource, DumpTarget, FactOrigin } from "../dump/dump-record.ts";
import type { AlertMember, HistoryEntry } from "../store.ts";
import { openAnchorFile } from "./anchors.ts";
import { commitStep } from "./commit.ts";
import { openConnection, type Connection } from "./connection.ts";
import { inboxRow, recordRow, stepRows, type StoredRecordRow } from "./encode.ts";
import { dataFiles } from "./folder.ts";
import { inboxEnd } from "./inbox.ts";
import { lockFolder } from "./lock.ts";
import { effect } from "./outbox.ts";
import { fromTextKey, toTextKey } from "./text-key.ts";
import { addTotal, inboxState, raiseTotal, total } from "./totals.ts";

/** Records put into one transaction. */
const BATCH = 2_000;

type Row = Readonly<Record<string, unknown>>;

/** Opens a data folder to be read as a whole; its worker may run, the dump is of one moment. @throws StoreError */
export function openSqliteDump(folder: string): DumpSource {
  const { store } = dataFiles(folder);
  if (!existsSync(store)) {
    throw new StoreError("data-folder-missing", `${folder} holds no store. Name the data folder of a worker.`, {
      retryable: false,
    });
  }
  const connection = openConnection(store, { readOnly: true });
  return {
    async *records() {
      connection.sql("BEGIN").run();
      try {
        yield* recordsOf(connection);
      } finally {
        connection.sql("COMMIT").run();
      }
    },
    [Symbol.asyncDispose]: async () => connection.close(),
  };
}

function* recordsOf(connection: Connection): Generator<DumpRecord> {
  const { sql } = connection;
  const rows = (text: string): Iterable<Row> => sql(text).iterate() as Iterable<Row>;
  const bodies = function* <T>(table: string): Generator<T> {
    for (const { body } of rows(`SELECT body FROM ${table} ORDER BY id`)) yield JSON.parse(body as string) as T;
  };
  const state = inboxState(connection);
  yield {
    kind: "position",
    cursor: total(connection, "cursor"),
    ...(state === undefined ? {} : { inboxState: state }),
    changes: total(connection, "change_sequence"),
    refused: total(connection, "refused"),
  };
  for (const row of rows(
    "SELECT sequence, id, source, position, partition, time, received_at AS receivedAt, document, undated FROM inbox ORDER BY sequence",
  )) {
    const { sequence, ...record } = inboxRow(row as unknown as StoredRecordRow);
    yield { kind: "record", record, sequence };
  }
  for (const { key, value } of rows("SELECT key, value FROM blobs ORDER BY key"))
    yield { kind: "blob", key: fromTextKey(key as string), value: fromTextKey(value as string) };
  for (const { body, shadow, origin } of rows("SELECT body, shadow, origin FROM facts ORDER BY id")) {
    const more: FactOrigin = {
      ...(origin === null ? {} : (JSON.parse(origin as string) as FactOrigin)),
      ...(shadow === 1 ? { shadow: true } : {}),
    };
    const fact = JSON.parse(body as string) as Fact;
    yield { kind: "fact", fact, ...(Object.keys(more).length === 0 ? {} : { origin: more }) };
  }
  for (const episode of bodies<Episode>("episodes")) yield { kind: "episode", episode };
  for (const alert of bodies<Alert>("alerts")) yield { kind: "alert", alert };
  for (const row of rows(
    `SELECT alert_id AS alertId, finding_id AS findingId, kind, from_time AS "from", to_time AS "to" FROM alert_members ORDER BY alert_id, finding_id`,
  ))
    yield { kind: "member", member: { ...row } as unknown as AlertMember };
  for (const incident of bodies<Incident>("incidents")) yield { kind: "incident", incident };
  for (const { body, revision } of rows("SELECT body, revision FROM deny_list ORDER BY id"))
    yield { kind: "deny", entry: JSON.parse(body as string) as DenyListEntry, revision: revision as number };
  for (const { id } of rows("SELECT id FROM effects ORDER BY sequence")) {
    const row = effect(connection, id as string);
    if (row !== undefined) yield { kind: "effect", row };
  }
  for (const { note, ...entry } of rows("SELECT subject, time, actor, change, note FROM history ORDER BY sequence"))
    yield { kind: "history", entry: { ...entry, ...(note === null ? {} : { note }) } as unknown as HistoryEntry };
  for (const row of rows("SELECT sequence, entry, hash FROM audit ORDER BY sequence")) {
    const { time } = JSON.parse(row["entry"] as string) as { readonly time: number };
    yield { kind: "audit", row: { ...row } as unknown as ChainRow, time };
  }
  for (const { key, answer } of rows("SELECT key, answer FROM idempotency ORDER BY sequence"))
    yield { kind: "answer", key: key as string, answer: answer as string };
  for (const { id } of rows("SELECT id FROM steps ORDER BY sequence"))
    yield { kind: "step", id: fromTextKey(id as string) };
  for (const row of rows("SELECT sequence, time, source, reason, detail, sample FROM refused ORDER BY sequence"))
    yield { kind: "refused", record: { ...row } as unknown as RefusedRecord };
  for (const { source, value } of rows("SELECT source, value FROM checkpoints ORDER BY source"))
    yield { kind: "checkpoint", source: fromTextKey(source as string), value: value as string };
}

/** Opens a data folder to put a dump into; it is made when it is not there, and owned until it is disposed of. @throws StoreError */
export function openSqliteTarget(folder: string, since: number): DumpTarget {
  const files = dataFiles(folder);
  const unlock = lockFolder(folder, since);
  let connection: Connection;
  try {
    connection = openConnection(files.store);
  } catch (error) {
    unlock();
    throw error;
  }
  return {
    async requireEmpty() {
      const { sql } = connection;
      const used = ["inbox", "steps", "facts", "audit", "refused", "checkpoints"].some(
        (table) => sql(`SELECT 1 FROM ${table} LIMIT 1`).get() !== undefined,
      );
      if (used) {
        throw new StoreError("store-not-empty", `${folder} holds a store already; name an empty folder.`, {
          retryable: false,
        });
      }
    },
    async take(records) {
      let head = EMPTY_CHAIN;
      let cursor = 0;
      let end = 0;
      let batch: DumpRecord[] = [];
      const flush = (): void => {
        const outcomes = connection.transact(batch.map((record) => () => put(connection, record)));
        for (const outcome of outcomes) if ("error" in outcome) throw outcome.error;
        batch = [];
      };
      for await (const record of records) {
        if (record.kind === "audit") head = { sequence: record.row.sequence, hash: record.row.hash };
        if (record.kind === "position") ({ cursor } = record);
        // A cursor counts in the inbox that it was committed for, and no further than what there is of that.
        if (record.kind === "record" && record.sequence !== undefined) end = Math.max(end, record.sequence);
        batch.push(record);
        if (batch.length >= BATCH) flush();
      }
      flush();
      raiseTotal(connection, "cursor", Math.min(cursor, end));
      const anchors = openAnchorFile(files.anchors);
      anchors.noteNow(head);
      anchors.close();
    },
    async [Symbol.asyncDispose]() {
      connection.close();
      unlock();
    },
  };
}

const step = (more: Partial<Parameters<typeof stepRows>[0]>) => stepRows({ id: "", ...more });

/** Puts one record into its table. What a commit has rules for goes the way of a commit, which leaves no trace of a step. */
function put(connection: Connection, record: DumpRecord): void {
  const { sql } = connection;
  const commit = (more: Parameters<typeof step>[0]): void => {
    commitStep(connection, { ...step(more), id: "restore" });
    sql("DELETE FROM steps WHERE id = 'restore'").run();
  };
  switch (record.kind) {
    case "position":
      raiseTotal(connection, "change_sequence", record.changes);
      addTotal(connection, "refused", record.refused);
      return;
    case "record": {
      const { id, source, position, partition, time, receivedAt, document, undated } = recordRow(record.record);
      sql(
        `INSERT INTO inbox (sequence, id, source, position, partition, time, received_at, document, undated)
         VALUES (coalesce(?, (SELECT coalesce(max(sequence), 0) + 1 FROM inbox)), ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(record.sequence ?? null, id, source, position, partition, time, receivedAt, document, undated);
      // Without a place of their own, records were dealt with before they were dumped.
      if (record.sequence === undefined) raiseTotal(connection, "cursor", inboxEnd(connection));
      return;
    }
    case "blob":
      return commit({ blobs: [{ key: record.key, value: record.value }] });
    case "fact": {
      const { shadow, ...origin } = record.origin ?? {};
      const { id } = record.fact;
      commit({ facts: [record.fact], ...(shadow === true ? { shadowFacts: [id] } : {}) });
      if (Object.keys(origin).length > 0)
        sql("UPDATE facts SET origin = ? WHERE id = ?").run(JSON.stringify(origin), id);
      return;
    }
    case "episode":
      return commit({ episodes: [record.episode] });
    case "alert":
      return commit({ alerts: [record.alert] });
    case "member":
      return commit({ alertMembers: [record.member] });
    case "incident":
      return commit({ incidents: [record.incident] });
    case "deny":
      commit({ denyList: [record.entry] });
      sql("UPDATE deny_list SET revision = ? WHERE id = ?").run(record.revision, record.entry.id);
      return;
    case "effect": {
      const { state, attempts, notBefore, lastError, ...effectOnly } = record.row;
      commit({ effects: [effectOnly] });
      sql("UPDATE effects SET state = ?, attempts = ?, not_before = ?, last_error = ? WHERE id = ?").run(
        state,
        attempts,
        notBefore,
        lastError ?? null,
        record.row.id,
      );
      return;
    }
    case "history":
      return commit({ history: [record.entry] });
    case "audit": {
      const { sequence, entry, hash } = record.row;
      sql("INSERT INTO audit (sequence, entry, hash) VALUES (?, ?, ?)").run(sequence, entry, hash);
      sql(
        "INSERT INTO meta (key, value) VALUES ('audit_head', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      ).run(JSON.stringify({ sequence, hash }));
      return;
    }
    case "answer":
      return commit({ idempotency: { key: record.key, answer: record.answer } });
    case "step":
      sql("INSERT INTO steps (id) VALUES (?) ON CONFLICT (id) DO NOTHING").run(toTextKey(record.id));
      return;
    case "refused": {
      const { sequence, time, source, reason, detail, sample } = record.record;
      sql("INSERT INTO refused (sequence, time, source, reason, detail, sample) VALUES (?, ?, ?, ?, ?, ?)").run(
        sequence,
        time,
        source,
        reason,
        detail,
        sample,
      );
      return;
    }
    case "checkpoint":
      sql("INSERT INTO checkpoints (source, value) VALUES (?, ?)").run(toTextKey(record.source), record.value);
  }
}
