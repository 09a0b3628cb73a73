import { spawn } from "node:child_process";
import { once } from "node:events";
import * as http from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { RunningWorker } from "../../packages/worker/src/worker.ts";

const folder = fileURLToPath(new URL("../../examples/shop", import.meta.url));

/** The shop as a process of its own, instrumented, its guard connected to a worker. */
export interface RunningShop extends AsyncDisposable {
  /** Asks the shop for a path; resolves with the status. */
  get(path: string, headers?: http.OutgoingHttpHeaders, localAddress?: string): Promise<number>;
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
        VEDETTE_HASH_KEY: "the key of the tests, long enough",
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
  return {
    get(path, headers = {}, localAddress = "127.0.0.1") {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      http
        .get({ host: "127.0.0.1", port, path, headers, localAddress, agent: false }, (response) => {
          response.resume().on("end", () => resolve(response.statusCode ?? 0));
        })
        .on("error", reject);
      return promise;
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
