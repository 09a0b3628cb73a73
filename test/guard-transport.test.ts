import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startGuard, type Guard } from "../packages/instrumentation/src/guard/guard.ts";
import type { Timing } from "../packages/instrumentation/src/guard/timing.ts";
import {
  type Meddling,
  type MeddlingProxy,
  startMeddlingProxy,
} from "../packages/instrumentation/src/testing/meddling-proxy.ts";
import { createTestTelemetry, type TestTelemetry } from "../packages/instrumentation/src/testing/telemetry.ts";
import { startTestWorker, type TestWorker } from "./containment/running-worker.ts";

/** A real worker and a real guard, with a proxy in between that cuts and holds back. */
let test: TestWorker;
let proxy: MeddlingProxy;
let telemetry: TestTelemetry;
let guard: Guard | undefined;
const warnings: string[] = [];
let next = 0;

const FAST: Partial<Timing> = {
  firstDelay: 20,
  longestDelay: 200,
  firstSnapshot: 400,
  silence: 20_000,
  lateness: 300,
  steady: 5_000,
  pollSeconds: 2,
  retryStream: 600,
  longestRetry: 1_200,
  trial: 500,
};

beforeEach(async () => {
  test = await startTestWorker();
  proxy = await startMeddlingProxy(test.worker.addresses.api.port);
  telemetry = createTestTelemetry();
  warnings.length = 0;
});
afterEach(async () => {
  await guard?.stop();
  guard = undefined;
  await proxy.close();
  await test[Symbol.asyncDispose]();
  await telemetry.end();
});

function connect(how: Meddling = {}, timing: Partial<Timing> = {}): Guard {
  proxy.meddle(how);
  guard = startGuard(
    { url: new URL(`http://127.0.0.1:${proxy.port}`), publicKey: undefined, pinFile: undefined, token: undefined },
    { reporter: telemetry.reporter, warn: (_code, message) => warnings.push(message), timing: { ...FAST, ...timing } },
  );
  return guard;
}

const until = async (what: string, reached: () => boolean, milliseconds = 15_000): Promise<number> => {
  const begun = performance.now();
  while (!reached()) {
    if (performance.now() - begun > milliseconds) throw new Error(`${what}: not within ${milliseconds} ms`);
    await sleep(5);
  }
  return performance.now() - begun;
};

/** Blocks another address; resolves with the milliseconds until the guard applies it. */
const blockAnother = async ({ decisions }: Guard): Promise<number> => {
  const address = `198.51.100.${(next += 1)}`;
  const begun = performance.now();
  await test.deny({ address });
  await until(`the block of ${address}`, () => decisions.match(address) !== undefined);
  return performance.now() - begun;
};

