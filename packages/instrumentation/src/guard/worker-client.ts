import * as http from "node:http";
import * as https from "node:https";
import { context as contextApi, ROOT_CONTEXT } from "@opentelemetry/api";
import type { GuardSettings } from "../settings.ts";

/** Asks the worker. Its requests keep no process alive and are nobody's spans. */
export interface WorkerClient {
  /** Begins a request. */
  open(path: string, accept: string): http.ClientRequest;
  /** Makes a request and reads the whole answer. Rejects when the connection breaks, or the answer is late or too long. */
  ask(path: string, options: AskOptions): Promise<{ readonly status: number; readonly body: string }>;
  /** Ends everything that is under way. */
  close(): void;
}

/** Limits of one question. */
export interface AskOptions {
  /** Characters that the answer may have. */
  readonly limit: number;
  /** Milliseconds of silence after which it is given up. */
  readonly patience?: number;
}

const PATIENCE = 10_000;

// The key of @opentelemetry/core's suppressTracing: our own requests are nobody's spans.
const SUPPRESS_TRACING = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/** Makes a client of the worker at the configured place. */
export function createWorkerClient(settings: Pick<GuardSettings, "url" | "token">): WorkerClient {
  const secure = settings.url.protocol === "https:";
  const agent = secure ? new https.Agent({ keepAlive: false }) : new http.Agent({ keepAlive: false });
  const underWay = new Set<http.ClientRequest>();

  function open(path: string, accept: string, patience = PATIENCE): http.ClientRequest {
    const headers: http.OutgoingHttpHeaders = { accept };
    if (settings.token !== undefined) headers["authorization"] = `Bearer ${settings.token}`;
    const make = secure ? https.request : http.request;
    const suppressed = ROOT_CONTEXT.setValue(SUPPRESS_TRACING, true);
    const outgoing = contextApi.with(suppressed, () =>
      make(new URL(path, settings.url), { agent, headers, timeout: patience }),
    );
    underWay.add(outgoing);
    outgoing.on("close", () => underWay.delete(outgoing));
    // A guard must not keep a process alive that has nothing else to do.
    outgoing.on("socket", (socket) => socket.unref());
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
    outgoing.end();
    return outgoing;
  }

  return {
    open,
    async ask(path, { limit, patience = PATIENCE }) {
      const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
      const outgoing = open(path, "application/json", patience);
      outgoing.on("error", reject);
      outgoing.on("response", (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("error", reject);
        response.on("data", (chunk: string) => {
          body += chunk;
          if (body.length > limit) response.destroy(new Error(`the answer is longer than ${limit} characters`));
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        response.on("close", () => reject(new Error("the connection broke")));
      });
      return promise;
    },
    close() {
      for (const outgoing of underWay) outgoing.destroy();
      agent.destroy();
    },
  };
}
