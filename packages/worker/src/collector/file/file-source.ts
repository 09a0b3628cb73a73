import { basename, dirname } from "node:path";
import type { FieldMapping } from "@vedette/detection";
import type { SourceConfigOf } from "../../config/schema.ts";
import { StoreError } from "../../errors.ts";
import type { Ports } from "../../ports.ts";
import type { RawRecord, RefusedInput } from "../../record.ts";
import type { AppendResult, Store } from "../../store/store.ts";
import type { CollectorObserver } from "../observer.ts";
import { createRefusalList } from "../refusal-list.ts";
import type { Source, SourceStatus } from "../source.ts";
import { formatFileCheckpoint, parseFileCheckpoint, type FilePosition } from "./file-checkpoint.ts";
import { findFiles, findInFolder, type FoundFile } from "./glob.ts";
import { readLine } from "./line-record.ts";
import type { Line } from "./line-splitter.ts";
import { TailedFile } from "./tailed-file.ts";

/** What a file source needs. */
export interface FileSourceOptions {
  readonly config: SourceConfigOf<"file">;
  readonly store: Pick<Store, "appendFrom" | "checkpoint" | "refuse">;
  readonly ports: Pick<Ports, "clock" | "timers" | "log">;
  readonly observer: CollectorObserver;
  /** How the time of a document is read. */
  readonly mappings: readonly FieldMapping[];
  /** The processors between source and store. */
  readonly process?: (records: readonly RawRecord[]) => readonly RawRecord[];
  /** Called after records were stored, to wake the detector. */
  readonly onAppended?: (result: AppendResult) => void;
}

/** A file source that can also be moved one step at a time. */
export interface FileSource extends Source {
  /** Looks at the files once and reads a piece of each; resolves with whether there may be more to read at once. */
  poll(): Promise<boolean>;
  /** Closes every file; the next poll starts from the checkpoint. */
  release(): Promise<void>;
}

/** Files of one source that are held open. */
const MAX_OPEN_FILES = 1_024;

/** A file that was renamed or removed is read on until it has not grown for so long, milliseconds. */
const QUIET_TIME = 5_000;

const LISTED_PER_MINUTE = 60;
const LONGEST_WAIT = 5_000;

/**
 * Creates a source of JSON lines that follows files as they grow, are renamed, or are truncated in place. The place in each file is committed
 * with the records read from it, so that nothing is lost or read twice after a crash. What a `copytruncate` rotation drops between the
 * last look and the truncation is lost, as for every reader of files; the copy it makes is a file of its own when the path matches it.
 */
