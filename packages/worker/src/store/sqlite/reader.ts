import { existsSync } from "node:fs";
import type { AuditVerification } from "@vedette/api";
import { StoreError } from "../../errors.ts";
import { readAnchors } from "./anchors.ts";
import type { Store } from "../store.ts";
import { openSqliteCore } from "./core.ts";
import { damagedAnchors } from "./engine.ts";
import { dataFiles } from "./folder.ts";

/** The verdict on a trail, and how many of its heads were noted outside the database. */
export interface TrailVerdict extends AuditVerification {
  readonly anchors: number;
}

/** What can be read of a data folder. */
type Readable =
  | "listAlerts"
  | "alert"
  | "alertMembers"
  | "findings"
  | "events"
  | "history"
  | "listIncidents"
  | "incident"
  | "listDenyList"
  | "listAudit"
  | "counts"
  | "recover"
  | "inboxEnd";

/** Read access to a data folder, whether or not a worker owns it at the moment. */
export interface SqliteReader extends Pick<Store, Readable>, Disposable {
  /** Verifies the audit trail as it is at this moment. */
  verifyTrail(): TrailVerdict;
}

/**
 * Opens a data folder to read it.
 * @throws StoreError `data-folder-missing`, `store-damaged`, `store-schema-newer`, `store-schema-older`
 */
export function openSqliteReader(folder: string): SqliteReader {
  const files = dataFiles(folder);
  if (!existsSync(files.store)) {
    throw new StoreError(
      "data-folder-missing",
      `${folder} holds no store. Name the data folder of a worker that has run with --data DIR.`,
      {
        retryable: false,
      },
    );
  }
  const core = openSqliteCore(files.store, { readOnly: true });
  return {
    listAlerts: async (query) => core.listAlerts(query),
    alert: async (id) => core.alert(id),
    alertMembers: async (id, limit) => core.alertMembers(id, limit),
    findings: async (ids) => core.findings(ids),
    events: async (ids) => core.events(ids),
    history: async (subject) => core.history(subject),
    listIncidents: async (query) => core.listIncidents(query),
    incident: async (id) => core.incident(id),
    listDenyList: async (cursor, limit) => core.listDenyList(cursor, limit),
    listAudit: async (cursor, limit) => core.listAudit(cursor, limit),
    counts: async () => core.counts(),
    recover: async (horizon) => core.recover(horizon),
    inboxEnd: async () => core.inboxEnd(),
    verifyTrail() {
      // The anchors first: each of them is then of an entry that the trail, read after them, must have.
      const { heads, damagedLine } = readAnchors(files.anchors);
      const verification = core.beginVerification(heads);
      while (core.verifyPart(verification)) continue;
      const verdict = verification.verifier.finish();
      return {
        ...(damagedLine === undefined || !verdict.ok ? verdict : damagedAnchors(verdict, damagedLine)),
        anchors: heads.length,
      };
    },
    [Symbol.dispose]: () => core.close(),
  };
}
