import type { AuditVerification, Change } from "@vedette/api";
import type { StoreError } from "../../errors.ts";
import { type AnchorFile, openAnchorFile, readAnchors } from "./anchors.ts";
import type { Outcome } from "./connection.ts";
import { openSqliteCore, type SqliteCore, type WriteRequest } from "./core.ts";
import { dataFiles } from "./folder.ts";
import { lockFolder } from "./lock.ts";
import { needsReopening, toStoreError } from "./sqlite-error.ts";

/** The engine of one data folder: the core with the folder's lock and the anchors of its audit chain. */
export interface Engine {
  /** As `SqliteCore.write`. */
  write(requests: readonly WriteRequest[]): Outcome<unknown>[];
  /** The core, opened again if the disk failed under it. */
  core(): SqliteCore;
  /** Verifies the audit trail part by part: each step does a part and yields until the verdict is returned. */
  verify(): Generator<undefined, AuditVerification>;
  /** Checkpoints, notes the audit head and gives the folder up. */
  close(): void;
}

/**
 * Opens the engine of a data folder, and owns the folder until `close`.
 * @param since Unix milliseconds, shown to a second worker
 * @throws StoreError
 */
export function openEngine(folder: string, since: number, onChange: (changes: readonly Change[]) => void): Engine {
  const files = dataFiles(folder);
  const unlock = lockFolder(folder, since);
  let open: SqliteCore | undefined;
  let anchors: AnchorFile;

  const core = (): SqliteCore => {
    if (!open) {
      open = openSqliteCore(files.store);
      open.onChange(onChange);
    }
    return open;
  };

  try {
    const head = core().auditHead();
    anchors = openAnchorFile(files.anchors);
    anchors.noteNow(head);
  } catch (error) {
    open?.close();
    unlock();
    throw toStoreError(error, `Opening the data folder ${folder}`);
  }

  const noteAudit = (requests: readonly WriteRequest[]): void => {
    const time = requests.flatMap((request) => (request.kind === "commit" ? request.step.audit : [])).at(-1)?.time;
    // An anchor that cannot be written must not turn a commit that has happened into a failure; the next one covers its entries too.
    if (time !== undefined) attempt(() => anchors.note(core().auditHead(), time));
  };

  return {
    write(requests) {
      let outcomes: Outcome<unknown>[];
      try {
        outcomes = core().write(requests);
      } catch (error) {
        const failure = toStoreError(error, "Writing to the store");
        return requests.map(() => ({ error: failure }));
      }
      if (outcomes.some((outcome) => "error" in outcome && needsReopening(outcome.error))) {
        // After a failed flush the system may forget what it could not write; only what is read back from the file can be trusted.
        attempt(() => open?.close());
        open = undefined;
      } else {
        noteAudit(requests);
      }
      return outcomes;
    },
    core,
    *verify() {
      const { heads, damagedLine } = readAnchors(files.anchors);
      const verification = core().beginVerification(heads);
      while (core().verifyPart(verification)) yield;
      const verdict = verification.verifier.finish();
      return withAnchors(verdict, heads.length, damagedLine);
    },
    close() {
      attempt(() => anchors.noteNow(core().auditHead()));
      attempt(() => anchors.close());
      attempt(() => open?.close());
      unlock();
    },
  };
}

/** The verdict on a trail together with what its anchor file is worth: how many anchors it has, and its first line that is none. */
export function withAnchors(
  verdict: AuditVerification,
  anchors: number,
  damagedLine: number | undefined,
): AuditVerification {
  if (!verdict.ok) return verdict;
  const { entries } = verdict;
  if (damagedLine !== undefined)
    return { ok: false, entries, reason: `line ${damagedLine} of the anchor file is not an anchor` };
  // The first commit with an entry is noted at once, so that only a store without entries has no anchors by itself.
  if (anchors > 0 || entries === 0) return verdict;
  return {
    ok: false,
    entries,
    reason:
      "the anchors (audit-head.jsonl) are missing, so entries cut off its end, or a rewrite of the whole, cannot be excluded",
  };
}

function attempt(work: () => void): StoreError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return toStoreError(error, "Closing the store");
  }
}
