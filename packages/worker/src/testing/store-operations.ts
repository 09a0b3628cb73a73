import type { Alert, DenyListEntry } from "@vedette/api";
import { recordedAnswer, recordWrite, requestHash } from "../responder/idempotency.ts";
import { type Actor, OperationError, type Operations } from "../responder/operations.ts";
import type { StepCommit, Store } from "../store/store.ts";
import { sampleDeny } from "./store-samples.ts";

/** What a test's server needs of operations: one after the other, each committed once to the real store, and listed in `made`. */
export function createStoreOperations(store: Store): Operations & { readonly made: string[] } {
  const made: string[] = [];
  let line: Promise<unknown> = Promise.resolve();

  const once = <T>(
    by: Actor,
    request: string,
    make: () => Promise<{ readonly name: string; readonly answer: T; readonly step: Omit<StepCommit, "id"> }>,
  ) => {
    const turn = line.then(async (): Promise<T> => {
      const kept = await store.idempotentAnswer(by.idempotencyKey);
      if (kept !== undefined) return recordedAnswer(kept, request) as T;
      const { name, answer, step } = await make();
      const idempotency = { key: by.idempotencyKey, answer: recordWrite(request, answer) };
      await store.commit({ ...step, id: by.idempotencyKey, idempotency });
      made.push(name);
      return answer;
    });
    line = turn.catch(() => {});
    return turn;
  };

  return {
    made,
    changeAlert: (id, change, by) =>
      once(by, requestHash(id, change), async () => {
        const alert = await store.alert(id);
        if (alert === undefined) throw new OperationError("not_found", `There is no alert ${id}.`);
        if (alert.revision !== change.revision)
          throw new OperationError("conflict", "The alert was changed meanwhile.");
        const answer: Alert = { ...alert, revision: alert.revision + 1, status: change.status ?? alert.status };
        const history = [{ subject: id, time: 5_000, actor: by.name, change: `status: ${answer.status}` }];
        return { name: `changeAlert ${id}`, answer, step: { alerts: [answer], history } };
      }),
    changeIncident: async (id) => Promise.reject(new OperationError("not_found", `There is no incident ${id}.`)),
    denyAddress: (request, by) =>
      once(by, requestHash(request), async () => {
        if (request.address === "127.0.0.1") throw new OperationError("invalid", "127.0.0.1 must never be blocked.");
        const { seconds, ...asked } = request;
        const answer: DenyListEntry = sampleDeny(`deny-${made.length + 1}`, {
          ...asked,
          requestedBy: by.name,
          state: "in_force",
          expiresAt: 3_000 + seconds * 1000,
        });
        return { name: `denyAddress ${answer.id}`, answer, step: { denyList: [answer] } };
      }),
    undoDeny: async (id) => Promise.reject(new OperationError("ended", `The block ${id} has ended.`)),
  };
}
