import type { Cluster } from "./cluster.ts";
import { calling, describeError, ElasticsearchError, statusError } from "./errors.ts";
import type { BulkWriter, WriteOutcome } from "./write.ts";

/** A document that is written once, with a hash of what it says. */
export interface OnceDocument {
  readonly index: string;
  readonly id: string;
  readonly document: object;
  readonly contentHash: string;
}

/** What became of it: written now, there before with the same content or with another one, or refused. */
export type OnceOutcome =
  | { readonly status: "written" }
  | { readonly status: "same" }
  | { readonly status: "different"; readonly storedHash: string | undefined }
  | Extract<WriteOutcome, { readonly status: "refused" }>;

/** How documents are written once. */
export interface CreateOnceOptions {
  /** Dotted path of the content hash in the documents, e.g. `vedette.finding.content_hash`. */
  readonly hashField: string;
  readonly signal?: AbortSignal | undefined;
  readonly refresh?: boolean;
}

const IDS_AT_ONCE = 500;
const DOING = "Comparing documents with those stored";

interface GotDocument {
  readonly found?: boolean;
  readonly error?: unknown;
  readonly _source?: unknown;
}

const valueAt = (source: unknown, path: string): string | undefined => {
  let value = source;
  for (const part of path.split(".")) value = (value as Readonly<Record<string, unknown>> | undefined)?.[part];
  return typeof value === "string" ? value : undefined;
};

/** Hashes of documents as they are stored now (read by id, so never stale); undefined for one that is gone. */
const storedHashes = async (
  cluster: Cluster,
  documents: readonly OnceDocument[],
  { hashField, signal }: CreateOnceOptions,
): Promise<({ readonly hash: string | undefined } | undefined)[]> => {
  const found: ({ readonly hash: string | undefined } | undefined)[] = [];
  for (let from = 0; from < documents.length; from += IDS_AT_ONCE) {
    const answer = await calling(DOING, async () =>
      cluster.client.mget(
        {
          docs: documents.slice(from, from + IDS_AT_ONCE).map(({ index, id }) => ({ _index: index, _id: id })),
          _source_includes: [hashField],
        },
        signal === undefined ? {} : { signal },
      ),
    );
    for (const got of answer.docs as readonly GotDocument[]) {
      const described = describeError(got.error);
      if (described.type !== "" && described.type !== "index_not_found_exception") {
        // An answer to many reads has no status for each: all but a missing privilege passes.
        throw statusError(described.type === "security_exception" ? 403 : 503, described, DOING);
      }
      found.push(got.found === true ? { hash: valueAt(got._source, hashField) } : undefined);
    }
  }
  return found;
};

/**
 * Writes documents that never change. One that is there already is compared by its content hash: the same content is the same writing, made again; other content is told to the caller and left alone.
 * The same id twice in one call counts as written before for the second one.
 * @throws ElasticsearchError as `BulkWriter.write` does; calling again with the same documents is safe.
 */
export const createOnce = async (
  cluster: Cluster,
  writer: BulkWriter,
  documents: readonly OnceDocument[],
  options: CreateOnceOptions,
): Promise<readonly OnceOutcome[]> => {
  const outcomes = Array.from<OnceOutcome | undefined>({ length: documents.length });
  let open = [...documents.keys()];
  // A document can be deleted between being found and being compared, by age for one; it is then written again.
  for (let round = 0; open.length > 0 && round < 3; round += 1) {
    const operations = open.map((at) => {
      const { index, id, document } = documents[at] as OnceDocument;
      return { kind: "create" as const, index, id, document };
    });
    const written = await writer.write(operations, {
      signal: options.signal,
      ...(options.refresh === undefined ? {} : { refresh: options.refresh }),
    });
    const existing: number[] = [];
    for (const [place, at] of open.entries()) {
      const outcome = written[place];
      if (outcome === undefined || outcome.status === "exists") existing.push(at);
      else outcomes[at] = outcome;
    }
    const stored = await storedHashes(
      cluster,
      existing.map((at) => documents[at] as OnceDocument),
      options,
    );
    open = existing.filter((at, place) => {
      const there = stored[place];
      if (there === undefined) return true;
      outcomes[at] =
        there.hash === documents[at]?.contentHash
          ? { status: "same" }
          : { status: "different", storedHash: there.hash };
      return false;
    });
  }
  return outcomes.map((outcome) => {
    if (outcome !== undefined) return outcome;
    throw new ElasticsearchError(
      "elasticsearch-unavailable",
      "Writing failed: documents were deleted as fast as they were found to be there.",
      { retryable: true },
    );
  });
};
