import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { StoreError } from "../../errors.ts";
import { DUMP_VERSION, type DumpKind, type DumpRecord } from "./dump-record.ts";

/** How many records of each kind a dump holds. */
export type DumpCounts = Partial<Record<DumpKind, number>>;

/** Counts records as they pass. */
export async function* counted(
  records: AsyncIterable<DumpRecord>,
  counts: DumpCounts,
  onProgress?: (total: number) => void,
): AsyncGenerator<DumpRecord> {
  let total = 0;
  for await (const record of records) {
    counts[record.kind] = (counts[record.kind] ?? 0) + 1;
    total += 1;
    if (total % 10_000 === 0) onProgress?.(total);
    yield record;
  }
}

/**
 * Writes a dump: gzip, a JSON value a line; the first line says what it is, the last one how many records there are and the SHA-256 of all lines between. The file appears under its name when it
 * is whole.
 */
export async function writeDump(
  path: string,
  records: AsyncIterable<DumpRecord>,
  onProgress?: (total: number) => void,
): Promise<DumpCounts> {
  const counts: DumpCounts = {};
  const hash = createHash("sha256");
  async function* lines(): AsyncGenerator<string> {
    yield `${JSON.stringify({ vedette: "store", version: DUMP_VERSION })}\n`;
    for await (const record of counted(records, counts, onProgress)) {
      const line = `${JSON.stringify(record)}\n`;
      hash.update(line);
      yield line;
    }
    yield `${JSON.stringify({ end: true, counts, sha256: hash.digest("hex") })}\n`;
  }
  const unfinished = `${path}.part`;
  try {
    await pipeline(Readable.from(lines()), createGzip(), createWriteStream(unfinished, { mode: 0o600 }));
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw fileFailure(path, "written", error);
  }
  return counts;
}

/** Reads a dump. Whether it is whole shows at its end: what was read before is not to be used when this throws. @throws StoreError `store-dump-damaged`, `store-schema-newer` */
export async function* readDump(path: string): AsyncGenerator<DumpRecord> {
  const counts: Record<string, number> = {};
  const hash = createHash("sha256");
  let first = true;
  let ended = false;
  const stream = createReadStream(path);
  const unpacked = stream.pipe(createGunzip());
  stream.on("error", (error) => unpacked.destroy(error));
  try {
    for await (const line of createInterface({ input: unpacked, crlfDelay: Infinity })) {
      const value = JSON.parse(line) as Record<string, unknown>;
      if (first) {
        requireHeader(path, value);
        first = false;
      } else if (value["end"] === true) {
        if (value["sha256"] !== hash.digest("hex") || JSON.stringify(value["counts"]) !== JSON.stringify(counts))
          throw damaged(path, "its checksum does not fit");
        ended = true;
      } else if (ended) {
        throw damaged(path, "something follows its end");
      } else {
        hash.update(`${line}\n`);
        const record = value as unknown as DumpRecord;
        counts[record.kind] = (counts[record.kind] ?? 0) + 1;
        yield record;
      }
    }
  } catch (error) {
    throw error instanceof SyntaxError ? damaged(path, "a line is no JSON") : fileFailure(path, "read", error);
  } finally {
    stream.destroy();
  }
  if (!ended) throw damaged(path, "its end is missing");
}

const damaged = (path: string, why: string): StoreError =>
  new StoreError("store-dump-damaged", `${path} is no whole backup: ${why}.`, { retryable: false });

function requireHeader(path: string, header: Record<string, unknown>): void {
  if (header["vedette"] !== "store") throw damaged(path, "its first line does not say that it is one");
  if (typeof header["version"] !== "number" || header["version"] > DUMP_VERSION)
    throw new StoreError(
      "store-schema-newer",
      `${path} has version ${String(header["version"])}, this program reads ${DUMP_VERSION}. Use the version of Vedette that wrote it, or a later one.`,
      { retryable: false },
    );
}

function fileFailure(path: string, done: "read" | "written", error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined || error instanceof StoreError) return error;
  return new StoreError("store-dump-damaged", `${path} cannot be ${done}: ${(error as Error).message}.`, {
    retryable: false,
    cause: error,
  });
}
