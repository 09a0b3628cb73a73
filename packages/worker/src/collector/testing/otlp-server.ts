import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { loadConfig } from "../../config/load.ts";
import type { Config } from "../../config/schema.ts";
import type { Log, Ports } from "../../ports.ts";
import { createOtlpReceiver, type OtlpReceiver, type OtlpReceiverOptions } from "../otlp/receiver.ts";
import { createReceivedMetrics, type ReceivedMetrics } from "../received-metrics.ts";
import { createCountingObserver, type CountingObserver } from "./counting-observer.ts";
import { createMemoryInbox, type MemoryInbox } from "./memory-inbox.ts";

/** A log that says nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The time that the receivers of the tests see: 2026-11-21T06:00:00Z. */
export const NOW = Date.UTC(2026, 10, 21, 6);

/** A receiver on a free port with everything around it. */
export interface OtlpServer extends AsyncDisposable {
  readonly receiver: OtlpReceiver;
  readonly port: number;
  readonly url: string;
  readonly inbox: MemoryInbox;
  readonly observer: CountingObserver;
  readonly metrics: ReceivedMetrics;
  readonly appended: number[];
}

/** The default configuration of the receiver, on a free port, changed as asked. */
export const otlpConfig = (changes: Partial<Config["otlp"]> = {}): Config["otlp"] => {
  const { config } = loadConfig({ env: {} });
  if (config === undefined) throw new Error("the defaults do not load");
  return { ...config.otlp, port: 0, ...changes };
};

/** Starts a receiver for a test. */
export const startOtlpServer = async (
  changes: Partial<Config["otlp"]> = {},
  options: Partial<OtlpReceiverOptions> = {},
): Promise<OtlpServer> => {
  const inbox = createMemoryInbox();
  const observer = createCountingObserver();
  const clock = { now: () => NOW };
  const ports: Pick<Ports, "clock" | "timers" | "log"> = {
    clock,
    timers: {
      sleep: (milliseconds, signal) => wait(milliseconds, undefined, signal ? { signal } : {}).catch(() => undefined),
    },
    log: silentLog,
  };
  const metrics = createReceivedMetrics({ clock });
  const appended: number[] = [];
  const receiver = createOtlpReceiver({
    config: otlpConfig(changes),
    store: inbox,
    ports,
    observer,
    metrics,
    onAppended: (result) => appended.push(result.appended),
    ...options,
  });
  const { port } = await receiver.listen();
  return {
    receiver,
    port,
    url: `http://127.0.0.1:${port}`,
    inbox,
    observer,
    metrics,
    appended,
    [Symbol.asyncDispose]: () => receiver.close(),
  };
};

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends a body at once. */
export const post = (
  server: Pick<OtlpServer, "port">,
  path: string,
  body: Uint8Array | string,
  headers: Record<string, string> = { "content-type": "application/json" },
  method = "POST",
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: "127.0.0.1", port: server.port, path, method, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
        });
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(body);
  });
