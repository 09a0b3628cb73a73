import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Config } from "../../config/schema.ts";
import { isLoopback } from "../../config/loopback.ts";
import { StoreError } from "../../errors.ts";
import type { Ports } from "../../ports.ts";
import type { RawRecord } from "../../record.ts";
import type { AppendResult, Store } from "../../store/store.ts";
import type { CollectorObserver } from "../observer.ts";
import type { ReceivedMetrics } from "../received-metrics.ts";
import { createAllowance } from "../allowance.ts";
import { createRefusalList } from "../refusal-list.ts";
import { SAMPLE_BYTES, sampleOf } from "../sample.ts";
import type { SourceStatus } from "../source.ts";
import {
  contentTypeOf,
  encodingOf,
  REFUSALS,
  statusBody,
  successBody,
  type OtlpSignal,
  type PartialSuccess,
  type RefusalReason,
} from "./answer.ts";
import { BodyError, readBody } from "./body.ts";
import { OtlpDecodeError } from "./decode-error.ts";
import { InflightBytes } from "./inflight.ts";
import { requestLimits } from "./limits.ts";
import { decodeLogs, OTLP_SOURCE, type OtlpEncoding } from "./logs.ts";
import { decodeMetrics } from "./metrics.ts";
import { countSpans } from "./traces.ts";

/** What the receiver needs. */
export interface OtlpReceiverOptions {
  readonly config: Config["otlp"];
  readonly store: Pick<Store, "append" | "refuse">;
  readonly ports: Pick<Ports, "clock" | "timers" | "log">;
  readonly observer: CollectorObserver;
  /** Where metrics are kept for a while. */
  readonly metrics: ReceivedMetrics;
  /** The processors between source and store. */
  readonly process?: (records: readonly RawRecord[]) => readonly RawRecord[];
  /** Called after records were stored, to wake the detector. */
  readonly onAppended?: (result: AppendResult) => void;
}

/** The OTLP/HTTP receiver. */
export interface OtlpReceiver extends AsyncDisposable {
  /** Starts to listen; rejects with code `otlp-listen-failed` when the port is in use. */
  listen(): Promise<{ readonly port: number }>;
  /** Stops to listen, lets requests under way end for up to a second, and resolves when every connection is closed. */
  close(): Promise<void>;
  status(): SourceStatus;
}

