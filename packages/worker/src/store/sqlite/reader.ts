import { existsSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { AuditVerification } from "@vedette/api";
import { StoreError } from "../../errors.ts";
import { readAnchors } from "./anchors.ts";
import type { Store } from "../store.ts";
import { openSqliteCore, type SqliteCore } from "./core.ts";
import { withAnchors } from "./engine.ts";
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
  | "denyListOfIncident"
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
  const core = openToRead(files.store);
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
    denyListOfIncident: async (id) => core.denyListOfIncident(id),
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
      // A worker may have made its first entries in between.
      const noted = heads.length > 0 ? heads.length : readAnchors(files.anchors).heads.length;
      return {
        ...withAnchors(verdict, noted, damagedLine),
        anchors: heads.length,
      };
    },
    [Symbol.dispose]: () => core.close(),
  };
}

/**
 * Opens the database file. SQLite wants to put its files for shared access beside it; where nothing can be written (evidence on a read-only
 * medium) the file is read as one that nobody changes, which is right as long as no write-ahead log waits beside it.
 */
function openToRead(path: string): SqliteCore {
  try {
    return openSqliteCore(path, { readOnly: true });
  } catch (error) {
    const log = `${path}-wal`;
    const alone = !existsSync(log) || statSync(log).size === 0;
    if (!(error instanceof StoreError) || error.code !== "data-folder-unwritable" || !alone) throw error;
    const file = pathToFileURL(path);
    file.searchParams.set("immutable", "1");
    return openSqliteCore(file, { readOnly: true });
  }
}
