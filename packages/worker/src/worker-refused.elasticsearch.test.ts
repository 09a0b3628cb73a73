import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectCluster } from "./elasticsearch/connect.ts";
import { roleDescriptor, RUN_PRIVILEGES } from "./elasticsearch/privileges.ts";
import { alertsOf, TEST_RULES, until, useWorkers } from "./testing/elasticsearch-worker.ts";
import { freePorts, startNode, type ClusterNode } from "./testing/elasticsearch/cluster-node.ts";
import { makeNodesFolder } from "./testing/elasticsearch/node-configuration.ts";
import { silentLog } from "./testing/silent-log.ts";
import { installTemplates } from "./store/elasticsearch/templates/install.ts";

const PASSWORD = "a-long-password";
const INDEX = "app-logs";
const workers = useWorkers();
let folder: string;
let node: ClusterNode;
let admin: Client;

beforeAll(async () => {
  folder = makeNodesFolder();
  const [port = 0, transportPort = 0] = await freePorts(2);
  node = await startNode({ folder: join(folder, "node"), port, transportPort, password: PASSWORD });
  admin = node.client();
  await admin.indices.create({
    index: INDEX,
    settings: { number_of_replicas: 0 },
    mappings: { dynamic: false, properties: { "@timestamp": { type: "date" } } },
  });
}, 300_000);
afterAll(async () => {
  await admin?.close();
  await node?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const about = (prefix: string, settings: Readonly<Record<string, unknown>>) => ({
  url: node.url,
  prefix,
  pattern: INDEX,
  rules: TEST_RULES,
  settings,
});

const keyFor = async (prefix: string): Promise<string> => {
  const { encoded } = await admin.security.createApiKey({
    name: `worker of ${prefix}`,
    role_descriptors: { worker: roleDescriptor(RUN_PRIVILEGES, { prefix, patterns: [INDEX] }) },
  });
  return encoded;
};

test.each([
  ["a wrong key", { apiKey: Buffer.from("nobody:nothing").toString("base64") }],
  ["a wrong password", { username: "admin", password: "wrong" }],
  ["no key at all", {}],
])("ends with a clear error at %s instead of waiting", async (_, settings) => {
  await expect(workers.start(about("refused", settings))).rejects.toMatchObject({
    code: "elasticsearch-unauthenticated",
    retryable: false,
  });
});

test("ends with the names of what it lacks when its key is another installation's", async () => {
  const apiKey = await keyFor("another");
  await expect(workers.start(about("refused", { apiKey }))).rejects.toThrow(
    /lacks .*`read` on refused-\*, refused_guard/,
  );
});

test("says that setup is missing where its key may not install, and runs with the same key once it was run", async () => {
  const apiKey = await keyFor("plain");
  await expect(workers.start(about("plain", { apiKey }))).rejects.toThrow(/run `vedette setup elasticsearch` once/);

  const connection = { urls: [node.url], username: "admin", password: PASSWORD, requestTimeout: 20_000 };
  await using cluster = await connectCluster(connection, { log: silentLog });
  await installTemplates(cluster, "plain");
  await using worker = await workers.start(about("plain", { apiKey }));
  await admin.index({
    index: INDEX,
    document: { "@timestamp": new Date().toISOString(), process: { name: "forbidden" }, user: { name: "ana" } },
  });
  await until("the alert", async () => (await alertsOf(worker)).length === 1);
  expect(await admin.indices.exists({ index: "plain_guard" })).toBe(true);
  // Who reads what was found with a role for the other indices cannot read the guards' key.
  const { encoded } = await admin.security.createApiKey({
    name: "reader",
    role_descriptors: { reader: { cluster: [], indices: [{ names: ["plain-*"], privileges: ["read"] }] } },
  });
  const headers = { authorization: `ApiKey ${encoded}` };
  expect((await fetch(`${node.url}/plain-alerts/_search`, { headers })).status).toBe(200);
  expect((await fetch(`${node.url}/plain_guard/_search`, { headers })).status).toBe(403);
}, 120_000);
