import type { Alert, Change, DenyListEntry, Incident } from "@vedette/api";
import type { ChainHead } from "../../audit/chain.ts";
import type { RefusedInput } from "../../record.ts";
import type { InboxRow, StepCommit, Store } from "../store.ts";
import { type ChangeDraft, commitStep } from "./commit.ts";
import { type Connection, openConnection, type Outcome } from "./connection.ts";
import { inboxRow, type RecordRow, recordRow, type StepRows, stepRows, type StoredRecordRow } from "./encode.ts";
import * as inbox from "./inbox.ts";
import * as outbox from "./outbox.ts";
import * as queries from "./queries.ts";
import { recover } from "./recover.ts";
import { addTotal } from "./totals.ts";
import { auditHead, beginVerification, type Verification, verifyPart, verifyTrail } from "./trail.ts";

/** One request that changes the store, as rows. */
export type WriteRequest =
  | {
      readonly kind: "append";
      readonly rows: readonly RecordRow[];
      readonly checkpoint?: { readonly source: string; readonly value: string };
    }
  | { readonly kind: "refuse"; readonly inputs: readonly RefusedInput[] }
  | { readonly kind: "commit"; readonly step: StepRows };

type StoreMethod = Exclude<keyof Store, typeof Symbol.asyncDispose | "onChange">;

/** Every operation of the store as a plain synchronous function. */
export type SyncStore = {
  readonly [K in StoreMethod]: (...parameters: Parameters<Store[K]>) => Awaited<ReturnType<Store[K]>>;
};

/** The store's engine over one SQLite connection: used by the store's thread, and directly where a simulation wants it in memory. */
export interface SqliteCore extends SyncStore {
  /**
   * Performs requests in one transaction and tells each one's outcome; what it returns is committed.
   * A request that fails leaves the others untouched; a transaction that cannot be committed fails them all.
   */
  write(requests: readonly WriteRequest[]): Outcome<unknown>[];
  readInbox(after: number, limit: number): readonly InboxRow[];
  readInboxRows(after: number, limit: number): StoredRecordRow[];
  eventRows(ids: readonly string[]): StoredRecordRow[];
  auditHead(): ChainHead;
  beginVerification(anchors: readonly ChainHead[]): Verification;
  verifyPart(verification: Verification): boolean;
  /** Called after each commit with what changed, in order; returns an unsubscribe function. */
  onChange(listener: (changes: readonly Change[]) => void): () => void;
  close(): void;
}

/** How the engine is opened. */
export interface SqliteCoreOptions {
  /** Only reading operations are then possible, and the file must exist. */
  readonly readOnly?: boolean;
}

/**
 * Opens the engine on a database file or on `:memory:`.
 * @throws StoreError when the file cannot be opened, is damaged, locked, or of another version
 */
export function openSqliteCore(path: string | URL, options: SqliteCoreOptions = {}): SqliteCore {
  const connection = openConnection(path, options);
  const listeners = new Set<(changes: readonly Change[]) => void>();

  const write = (requests: readonly WriteRequest[]): Outcome<unknown>[] => {
    let changes: readonly Change[] = [];
    const outcomes = connection.transact(
      requests.map((request) => () => perform(connection, request)),
      (performed) => {
        changes = number(
          connection,
          performed.flatMap((one) => one.changes),
        );
      },
    );
    if (changes.length > 0 && outcomes.some((outcome) => "value" in outcome)) {
      for (const listener of listeners) listener(changes);
    }
    return outcomes.map((outcome) => ("value" in outcome ? { value: outcome.value.answer } : outcome));
  };

  const writeOne = <T>(request: WriteRequest): T => {
    const [outcome] = write([request]);
    if (!outcome || "error" in outcome) throw outcome?.error ?? new Error("a transaction answered nothing");
    return outcome.value as T;
  };

  /** Makes a reading operation that maps what the database throws. */
  const reading =
    <P extends readonly unknown[], T>(doing: string, work: (connection: Connection, ...parameters: P) => T) =>
    (...parameters: P): T =>
      connection.read(doing, () => work(connection, ...parameters));

  const readInboxRows = reading("Reading the inbox", inbox.readInbox);
  const eventRows = reading("Reading events", inbox.records);

  return {
    write,
    append: (records) => writeOne({ kind: "append", rows: records.map(recordRow) }),
    appendFrom: (source, checkpoint, records) =>
      writeOne({ kind: "append", rows: records.map(recordRow), checkpoint: { source, value: checkpoint } }),
    refuse: (inputs) => writeOne({ kind: "refuse", inputs }),
    commit: (step: StepCommit) => writeOne({ kind: "commit", step: stepRows(step) }),

    readInboxRows,
    eventRows,
    readInbox: (after, limit) => readInboxRows(after, limit).map(inboxRow),
    events: (ids) => eventRows(ids).map(inboxRow),
    inboxEnd: reading("Reading the inbox", inbox.inboxEnd),
    checkpoint: reading("Reading a checkpoint", inbox.checkpoint),
    recover: reading("Recovering the state", recover),
    dueEffects: reading("Reading the outbox", outbox.dueEffects),
    pendingEffects: reading("Reading the outbox", outbox.pendingEffects),
    effect: reading("Reading the outbox", outbox.effect),
    listAlerts: reading("Listing alerts", queries.listAlerts),
    alert: reading("Reading an alert", (c, id: string) => queries.document<Alert>(c, "alerts", id)),
    alertMembers: reading("Reading an alert's findings", queries.alertMembers),
    findings: reading("Reading findings", queries.findings),
    history: reading("Reading a history", queries.history),
    listIncidents: reading("Listing incidents", queries.listIncidents),
    incident: reading("Reading an incident", (c, id: string) => queries.document<Incident>(c, "incidents", id)),
    listDenyList: reading("Listing the deny list", queries.listDenyList),
    denyListEntry: reading("Reading the deny list", (c, id: string) =>
      queries.document<DenyListEntry>(c, "deny_list", id),
    ),
    denyListInForce: reading("Reading the deny list", queries.denyListInForce),
    denyListOfIncident: reading("Reading the deny list", queries.denyListOfIncident),
    listRefused: reading("Listing refused input", queries.listRefused),
    listAudit: reading("Listing the audit trail", queries.listAudit),
    verifyAudit: reading("Verifying the audit trail", (c) => verifyTrail(c)),
    auditHead: reading("Reading the audit trail", auditHead),
    beginVerification: reading("Verifying the audit trail", beginVerification),
    verifyPart: reading("Verifying the audit trail", verifyPart),
    counts: reading("Counting", queries.counts),
    idempotentAnswer: reading("Reading an earlier answer", queries.idempotentAnswer),
    findingCounts: reading("Counting findings", queries.findingCounts),

    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => connection.close(),
  };
}

/** What a request did, inside its transaction. */
interface Performed {
  readonly answer: unknown;
  readonly changes: readonly ChangeDraft[];
}

function perform(connection: Connection, request: WriteRequest): Performed {
  switch (request.kind) {
    case "append":
      return { answer: inbox.append(connection, request.rows, request.checkpoint), changes: [] };
    case "refuse":
      inbox.refuse(connection, request.inputs);
      return { answer: undefined, changes: [] };
    case "commit":
      return { answer: undefined, changes: commitStep(connection, request.step) };
  }
}

/** Gives changes their places in the order of all changes since the store was made. */
function number(connection: Connection, drafts: readonly ChangeDraft[]): Change[] {
  if (drafts.length === 0) return [];
  const last = addTotal(connection, "change_sequence", drafts.length);
  return drafts.map((draft, index) => ({ sequence: last - drafts.length + 1 + index, ...draft }));
}
