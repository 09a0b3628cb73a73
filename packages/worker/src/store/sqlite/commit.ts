import type { Change } from "@vedette/api";
import { canonicalJson } from "../../audit/canonical-json.ts";
import { StoreError } from "../../errors.ts";
import type { AlertMember, HistoryEntry } from "../store.ts";
import type { Connection } from "./connection.ts";
import type { AlertRow, DenyRow, DocumentRow, EpisodeRow, FactRow, IncidentRow, StepRows } from "./encode.ts";
import { insertEffects, updateEffects } from "./outbox.ts";
import { addTotal, raiseTotal, setInboxState, total } from "./totals.ts";
import { appendAudit } from "./trail.ts";

/** How many step ids and idempotency keys are remembered; a repetition comes within seconds, not after this many others. */
const REMEMBERED = 10_000;

/** What a write changed, before it has its place in the order of changes. */
export type ChangeDraft = Omit<Change, "sequence">;

/**
 * Writes everything of one step; the caller has opened the transaction. Nothing is written when the step was committed before.
 * @throws StoreError `store-fact-conflict`, `store-revision-conflict`, `store-effect-unknown`
 */
export function commitStep(connection: Connection, step: StepRows): ChangeDraft[] {
  if (!remember(connection, step.id)) return [];
  if (step.cursor !== undefined) {
    raiseTotal(connection, "cursor", step.cursor);
    const isNewest = step.cursor === total(connection, "cursor");
    if (isNewest && step.inboxState !== undefined) setInboxState(connection, step.inboxState);
  }
  insertFacts(connection, step.facts);
  replaceEpisodes(connection, step.episodes);
  setBlobs(connection, step.blobs);
  const changes = [
    ...replaceAlerts(connection, step.alerts),
    ...replaceIncidents(connection, step.incidents),
    ...replaceDenyList(connection, step.denyList),
  ];
  setMembers(connection, step.alertMembers);
  insertEffects(connection, step.effects);
  updateEffects(connection, step.effectUpdates);
  insertHistory(connection, step.history);
  appendAudit(connection, step.audit);
  if (step.idempotency) recordAnswer(connection, step.idempotency);
  return changes;
}

/** False when a step of this id was committed before. */
function remember({ sql }: Connection, id: string): boolean {
  const { changes, lastInsertRowid } = sql("INSERT INTO steps (id) VALUES (?) ON CONFLICT (id) DO NOTHING").run(id);
  if (Number(changes) === 0) return false;
  sql("DELETE FROM steps WHERE sequence <= ?").run(Number(lastInsertRowid) - REMEMBERED);
  return true;
}

function recordAnswer({ sql }: Connection, { key, answer }: { readonly key: string; readonly answer: string }): void {
  const insert = sql("INSERT INTO idempotency (key, answer) VALUES (?, ?) ON CONFLICT (key) DO NOTHING");
  const { changes, lastInsertRowid } = insert.run(key, answer);
  if (Number(changes) === 0) return;
  sql("DELETE FROM idempotency WHERE sequence <= ?").run(Number(lastInsertRowid) - REMEMBERED);
}

function insertFacts(connection: Connection, facts: readonly FactRow[]): void {
  const { sql } = connection;
  const insert = sql("INSERT INTO facts (id, body, shadow) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING");
  const stored = sql("SELECT body FROM facts WHERE id = ?");
  const count = sql(
    "INSERT INTO rule_facts (rule_id, count) VALUES (?, 1) ON CONFLICT (rule_id) DO UPDATE SET count = count + 1",
  );
  const inserted = { facts: 0, facts_shadow: 0 };
  for (const { id, ruleId, body, shadow } of facts) {
    if (Number(insert.run(id, body, shadow).changes) === 1) {
      count.run(ruleId);
      inserted[shadow === 1 ? "facts_shadow" : "facts"] += 1;
    } else if (!sameJson(stored.get(id)?.["body"] as string, body)) {
      throw new StoreError("store-fact-conflict", `The finding ${id} was stored before with other content.`, {
        retryable: false,
      });
    }
  }
  for (const [name, increment] of Object.entries(inserted))
    if (increment > 0) addTotal(connection, name as keyof typeof inserted, increment);
}

const sameJson = (a: string, b: string): boolean =>
  a === b || canonicalJson(JSON.parse(a) as unknown) === canonicalJson(JSON.parse(b) as unknown);

