import type { Client, estypes } from "@elastic/elasticsearch";
import { describeError, ElasticsearchError, statusError } from "../elasticsearch/errors.ts";
import type { StoredDocument, VersionedDocuments, WriteResult, DocumentVersion } from "./lease-documents.ts";

/** What the documents of an index need. */
export interface ElasticsearchDocumentsOptions {
  readonly client: Client;
  readonly index: string;
  /** Mapping properties with which the index is made where no template gave it any. */
  readonly properties: Record<string, estypes.MappingProperty>;
  /** Milliseconds that one request may take. */
  readonly requestTimeout: number;
}

/** Documents asked for, or written, in one request at most. */
const MAX_ITEMS = 500;

interface Pending {
  readonly action: object;
  readonly document: object;
  readonly resolve: (result: WriteResult) => void;
}

interface BulkItem {
  readonly status: number;
  readonly _seq_no?: number;
  readonly _primary_term?: number;
  readonly error?: { readonly type?: string; readonly reason?: string | null };
}

/**
 * Documents of one index that are changed by compare-and-set. Reads are by id and so never stale; writes that are asked for together are one bulk request.
 * The client makes no request twice by itself: who asked looks what became of it.
 */
export function createElasticsearchDocuments<T extends object>({
  client,
  index,
  properties,
  requestTimeout,
}: ElasticsearchDocumentsOptions): VersionedDocuments<T> {
  const transport = { requestTimeout, maxRetries: 0 };
  let pending: Pending[] = [];
  let isReady = false;

  /** Makes the index, so that it has its mapping and is not made by the first write with another one. */
  const prepare = async (): Promise<void> => {
    if (isReady) return;
    if (!(await client.indices.exists({ index }, transport))) {
      try {
        await client.indices.create(
          {
            index,
            settings: { number_of_shards: 1, auto_expand_replicas: "0-1" },
            mappings: { dynamic: false, properties },
          },
          { ...transport, requestTimeout: Math.max(requestTimeout, 10_000) },
        );
      } catch (error) {
        if (!(error instanceof Error) || !error.message.includes("resource_already_exists_exception")) throw error;
      }
    }
    isReady = true;
  };

  const send = async (batch: readonly Pending[]): Promise<void> => {
    try {
      await prepare();
      const { items } = await client.bulk(
        { operations: batch.flatMap(({ action, document }) => [action, document]) },
        transport,
      );
      for (const [position, { resolve }] of batch.entries()) {
        const item = Object.values(items[position] ?? {})[0] as BulkItem | undefined;
        resolve(resultOf(item));
      }
    } catch (error) {
      for (const { resolve } of batch) resolve({ status: "unknown", error });
    }
  };

  const flush = (): void => {
    const all = pending;
    pending = [];
    for (let from = 0; from < all.length; from += MAX_ITEMS) void send(all.slice(from, from + MAX_ITEMS));
  };

  const readSome = async (
    ids: readonly string[],
    fields: readonly string[] | undefined,
  ): Promise<readonly (StoredDocument<T> | undefined)[]> => {
    const { docs } = await client.mget<T>(
      { index, ids: [...ids], realtime: true, ...(fields === undefined ? {} : { _source: [...fields] }) },
      transport,
    );
    return docs.map((answer) => {
      if ("error" in answer) {
        const described = describeError(answer.error);
        // An answer to many reads has no status for each: all but a missing privilege passes.
        const status = described.type === "security_exception" ? 403 : 503;
        throw statusError(status, described, `Reading ${index}/${answer._id}`);
      }
      const { found, _source: document, _seq_no: seqNo, _primary_term: primaryTerm } = answer;
      if (!found || document === undefined || seqNo === undefined || primaryTerm === undefined) return undefined;
      return { version: { seqNo, primaryTerm }, document };
    });
  };

  return {
    async read(ids, fields) {
      await prepare();
      const found: (StoredDocument<T> | undefined)[] = [];
      for (let from = 0; from < ids.length; from += MAX_ITEMS)
        found.push(...(await readSome(ids.slice(from, from + MAX_ITEMS), fields)));
      return found;
    },
    write: (id, document, expected) =>
      new Promise((resolve) => {
        if (pending.length === 0) queueMicrotask(flush);
        pending.push({ action: actionOf(index, id, expected), document, resolve });
      }),
    async list(limit) {
      await prepare();
      await client.indices.refresh({ index }, transport);
      const { hits } = await client.search(
        { index, size: limit, _source: false, sort: ["_doc"], allow_partial_search_results: false },
        transport,
      );
      return hits.hits.map(({ _id }) => _id).filter((id) => id !== undefined);
    },
    async remove(id) {
      await client.delete({ index, id }, { ...transport, ignore: [404] });
    },
  };
}

const actionOf = (index: string, id: string, expected: DocumentVersion | "absent" | "any"): object => {
  if (expected === "absent") return { create: { _index: index, _id: id } };
  if (expected === "any") return { index: { _index: index, _id: id } };
  return {
    index: { _index: index, _id: id, if_seq_no: expected.seqNo, if_primary_term: expected.primaryTerm },
  };
};

const resultOf = (item: BulkItem | undefined): WriteResult => {
  if (item === undefined) {
    const lacking = "Writing a document failed: the answer lacks it.";
    return {
      status: "unknown",
      error: new ElasticsearchError("elasticsearch-answer-damaged", lacking, { retryable: true }),
    };
  }
  if (item.status === 409) return { status: "conflict" };
  const { _seq_no: seqNo, _primary_term: primaryTerm, error } = item;
  if (item.status < 300 && seqNo !== undefined && primaryTerm !== undefined)
    return { status: "written", version: { seqNo, primaryTerm } };
  return { status: "unknown", error: statusError(item.status, describeError(error), "Writing a document") };
};
