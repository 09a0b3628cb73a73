import type { SQLInputValue } from "node:sqlite";
import type {
  Alert,
  AlertQuery,
  AuditEntry,
  DenyListEntry,
  Incident,
  IncidentQuery,
  Page,
  RefusedRecord,
} from "@vedette/api";
import type { Episode, Fact } from "@vedette/detection";
import { type ChainRow, entryOf } from "../../audit/chain.ts";
import type { AlertMember, HistoryEntry, StoreCounts } from "../store.ts";
import type { Connection } from "./connection.ts";
import { pageOfRows, toPlace } from "../page.ts";
import { toTextKey } from "./text-key.ts";
import { total } from "./totals.ts";
import { auditHead, auditRows } from "./trail.ts";

const parse = <T>({ body }: { readonly body: string }): T => JSON.parse(body) as T;

/** A condition of a list with its parameters; the text is chosen by the program, never by input. */
type Condition = readonly [text: string, ...parameters: SQLInputValue[]];

/** One page of a table's documents, newest first by `order` and id. */
function listDocuments<T>(
  { sql }: Connection,
  from: { readonly table: "alerts" | "incidents" | "deny_list"; readonly order: "opened_at" | "created_at" },
  conditions: readonly Condition[],
  cursor: string | undefined,
  limit: number,
): Page<T> {
  const { table, order } = from;
  const where = (all: readonly Condition[]) =>
    all.length === 0 ? "" : `WHERE ${all.map(([text]) => text).join(" AND ")}`;
  const parameters = (all: readonly Condition[]) => all.flatMap(([, ...values]) => values);
  const [key, id] = toPlace(cursor);
  const after: readonly Condition[] = [...conditions, [`(${order}, id) < (?, ?)`, key, id]];
  const rows = sql(
    `SELECT id, ${order} AS place, body FROM ${table} ${where(after)} ORDER BY ${order} DESC, id DESC LIMIT ?`,
  ).all(...parameters(after), limit + 1) as unknown as { id: string; place: number; body: string }[];
  const count = sql(`SELECT count(*) AS count FROM ${table} ${where(conditions)}`).get(...parameters(conditions));
  return pageOfRows(rows, limit, count?.["count"] as number, (row) => [row.place, row.id], parse<T>);
}

const byEntity = (owner: "alert" | "incident", value: string): Condition => [
  "id IN (SELECT id FROM entities WHERE owner = ? AND value = ?)",
  owner,
  toTextKey(value),
];

/** Alerts, newest first. */
export function listAlerts(connection: Connection, query: AlertQuery): Page<Alert> {
  const { status, severity, rule, entity, from, to } = query;
  const conditions: Condition[] = [["merged = 0"]];
  if (status !== undefined) conditions.push(["status = ?", status]);
  if (severity !== undefined) conditions.push(["severity = ?", severity]);
  if (rule !== undefined) conditions.push(["rule_id = ?", rule]);
  if (entity !== undefined) conditions.push(byEntity("alert", entity));
  if (from !== undefined) conditions.push(["last_seen >= ?", from]);
  if (to !== undefined) conditions.push(["first_seen <= ?", to]);
  return listDocuments(connection, { table: "alerts", order: "opened_at" }, conditions, query.cursor, query.limit);
}

/** Incidents, newest first. */
export function listIncidents(connection: Connection, query: IncidentQuery): Page<Incident> {
  const conditions: Condition[] = [["merged = 0"]];
  if (query.status !== undefined) conditions.push(["status = ?", query.status]);
  if (query.entity !== undefined) conditions.push(byEntity("incident", query.entity));
  return listDocuments(connection, { table: "incidents", order: "opened_at" }, conditions, query.cursor, query.limit);
}

/** Entries of the deny list, newest first. */
export function listDenyList(connection: Connection, cursor: string | undefined, limit: number): Page<DenyListEntry> {
  return listDocuments(connection, { table: "deny_list", order: "created_at" }, [], cursor, limit);
}

/** Entries of the deny list that block at a time, oldest first. */
export function denyListInForce({ sql }: Connection, now: number): DenyListEntry[] {
  const rows = sql("SELECT body FROM deny_list WHERE active = 1 AND ended_at > ? ORDER BY created_at, id").all(now);
  return (rows as unknown as { readonly body: string }[]).map(parse<DenyListEntry>);
}

/** Entries of the deny list that belong to an incident or one of its alerts, oldest first. */
export function denyListOfIncident({ sql }: Connection, id: string): DenyListEntry[] {
  const rows = sql(
    `SELECT body FROM deny_list
     WHERE json_extract(body, '$.incidentId') = ?1 OR json_extract(body, '$.alertId') IN
       (SELECT value FROM incidents, json_each(incidents.body, '$.alertIds') WHERE incidents.id = ?1)
     ORDER BY created_at, id`,
  ).all(id);
  return (rows as unknown as { readonly body: string }[]).map(parse<DenyListEntry>);
}

