import { closeSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import type { ChainHead } from "../../audit/chain.ts";

/** A head is noted when this many entries were added since the last one … */
const EVERY_ENTRIES = 64;
/** … or when this much time lies between their entries, in milliseconds. */
const EVERY_MILLISECONDS = 1_000;

/** Notes heads of the audit chain in a file beside the database. */
export interface AnchorFile {
  /** Notes a head that is committed, if it is time to. @param time of its entry, Unix milliseconds */
  note(head: ChainHead, time: number): void;
  /** Notes a head whatever the time. */
  noteNow(head: ChainHead): void;
  close(): void;
}

/** What an anchor file says. */
export interface Anchors {
  readonly heads: readonly ChainHead[];
  /** 1-based line that is not an anchor though others follow it; a crash leaves such a line only at the end. */
  readonly damagedLine?: number;
}

/** Reads the anchors of a file; one that does not exist has none. */
export function readAnchors(path: string): Anchors {
  return parseAnchors(textOf(path));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

function parseAnchors(text: string): Anchors {
  const lines = text.split("\n").slice(0, -1).map(parseAnchor);
  const lastGood = lines.findLastIndex((line) => line !== undefined);
  const damaged = lines.findIndex((line, index) => line === undefined && index < lastGood);
  const heads = lines.filter((line) => line !== undefined);
  return damaged === -1 ? { heads } : { heads, damagedLine: damaged + 1 };
}

function parseAnchor(line: string): ChainHead | undefined {
  try {
    const { sequence, hash } = JSON.parse(line) as { sequence?: unknown; hash?: unknown };
    return Number.isSafeInteger(sequence) && typeof hash === "string"
      ? { sequence: sequence as number, hash }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Opens an anchor file to add to it; a line that a crash cut off at its end is removed. */
export function openAnchorFile(path: string): AnchorFile {
  const bytes = Buffer.from(textOf(path));
  const file = openSync(path, "a", 0o600);
  let last: ChainHead & { readonly time: number } = { sequence: 0, hash: "", time: -Infinity };
  const { heads } = parseAnchors(bytes.toString("utf8"));
  const newest = heads.at(-1);
  if (newest) last = { ...newest, time: -Infinity };
  const whole = bytes.lastIndexOf("\n") + 1;
  if (whole < bytes.length) ftruncateSync(file, whole);

  const write = (head: ChainHead, time: number): void => {
    if (head.sequence <= last.sequence) return;
    writeSync(file, `${JSON.stringify({ sequence: head.sequence, hash: head.hash })}\n`);
    fdatasyncSync(file);
    last = { ...head, time };
  };

  return {
    note(head, time) {
      const due = head.sequence - last.sequence >= EVERY_ENTRIES || Math.abs(time - last.time) >= EVERY_MILLISECONDS;
      if (due) write(head, time);
    },
    noteNow: (head) => write(head, last.time),
    close: () => closeSync(file),
  };
}