/** The receiver cannot be started. */
export class OtlpReceiverError extends Error {
  override readonly name = "OtlpReceiverError";
  readonly code: "otlp-listen-failed" | "otlp-token-missing";
  constructor(code: "otlp-listen-failed" | "otlp-token-missing", message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const SIGNALS: ReadonlyMap<string, OtlpSignal> = new Map([
  ["/v1/logs", "logs"],
  ["/v1/metrics", "metrics"],
  ["/v1/traces", "traces"],
]);

/** Refusals of one reason that are listed, and logged, in a minute; all are counted. */
const LISTED_PER_MINUTE = 60;

/** After an early answer a sender may still be writing: so much of it is read, so long, for the answer to arrive before the end. */
const LINGER = { bytes: 1_048_576, milliseconds: 500 } as const;

/** A request is refused whole. */
class Refusal extends Error {
  override readonly name = "Refusal";
  readonly reason: RefusalReason;
  readonly retryAfter: number;
  readonly sample: string;
  constructor(reason: RefusalReason, message: string, options: { retryAfter?: number; sample?: string } = {}) {
    super(message);
    this.reason = reason;
    this.retryAfter = options.retryAfter ?? 1;
    this.sample = options.sample ?? "";
  }
}

/** Creates the OTLP/HTTP receiver (OTLP 1.9: logs, metrics and traces; protobuf and JSON; gzip); it listens when told to. */
export const createOtlpReceiver = (options: OtlpReceiverOptions): OtlpReceiver => {
  const { config, store, observer, metrics } = options;
  const { clock, timers, log } = options.ports;
  const limits = requestLimits(config.maxBodyBytes);
  const inflight = new InflightBytes(config.maxInflightBytes);
  const tokenHash = config.token === undefined ? undefined : createHash("sha256").update(config.token).digest();
  const counts = { received: 0, duplicate: 0, refused: 0 };
  const mayLog = createAllowance(clock, LISTED_PER_MINUTE);
  const refusals = createRefusalList({ store, clock, log, perMinute: LISTED_PER_MINUTE });
  const busy = new WeakSet<Socket>();
  let state: SourceStatus["state"] = "stopped";
  let detail = "not started";

  const authorize = (request: IncomingMessage): void => {
    if (tokenHash === undefined) {
      // Exporters send no Origin; a web page that got a name to point here (DNS rebinding) cannot leave it out.
      if (request.headers.origin === undefined) return;
      throw new Refusal("browser_origin", "Without a token nothing is taken from web pages.");
    }
    const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (timingSafeEqual(createHash("sha256").update(given).digest(), tokenHash)) return;
    throw new Refusal("unauthorized", "The bearer token is missing or wrong.");
  };

  const append = async (records: readonly RawRecord[]): Promise<void> => {
    const wanted = options.process === undefined ? records : options.process(records);
    if (wanted.length === 0) return;
    let result: AppendResult;
    try {
      result = await store.append(wanted);
    } catch (error) {
      const retryable = error instanceof StoreError && error.retryable;
      log.error({ error, records: wanted.length }, "the store did not take records; the sender is told to retry");
      state = "failed";
      detail = `the store did not take records: ${(error as Error).message}`;
      // Even a failure that needs somebody's help may pass while the sender still has the records.
      throw new Refusal("unavailable", "The store did not take the records.", { retryAfter: retryable ? 1 : 30 });
    }
    state = "running";
    detail = listening();
    counts.received += result.appended;
    counts.duplicate += result.duplicate;
    observer.recordsReceived(OTLP_SOURCE, result.appended);
    observer.recordsDuplicate(OTLP_SOURCE, result.duplicate);
    options.onAppended?.(result);
  };

  const takeLogs = async (bytes: Uint8Array, encoding: OtlpEncoding): Promise<PartialSuccess | undefined> => {
    const { records, refused, refusedByReason } = decodeLogs(bytes, encoding, limits, clock.now());
    await append(records);
    if (refusedByReason.size === 0) return undefined;
    let rejected = 0;
    for (const [reason, count] of refusedByReason) {
      rejected += count;
      observer.recordsRefused(OTLP_SOURCE, reason, count);
    }
    counts.refused += rejected;
    await refusals.add(refused);
    return { rejected, message: refused[0]?.detail ?? "" };
  };

  const take = async (
    signal: OtlpSignal,
    bytes: Uint8Array,
    encoding: OtlpEncoding,
  ): Promise<PartialSuccess | undefined> => {
    if (signal === "logs") return takeLogs(bytes, encoding);
    if (signal === "traces") {
      observer.spansReceived(countSpans(bytes, encoding, limits));
      return undefined;
    }
    const requestId = createHash("sha256").update(bytes).digest("hex");
    const { points, dropped } = metrics.take(decodeMetrics(bytes, encoding, limits), requestId);
    observer.metricPointsReceived(points);
    if (dropped === 0) return undefined;
    observer.metricPointsDropped(dropped);
    return { rejected: dropped, message: "The limit on series kept in memory is reached." };
  };

  /** What a request asks for, from its head alone; throws a Refusal. */
  const inspect = (request: IncomingMessage): { signal: OtlpSignal; encoding: OtlpEncoding; gzip: boolean } => {
    const signal = SIGNALS.get((request.url ?? "").split("?", 1)[0] ?? "");
    if (signal === undefined)
      throw new Refusal("not_found", "Logs go to /v1/logs, metrics to /v1/metrics, traces to /v1/traces.");
    if (request.method !== "POST") throw new Refusal("method_not_allowed", "OTLP is sent by POST.");
    authorize(request);
    const encoding = encodingOf(request.headers["content-type"]);
    if (encoding === undefined) {
      throw new Refusal(
        "unsupported_content_type",
        "The content type must be application/x-protobuf or application/json.",
      );
    }
    const contentEncoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
    if (contentEncoding !== "gzip" && contentEncoding !== "identity" && contentEncoding !== "") {
      throw new Refusal("unsupported_encoding", "The content encoding must be gzip or identity.");
    }
    if (Number(request.headers["content-length"] ?? 0) > config.maxBodyBytes) {
      throw new Refusal("too_large", `The body is larger than ${config.maxBodyBytes} bytes.`);
    }
    return { signal, encoding, gzip: contentEncoding === "gzip" };
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { signal, encoding, gzip } = inspect(request);
    if (request.headers.expect !== undefined) response.writeContinue();
    const body = await readBody(request, { gzip, maxBytes: config.maxBodyBytes, inflight });
    try {
      const partial = await take(signal, body.bytes, encoding);
      const answer = successBody(signal, encoding, partial);
      response.writeHead(200, { "content-type": contentTypeOf(encoding), "content-length": answer.length });
      response.end(answer);
    } catch (error) {
      if (!(error instanceof OtlpDecodeError)) throw error;
      throw new Refusal(error.reason, error.message, { sample: sampleOf(body.bytes.subarray(0, SAMPLE_BYTES)) });
    } finally {
      body.release();
    }
  };

  /** Reads and forgets a little of what is still coming, so that the answer is not lost in a reset connection. */
  const linger = async (request: IncomingMessage): Promise<void> => {
    if (request.complete || request.destroyed) return;
    const stop = new AbortController();
    let bytes = 0;
    request.on("data", (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (bytes > LINGER.bytes) stop.abort();
    });
    for (const event of ["end", "close", "error"]) request.once(event, () => stop.abort());
    request.resume();
    await timers.sleep(LINGER.milliseconds, stop.signal);
  };

  const refuse = async (request: IncomingMessage, response: ServerResponse, refusal: Refusal): Promise<void> => {
    const { reason, message } = refusal;
    const { status, code, passing } = REFUSALS[reason];
    observer.requestRefused(reason);
    // A flood of refusals must not fill the log: the metric has them all.
    if (mayLog(reason))
      log.warn({ reason, status, path: request.url?.slice(0, 256), peer: request.socket.remoteAddress }, message);
    if (!response.headersSent && !response.destroyed) {
      const encoding = encodingOf(request.headers["content-type"]) ?? "json";
      const body = statusBody(encoding, code, message);
      response.writeHead(status, {
        "content-type": contentTypeOf(encoding),
        "content-length": body.length,
        ...(request.complete ? {} : { connection: "close" }),
        ...(status === 429 || status === 503 ? { "retry-after": String(refusal.retryAfter) } : {}),
        ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
        ...(status === 405 ? { allow: "POST" } : {}),
      });
      if (request.method === "HEAD") response.flushHeaders();
      else response.write(body);
    }
    if (!passing) {
      await refusals.add([
        {
          time: clock.now(),
          source: OTLP_SOURCE,
          reason,
          detail: `${request.method ?? ""} ${(request.url ?? "").slice(0, 256)}: ${message}`,
          sample: refusal.sample,
        },
      ]);
    }
    await linger(request);
    response.end();
  };

  const toRefusal = (error: unknown): Refusal => {
    if (error instanceof Refusal) return error;
    if (error instanceof BodyError) return new Refusal(error.reason, error.message);
    log.error({ error }, "a request failed in an unforeseen way; the sender is told to retry");
    return new Refusal("unavailable", "The request failed inside the receiver.", { retryAfter: 30 });
  };

  const server = createServer({
    headersTimeout: Math.min(config.headersTimeout, config.requestTimeout),
    requestTimeout: config.requestTimeout,
    connectionsCheckingInterval: Math.max(100, Math.min(5_000, config.headersTimeout / 4)),
    keepAliveTimeout: 65_000,
    maxHeaderSize: 16_384,
  });
  server.maxConnections = 1_024;
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    busy.add(socket);
    handle(request, response)
      .catch(async (error: unknown) => refuse(request, response, toRefusal(error)))
      .catch((error: unknown) => {
        log.error({ error }, "an answer could not be sent");
        response.destroy();
      })
      .finally(() => busy.delete(socket));
  };
  server.on("request", onRequest);
  // Head first: a body that would be refused by its announced length or type is not even asked for.
  server.on("checkContinue", onRequest);
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const timedOut = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
    // A request that is being handled is counted where its body is read.
    if (!busy.has(socket) && error.code !== "ECONNRESET") observer.requestRefused(timedOut ? "timeout" : "malformed");
    if (socket.writable && !busy.has(socket)) {
      socket.end(
        `HTTP/1.1 ${timedOut ? "408 Request Timeout" : "400 Bad Request"}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
    } else socket.destroy(error);
  });

  const listening = (): string => {
    const address = server.address() as AddressInfo | null;
    return address === null ? "not listening" : `listening on ${address.address}:${address.port}`;
  };

  const listen = async (): Promise<{ readonly port: number }> => {
    if (!isLoopback(config.host) && config.token === undefined) {
      throw new OtlpReceiverError(
        "otlp-token-missing",
        `The OTLP receiver may not listen on ${config.host} without a token.`,
      );
    }
    await new Promise<void>((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => {
        state = "failed";
        detail = `cannot listen on ${config.host}:${config.port}: ${error.code === "EADDRINUSE" ? "the port is in use" : error.message}`;
        reject(new OtlpReceiverError("otlp-listen-failed", `The OTLP receiver ${detail}.`, { cause: error }));
      };
      server.once("error", onError);
      server.listen(config.port, config.host, () => {
        server.off("error", onError);
        resolve();
      });
    });
    state = "running";
    detail = listening();
    return { port: (server.address() as AddressInfo).port };
  };

  const close = async (): Promise<void> => {
    if (server.listening) {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeIdleConnections();
      const ended = new AbortController();
      void closed.then(() => ended.abort());
      await timers.sleep(1_000, ended.signal);
      server.closeAllConnections();
      await closed;
    }
    state = "stopped";
    detail = "stopped";
  };

  return {
    listen,
    close,
    status: () => ({ name: OTLP_SOURCE, kind: "otlp", state, detail, ...counts }),
    [Symbol.asyncDispose]: close,
  };
};
