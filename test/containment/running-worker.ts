import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configSchema } from "../../packages/worker/src/config/schema.ts";
import { createNodePorts } from "../../packages/worker/src/ports-node.ts";
import { silentLog } from "../../packages/worker/src/testing/silent-log.ts";
import { type RunningWorker, startWorker } from "../../packages/worker/src/worker.ts";

/** A worker of this process with a folder of its own. */
export interface TestWorker extends AsyncDisposable {
  readonly worker: RunningWorker;
  /** Has the guards do something; resolves with the entry's id. */
  deny(request: object): Promise<string>;
  undo(id: string): Promise<void>;
}

/** Starts a worker on free ports, with the rules that it comes with. */
export async function startTestWorker(
  more: { readonly apiPort?: number; readonly folder?: string } = {},
): Promise<TestWorker> {
  const own = more.folder === undefined;
  const dataFolder = more.folder ?? mkdtempSync(join(tmpdir(), "vedette-containment-"));
  const worker = await startWorker({
    config: configSchema.parse({ dataFolder, api: { port: more.apiPort ?? 0 }, otlp: { port: 0 } }),
    ports: createNodePorts(silentLog),
    mode: "worker",
    consoleFolder: () => undefined,
  });
  const ask = async (method: string, path: string, body?: object): Promise<{ readonly id: string }> => {
    const response = await fetch(`${worker.addresses.api.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${readFileSync(join(dataFolder, "admin-token"), "utf8").trim()}`,
        "idempotency-key": randomUUID(),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { readonly id: string };
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer;
  };
  return {
    worker,
    deny: async (request) => (await ask("POST", "/api/v1/deny-list", { seconds: 600, reason: "Test", ...request })).id,
    undo: async (id) => void (await ask("DELETE", `/api/v1/deny-list/${id}`)),
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      if (own) rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}
