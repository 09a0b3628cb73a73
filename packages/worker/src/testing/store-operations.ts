import type { Alert, DenyListEntry } from "@vedette/api";
import { type Actor, OperationError, type Operations } from "../responder/operations.ts";
import type { Store } from "../store/store.ts";
import { sampleDeny } from "./store-samples.ts";

/** What a test's server needs of operations: each is committed to the real store with its idempotency key, and counted. */
export function createStoreOperations(store: Store): Operations & { readonly made: string[] } {
  const made: string[] = [];
  const keep = (by: Actor, answer: unknown) => ({
    idempotency: { key: by.idempotencyKey, answer: JSON.stringify(answer) },
  });
  return {
    made,
    async changeAlert(id, change, by) {
      const alert = await store.alert(id);
      if (alert === undefined) throw new OperationError("not_found", `There is no alert ${id}.`);
      if (alert.revision !== change.revision) throw new OperationError("conflict", "The alert was changed meanwhile.");
      const next: Alert = { ...alert, revision: alert.revision + 1, status: change.status ?? alert.status };
      const history = [{ subject: id, time: 5_000, actor: by.name, change: `status: ${next.status}` }];
      await store.commit({ id: by.idempotencyKey, alerts: [next], history, ...keep(by, next) });
      made.push(`changeAlert ${id}`);
      return next;
    },
    async changeIncident(id) {
      throw new OperationError("not_found", `There is no incident ${id}.`);
    },
    async denyAddress(request, by) {
      if (request.address === "127.0.0.1") throw new OperationError("invalid", "127.0.0.1 must never be blocked.");
      const entry: DenyListEntry = sampleDeny(`deny-${made.length + 1}`, {
        ...request,
        requestedBy: by.name,
        state: "in_force",
        expiresAt: 3_000 + request.seconds * 1000,
      });
      await store.commit({ id: by.idempotencyKey, denyList: [entry], ...keep(by, entry) });
      made.push(`denyAddress ${entry.id}`);
      return entry;
    },
    async undoDeny(id) {
      throw new OperationError("conflict", `The block ${id} has ended.`);
    },
  };
}