/** One document by id. */
export function document<T>(
  { sql }: Connection,
  table: "alerts" | "incidents" | "deny_list",
  id: string,
): T | undefined {
  const row = sql(`SELECT body FROM ${table} WHERE id = ?`).get(id) as { readonly body: string } | undefined;
  return row && parse<T>(row);
}

/** Members of an alert in order of time. */
export function alertMembers({ sql }: Connection, id: string, limit: number): AlertMember[] {
  const rows = sql(
    `SELECT alert_id AS alertId, finding_id AS findingId, kind, from_time AS "from", to_time AS "to" FROM alert_members
     WHERE alert_id = ? ORDER BY from_time, finding_id LIMIT ?`,
  ).all(id, limit) as unknown as AlertMember[];
  return rows.map((row) => ({ ...row }));
}

/** Facts and episodes in the order of the ids; unknown ids are left out. */
export function findings({ sql }: Connection, ids: readonly string[]): (Fact | Episode)[] {
  const fact = sql("SELECT body FROM facts WHERE id = ?");
  const episode = sql("SELECT body FROM episodes WHERE id = ?");
  return ids.flatMap((id) => {
    const row = (fact.get(id) ?? episode.get(id)) as { readonly body: string } | undefined;
    return row ? [parse<Fact | Episode>(row)] : [];
  });
}

/** History of an alert or incident, oldest first. */
export function history({ sql }: Connection, subject: string): HistoryEntry[] {
  const rows = sql("SELECT subject, time, actor, change, note FROM history WHERE subject = ? ORDER BY sequence").all(
    subject,
  ) as unknown as (Omit<HistoryEntry, "note"> & { readonly note: string | null })[];
  return rows.map(({ note, ...entry }) => (note === null ? entry : { ...entry, note }));
}

/** Refused input, newest first. */
export function listRefused({ sql }: Connection, cursor: string | undefined, limit: number): Page<RefusedRecord> {
  const rows = sql(
    "SELECT sequence, time, source, reason, detail, sample FROM refused WHERE sequence < ? ORDER BY sequence DESC LIMIT ?",
  ).all(toPlace(cursor)[0], limit + 1) as unknown as RefusedRecord[];
  const kept = sql("SELECT count(*) AS count FROM refused").get()?.["count"] as number;
  return pageOfRows(
    rows,
    limit,
    kept,
    (row) => [row.sequence, ""],
    (row) => ({ ...row }),
  );
}

/** The audit trail, newest first. */
export function listAudit(connection: Connection, cursor: string | undefined, limit: number): Page<AuditEntry> {
  const rows: ChainRow[] = auditRows(connection, toPlace(cursor)[0], limit + 1);
  return pageOfRows(rows, limit, auditHead(connection).sequence, (row) => [row.sequence, ""], entryOf);
}

/** The answer that an operator's write got. */
export function idempotentAnswer({ sql }: Connection, key: string): string | undefined {
  return sql("SELECT answer FROM idempotency WHERE key = ?").get(key)?.["answer"] as string | undefined;
}

/** Facts and unmerged episodes per rule. */
export function findingCounts({ sql }: Connection): Map<string, number> {
  const rows = sql(
    `SELECT rule_id AS rule, sum(count) AS count FROM (
       SELECT rule_id, count FROM rule_facts
       UNION ALL SELECT rule_id, count(*) FROM episodes WHERE merged = 0 GROUP BY rule_id
     ) GROUP BY rule_id ORDER BY rule_id`,
  ).all() as unknown as { rule: string; count: number }[];
  return new Map(rows.map(({ rule, count }) => [rule, count]));
}

/** Totals for status and metrics. */
export function counts(connection: Connection): StoreCounts {
  const { sql } = connection;
  const count = (text: string): number => sql(text).get()?.["count"] as number;
  const open = sql(
    "SELECT severity, count(*) AS count FROM alerts WHERE merged = 0 AND status IN ('open', 'acknowledged') GROUP BY severity ORDER BY severity",
  ).all() as unknown as { severity: string; count: number }[];
  return {
    alertsTotal: count("SELECT count(*) AS count FROM alerts WHERE merged = 0"),
    alertsOpen: Object.fromEntries(open.map(({ severity, count }) => [severity, count])),
    incidentsTotal: count("SELECT count(*) AS count FROM incidents WHERE merged = 0"),
    incidentsOpen: count("SELECT count(*) AS count FROM incidents WHERE merged = 0 AND status <> 'closed'"),
    facts: total(connection, "facts"),
    factsShadow: total(connection, "facts_shadow"),
    refused: total(connection, "refused"),
    auditEntries: auditHead(connection).sequence,
  };
}
