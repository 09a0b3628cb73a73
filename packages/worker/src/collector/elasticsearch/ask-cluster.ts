import type { Readable } from "node:stream";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { describeError, ElasticsearchError, statusError, toElasticsearchError } from "../../elasticsearch/errors.ts";
import type { Random } from "../../ports.ts";

/** One request whose answer is read as it comes. */
export interface Ask {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly querystring?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly body?: object | undefined;
  /** Completes "… failed" in errors, e.g. `Reading shard 0 of logs-1`. */
  readonly doing: string;
  /** Longest answer that is read. */
  readonly maxBytes?: number | undefined;
  /** Error statuses that are an answer too. */
  readonly accept?: readonly number[] | undefined;
}

/** A whole answer to exactly the request that was sent. */
export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
  readonly bytes: number;
}

/** Asks the cluster. Rejects with an `ElasticsearchError`, or with an `AnswerTooLargeError`. */
export type AskCluster = <Body>(ask: Ask, signal?: AbortSignal) => Promise<Answer<Body>>;

/** An answer was longer than allowed and was not read to its end. */
export class AnswerTooLargeError extends Error {
  override readonly name = "AnswerTooLargeError";
}

/**
 * Makes the function by which tails ask. It differs from the client's own calls in that an answer is bounded, that documents may hold any key (the client refuses `__proto__`),
 * and that a kept answer of an earlier request is recognised: each request carries an id of its own, which Elasticsearch sends back.
 */
export function createAskCluster({
  cluster,
  random,
}: {
  readonly cluster: Pick<Cluster, "client">;
  readonly random: Random;
}): AskCluster {
  const process = Buffer.from(random.bytes(8)).toString("hex");
  const { transport } = cluster.client;
  let count = 0;
  return async <Body>(ask: Ask, signal?: AbortSignal): Promise<Answer<Body>> => {
    const { method, path, querystring, body, doing } = ask;
    count += 1;
    const id = `${process}-${count}`;
    try {
      const result = await transport.request<Readable>(
        {
          method,
          path,
          ...(querystring === undefined ? {} : { querystring }),
          ...(body === undefined ? {} : { body }),
        },
        { asStream: true, meta: true, opaqueId: id, ...(signal === undefined ? {} : { signal }) },
      );
      const status = result.statusCode ?? 0;
      const text = await readText(result.body, ask.maxBytes ?? Number.POSITIVE_INFINITY, signal);
      const parsed = parse(text, doing);
      const echoed = result.headers?.["x-opaque-id"];
      if (typeof echoed === "string" && !echoed.endsWith(id))
        throw new ElasticsearchError(
          "elasticsearch-answer-damaged",
          `${doing} failed: the answer belongs to an earlier request.`,
          { retryable: true },
        );
      if (status >= 400 && ask.accept?.includes(status) !== true)
        throw statusError(status, describeError((parsed as { readonly error?: unknown } | null)?.error), doing);
      return { status, body: parsed as Body, bytes: text.length };
    } catch (error) {
      if (error instanceof AnswerTooLargeError) throw error;
      const told = toElasticsearchError(error, doing);
      if (told instanceof ElasticsearchError) throw told;
      // A stream that breaks rejects with the socket's own error.
      throw new ElasticsearchError("elasticsearch-unavailable", `${doing} failed: ${told.message}.`, {
        retryable: true,
        cause: error,
      });
    }
  };
}

async function readText(stream: Readable, maxBytes: number, signal: AbortSignal | undefined): Promise<string> {
  const giveUp = (): void => void stream.destroy(new Error("it was given up"));
  if (signal?.aborted === true) giveUp();
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of stream as AsyncIterable<Buffer | string>) {
      const part = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      bytes += part.byteLength;
      if (bytes > maxBytes) {
        stream.destroy();
        throw new AnswerTooLargeError(`an answer is longer than ${maxBytes} bytes`);
      }
      chunks.push(part);
    }
    return Buffer.concat(chunks, bytes).toString("utf8");
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

function parse(text: string, doing: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ElasticsearchError("elasticsearch-answer-damaged", `${doing} failed: the answer is not whole.`, {
      retryable: true,
      cause: error,
    });
  }
}
