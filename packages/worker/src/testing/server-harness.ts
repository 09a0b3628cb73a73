import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Status } from "@vedette/api";
import type { Log, Ports } from "../ports.ts";
import { createGuardHub, type GuardHub } from "../responder/guard-hub.ts";
import { loadGuardSigner } from "../responder/guard-key.ts";
import { loadGuardSequence } from "../responder/guard-sequence.ts";
import { createMetrics, type Metrics } from "../server/metrics.ts";
import { createServer, type Server, type ServerOptions } from "../server/server.ts";
import { loadAdminToken } from "../server/tokens.ts";
import { openSqliteStore } from "../store/sqlite/client.ts";
import type { Store } from "../store/store.ts";
import { createManualTime, type ManualTime } from "./manual-time.ts";
import { createStoreOperations } from "./store-operations.ts";

/** A log that keeps what it is told. */
export function createMemoryLog(): Log & {
  readonly entries: { readonly level: string; readonly fields: object; readonly message: string }[];
} {
  const entries: { level: string; fields: object; message: string }[] = [];
  const keep = (level: string) => (fields: object, message: string) => void entries.push({ level, fields, message });
  return { entries, debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
}

/** Ports over a manual clock, real randomness and no network. */
export function createTestPorts(time: ManualTime): Ports & { readonly log: ReturnType<typeof createMemoryLog> } {
  return {
    clock: time.clock,
    timers: time.timers,
    random: { bytes: (count) => randomBytes(count) },
    network: { request: async () => Promise.reject(new Error("no network in this test")) },
    log: createMemoryLog(),
  };
}

/** A status of a worker that is ready and has done nothing. */
export const sampleStatus = (more: Partial<Status> = {}): Status => ({
  version: "0.1.0",
  mode: "worker",
  startedAt: 1_000,
  now: 4_000,
  ready: true,
  problems: [],
  sources: [],
  inboxPending: 3,
  eventsJudged: 0,
  watermark: 2_000,
  unmatched: { count: 0, examples: [] },
  rules: { loaded: 2, refused: 1, problems: [] },
  alerts: { open: 0, total: 0 },
  incidents: { open: 0, total: 0 },
  effectsPending: 0,
  guardClients: 0,
  ...more,
});

/** A server with a real store in a folder of its own. */
export interface TestServer {
  readonly url: string;
  readonly folder: string;
  readonly store: Store;
  readonly time: ManualTime;
  readonly metrics: Metrics;
  readonly guardHub: GuardHub;
  readonly server: Server;
  readonly log: ReturnType<typeof createMemoryLog>;
  readonly operations: ReturnType<typeof createStoreOperations>;
  readonly adminToken: string;
  /** A request with the admin token, unless the headers say otherwise. */
  request(path: string, init?: RequestInit & { readonly headers?: Record<string, string> }): Promise<Response>;
  close(): Promise<void>;
}

/** Starts a server on a free port of this machine; the clock stands at 4,000 ms. */
export async function startTestServer(
  more: Partial<Omit<ServerOptions, "config">> & { readonly config?: Partial<ServerOptions["config"]> } = {},
): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), "vedette-server-"));
  const time = createManualTime(4_000);
  const ports = createTestPorts(time);
  const metrics = createMetrics();
  const store = await openSqliteStore({ folder, log: ports.log, clock: ports.clock });
  const adminToken = await loadAdminToken(folder, ports.random);
  const operations = createStoreOperations(store);
  const guardHub = createGuardHub({
    store,
    signer: await loadGuardSigner(folder, ports.random),
    sequence: await loadGuardSequence(folder),
    ports,
    metrics,
  });
  const server = createServer({
    adminToken,
    store,
    operations,
    ports,
    metrics,
    guardHub,
    status: async () => sampleStatus(),
    rules: () => [],
    receivedMetrics: () => "# received\n",
    consoleFolder: () => undefined,
    version: "0.1.0",
    ...more,
    config: { host: "127.0.0.1", port: 0, tokens: [], ...more.config },
  });
  const close = async (): Promise<void> => {
    await server.close();
    await guardHub.close();
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  };
  const { port } = await server.listen().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    folder,
    store,
    time,
    metrics,
    guardHub,
    server,
    log: ports.log,
    operations,
    adminToken: adminToken.token,
    request: (path, init = {}) =>
      fetch(`${url}${path}`, {
        redirect: "manual",
        ...init,
        headers: init.headers ?? { authorization: `Bearer ${adminToken.token}` },
      }),
    close,
  };
}
