import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { GUARD_PATHS, type GuardKey } from "@vedette/semconv";
import { expect, test } from "vitest";
import { type Guard, startGuard } from "../packages/instrumentation/src/guard/guard.ts";
import { readGuardKey, readSnapshot } from "../packages/instrumentation/src/guard/snapshot.ts";
import { TEST_RULES, until, useWorkers } from "../packages/worker/src/testing/elasticsearch-worker.ts";
import { useElasticsearch } from "../packages/worker/src/testing/elasticsearch/use-elasticsearch.ts";
import { readEvents } from "../packages/worker/src/testing/event-reader.ts";
import type { RunningWorker } from "../packages/worker/src/worker.ts";

const { client, url, prefix } = useElasticsearch();
const workers = useWorkers();

/** A way to one of several workers, as a load balancer has it; it can be turned to another one. */
async function startWay(first: RunningWorker) {
  let port = first.addresses.api.port;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    turn(worker: RunningWorker): void {
      port = worker.addresses.api.port;
      cut();
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const warnings: string[] = [];
const guardOf = (address: string): Guard =>
  startGuard(
    { url: new URL(address), publicKey: undefined, pinFile: undefined, token: undefined },
    {
      reporter: {
        event() {},
        count() {},
        change() {},
        inspectionDuration() {},
        error() {},
        setMeterProvider() {},
        setLoggerProvider() {},
        setEventsPerSecond() {},
        emitted: () => 0,
        flush: async () => {},
      },
      warn: (_, message) => warnings.push(message),
      timing: { firstDelay: 20 },
    },
  );

const ask = async (worker: RunningWorker, method: string, path: string, body?: object): Promise<unknown> => {
  const token = readFileSync(join(worker.dataFolder, "admin-token"), "utf8").trim();
  const response = await fetch(`${worker.addresses.api.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      "idempotency-key": randomUUID(),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer;
};

const deny = async (worker: RunningWorker, address: string): Promise<string> => {
  const entry = await ask(worker, "POST", "/api/v1/deny-list", { address, seconds: 600, reason: "Attack" });
  return (entry as { readonly id: string }).id;
};

const runsLine = async (worker: RunningWorker): Promise<boolean> => {
  const { elasticsearch } = await worker.status();
  return elasticsearch?.lines.find(({ line }) => line.startsWith("case/"))?.here === true;
};

const keyOf = async (worker: RunningWorker): Promise<GuardKey> =>
  (await (await fetch(`${worker.addresses.api.url}${GUARD_PATHS.key}`)).json()) as GuardKey;

const firstSnapshot = async (worker: RunningWorker): Promise<string> => {
  const events = readEvents(await fetch(`${worker.addresses.api.url}${GUARD_PATHS.stream}`));
  const { data } = await events.next();
  await events.cancel();
  return data;
};

test("guards know all workers by one key and one sequence, and any worker's guards learn what another one blocks", async () => {
  const about = { url, prefix: `${prefix}g`, pattern: `${prefix}none*`, rules: TEST_RULES };
  // At once, in a cluster that holds nothing yet.
  const both = await Promise.all([workers.start(about), workers.start(about)]);
  await using first = both[0];
  await using second = both[1];
  await until("the line", async () => (await runsLine(first)) || (await runsLine(second)));
  const [holder, other] = (await runsLine(first)) ? [first, second] : [second, first];
  await until("readiness", async () => (await holder.status()).ready);

  const key = await keyOf(holder);
  expect(await keyOf(other)).toEqual(key);
  await using way = await startWay(holder);
  const guards = [guardOf(holder.addresses.api.url), guardOf(other.addresses.api.url), guardOf(way.url)] as const;
  const [near, far, wandering] = guards;
  await until("the guards", async () => guards.every((guard) => guard.connected()));

  const milliseconds: number[] = [];
  for (const [at, asked] of [other, holder, other, holder].entries()) {
    const address = `203.0.113.${at + 1}`;
    await deny(asked, address);
    milliseconds.push(await until("the other worker's guard", async () => far.decisions.match(address) !== undefined));
    await until("the guard of the one that writes", async () => near.decisions.match(address)?.action === "block");
  }
  process.stdout.write(`blocked → known by another worker's guard: ${milliseconds.map(Math.round).join(", ")} ms\n`);
  expect(Math.max(...milliseconds)).toBeLessThan(2_500);

  for (const [at, worker] of [other, holder, other].entries()) {
    way.turn(worker);
    const address = `198.51.100.${at + 1}`;
    const id = await deny(holder, address);
    await until("the wandering guard", async () => wandering.decisions.match(address) !== undefined);
    await ask(other, "DELETE", `/api/v1/deny-list/${id}`);
    await until("the end", async () => guards.every(({ decisions }) => decisions.match(address) === undefined));
  }
  expect(warnings.filter((warning) => warning.includes("refused"))).toEqual([]);

  const verification = readGuardKey(key.publicKey);
  const old = await firstSnapshot(other);
  let last = readSnapshot(old, verification, 0).snapshot?.sequence ?? Number.NaN;
  for (const worker of [holder, other, other, holder]) {
    const { snapshot } = readSnapshot(await firstSnapshot(worker), verification, last);
    expect(snapshot?.sequence).toBeGreaterThan(last);
    last = snapshot?.sequence ?? last;
  }
  expect(readSnapshot(old, verification, last)).toEqual({ refusal: "replay" });
  for (const guard of guards) await guard.stop();
}, 120_000);

test("a key that a data folder holds becomes the installation's, which a role for its other indices does not cover", async () => {
  const about = { url, prefix: `${prefix}k`, pattern: `${prefix}none*`, rules: TEST_RULES };
  const embedded = await workers.start({
    ...about,
    folder: "moved",
    config: { elasticsearch: undefined, sources: [] },
  });
  const key = await keyOf(embedded);
  const before = readSnapshot(await firstSnapshot(embedded), readGuardKey(key.publicKey), 0).snapshot?.sequence;
  await embedded[Symbol.asyncDispose]();
  await using moved = await workers.start({ ...about, folder: "moved" });
  await using joined = await workers.start(about);
  expect(await keyOf(moved)).toEqual(key);
  expect(await keyOf(joined)).toEqual(key);
  for (const worker of [moved, joined])
    expect(
      readSnapshot(await firstSnapshot(worker), readGuardKey(key.publicKey), before ?? 0).snapshot?.sequence,
    ).toBeGreaterThan(before ?? Number.NaN);
  const covered = Object.keys(await client.indices.get({ index: `${about.prefix}-*`, expand_wildcards: "all" }));
  expect(covered).not.toContain(`${about.prefix}_guard`);
  expect(await client.indices.exists({ index: `${about.prefix}_guard` })).toBe(true);
}, 120_000);
