import { describe, expect, it } from "vitest";
import { createNodePorts } from "../ports-node.ts";
import type { Log } from "../ports.ts";
import { useElasticsearch } from "../testing/elasticsearch/use-elasticsearch.ts";
import { createElasticsearchDocuments } from "./elasticsearch-documents.ts";
import { createElasticsearchLeases, leasesIndex, workersIndex } from "./elasticsearch-leases.ts";
import { type Lease, LeaseLostError, type Leases } from "./lease.ts";

const { client, prefix } = useElasticsearch();
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const ports = createNodePorts(silent);

/** A client of which every request from a moment on goes unanswered, as from a process that was killed. */
function mortalClient() {
  let isDead = false;
  const dead = new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function" || !isDead) return value;
      return async () => new Promise(() => {});
    },
  });
  return { client: dead, kill: () => void (isDead = true) };
}

const until = async (what: () => boolean, milliseconds: number): Promise<void> => {
  const end = performance.now() + milliseconds;
  while (!what() && performance.now() < end) await ports.timers.sleep(20);
  expect(what()).toBe(true);
};

interface Worker {
  readonly leases: Leases;
  readonly held: Map<string, Lease>;
  readonly kill: () => void;
}

function start(name: string, resources: readonly string[], timing: { ttl?: number; renew?: number } = {}): Worker {
  const mortal = mortalClient();
  const leases = createElasticsearchLeases({
    cluster: { client: mortal.client },
    prefix: `${prefix}${name}`,
    ports,
    ...timing,
  });
  const held = new Map<string, Lease>();
  leases.offer("source", resources, async (lease) => {
    held.set(lease.resource, lease);
    let count = (lease.payload as number | undefined) ?? 0;
    while (!lease.lost.aborted && !lease.recalled.aborted) {
      await lease.save((count += 1));
      await ports.timers.sleep(100, lease.lost);
    }
    held.delete(lease.resource);
  });
  return { leases, held, kill: mortal.kill };
}

describe("leases in Elasticsearch", () => {
  it("make their indices, are shared out, and are taken over within 10 s of a death", async () => {
    const resources = ["a", "b", "c", "d"];
    const one = start("death", resources);
    const two = start("death", resources);
    await until(() => one.held.size === 2 && two.held.size === 2, 15_000);
    const mappings = await client.indices.getMapping({
      index: [leasesIndex(`${prefix}death`), workersIndex(`${prefix}death`)],
    });
    expect(Object.values(mappings).map(({ mappings: { dynamic } }) => dynamic)).toEqual(["false", "false"]);
    const left = [...one.held.keys()];
    const epochs = left.map((resource) => one.held.get(resource)?.epoch ?? 0);
    const at = performance.now();
    one.kill();
    await until(() => two.held.size === 4, 10_000);
    expect(performance.now() - at).toBeGreaterThan(4_000);
    const views = await two.leases.view(left);
    expect(views.map(({ owner, epoch }) => ({ owner, epoch }))).toEqual(
      epochs.map((epoch) => ({ owner: two.leases.worker, epoch: epoch + 1 })),
    );
    await until(() => left.every((resource) => one.held.get(resource)?.lost.aborted !== false), 6_000);
    await two.leases[Symbol.asyncDispose]();
    expect((await two.leases.view(resources)).map(({ owner }) => owner)).toEqual(resources.map(() => undefined));
  });

  it("are given over in order and at once when a worker ends, with what it saved last", async () => {
    const one = start("end", ["a"], { ttl: 3_000, renew: 500 });
    await until(() => one.held.size === 1, 5_000);
    const two = start("end", ["a"], { ttl: 3_000, renew: 500 });
    await ports.timers.sleep(500);
    await one.leases[Symbol.asyncDispose]();
    const [{ payload } = { payload: undefined }] = await two.leases.view(["a"]);
    await until(() => two.held.size === 1, 2_000);
    expect(two.held.get("a")?.payload).toBeGreaterThanOrEqual(payload as number);
    await two.leases[Symbol.asyncDispose]();
  });

  it("cannot be saved by who lost them", async () => {
    const one = start("lost", ["a"]);
    await until(() => one.held.size === 1, 30_000);
    const lease = one.held.get("a");
    const index = leasesIndex(`${prefix}lost`);
    await client.update({ index, id: "a", doc: { owner: "another", epoch: 2 }, retry_on_conflict: 20 });
    await expect(lease?.save("late")).rejects.toThrow(LeaseLostError);
    expect(lease?.lost.aborted).toBe(true);
    const { _source: document } = await client.get<{ owner: string; payload: unknown }>({ index, id: "a" });
    expect(document).toMatchObject({ owner: "another", payload: expect.any(Number) });
    one.kill();
  });
});

describe("documents by compare-and-set", () => {
  const documents = createElasticsearchDocuments<{ readonly n: number; readonly big?: string }>({
    client,
    index: `${prefix}cas`,
    properties: { n: { type: "long" } },
    requestTimeout: 5_000,
  });

  it("are written only as expected, many in one request", async () => {
    const written = await Promise.all(
      Array.from({ length: 1_200 }, (_, n) => documents.write(String(n), { n }, "absent")),
    );
    expect(written.filter(({ status }) => status === "written")).toHaveLength(1_200);
    expect(await documents.write("7", { n: 0 }, "absent")).toEqual({ status: "conflict" });
    const [seven, none, eight] = await documents.read(["7", "none", "8"], ["n"]);
    expect([seven?.document, none, eight?.document]).toEqual([{ n: 7 }, undefined, { n: 8 }]);
    if (seven === undefined) throw new Error("not read");
    const next = await documents.write("7", { n: 70 }, seven.version);
    expect(next).toMatchObject({ status: "written" });
    expect(await documents.write("7", { n: 71 }, seven.version)).toEqual({ status: "conflict" });
    expect((await documents.read(["7"]))[0]?.document).toEqual({ n: 70 });
    await documents.remove("7");
    await documents.remove("7");
    expect(await documents.read(["7"])).toEqual([undefined]);
  });

  it("tell when the outcome is not known", async () => {
    const unreachable = mortalClient();
    const broken = createElasticsearchDocuments<{ readonly n: number }>({
      client: new Proxy(unreachable.client, {
        get: (target, name) =>
          name === "bulk" ? async () => Promise.reject(new Error("reset")) : Reflect.get(target, name),
      }),
      index: `${prefix}cas`,
      properties: {},
      requestTimeout: 1_000,
    });
    expect(await broken.write("x", { n: 1 }, "any")).toMatchObject({ status: "unknown" });
  });
});
