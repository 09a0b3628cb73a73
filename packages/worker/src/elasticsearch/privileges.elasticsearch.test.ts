import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNodePorts } from "../ports-node.ts";
import { freePorts, startNode, type ClusterNode } from "../testing/elasticsearch/cluster-node.ts";
import { makeNodesFolder } from "../testing/elasticsearch/node-configuration.ts";
import { silentLog } from "../testing/silent-log.ts";
import { createBulkWriter } from "./bulk-writer.ts";
import type { Cluster, ClusterConnection } from "./cluster.ts";
import { connectCluster } from "./connect.ts";
import { createOnce } from "./create-once.ts";
import { calling } from "./errors.ts";
import { missingPrivileges, requirePrivileges } from "./privilege-check.ts";
import { roleDescriptor, RUN_PRIVILEGES, SETUP_PRIVILEGES, type Privilege } from "./privileges.ts";
import { makeAuthority, type Authority } from "./testing/authority.ts";

const PASSWORD = "a-long-password";
const SCOPES = { prefix: "vedette", patterns: ["logs-*"] };
const STREAM = "logs-test-default";
const ports = createNodePorts(silentLog);

let folder: string;
let authority: Authority;
let node: ClusterNode;
let admin: Client;
let backing: string;

const connection = (changes: Partial<ClusterConnection> = {}): ClusterConnection => ({
  urls: [node.url],
  ca: authority.ca,
  requestTimeout: 20_000,
  ...changes,
});
const connect = async (changes: Partial<ClusterConnection>): Promise<Cluster> =>
  await connectCluster(connection(changes), { log: silentLog });

let keys = 0;
const connectWith = async (privileges: readonly Privilege[]): Promise<Cluster> => {
  keys += 1;
  const { encoded } = await admin.security.createApiKey({
    name: `key-${keys}`,
    role_descriptors: { worker: roleDescriptor(privileges, SCOPES) },
  });
  return await connect({ apiKey: encoded });
};

