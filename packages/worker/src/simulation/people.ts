import type { Line } from "../detector/line.ts";
import { OperationError } from "../responder/operations.ts";
import type { SqliteCore } from "../store/sqlite/core.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** A person's wish, and what became of it as far as the person was told. */
export interface Decision {
  /** Unique; it stands in the note or reason of the change. */
  readonly key: string;
  readonly kind: "alert" | "incident" | "deny" | "undo";
  readonly subject: string;
  answer: "made" | "refused" | "waiting";
}

/** Draws something that a person could want now; undefined when there is nothing to be done. */
export function drawDecision(
  core: SqliteCore,
  random: SeededRandom,
  key: string,
): { decision: Decision; ask: (line: Line) => Promise<unknown> } | undefined {
  const by = { name: "ann", idempotencyKey: key };
  const kind = random.pick([
    "alert",
    "alert",
    "alert",
    "alert",
    "incident",
    "incident",
    "deny",
    "deny",
    "undo",
    "undo",
  ] as const);
  const wish = (subject: string, ask: (line: Line) => Promise<unknown>) => ({
    decision: { key, kind, subject, answer: "waiting" } as Decision,
    ask,
  });
  if (kind === "alert") {
    const alerts = core.listAlerts({ limit: 100 }).items;
    if (alerts.length === 0) return undefined;
    const { id, revision } = random.pick(alerts);
    const closeReason = random.pick(["true_positive", "false_positive", "other", "benign_positive"] as const);
    const change = random.chance(0.5)
      ? { status: "closed" as const, closeReason }
      : { status: random.pick(["acknowledged", "open"] as const) };
    return wish(id, (line) => line.operations.changeAlert(id, { revision, note: key, ...change }, by));
  }
  if (kind === "incident") {
    const incidents = core.listIncidents({ limit: 100 }).items;
    if (incidents.length === 0) return undefined;
    const { id, revision } = random.pick(incidents);
    const status = random.pick(["triaged", "contained", "closed"] as const);
    return wish(id, (line) => line.operations.changeIncident(id, { revision, note: key, status }, by));
  }
  if (kind === "deny") {
    const address = random.pick(["192.0.2.1", "203.0.113.7", "198.51.100.20", "nonsense"]);
    // Drawn once: who asks again asks for the same.
    const seconds = random.integer(10, 120);
    return wish(address, (line) => line.operations.denyAddress({ address, seconds, reason: key }, by));
  }
  const entries = core.listDenyList(undefined, 100).items;
  if (entries.length === 0) return undefined;
  const active = entries.filter(({ state }) => state === "pending" || state === "in_force");
  const { id } = random.pick(active.length > 0 ? active : entries);
  return wish(id, (line) => line.operations.undoDeny(id, by));
}

/** Whether asking again with the same key can help. */
export const mayAskAgain = (error: unknown): boolean => !(error instanceof OperationError);
