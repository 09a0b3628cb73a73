import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "@elastic/elasticsearch";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { configSchema } from "../config/schema.ts";
import { createNodePorts } from "../ports-node.ts";
import { type ClusterNode, freePorts, startNode } from "../testing/elasticsearch/cluster-node.ts";
import { ADMIN, makeNodesFolder } from "../testing/elasticsearch/node-configuration.ts";
import { silentLog } from "../testing/silent-log.ts";
import { startWorker } from "../worker.ts";
import { doctorCommand } from "./doctor.ts";
import { setupCommand } from "./setup.ts";
import { type Captured, captureOutput } from "./testing/capture-output.ts";

const PASSWORD = "a-long-password";
const RULE = `title: Forbidden tool
id: 5ad9a1b0-0000-4000-8000-000000000001
logsource: { product: linux, category: process_creation }
detection: { selection: { process.name: forbidden }, condition: selection }
level: high
`;
let nodes: string;
let folder: string;
let node: ClusterNode;
let admin: Client;
let key: string;

beforeAll(async () => {
  nodes = makeNodesFolder();
  folder = mkdtempSync(join(tmpdir(), "vedette-secured-"));
  const [port = 0, transportPort = 0] = await freePorts(2);
  node = await startNode({ folder: join(nodes, "node"), port, transportPort, password: PASSWORD });
  admin = node.client();
  await admin.indices.create({
    index: "logs-app",
    settings: { number_of_replicas: 0, refresh_interval: "1s" },
    mappings: { dynamic: false, properties: { "@timestamp": { type: "date" } } },
  });
}, 300_000);
afterAll(async () => {
  await admin?.close();
  await node?.stop();
  for (const one of [nodes, folder]) rmSync(one, { recursive: true, force: true });
}, 60_000);
afterEach(() => vi.unstubAllEnvs());

const asAdministrator = (): void => {
  vi.stubEnv("VEDETTE_ELASTICSEARCH_USERNAME", ADMIN);
  vi.stubEnv("VEDETTE_ELASTICSEARCH_PASSWORD", PASSWORD);
};
async function run(command: typeof setupCommand, ...parameters: readonly string[]): Promise<Captured> {
  const { output, captured } = captureOutput();
  await command(output).parseAsync([...parameters, "--url", node.url], { from: "user" });
  return captured;
}
interface Report {
  readonly remarks: readonly { readonly rank: number; readonly what: string }[];
}
const doctor = async (...parameters: readonly string[]): Promise<readonly string[]> => {
  const { printed } = await run(doctorCommand, "--format", "json", ...parameters);
  return (JSON.parse(printed[0] ?? "") as Report).remarks.map(({ what }) => what);
};

test("setup writes nothing without credentials, and says so", async () => {
  const { code, complained } = await run(setupCommand, "elasticsearch", "--source", "logs-*");
  expect([code, complained[0]]).toEqual([2, expect.stringMatching(/^elasticsearch-un/)]);
});

test("setup installs everything and makes the worker's key", async () => {
  asAdministrator();
  const { code, printed, complained } = await run(setupCommand, "elasticsearch", "--source", "logs-*", "--create-key");
  expect([code, complained]).toEqual([0, []]);
  const text = printed.join("\n");
  key = /^Made the API key vedette-worker .*\n(\S+)$/m.exec(text)?.[1] ?? "";
  expect(key).not.toBe("");
  expect(text).toContain("POST _security/api_key");
});

test("setup by the worker's key is told what it lacks, and changes nothing", async () => {
  vi.stubEnv("VEDETTE_ELASTICSEARCH_API_KEY", key);
  const { code, complained } = await run(setupCommand, "elasticsearch", "--source", "logs-*");
  expect([code, complained]).toEqual([2, expect.arrayContaining([expect.stringContaining("manage_index_templates")])]);
});

test("doctor finds nothing missing with the worker's key, and names what it lacks for other indices", async () => {
  vi.stubEnv("VEDETTE_ELASTICSEARCH_API_KEY", key);
  const lacking = (remarks: readonly string[]): readonly string[] =>
    remarks.filter((what) => what.startsWith("The key lacks"));
  expect(lacking(await doctor("--source", "logs-*"))).toEqual([]);
  expect(lacking(await doctor("--source", "logs-*", "metrics-*")).length).toBeGreaterThan(0);
});

test("the worker runs with that key: an indexed event becomes an alert", async () => {
  writeFileSync(join(folder, "rule.yml"), RULE);
  const config = configSchema.parse({
    dataFolder: join(folder, "data"),
    elasticsearch: { urls: [node.url], apiKey: key, partitions: 1 },
    api: { port: 0 },
    otlp: { port: 0 },
    rules: { builtin: false, paths: [join(folder, "rule.yml")] },
    sources: [
      {
        type: "elasticsearch",
        name: "logs",
        patterns: ["logs-*"],
        start: "beginning",
        logsource: { product: "linux", category: "process_creation" },
      },
    ],
  });
  const document = { "@timestamp": new Date().toISOString(), process: { name: "forbidden" } };
  await using worker = await startWorker({
    config,
    ports: createNodePorts(silentLog),
    mode: "worker",
    consoleFolder: () => undefined,
  });
  await admin.index({ index: "logs-app", document });
  await vi.waitFor(
    async () =>
      expect((await worker.store.listAlerts({ limit: 10 })).items.map(({ title }) => title)).toEqual([
        "Forbidden tool",
      ]),
    { timeout: 40_000, interval: 200 },
  );
}, 90_000);
