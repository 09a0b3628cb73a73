import type { SqliteCore, SyncStore } from "../store/sqlite/core.ts";
import type { Store } from "../store/store.ts";

/** A method of the store that answers with a promise. */
export type StoreMethod = keyof SyncStore;

/** Stands between a caller and the engine: makes the call when it thinks fit. */
export type AroundCall = <T>(method: StoreMethod, parameters: readonly unknown[], call: () => T) => Promise<T>;

const METHODS = [
  "append",
  "appendFrom",
  "checkpoint",
  "refuse",
  "recover",
  "readInbox",
  "inboxEnd",
  "commit",
  "dueEffects",
  "pendingEffects",
  "effect",
  "listAlerts",
  "alert",
  "alertMembers",
  "findings",
  "events",
  "history",
  "listIncidents",
  "incident",
  "listDenyList",
  "denyListEntry",
  "denyListInForce",
  "denyListOfIncident",
  "listRefused",
  "listAudit",
  "verifyAudit",
  "counts",
  "idempotentAnswer",
  "findingCounts",
] as const satisfies readonly StoreMethod[];

const callAtOnce: AroundCall = async (_method, _parameters, call) => call();

/** The store's real engine as the port that the worker uses, in the caller's thread; `around` may delay, fail or drop a call. */
export function storeOverCore(core: SqliteCore, around: AroundCall = callAtOnce): Store {
  const methods = METHODS.map((method) => {
    const call = core[method] as (...parameters: readonly unknown[]) => unknown;
    return [
      method,
      (...parameters: readonly unknown[]) => around(method, parameters, () => call(...parameters)),
    ] as const;
  });
  return {
    ...(Object.fromEntries(methods) as unknown as Pick<Store, StoreMethod>),
    onChange: (listener) => core.onChange(listener),
    async [Symbol.asyncDispose]() {},
  };
}
