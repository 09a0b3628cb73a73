import type { Effect, EffectState, EffectUpdate, OutboxRow } from "../store.ts";
import { mayFollow } from "../effect-states.ts";
import { StoreError } from "../../errors.ts";
import type { Connection } from "./connection.ts";
import type { EffectRow } from "./encode.ts";

const COLUMNS = `id, action, target, generation, subject, guarantee, payload, created_at AS createdAt,
  state, attempts, not_before AS notBefore, last_error AS lastError`;

type Row = Omit<OutboxRow, "payload" | "lastError"> & { readonly payload: string; readonly lastError: string | null };

const toOutboxRow = ({ lastError, payload, ...row }: Row): OutboxRow => ({
  ...row,
  payload: JSON.parse(payload) as Effect["payload"],
  ...(lastError === null ? {} : { lastError }),
});

/** Puts effects into the outbox, each once by id. */
export function insertEffects({ sql }: Connection, effects: readonly EffectRow[]): void {
  const insert = sql(
    `INSERT INTO effects (id, action, target, generation, subject, guarantee, payload, created_at, state, attempts, not_before)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0, ?) ON CONFLICT (id) DO NOTHING`,
  );
  for (const { id, action, target, generation, subject, guarantee, payload, createdAt } of effects) {
    insert.run(id, action, target, generation, subject, guarantee, payload, createdAt, createdAt);
  }
}

/** Moves effects to their next states. */
export function updateEffects({ sql }: Connection, updates: readonly EffectUpdate[]): void {
  const current = sql("SELECT state FROM effects WHERE id = ?");
  const update = sql("UPDATE effects SET state = ?, attempts = ?, not_before = ?, last_error = ? WHERE id = ?");
  for (const { id, state, attempts, notBefore, lastError } of updates) {
    const before = current.get(id)?.["state"] as EffectState | undefined;
    if (before === undefined) {
      throw new StoreError("store-effect-unknown", `The outbox has no effect ${id}.`, { retryable: false });
    }
    if (mayFollow(before, state)) update.run(state, attempts, notBefore, lastError ?? null, id);
  }
}

/** Pending effects whose time has come, and those that a crash left in the middle of an attempt, oldest first. */
export function dueEffects({ sql }: Connection, now: number, limit: number, action?: string): OutboxRow[] {
  const due = "state IN ('pending', 'attempting') AND (state = 'attempting' OR not_before <= ?)";
  const rows =
    action === undefined
      ? sql(`SELECT ${COLUMNS} FROM effects WHERE ${due} ORDER BY sequence LIMIT ?`).all(now, limit)
      : sql(`SELECT ${COLUMNS} FROM effects WHERE ${due} AND action = ? ORDER BY sequence LIMIT ?`).all(
          now,
          action,
          limit,
        );
  return (rows as unknown as Row[]).map(toOutboxRow);
}

/** How many effects wait or are under way. */
export function pendingEffects({ sql }: Connection): number {
  return sql("SELECT count(*) AS count FROM effects WHERE state IN ('pending', 'attempting')").get()?.[
    "count"
  ] as number;
}

/** One effect. */
export function effect({ sql }: Connection, id: string): OutboxRow | undefined {
  const row = sql(`SELECT ${COLUMNS} FROM effects WHERE id = ?`).get(id) as unknown as Row | undefined;
  return row && toOutboxRow(row);
}
