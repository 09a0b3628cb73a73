import { spawn } from "node:child_process";
import { once } from "node:events";
import * as http from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { RunningWorker } from "../../packages/worker/src/worker.ts";

const folder = fileURLToPath(new URL("../../examples/shop", import.meta.url));

/** The key of the shop's pseudonyms. */
export const HASH_KEY = "the key of the tests of containment";

/** The shop as a process of its own, instrumented, its guard connected to a worker. */
export interface RunningShop extends AsyncDisposable {
  /** Asks the shop for a path; resolves with the status. */
  get(path: string, headers?: http.OutgoingHttpHeaders, localAddress?: string): Promise<number>;
  /** Logs a customer in; resolves with the session's cookie. */
  logIn(name: string, password: string): Promise<string>;
  /** Asks for a path; resolves with status and headers. */
  ask(path: string, options?: http.RequestOptions, body?: string): Promise<http.IncomingMessage>;
  /** What it wrote to standard error. */
  errors(): string;
}

/** Opens the shop. */
export async function openShop(
  { addresses }: RunningWorker,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningShop> {
  const child = spawn(
    process.execPath,
    ["--conditions=vedette-source", "--import", "@vedette/instrumentation/register", "src/main.ts", "--port", "0"],
    {
      cwd: folder,
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OTEL|VEDETTE)_/.test(name))),
        SHOP_READY_JSON: "1",
        OTEL_SERVICE_NAME: "shop",
        OTEL_EXPORTER_OTLP_ENDPOINT: addresses.otlp?.url ?? "",
        VEDETTE_HASH_KEY: HASH_KEY,
        VEDETTE_GUARD_URL: addresses.api.url,
        VEDETTE_GUARD_MODE: "enforce",
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
  const lines = createInterface({ input: child.stdout });
  const opened = await Promise.race([once(lines, "line"), once(child, "exit").then(() => undefined)]);
  if (opened === undefined) throw new Error(`The shop did not open: ${errors}`);
  const { url } = JSON.parse(String(opened[0])) as { readonly url: string };
  const { port } = new URL(url);
  const ask = (path: string, options: http.RequestOptions = {}, body = ""): Promise<http.IncomingMessage> => {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    http
      .request({ host: "127.0.0.1", port, path, agent: false, ...options }, (response) => {
        response.resume().on("end", () => resolve(response));
      })
      .on("error", reject)
      .end(body);
    return promise;
  };
  return {
    ask,
    get: async (path, headers = {}, localAddress = "127.0.0.1") =>
      (await ask(path, { headers, localAddress })).statusCode ?? 0,
    async logIn(name, password) {
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const body = new URLSearchParams({ name, password }).toString();
      const response = await ask("/login", { method: "POST", headers }, body);
      return response.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    },
    errors: () => errors,
    async [Symbol.asyncDispose]() {
      lines.close();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}
