import type { Alert, DenyListEntry, Incident } from "@vedette/api";
import type { LineState } from "../detector/line-state.ts";
import type { StepDraft } from "../detector/step-draft.ts";
import type { Store } from "../store/store.ts";
import { decideAlert, decideIncident, reopens } from "./decisions.ts";
import { requestHash } from "./idempotency.ts";
import { type Actor, OperationError, type Operations } from "./operations.ts";

/** Makes a change as a step of the line; resolves with its answer once it is committed. The same key again gives the same answer. */
export type Enqueue = <T>(
  name: string,
  run: (state: LineState, draft: StepDraft) => Promise<T>,
  asked: { readonly key: string; readonly request: string },
) => Promise<T>;

/** What people may do, each as one step of the line. Alerts and incidents that the line no longer holds are read from the store. */
export function lineOperations(store: Pick<Store, "alert" | "incident">, enqueue: Enqueue): Operations {
  return {
    changeAlert: (id, change, by) =>
      enqueue<Alert>(
        "alert",
        async (current, draft) => {
          const before = current.alerts.alert(id) ?? (await store.alert(id));
          if (before === undefined) throw new OperationError("not_found", `There is no alert ${id}.`);
          const decided = decideAlert(before, change);
          const session = current.alerts.session(id);
          const closedTo = decided.status === "closed" && reopens(decided.closeReason) ? session?.to : undefined;
          const after = current.alerts.replace(decided, draft, { closedTo });
          const { revision: _revision, note, ...fields } = change;
          draft.audit(by.name, "alert.changed", id, { ...fields, note: note ?? null });
          draft.history(id, by.name, describeChange(fields), note);
          current.alerts.announce(before, after, draft);
          if (isWithdrawn(after) && !isWithdrawn(before)) current.denyList.causeWithdrawn(id, by.name, draft);
          return after;
        },
        asked("alert", by, id, change),
      ),
    changeIncident: (id, change, by) =>
      enqueue<Incident>(
        "incident",
        async (current, draft) => {
          const before = current.incidents.incident(id) ?? (await store.incident(id));
          if (before === undefined) throw new OperationError("not_found", `There is no incident ${id}.`);
          const after = current.incidents.replace(decideIncident(before, change), draft);
          const { revision: _revision, note, ...fields } = change;
          draft.audit(by.name, "incident.changed", id, { ...fields, note: note ?? null });
          draft.history(id, by.name, describeChange(fields), note);
          return after;
        },
        asked("incident", by, id, change),
      ),
    denyAddress: (request, by) =>
      enqueue<DenyListEntry>(
        "deny",
        async (current, draft) => current.denyList.deny(request, by.name, draft),
        asked("deny", by, request),
      ),
    undoDeny: (id, by) =>
      enqueue<DenyListEntry>(
        "undo",
        async (current, draft) => current.denyList.undo(id, by.name, draft),
        asked("undo", by, id),
      ),
  };
}

/** Whether a person has said that the alert is no reason to act. */
const isWithdrawn = ({ closeReason }: Alert): boolean =>
  closeReason === "false_positive" || closeReason === "benign_positive";

const asked = (operation: string, by: Actor, ...input: readonly unknown[]): { key: string; request: string } => ({
  key: [operation, by.name, by.idempotencyKey].join("\n"),
  request: requestHash(...input),
});

function describeChange(fields: {
  readonly status?: string | undefined;
  readonly closeReason?: string | undefined;
  readonly assignee?: string | null | undefined;
}): string {
  const parts: string[] = [];
  if (fields.status !== undefined) parts.push(`status:${fields.status}`);
  if (fields.closeReason !== undefined) parts.push(`reason:${fields.closeReason}`);
  if (fields.assignee !== undefined)
    parts.push(fields.assignee === null ? "unassigned" : `assigned:${fields.assignee}`);
  return parts.length === 0 ? "note" : parts.join(" ");
}