beforeAll(async () => {
  folder = makeNodesFolder();
  authority = makeAuthority();
  const [port = 0, transportPort = 0] = await freePorts(2);
  const tls = authority.server;
  node = await startNode({ folder: join(folder, "node"), port, transportPort, password: PASSWORD, tls });
  admin = node.client();
  await admin.indices.putIndexTemplate({
    name: "logs-test",
    index_patterns: ["logs-test-*"],
    priority: 600,
    data_stream: {},
    template: { settings: { number_of_replicas: 0 } },
  });
  const document = { "@timestamp": "2026-11-21T00:00:00Z", user: { name: "root" } };
  await admin.index({ index: STREAM, op_type: "create", refresh: true, document });
  backing = Object.keys(await admin.indices.get({ index: STREAM }))[0] ?? "";
}, 300_000);
afterAll(async () => {
  await admin?.close();
  await node?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** What a worker asks of the cluster, one after the other; `own` is an index under the prefix. */
const work = async (cluster: Cluster, own: string): Promise<void> => {
  const { client } = cluster;
  const writer = createBulkWriter({ cluster, ...ports, prefix: SCOPES.prefix });
  const step = async (name: string, call: () => Promise<unknown>): Promise<unknown> => await calling(name, call);
  await step("Reading the shards", () => client.indices.stats({ index: backing, level: "shards" }));
  await step("Refreshing a source", () => client.indices.refresh({ index: backing }));
  const { hits } = (await step("Reading a shard", () =>
    client.search({ index: backing, preference: "_shards:0", sort: ["_seq_no"], seq_no_primary_term: true }),
  )) as { hits: { hits: unknown[] } };
  expect(hits.hits).toHaveLength(1);
  await step("Reading a source by a point in time", async () => {
    const { id } = await client.openPointInTime({ index: backing, keep_alive: "1m" });
    await client.search({ pit: { id, keep_alive: "1m" }, sort: ["_shard_doc"] });
    await client.closePointInTime({ id });
  });
  await step("Reading the fields of a source", () => client.fieldCaps({ index: backing, fields: ["*"] }));
  await step("Reading the mapping of a source", () => client.indices.getMapping({ index: backing }));
  await step("Reading the settings of a source", () => client.indices.getSettings({ index: backing }));

  await step("Making an index", () =>
    client.indices.create({ index: own, settings: { number_of_replicas: 0 }, mappings: { dynamic: false } }),
  );
  await writer.write([
    { kind: "create", index: `${own}-of-a-new-month`, id: "1", document: { a: 1 } },
    { kind: "put", index: own, id: "alert", version: 1, document: { a: 1 } },
    { kind: "put", index: own, id: "alert", version: 2, document: { a: 2 } },
  ]);
  const once = [{ index: own, id: "fact", document: { h: "1" }, contentHash: "1" }];
  await createOnce(cluster, writer, once, { hashField: "h" });
  expect(await createOnce(cluster, writer, once, { hashField: "h" })).toEqual([{ status: "same" }]);
  await step("Changing a lease", async () => {
    const { _seq_no, _primary_term } = await client.get({ index: own, id: "alert" });
    await client.index({
      index: own,
      id: "alert",
      document: { a: 3 },
      if_seq_no: _seq_no ?? 0,
      if_primary_term: _primary_term ?? 0,
    });
  });
  await step("Refreshing findings", () => client.indices.refresh({ index: own }));
  await step("Searching alerts", () => client.search({ index: own }));
  await step("Reading the shards of findings", () => client.indices.stats({ index: own, level: "shards" }));
  await step("Looking at own indices", () => client.indices.get({ index: own }));
  await step("Deleting a step", () => client.delete({ index: own, id: "fact" }));
  await step("Deleting by age", () => client.indices.delete({ index: own }));
  await step("Deleting by age", () => client.indices.delete({ index: `${own}-of-a-new-month` }));
};

const outcomeOf = async (privileges: readonly Privilege[]): Promise<unknown> => {
  const own = `vedette-work-${keys + 1}`;
  try {
    await using cluster = await connectWith(privileges);
    await work(cluster, own);
    return "everything works";
  } catch (error) {
    return error;
  } finally {
    await admin.indices.delete({ index: `${own}*`, ignore_unavailable: true });
  }
};

describe("the privileges of a worker", () => {
  it("suffice for everything that it does", async () => {
    expect(await outcomeOf(RUN_PRIVILEGES)).toBe("everything works");
    await using cluster = await connectWith(RUN_PRIVILEGES);
    await expect(requirePrivileges(cluster, RUN_PRIVILEGES, SCOPES)).resolves.toBeUndefined();
    expect(cluster.capabilities).toMatchObject({ security: true, version: "9.4.3" });
  });

  it.each(RUN_PRIVILEGES.map((privilege) => [privilege.scope, privilege.name, privilege] as const))(
    "do not suffice without %s %s, and the error says so",
    async (scope, name, left) => {
      const others = RUN_PRIVILEGES.filter((privilege) => privilege !== left);
      expect(await outcomeOf(others)).toMatchObject({
        code: "elasticsearch-forbidden",
        retryable: false,
        message: expect.stringContaining(`privilege \`${name}\``),
      });
      // Without `monitor` of the cluster there is no connection to check anything by.
      if (scope === "cluster") return;
      await using cluster = await connectWith(others);
      expect(await missingPrivileges(cluster, RUN_PRIVILEGES, SCOPES)).toEqual([left]);
      const on = scope === "own" ? "vedette-*, vedette_guard" : "logs-*";
      await expect(requirePrivileges(cluster, RUN_PRIVILEGES, SCOPES)).rejects.toMatchObject({
        code: "elasticsearch-forbidden",
        message: `The worker's key lacks the index privilege \`${name}\` on ${on} (${left.reason}).`,
      });
    },
  );

  it("are checked for each source", async () => {
    await using cluster = await connectWith(RUN_PRIVILEGES);
    const wider = { ...SCOPES, patterns: ["logs-*", "metrics-*"] };
    const missing = await missingPrivileges(cluster, RUN_PRIVILEGES, wider);
    expect(missing).toEqual(RUN_PRIVILEGES.filter(({ scope }) => scope === "sources"));
  });
});

describe("the privileges of setup", () => {
  const install = async (privileges: readonly Privilege[]): Promise<unknown> => {
    const index = `vedette-setup-${keys + 1}`;
    try {
      await using cluster = await connectWith(privileges);
      await calling("Installing", async () => {
        await cluster.client.indices.putIndexTemplate({ name: "vedette-t", index_patterns: [`${index}-*`] });
        await cluster.client.indices.create({
          index: `${index}-000001`,
          aliases: { [index]: { is_write_index: true } },
        });
        await cluster.client.indices.putMapping({ index: `${index}-000001`, properties: { a: { type: "keyword" } } });
        await cluster.client.indices.addBlock({ index: `${index}-000001`, block: "write" });
      });
      return "everything works";
    } catch (error) {
      return error;
    } finally {
      await admin.indices.delete({ index: `${index}*`, ignore_unavailable: true });
    }
  };

  it("suffice to install, and each is needed", async () => {
    expect(await install([...RUN_PRIVILEGES, ...SETUP_PRIVILEGES])).toBe("everything works");
    for (const left of SETUP_PRIVILEGES) {
      const others = [...RUN_PRIVILEGES, ...SETUP_PRIVILEGES].filter((privilege) => privilege !== left);
      expect(await install(others)).toMatchObject({
        code: "elasticsearch-forbidden",
        message: expect.stringContaining(`privilege \`${left.name}\``),
      });
    }
  });
});

describe("a connection that is encrypted", () => {
  const basic = { username: "admin", password: PASSWORD };

  it.each<[name: string, changes: () => Partial<ClusterConnection>]>([
    ["its authority", () => ({})],
    ["its authority's fingerprint", () => ({ ca: undefined, caFingerprint: authority.fingerprint })],
    [
      "a fingerprint without colons, in lower case",
      () => ({ ca: undefined, caFingerprint: authority.fingerprint.replaceAll(":", "").toLowerCase() }),
    ],
    [
      "a name that the certificate does not carry, when names are left unchecked",
      () => ({ urls: [node.url.replace("127.0.0.1", "localhost")], verifyCertificate: false }),
    ],
    ["nothing, when nothing is checked", () => ({ ca: undefined, verifyCertificate: false })],
  ])("is made by %s", async (_, changes) => {
    await using cluster = await connect({ ...basic, ...changes() });
    expect(cluster.capabilities.security).toBe(true);
  });

  it.each<[name: string, changes: () => Partial<ClusterConnection>, code: string]>([
    ["an authority that nobody knows", () => ({ ca: undefined }), "elasticsearch-certificate"],
    ["another authority", () => ({ ca: makeAuthority().ca }), "elasticsearch-certificate"],
    [
      "another authority's fingerprint",
      () => ({ ca: undefined, caFingerprint: makeAuthority().fingerprint }),
      "elasticsearch-certificate",
    ],
    [
      "a name that the certificate does not carry",
      () => ({ urls: [node.url.replace("127.0.0.1", "localhost")] }),
      "elasticsearch-certificate",
    ],
    ["a wrong password", () => ({ password: "wrong" }), "elasticsearch-unauthenticated"],
    ["a wrong key", () => ({ username: undefined, apiKey: "d3Jvbmc6a2V5" }), "elasticsearch-unauthenticated"],
    ["nobody's name", () => ({ username: undefined }), "elasticsearch-unauthenticated"],
    ["plain HTTP", () => ({ urls: [node.url.replace("https:", "http:")] }), "elasticsearch-unavailable"],
  ])("is not made with %s", async (_, changes, code) => {
    await expect(connect({ ...basic, ...changes() })).rejects.toMatchObject({ code });
  });
});