export const createFileSource = (options: FileSourceOptions): FileSource => {
  const { config, store, observer, mappings } = options;
  const { clock, timers, log } = options.ports;
  const { name } = config;
  const refusals = createRefusalList({ store, clock, log, perMinute: LISTED_PER_MINUTE });
  const counts = { received: 0, duplicate: 0, refused: 0 };
  /** Files whose unread end was lost, since the start, and the last one's path. */
  const lost = { files: 0, path: "" };
  /** Such files that no committed checkpoint knows of yet: only then is each of them counted once. */
  let losses: string[] = [];
  let state: SourceStatus["state"] = "stopped";
  let detail = "not started";
  let nextId = 1;
  let loaded = false;
  let firstRun = false;
  let committed = "";
  /** Checkpointed files that were not found again yet. */
  let waiting: FilePosition[] = [];
  let files: TailedFile[] = [];

  const load = async (): Promise<void> => {
    const text = await store.checkpoint(name);
    firstRun = text === undefined;
    committed = text ?? "";
    if (text !== undefined) {
      const checkpoint = parseFileCheckpoint(text);
      nextId = checkpoint.nextId;
      waiting = checkpoint.files;
    }
    loaded = true;
  };

  const take = async <T>(write: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
    for (let wait = 250; ; wait = Math.min(LONGEST_WAIT, wait * 2)) {
      try {
        return await write();
      } catch (error) {
        if (!(error instanceof StoreError) || !error.retryable || signal === undefined || signal.aborted) throw error;
        state = "waiting";
        detail = `the store does not take records now: ${error.message}`;
        await timers.sleep(wait, signal);
        if (signal.aborted) throw error;
      }
    }
  };

  /** Stores records together with the place that was reached. */
  const commit = async (records: readonly RawRecord[], signal: AbortSignal | undefined): Promise<void> => {
    const checkpoint = formatFileCheckpoint({
      version: 1,
      nextId,
      files: [...files.map((file) => file.position()), ...waiting],
    });
    if (records.length === 0 && checkpoint === committed) return;
    const wanted = options.process === undefined ? records : options.process(records);
    const result = await take(() => store.appendFrom(name, checkpoint, wanted), signal);
    committed = checkpoint;
    for (const path of losses) {
      observer.contentLost(name, 1);
      lost.files += 1;
      lost.path = path;
    }
    losses = [];
    counts.received += result.appended;
    counts.duplicate += result.duplicate;
    observer.recordsReceived(name, result.appended);
    observer.recordsDuplicate(name, result.duplicate);
    if (wanted.length > 0) options.onAppended?.(result);
  };

  const deliver = async (file: TailedFile, lines: readonly Line[], signal: AbortSignal | undefined): Promise<void> => {
    const records: RawRecord[] = [];
    const refused: RefusedInput[] = [];
    const origin = {
      source: name,
      path: file.path,
      partition: `${name}/${basename(file.firstPath)}`,
      fileId: file.id,
      numbered: file.numbered,
      receivedAt: clock.now(),
    };
    for (const line of lines) {
      const outcome = readLine(line, origin, mappings);
      if (outcome.record !== undefined) records.push(outcome.record);
      if (outcome.refused !== undefined) refused.push(outcome.refused);
    }
    // Listed before the place is committed: after a crash in between it is listed twice rather than not at all.
    if (refused.length > 0) await refusals.add(refused);
    await commit(records, signal);
    for (const { reason } of refused) observer.recordsRefused(name, reason, 1);
    counts.refused += refused.length;
  };

  const openFile = async (found: FoundFile): Promise<void> => {
    const known = waiting.find(({ device, inode }) => device === found.device && inode === found.inode);
    if (known !== undefined) {
      const resumed = await TailedFile.resumed(found, known, config.maxLineBytes);
      waiting = waiting.filter((position) => position !== known);
      if (resumed !== undefined) {
        files.push(resumed);
        return;
      }
      log.warn(
        { source: name, path: found.path },
        "a file was replaced or truncated while nobody looked; it is read from its beginning",
      );
      losses.push(known.path);
    }
    const start = firstRun ? config.start : "beginning";
    const fresh = await TailedFile.fresh(found, nextId, known === undefined ? start : "beginning", config.maxLineBytes);
    nextId += 1;
    files.push(fresh);
  };

  /** Brings the open files in line with what is in the folder. */
  const look = async (): Promise<readonly string[]> => {
    const troubles: string[] = [];
    let found: readonly FoundFile[] = [];
    try {
      found = await findFiles(config.path);
    } catch (error) {
      troubles.push(
        (error as NodeJS.ErrnoException).code === "ENOENT"
          ? `the folder of ${config.path} is not there`
          : (error as Error).message,
      );
    }
    for (const file of found) {
      const open = files.find(({ device, inode }) => device === file.device && inode === file.inode);
      if (open !== undefined) {
        open.path = file.path;
        open.quietSince = undefined;
      } else if (files.length >= MAX_OPEN_FILES) {
        troubles.push(`more than ${MAX_OPEN_FILES} files match; the others wait`);
        break;
      } else {
        try {
          await openFile(file);
        } catch (error) {
          troubles.push((error as Error).message);
        }
      }
    }
    const present = new Set(found.map(({ device, inode }) => `${device}:${inode}`));
    for (const file of files) {
      if (!present.has(`${file.device}:${file.inode}`)) file.quietSince ??= clock.now();
    }
    if (troubles.length === 0) {
      // A file that was rotated away while nobody looked still has its end to be read.
      for (const position of waiting) {
        const moved = await findInFolder(dirname(config.path), position.device, position.inode);
        const resumed =
          moved === undefined ? undefined : await TailedFile.resumed(moved, position, config.maxLineBytes);
        if (resumed === undefined) {
          log.warn(
            { source: name, path: position.path, offset: position.offset },
            "a file went away before its end was read",
          );
          losses.push(position.path);
          continue;
        }
        resumed.quietSince = clock.now();
        files.push(resumed);
      }
      waiting = [];
      firstRun = false;
    }
    return troubles;
  };

  const replaceTruncated = async (file: TailedFile): Promise<TailedFile> => {
    log.info({ source: name, path: file.path }, "a file was truncated; it is read from its beginning");
    if (file.hasUnread) losses.push(file.path);
    const { path, device, inode } = file;
    const fresh = await TailedFile.fresh({ path, device, inode, size: 0 }, nextId, "beginning", config.maxLineBytes);
    nextId += 1;
    await file.close();
    files = files.map((other) => (other === file ? fresh : other));
    return fresh;
  };

  const finish = async (file: TailedFile, signal: AbortSignal | undefined): Promise<void> => {
    const rest = file.flush();
    if (rest.length > 0) await deliver(file, rest, signal);
    files = files.filter((other) => other !== file);
    await file.close();
    await commit([], signal);
  };

  const step = async (signal: AbortSignal | undefined): Promise<boolean> => {
    if (!loaded) await load();
    const troubles = [...(await look())];
    await commit([], signal);
    let more = false;
    for (const known of files) {
      try {
        const gone = known.quietSince !== undefined;
        const file = gone || (await known.isSameContent()) ? known : await replaceTruncated(known);
        const { lines, bytes } = await file.read();
        if (bytes > 0) {
          more = true;
          await deliver(file, lines, signal);
          if (gone) file.quietSince = clock.now();
        } else if (file.quietSince !== undefined && clock.now() - file.quietSince >= QUIET_TIME)
          await finish(file, signal);
      } catch (error) {
        if (error instanceof StoreError || (error as NodeJS.ErrnoException).code === undefined) throw error;
        troubles.push(`${known.path}: ${(error as Error).message}`);
      }
    }
    state = troubles.length > 0 ? "failed" : files.length === 0 ? "waiting" : "running";
    detail =
      troubles[0] ??
      (files.length === 0
        ? `no file matches ${config.path} yet`
        : `follows ${files.length} ${files.length === 1 ? "file" : "files"}`);
    if (lost.files > 0) {
      const which = lost.files === 1 ? "1 file was" : `${lost.files} files were`;
      detail += `; ${which} replaced, truncated or removed before the end was surely read, last ${lost.path}`;
    }
    return more;
  };

  const release = async (): Promise<void> => {
    const open = files;
    files = [];
    waiting = [];
    losses = [];
    loaded = false;
    await Promise.all(open.map((file) => file.close()));
  };

  /** One step; after a failure the next one starts from what was committed. */
  const poll = async (signal?: AbortSignal): Promise<boolean> => {
    try {
      return await step(signal);
    } catch (error) {
      await release();
      throw error;
    }
  };

  return {
    name,
    kind: "file",
    poll: () => poll(),
    release,
    async run(signal) {
      let wasFailed = false;
      try {
        while (!signal.aborted) {
          const more = await poll(signal);
          if (state === "failed" && !wasFailed) {
            observer.sourceFailed(name);
            log.warn({ source: name }, detail);
          }
          wasFailed = state === "failed";
          if (!more) await timers.sleep(config.pollInterval, signal);
        }
      } finally {
        await release();
        state = "stopped";
        detail = "stopped";
      }
    },
    status: () => ({ name, kind: "file", state, detail, ...counts }),
  };
};
