import type { Connection } from "./connection.ts";
import { fromTextKey } from "./text-key.ts";

/** Numbers kept in the same transaction as what they count or point at. */
export type Total = "cursor" | "refused" | "facts" | "facts_shadow" | "change_sequence";

/** A number's value, 0 when it was never set. */
export function total({ sql }: Connection, name: Total): number {
  return (sql("SELECT value FROM meta WHERE key = ?").get(name)?.["value"] as number | undefined) ?? 0;
}

/** Sets a number, unless that would take it back. */
export function raiseTotal({ sql }: Connection, name: Total, value: number): void {
  sql(
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE excluded.value > value",
  ).run(name, value);
}

/** What was committed with the cursor. */
export function inboxState({ sql }: Connection): string | undefined {
  const text = sql("SELECT value FROM meta WHERE key = 'inbox_state'").get()?.["value"] as string | undefined;
  return text === undefined ? undefined : fromTextKey(text);
}

/** Keeps what belongs to the cursor, as `toTextKey` made it. */
export function setInboxState({ sql }: Connection, text: string): void {
  sql(
    "INSERT INTO meta (key, value) VALUES ('inbox_state', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  ).run(text);
}

/** Adds to a number and returns the sum. */
export function addTotal({ sql }: Connection, name: Total, increment: number): number {
  const row = sql(
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = value + excluded.value RETURNING value",
  ).get(name, increment);
  return row?.["value"] as number;
}
