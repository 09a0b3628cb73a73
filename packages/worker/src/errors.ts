import { EVENT_INPUT_ERROR_CODES } from "./cli/detect/error-codes.ts";
import { COLLECTOR_ERROR_CODES } from "./collector/error-codes.ts";
import { CONFIG_ERROR_CODES } from "./config/error-codes.ts";
import { ELASTICSEARCH_ERROR_CODES } from "./elasticsearch/error-codes.ts";
import { RULE_SOURCE_ERROR_CODES } from "./rules/error-codes.ts";
import { SERVER_ERROR_CODES } from "./server/error-codes.ts";

/** What a code means and how to cure it; docs/errors.md is generated from these tables. */
export interface ErrorCode {
  readonly summary: string;
  readonly cure: string;
}

/** Codes of `StoreError`. */
export const STORE_ERROR_CODES = {
  "data-folder-in-use": {
    summary: "Another worker owns the data folder.",
    cure: "Stop the other worker, or give this one its own folder with --data. The lock goes with its process, also after a crash.",
  },
  "data-folder-missing": {
    summary: "The data folder holds no store.",
    cure: "Name the folder of a worker that has run with --data DIR, or start the worker once.",
  },
  "data-folder-not-a-folder": {
    summary: "The path of the data folder, or of a folder above it, is a file.",
    cure: "Name a folder with --data; one that does not exist is made.",
  },
  "data-folder-damaged": {
    summary: "A file in the data folder cannot be read, or does not hold what Vedette wrote.",
    cure: "Restore the file that the message names from a backup, or follow what the message says about removing it.",
  },
  "data-folder-unwritable": {
    summary: "The data folder, or a file in it, cannot be created or written.",
    cure: "Give the worker's user write permission on the folder, or mount it writable, or choose another one with --data.",
  },
  "store-full": {
    summary: "The disk or quota behind the data folder is full.",
    cure: "Free space; the worker goes on by itself. Senders are answered 503 until then, so nothing acknowledged is lost.",
  },
  "store-input-output": {
    summary: "The disk behind the data folder failed to read or write.",
    cure: "Check the disk and the system log. The worker opens the store again and retries; nothing half-written is used.",
  },
  "store-locked": {
    summary: "Another program holds the store's database.",
    cure: "End the other program (a backup or an sqlite shell); the worker retries.",
  },
  "store-damaged": {
    summary: "The store's database file is damaged, or is not a database.",
    cure: "Stop the worker, keep a copy of the folder as evidence, restore it from a backup or start on an empty folder.",
  },
  "store-guard-key": {
    summary: "The key by which guards know the workers is missing from the cluster, damaged, or was replaced.",
    cure: "Put the index that the message names back from a snapshot, or delete it and start all workers again: they make another key, which guards that know the old one refuse until they are told (VEDETTE_GUARD_PUBLIC_KEY, or a restart).",
  },
  "store-schema-newer": {
    summary: "The store was written by a newer version of Vedette.",
    cure: "Use that version or a later one; an older program never touches a newer store.",
  },
  "store-schema-older": {
    summary: "The store was written by an older version of Vedette and cannot be read before it is migrated.",
    cure: "Start the worker of this version on the folder once; it migrates the store.",
  },
  "store-overloaded": {
    summary: "More input waits to be stored than the queue may hold.",
    cure: "Nothing to do for a while: senders are told to retry. If it stays, use a faster disk or fewer sources.",
  },
  "store-closed": {
    summary: "The store was closed while the call was under way.",
    cure: "None: the worker is stopping. Senders retry what was not acknowledged.",
  },
  "store-thread-failed": {
    summary: "The thread that owns the store ended unexpectedly.",
    cure: "The worker stops; start it again. It goes on with what was committed. Report it with the log.",
  },
  "store-fact-conflict": {
    summary: "A finding was stored before with the same id and other content.",
    cure: "This is a defect: ids are made of rule, revision and event, so both must be equal. Report it with the log.",
  },
  "store-revision-conflict": {
    summary: "A document was stored before with the same revision and other content.",
    cure: "This is a defect: only one writer changes a document. Report it with the log.",
  },
  "store-effect-unknown": {
    summary: "An update names an effect that the outbox does not hold.",
    cure: "This is a defect. Report it with the log.",
  },
  "store-fenced": {
    summary: "Another worker has gone on with what this one took for its own.",
    cure: "Nothing to do: the worker rebuilds its state from the store. If it comes often, look for a machine whose process or network stands still for seconds.",
  },
  "store-partitions-changed": {
    summary: "`elasticsearch.partitions` is another number than at the first start.",
    cure: "Set it to the number that the message names: what correlations remember does not move between partitions.",
  },
  "store-index-foreign": {
    summary: "An index template of the name that Vedette uses is not Vedette's.",
    cure: "Choose another `elasticsearch.prefix`, or rename the other template.",
  },
  "store-migration-failed": {
    summary: "Moving documents into an index with a newer mapping did not end.",
    cure: "Run `vedette setup elasticsearch` again: it goes on, and the old index is kept until all is moved. If it stays, look into the cluster's log.",
  },
  "store-not-empty": {
    summary: "A backup can only be put into an empty store.",
    cure: "Name an empty data folder, or another `elasticsearch.prefix`; nothing was changed.",
  },
  "store-dump-damaged": {
    summary: "A backup cannot be read or written, or is not whole.",
    cure: "Use another copy of it. A store that was being restored from it is to be removed; the one that was backed up is unchanged.",
  },
  "store-busy": {
    summary: "A worker changed the store while it was read.",
    cure: "Stop the worker, then begin again.",
  },
  "store-no-intake": {
    summary: "A record was given to a worker that reads its records from Elasticsearch alone.",
    cure: "Enable the receiver in the configuration, or send the records to Elasticsearch.",
  },
  "store-no-writer": {
    summary: "No worker of the cluster writes alerts and incidents at the moment.",
    cure: "Ask again with the same Idempotency-Key: another worker takes over within seconds. If it stays, see the leases in `vedette status`.",
  },
  "cursor-invalid": {
    summary: "The cursor of a list was not made by this list.",
    cure: "Leave the cursor out to start at the first page, and pass `nextCursor` on unchanged.",
  },
  "store-failed": {
    summary: "The database refused a statement.",
    cure: "This is a defect. Report it with the log.",
  },
} as const satisfies Record<string, ErrorCode>;

/** All error codes of the worker's own parts. */
export const ERROR_CODES: Readonly<Record<string, ErrorCode>> = {
  ...STORE_ERROR_CODES,
  ...CONFIG_ERROR_CODES,
  ...ELASTICSEARCH_ERROR_CODES,
  ...COLLECTOR_ERROR_CODES,
  ...SERVER_ERROR_CODES,
  ...RULE_SOURCE_ERROR_CODES,
  ...EVENT_INPUT_ERROR_CODES,
};

/** A store operation failed. `retryable` says whether the same call can succeed later without anybody's help. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: string;
  readonly retryable: boolean;
  constructor(code: string, message: string, options: { retryable: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
  }
}
