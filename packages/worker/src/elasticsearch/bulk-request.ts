import { errors } from "@elastic/elasticsearch";
import type { Cluster } from "./cluster.ts";
import {
  describeError,
  ElasticsearchError,
  statusError,
  toElasticsearchError,
  type ErrorDescription,
} from "./errors.ts";
import type { WriteOperation, WriteOutcome } from "./write.ts";

/** An operation as it goes into a bulk request. */
export interface BulkItem {
  readonly operation: WriteOperation;
  /** Place among the operations that were handed in. */
  readonly at: number;
  /** Its lines of the request's body, with their line ends. */
  readonly lines: string;
  readonly bytes: number;
}

/** Writes an operation down as lines of a bulk request. */
export const toBulkItem = (operation: WriteOperation, at: number): BulkItem => {
  const { index, id } = operation;
  const action =
    operation.kind === "create"
      ? { create: { _index: index, _id: id } }
      : { index: { _index: index, _id: id, version: operation.version, version_type: "external" } };
  const lines = `${JSON.stringify(action)}\n${JSON.stringify(operation.document)}\n`;
  return { operation, at, lines, bytes: Buffer.byteLength(lines) };
};

/** What a bulk request says of one item. `again`: it failed for a passing reason, or nobody knows what became of it. */
export type ItemVerdict = WriteOutcome | { readonly status: "again"; readonly why: ElasticsearchError };

interface AnsweredItem {
  readonly status?: number;
  readonly error?: unknown;
}
interface BulkAnswer {
  readonly items?: readonly Readonly<Record<string, AnsweredItem>>[];
}

const DOING = "Writing";

/** Refusals that are about the cluster, not about the document: somebody can cure them, and the document is right as it is. */
const curable = ({ type, reason }: ErrorDescription): boolean =>
  type === "index_closed_exception" ||
  type === "cluster_block_exception" ||
  (type === "validation_exception" && /maximum .*shards/i.test(reason)) ||
  (type === "illegal_argument_exception" && /no write index|is defined for alias/i.test(reason));

const verdict = (status: number, error: unknown): ItemVerdict => {
  if (status === 409) return { status: "exists" };
  if (status < 300) return { status: "written" };
  const described = describeError(error);
  if (curable(described)) {
    return {
      status: "again",
      why: new ElasticsearchError("elasticsearch-blocked", `${DOING} failed: ${described.reason}.`, {
        retryable: true,
        status,
      }),
    };
  }
  const told = statusError(status, described, DOING);
  if (told.retryable) return { status: "again", why: told };
  if (told.code !== "elasticsearch-refused") throw told;
  return { status: "refused", type: described.type || `status_${status}`, reason: described.reason };
};

/** Thrown for a request that can only be taken in parts, or whose one item is refused. */
class TooMuchAtOnce extends Error {
  readonly described: ErrorDescription;
  constructor(described: ErrorDescription) {
    super(described.reason);
    this.described = described;
  }
}

const send = async (cluster: Cluster, items: readonly BulkItem[], options: SendOptions): Promise<ItemVerdict[]> => {
  const again = (why: ElasticsearchError): ItemVerdict[] => items.map(() => ({ status: "again", why }));
  let answer: BulkAnswer;
  try {
    answer = await cluster.client.transport.request<BulkAnswer>(
      {
        method: "POST",
        path: "/_bulk",
        bulkBody: items.map(({ lines }) => lines).join(""),
        querystring: {
          filter_path: "items.*.status,items.*.error",
          // Shorter than the client's own time-out: one shard without a primary must not hide what became of the others.
          timeout: "10s",
          ...(options.refresh ? { refresh: "true" } : {}),
        },
      },
      { meta: false, ...(options.signal === undefined ? {} : { signal: options.signal }) },
    );
  } catch (error) {
    if (error instanceof errors.ResponseError && (error.statusCode === 413 || error.statusCode === 400)) {
      const described = describeError((error.body as { error?: unknown } | undefined)?.error ?? "");
      throw new TooMuchAtOnce(
        error.statusCode === 413 ? { type: "content_too_large", reason: "larger than Elasticsearch takes" } : described,
      );
    }
    const told = toElasticsearchError(error, DOING);
    if (told instanceof ElasticsearchError && told.retryable) return again(told);
    throw told;
  }
  const answered: NonNullable<BulkAnswer["items"]> = Array.isArray(answer?.items) ? answer.items : [];
  if (answered.length !== items.length) {
    return again(
      new ElasticsearchError("elasticsearch-answer-damaged", `${DOING} failed: the answer is not whole.`, {
        retryable: true,
      }),
    );
  }
  return answered.map((item) => {
    const [result] = Object.values(item);
    return verdict(result?.status ?? 500, result?.error);
  });
};

/** How a bulk request is sent. */
export interface SendOptions {
  readonly signal: AbortSignal | undefined;
  readonly refresh: boolean;
}

/**
 * Sends items in one request, or in several when Elasticsearch does not take them together: a request that is refused whole (too large, one id too long …) is halved until the item at fault stands alone.
 * @throws ElasticsearchError that is not retryable when the request itself is at fault (401, 403, no such index).
 */
export const sendBulk = async (
  cluster: Cluster,
  items: readonly BulkItem[],
  options: SendOptions,
): Promise<ItemVerdict[]> => {
  try {
    return await send(cluster, items, options);
  } catch (error) {
    if (!(error instanceof TooMuchAtOnce)) throw error;
    if (items.length === 1) {
      const { type, reason } = error.described;
      return [{ status: "refused", type: type || "illegal_request", reason }];
    }
    const half = Math.ceil(items.length / 2);
    const first = await sendBulk(cluster, items.slice(0, half), options);
    return [...first, ...(await sendBulk(cluster, items.slice(half), options))];
  }
};
