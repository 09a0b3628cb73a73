import * as http from "node:http";
import { HttpServerSecurityInstrumentation } from "../http-server.ts";
import { createSecurity, type Security } from "../security.ts";
import { readSettings } from "../settings.ts";
import { close, listen, send, until, type Answer } from "./requests.ts";
import { createTestTelemetry, type TestTelemetry } from "./telemetry.ts";

/** A service on loopback whose requests are observed, with what was reported about them. */
export interface ObservedService {
  readonly telemetry: TestTelemetry;
  readonly security: Security;
  readonly port: number;
  /** Serves requests from here on. */
  handle(listener: http.RequestListener): void;
  /** Sends a request and returns when its answer is here and its connection is closed, after everything was reported that belongs to it. */
  ask(path?: string, options?: http.RequestOptions & { readonly body?: string | Buffer }): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts a service whose only instrumentation is that of the server. */
export async function startObservedService(): Promise<ObservedService> {
  const telemetry = createTestTelemetry();
  const security = createSecurity(telemetry.reporter);
  const settings = readSettings({}).settings;
  const instrumentation = new HttpServerSecurityInstrumentation({
    settings: { ...settings, inspection: { ...settings.inspection, enabled: false } },
    reporter: telemetry.reporter,
  });
  let current: http.RequestListener = (_request, response) => response.end();
  let open = 0;
  const server = http.createServer((request, response) => {
    open++;
    response.once("close", () => open--);
    current(request, response);
  });
  const port = await listen(server);
  return {
    telemetry,
    security,
    port,
    handle: (listener) => (current = listener),
    async ask(path = "/", options = {}) {
      const answer = await send(port, path, { agent: false, ...options });
      await until(() => open === 0);
      return answer;
    },
    async stop() {
      instrumentation.disable();
      await close(server);
      await telemetry.end();
    },
  };
}