describe("a guard behind a proxy", { timeout: 60_000 }, () => {
  it("that does nothing stays with the stream, and hears within a second", async () => {
    const { connectedBy } = connect();
    await until("the stream", () => connectedBy() === "stream");
    const times = [];
    for (let index = 0; index < 10; index += 1) times.push(await blockAnother(guard as Guard));
    process.stdout.write(`decision → guard by stream: ${times.map(Math.round).join(", ")} ms\n`);
    expect(times.toSorted((a, b) => a - b)[4]).toBeLessThan(1_000);
    expect(proxy.requests.filter((line) => line.includes("/decisions"))).toEqual([]);
  });

  it.each<[string, Meddling]>([
    ["holds the stream back", { holdBack: 1_000_000, only: "/stream" }],
    ["cuts the stream again and again", { cutAfter: 150, only: "/stream" }],
    ["cuts the stream before anything came", { cutAfter: 0, only: "/stream" }],
  ])(
    "that %s goes over to polling, hears within a second, and back when the stream comes through",
    async (_name, how) => {
      const { connectedBy, decisions } = connect(how);
      await until("polling", () => connectedBy() === "poll");
      const tries = proxy.requests.filter((line) => line.includes("/stream")).length;
      // A stream that is held back will be held back again; one that is cut may have been cut by chance.
      expect(tries).toBe(how.holdBack === undefined ? 3 : 1);
      const times = [];
      for (let index = 0; index < 5; index += 1) times.push(await blockAnother(guard as Guard));
      process.stdout.write(`decision → guard by poll: ${times.map(Math.round).join(", ")} ms\n`);
      expect(times.toSorted((a, b) => a - b)[2]).toBeLessThan(1_000);
      proxy.meddle({});
      await until("the stream", () => connectedBy() === "stream");
      expect(await blockAnother(guard as Guard)).toBeLessThan(5_000);
      const sizeBefore = decisions.size();
      const requests = proxy.requests.length;
      await sleep(1_000);
      expect([decisions.size(), proxy.requests.length]).toEqual([sizeBefore, requests]);
      expect(warnings.filter((warning) => !warning.includes("cannot reach"))).toEqual([]);
    },
  );

  it("that begins to hold snapshots back in the middle of a stream notices by their lateness", async () => {
    const { connectedBy } = connect({}, { silence: 60_000 });
    await until("the stream", () => connectedBy() === "stream");
    await blockAnother(guard as Guard);
    const streams = () => proxy.requests.filter((line) => line.includes("/stream")).length;
    const before = streams();
    proxy.meddle({ delay: 900, only: "/stream" });
    expect(await blockAnother(guard as Guard)).toBeGreaterThan(800);
    await until("polling", () => connectedBy() === "poll");
    // It did not connect again to find that out.
    expect(streams()).toBe(before);
    expect(await blockAnother(guard as Guard)).toBeLessThan(5_000);
  });

  it("that has less patience than the worker asks for shorter polls", async () => {
    connect({ cutAfter: 1_300 }, { pollSeconds: 8, retryStream: 60_000 });
    await until("a short poll", () => proxy.requests.some((line) => line.includes("wait=1&")), 30_000);
    expect(await blockAnother(guard as Guard)).toBeLessThan(5_000);
  });

  it("keeps what is in force through an outage and a restart of the worker, and hears again after it", async () => {
    const { decisions, connected, connectedBy } = connect();
    await until("the stream", () => connectedBy() === "stream");
    await blockAnother(guard as Guard);
    proxy.meddle({ refuse: true });
    proxy.cut();
    await until("the outage", () => !connected());
    const id = await test.deny({ address: "203.0.113.99" });
    await sleep(300);
    expect([decisions.size(), decisions.match("203.0.113.99")]).toEqual([1, undefined]);
    proxy.meddle({});
    await until("the news", () => decisions.match("203.0.113.99") !== undefined);
    await test.undo(id);
    await until("the end", () => decisions.match("203.0.113.99") === undefined);
  });

  it("takes over every action and target, and the switch that turns all guards off", async () => {
    const { decisions, requests, connectedBy } = connect();
    await until("the stream", () => connectedBy() === "stream");
    await test.deny({
      action: "throttle",
      targets: [
        { kind: "client.address", value: "203.0.113.77/24" },
        { kind: "http.route", value: "/login" },
      ],
      rate: { limit: 5, seconds: 60, burst: 2 },
    });
    await test.deny({ action: "step_up", targets: [{ kind: "user.hash", value: "4f2a" }], label: "ada" });
    await test.deny({ action: "end_session", targets: [{ kind: "session.id", value: "77aa" }] });
    await until("the decisions", () => decisions.size() === 3);
    const about = { users: ["4f2a"], sessions: ["77aa"], apiKeys: [], path: "/login", route: undefined };
    expect(decisions.find({ ...about, address: "203.0.113.1" })).toMatchObject([
      { action: "end_session", targets: [{ kind: "session.id", value: "77aa" }] },
      { action: "step_up" },
      { action: "throttle", rate: { limit: 5, seconds: 60, burst: 2 } },
    ]);
    expect(requests).toBeDefined();
    const off = await test.deny({ action: "off", reason: "The guards turn customers away" });
    const offPoints = async () => (await telemetry.points("vedette.guard.off"))[0]?.value;
    const wait = async (value: number) => {
      for (let tries = 0; tries < 200 && (await offPoints()) !== value; tries += 1) await sleep(10);
      expect(await offPoints()).toBe(value);
    };
    await wait(1);
    expect(decisions.size()).toBe(3);
    await test.undo(off);
    await wait(0);
    const audit = (await test.worker.store.listAudit(undefined, 50)).items;
    const changes = audit.filter(({ subject, action }) => subject === off && action.startsWith("deny."));
    expect(changes.map(({ action }) => action)).toEqual(["deny.undone", "deny.decided"]);
  });
});
