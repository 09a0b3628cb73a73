import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "../../errors.ts";

/**
 * Each entry takes the schema one version up; `user_version` tells how many have run. Documents are JSON text in `body`; the columns
 * beside it are only what is searched, ordered or compared by. Times are REAL: Unix milliseconds can have a fraction.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE inbox (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, position TEXT NOT NULL,
    partition TEXT NOT NULL, time REAL NOT NULL, received_at REAL NOT NULL, document TEXT NOT NULL
  ) STRICT;
  CREATE TABLE checkpoints (source TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE refused (
    sequence INTEGER PRIMARY KEY, time REAL NOT NULL, source TEXT NOT NULL, reason TEXT NOT NULL,
    detail TEXT NOT NULL, sample TEXT NOT NULL
  ) STRICT;

  CREATE TABLE facts (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE rule_facts (rule_id TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE episodes (
    id TEXT PRIMARY KEY, rule_id TEXT NOT NULL, revision INTEGER NOT NULL, merged INTEGER NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX episodes_by_rule ON episodes (rule_id) WHERE merged = 0;
  CREATE TABLE blobs (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE alerts (
    id TEXT PRIMARY KEY, revision INTEGER NOT NULL, merged INTEGER NOT NULL, status TEXT NOT NULL, severity TEXT NOT NULL,
    rule_id TEXT NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL, opened_at REAL NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX alerts_by_opening ON alerts (opened_at DESC, id DESC) WHERE merged = 0;
  CREATE INDEX alerts_by_last_seen ON alerts (last_seen) WHERE merged = 0;
  CREATE INDEX alerts_by_status ON alerts (status, severity) WHERE merged = 0;
  CREATE TABLE alert_members (
    alert_id TEXT NOT NULL, finding_id TEXT NOT NULL, kind TEXT NOT NULL, from_time REAL NOT NULL, to_time REAL NOT NULL,
    PRIMARY KEY (alert_id, finding_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE incidents (
    id TEXT PRIMARY KEY, revision INTEGER NOT NULL, merged INTEGER NOT NULL, status TEXT NOT NULL,
    last_seen REAL NOT NULL, opened_at REAL NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX incidents_by_opening ON incidents (opened_at DESC, id DESC) WHERE merged = 0;
  CREATE INDEX incidents_by_last_seen ON incidents (last_seen) WHERE merged = 0;
  CREATE TABLE entities (
    owner TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (owner, value, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX entities_by_id ON entities (owner, id);
  CREATE TABLE deny_list (
    id TEXT PRIMARY KEY, revision INTEGER NOT NULL, active INTEGER NOT NULL, ended_at REAL NOT NULL,
    created_at REAL NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX deny_list_by_creation ON deny_list (created_at DESC, id DESC);
  CREATE INDEX deny_list_by_end ON deny_list (active, ended_at);

  CREATE TABLE effects (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, action TEXT NOT NULL, target TEXT NOT NULL, generation INTEGER NOT NULL,
    subject TEXT NOT NULL, guarantee TEXT NOT NULL, payload TEXT NOT NULL, created_at REAL NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, not_before REAL NOT NULL, last_error TEXT
  ) STRICT;
  CREATE INDEX effects_waiting ON effects (sequence) WHERE state IN ('pending', 'attempting');

  CREATE TABLE history (
    sequence INTEGER PRIMARY KEY, subject TEXT NOT NULL, time REAL NOT NULL, actor TEXT NOT NULL, change TEXT NOT NULL, note TEXT
  ) STRICT;
  CREATE INDEX history_by_subject ON history (subject, sequence);
  CREATE TABLE audit (sequence INTEGER PRIMARY KEY, entry TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
  CREATE TABLE idempotency (sequence INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, answer TEXT NOT NULL) STRICT;
  CREATE TABLE steps (sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
  `,
  `
  CREATE INDEX deny_list_by_incident ON deny_list (json_extract(body, '$.incidentId'));
  CREATE INDEX deny_list_by_alert ON deny_list (json_extract(body, '$.alertId'));
  `,
  `
  ALTER TABLE inbox ADD COLUMN undated INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE facts ADD COLUMN shadow INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE facts ADD COLUMN origin TEXT;
  `,
];

/** The schema version that this program reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Marks the file as ours ("VEDT"), so that another program's database is never written to. */
const APPLICATION_ID = 0x56454454;

const pragma = (database: DatabaseSync, name: string): number =>
  Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? { value: 0 })[0]);

/**
 * Checks that a database is a store that this program can read, without changing it.
 * @param migratable whether an older store will do
 * @throws StoreError `store-damaged`, `store-schema-newer`, `store-schema-older`
 */
export function checkSchema(database: DatabaseSync, migratable: boolean): void {
  const version = pragma(database, "user_version");
  refuseForeign(database, version);
  if (!migratable && version < SCHEMA_VERSION) {
    throw new StoreError(
      "store-schema-older",
      `The store has schema version ${version}, this program reads ${SCHEMA_VERSION}. Start the worker on the folder once; it migrates the store.`,
      { retryable: false },
    );
  }
}

/** Brings a database that was checked to the current version, each step in its own transaction. */
export function migrate(database: DatabaseSync): void {
  const version = pragma(database, "user_version");
  for (const [index, statements] of MIGRATIONS.slice(version).entries()) {
    database.exec("BEGIN IMMEDIATE");
    try {
      database.exec(statements);
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version + index + 1}; COMMIT`);
    } catch (error) {
      database.exec("ROLLBACK");
      throw error;
    }
  }
}

function refuseForeign(database: DatabaseSync, version: number): void {
  const application = pragma(database, "application_id");
  const tables =
    pragma(database, "schema_version") > 0 ? database.prepare("SELECT 1 FROM sqlite_schema").get() : undefined;
  if (application !== APPLICATION_ID && (tables !== undefined || application !== 0)) {
    throw new StoreError(
      "store-damaged",
      "The file in the place of the store is another program's database; choose another folder with --data.",
      {
        retryable: false,
      },
    );
  }
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      "store-schema-newer",
      `The store has schema version ${version}, this program knows ${SCHEMA_VERSION}. Use the version of Vedette that wrote it, or a later one.`,
      { retryable: false },
    );
  }
}
