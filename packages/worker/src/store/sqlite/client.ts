import { Worker } from "node:worker_threads";
import type { AuditVerification, Change } from "@vedette/api";
import { StoreError } from "../../errors.ts";
import type { Clock, Log } from "../../ports.ts";
import type { AppendResult, Store } from "../store.ts";
import type { WriteRequest } from "./core.ts";
import { inboxRow, recordRow, stepRows } from "./encode.ts";
import {
  type FromThread,
  fromWire,
  type ReadAnswer,
  type ReadMethod,
  type ReadParameters,
  type ThreadData,
  type ToThread,
} from "./protocol.ts";
import { createWriteQueue, type QueueLimits } from "./write-queue.ts";

/** How the embedded store is opened. */
export interface SqliteStoreOptions {
  /** The data folder; it is created when it is not there. */
  readonly folder: string;
  readonly log: Log;
  readonly clock: Clock;
  /** How much input may wait to be stored. */
  readonly limits?: Partial<QueueLimits>;
}

/** An answer that is awaited. */
interface Waiting {
  resolve(value: unknown): void;
  reject(error: StoreError): void;
}

/**
 * Opens the embedded store: a data folder with an SQLite database, owned by this process and worked on in a thread of its own.
 * @throws StoreError `data-folder-in-use`, `data-folder-unwritable`, `store-damaged`, `store-schema-newer`, `store-full` …
 */
export async function openSqliteStore({ folder, log, clock, limits }: SqliteStoreOptions): Promise<Store> {
  const thread = startThread({ folder, since: clock.now() });
  const calls = new Map<number, Waiting>();
  const listeners = new Set<(changes: readonly Change[]) => void>();
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let lastCall = 0;
  let closing = false;
  /** Why nothing can be asked any more. */
  let over: StoreError | undefined;

  const send = (message: ToThread): void => thread.postMessage(message);
  const queue = createWriteQueue((batch, requests) => send({ kind: "write", batch, requests }), limits);

  const finish = (error: StoreError): void => {
    over ??= error;
    queue.fail(over);
    for (const { reject } of calls.values()) reject(over);
    calls.clear();
    started.reject(over);
    ended.resolve();
  };

  thread.on("message", (message: FromThread) => {
    switch (message.kind) {
      case "ready":
        return started.resolve();
      case "refused":
        return finish(fromWire(message.error));
      case "written":
        return queue.written(message.batch, message.outcomes);
      case "changes":
        for (const listener of listeners) listener(message.changes);
        return;
      case "answer": {
        const { call, outcome } = message;
        const waiting = calls.get(call);
        calls.delete(call);
        if ("error" in outcome) waiting?.reject(fromWire(outcome.error));
        else waiting?.resolve(outcome.value);
        return;
      }
      case "closed":
        return finish(new StoreError("store-closed", "The store is closed.", { retryable: false }));
    }
  });
  thread.on("error", (cause) => {
    log.error({ err: cause, folder }, "the store's thread failed");
    finish(
      new StoreError("store-thread-failed", `The thread that owns the store failed: ${String(cause)}`, {
        retryable: false,
        cause,
      }),
    );
  });
  thread.on("exit", () =>
    finish(new StoreError("store-thread-failed", "The thread that owns the store ended.", { retryable: false })),
  );

  const refusal = (): StoreError | undefined =>
    over ?? (closing ? new StoreError("store-closed", "The store is being closed.", { retryable: false }) : undefined);

  const write = async <T>(request: WriteRequest): Promise<T> => {
    const refused = refusal();
    if (refused) throw refused;
    return (await queue.add(request)) as T;
  };

  const ask = async (message: (call: number) => ToThread): Promise<unknown> => {
    const refused = refusal();
    if (refused) throw refused;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    lastCall += 1;
    calls.set(lastCall, { resolve, reject });
    send(message(lastCall));
    return promise;
  };

  const reading =
    <M extends ReadMethod>(method: M) =>
    async (...parameters: ReadParameters<M>): Promise<ReadAnswer<M>> =>
      (await ask((call) => ({ kind: "read", call, method, parameters }))) as ReadAnswer<M>;

  const readInboxRows = reading("readInboxRows");
  const eventRows = reading("eventRows");

  await started.promise;
  return {
    append: (records) => write<AppendResult>({ kind: "append", rows: records.map(recordRow) }),
    appendFrom: (source, checkpoint, records) =>
      write<AppendResult>({ kind: "append", rows: records.map(recordRow), checkpoint: { source, value: checkpoint } }),
    refuse: (inputs) => write<void>({ kind: "refuse", inputs }),
    commit: (step) => write<void>({ kind: "commit", step: stepRows(step) }),
    readInbox: async (after, limit) => (await readInboxRows(after, limit)).map(inboxRow),
    events: async (ids) => (await eventRows(ids)).map(inboxRow),
    inboxEnd: reading("inboxEnd"),
    checkpoint: reading("checkpoint"),
    recover: reading("recover"),
    dueEffects: reading("dueEffects"),
    pendingEffects: reading("pendingEffects"),
    effect: reading("effect"),
    listAlerts: reading("listAlerts"),
    alert: reading("alert"),
    alertMembers: reading("alertMembers"),
    findings: reading("findings"),
    history: reading("history"),
    listIncidents: reading("listIncidents"),
    incident: reading("incident"),
    listDenyList: reading("listDenyList"),
    denyListEntry: reading("denyListEntry"),
    denyListInForce: reading("denyListInForce"),
    denyListOfIncident: reading("denyListOfIncident"),
    listRefused: reading("listRefused"),
    listAudit: reading("listAudit"),
    verifyAudit: async () => (await ask((call) => ({ kind: "verify", call }))) as AuditVerification,
    counts: reading("counts"),
    idempotentAnswer: reading("idempotentAnswer"),
    findingCounts: reading("findingCounts"),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      if (!closing) {
        closing = true;
        await queue.drained();
        if (!over) send({ kind: "close" });
      }
      await ended.promise;
      await thread.terminate();
    },
  };
}

/** Starts the thread from source or from what was built, whichever this file is. */
function startThread(workerData: ThreadData): Worker {
  const source = import.meta.url.endsWith(".ts");
  return new Worker(new URL(source ? "./thread.ts" : "./thread.js", import.meta.url), {
    name: "vedette-store",
    workerData,
    execArgv: source
      ? ["--conditions=vedette-source", "--disable-warning=ExperimentalWarning"]
      : ["--disable-warning=ExperimentalWarning"],
  });
}
