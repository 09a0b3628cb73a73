import type { Alert, DenyListEntry, Incident } from "@vedette/api";
import type { RecoveredState } from "../store.ts";
import type { Connection } from "./connection.ts";
import { fromTextKey } from "./text-key.ts";
import { inboxState, total } from "./totals.ts";

/** Reads what the line needs to go on after a start (store.ts, `RecoveredState`). */
export function recover(connection: Connection, horizon: number): RecoveredState {
  const { sql } = connection;
  const bodies = <T>(text: string): T[] =>
    (sql(text).all(horizon) as unknown as { body: string }[]).map(({ body }) => JSON.parse(body) as T);
  const blobs = sql("SELECT key, value FROM blobs ORDER BY key").all() as unknown as { key: string; value: string }[];
  const state = inboxState(connection);
  return {
    cursor: total(connection, "cursor"),
    ...(state === undefined ? {} : { inboxState: state }),
    blobs: new Map(blobs.map(({ key, value }) => [fromTextKey(key), fromTextKey(value)])),
    alerts: bodies<Alert>("SELECT body FROM alerts WHERE merged = 0 AND last_seen >= ? ORDER BY id"),
    incidents: bodies<Incident>("SELECT body FROM incidents WHERE merged = 0 AND last_seen >= ? ORDER BY id"),
    denyList: bodies<DenyListEntry>(
      "SELECT body FROM deny_list WHERE active = 1 OR ended_at >= ? ORDER BY created_at, id",
    ),
  };
}