/** Whether a document takes the place of the stored one: it is new, or of a higher revision. A lower one never does. */
function replaces({ sql }: Connection, table: "alerts" | "episodes" | "incidents", row: DocumentRow): boolean {
  const stored = sql(`SELECT revision, body FROM ${table} WHERE id = ?`).get(row.id) as
    | { readonly revision: number; readonly body: string }
    | undefined;
  if (!stored || row.revision > stored.revision) return true;
  if (row.revision === stored.revision && !sameJson(stored.body, row.body)) {
    throw new StoreError(
      "store-revision-conflict",
      `Revision ${row.revision} of ${row.id} in ${table} was stored before with other content.`,
      { retryable: false },
    );
  }
  return false;
}

function replaceEpisodes(connection: Connection, episodes: readonly EpisodeRow[]): void {
  const put = connection.sql(
    "INSERT OR REPLACE INTO episodes (id, rule_id, revision, merged, body) VALUES (?, ?, ?, ?, ?)",
  );
  for (const row of episodes) {
    if (replaces(connection, "episodes", row)) put.run(row.id, row.ruleId, row.revision, Number(row.merged), row.body);
  }
}

function replaceAlerts(connection: Connection, alerts: readonly AlertRow[]): ChangeDraft[] {
  const put = connection.sql(
    `INSERT OR REPLACE INTO alerts (id, revision, merged, status, severity, rule_id, first_seen, last_seen, opened_at, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return alerts.flatMap((row) => {
    if (!replaces(connection, "alerts", row)) return [];
    const { id, revision, merged, status, severity, ruleId, firstSeen, lastSeen, openedAt, body } = row;
    put.run(id, revision, Number(merged), status, severity, ruleId, firstSeen, lastSeen, openedAt, body);
    setEntities(connection, "alert", id, row.entities);
    return [{ kind: "alert" as const, id, revision }];
  });
}

function replaceIncidents(connection: Connection, incidents: readonly IncidentRow[]): ChangeDraft[] {
  const put = connection.sql(
    "INSERT OR REPLACE INTO incidents (id, revision, merged, status, last_seen, opened_at, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  return incidents.flatMap((row) => {
    if (!replaces(connection, "incidents", row)) return [];
    const { id, revision, merged, status, lastSeen, openedAt, body } = row;
    put.run(id, revision, Number(merged), status, lastSeen, openedAt, body);
    setEntities(connection, "incident", id, row.entities);
    return [{ kind: "incident" as const, id, revision }];
  });
}

/** Makes the entity index of one document equal to what the document says. */
function setEntities({ sql }: Connection, owner: "alert" | "incident", id: string, values: readonly string[]): void {
  const wanted = new Set(values);
  for (const { value } of sql("SELECT value FROM entities WHERE owner = ? AND id = ?").all(owner, id) as unknown as {
    value: string;
  }[]) {
    if (!wanted.delete(value))
      sql("DELETE FROM entities WHERE owner = ? AND value = ? AND id = ?").run(owner, value, id);
  }
  for (const value of wanted) sql("INSERT INTO entities (owner, value, id) VALUES (?, ?, ?)").run(owner, value, id);
}

function replaceDenyList({ sql }: Connection, entries: readonly DenyRow[]): ChangeDraft[] {
  const put = sql(
    `INSERT INTO deny_list (id, revision, active, ended_at, created_at, body) VALUES (?, 1, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET revision = revision + 1, active = excluded.active, ended_at = excluded.ended_at,
       created_at = excluded.created_at, body = excluded.body WHERE body <> excluded.body RETURNING revision`,
  );
  return entries.flatMap(({ id, active, endedAt, createdAt, body }) => {
    const row = put.get(id, Number(active), endedAt, createdAt, body);
    return row ? [{ kind: "deny_list" as const, id, revision: row["revision"] as number }] : [];
  });
}

function setBlobs(
  { sql }: Connection,
  blobs: readonly { readonly key: string; readonly value: string | null }[],
): void {
  for (const { key, value } of blobs) {
    if (value === null) sql("DELETE FROM blobs WHERE key = ?").run(key);
    else
      sql("INSERT INTO blobs (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value").run(
        key,
        value,
      );
  }
}

function setMembers({ sql }: Connection, members: readonly AlertMember[]): void {
  const put = sql(
    "INSERT OR REPLACE INTO alert_members (alert_id, finding_id, kind, from_time, to_time) VALUES (?, ?, ?, ?, ?)",
  );
  for (const { alertId, findingId, kind, from, to } of members) put.run(alertId, findingId, kind, from, to);
}

function insertHistory({ sql }: Connection, entries: readonly HistoryEntry[]): void {
  const insert = sql("INSERT INTO history (subject, time, actor, change, note) VALUES (?, ?, ?, ?, ?)");
  for (const { subject, time, actor, change, note } of entries) insert.run(subject, time, actor, change, note ?? null);
}
