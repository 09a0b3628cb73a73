import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { StoreError } from "../../errors.ts";
import { checkSchema, migrate } from "./schema.ts";
import { endsTransaction, toStoreError } from "./sqlite-error.ts";

/** What became of one request of a shared transaction. */
export type Outcome<T> = { readonly value: T } | { readonly error: StoreError };

/** One SQLite connection with its prepared statements. */
export interface Connection {
  /** The prepared statement of a text, prepared once. */
  sql(text: string): StatementSync;
  /** Runs a read and maps what it throws. */
  read<T>(doing: string, work: () => T): T;
  /**
   * Runs requests in one transaction, each in its own savepoint: a request that fails is undone and reported, the others are committed.
   * When the transaction itself cannot be committed, none has happened and each outcome is the error.
   * @param last runs before the commit with the values of the requests that held.
   */
  transact<T>(requests: readonly (() => T)[], last?: (values: readonly T[]) => void): Outcome<T>[];
  close(): void;
}

/** How a database is opened. */
export interface ConnectionOptions {
  readonly readOnly?: boolean;
}

/**
 * Opens a database file (or `:memory:`), creating or migrating it unless it is opened to be read.
 * @throws StoreError when the file cannot be opened, is damaged, locked, or of another version
 */
export function openConnection(path: string | URL, options: ConnectionOptions = {}): Connection {
  try {
    return connect(path, options.readOnly ?? false);
  } catch (error) {
    throw toStoreError(error, `Opening the store ${String(path)}`);
  }
}

function connect(path: string | URL, readOnly: boolean): Connection {
  const database = new DatabaseSync(path, { readOnly });
  try {
    database.exec("PRAGMA busy_timeout = 5000");
    checkSchema(database, !readOnly);
    // A larger checkpoint interval than SQLite's 1,000 pages: fewer interruptions of the group commit, at most 16 MiB to recover after a crash.
    if (!readOnly) {
      database.exec(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864",
      );
    }
    database.exec("PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF");
    if (!readOnly) migrate(database);
  } catch (error) {
    database.close();
    throw error;
  }

  const statements = new Map<string, StatementSync>();
  const sql = (text: string): StatementSync => {
    let statement = statements.get(text);
    if (!statement) statements.set(text, (statement = database.prepare(text)));
    return statement;
  };

  const rollBack = (): void => {
    try {
      database.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself, as it does after some failures of the disk.
    }
  };

  const one = <T>(request: () => T): Outcome<T> => {
    database.exec("SAVEPOINT request");
    try {
      const value = request();
      database.exec("RELEASE request");
      return { value };
    } catch (error) {
      if (endsTransaction(error)) throw error;
      database.exec("ROLLBACK TO request; RELEASE request");
      return { error: toStoreError(error, "Writing to the store") };
    }
  };

  return {
    sql,
    read(doing, work) {
      try {
        return work();
      } catch (error) {
        throw toStoreError(error, doing);
      }
    },
    transact(requests, last) {
      try {
        database.exec("BEGIN IMMEDIATE");
        const outcomes = requests.map(one);
        last?.(outcomes.flatMap((outcome) => ("value" in outcome ? [outcome.value] : [])));
        database.exec("COMMIT");
        return outcomes;
      } catch (error) {
        rollBack();
        const failure = toStoreError(error, "Writing to the store");
        return requests.map(() => ({ error: failure }));
      }
    },
    close: () => database.close(),
  };
}
