import { afterEach, beforeEach, expect, it } from "vitest";
import { type Guard, startGuard } from "../packages/instrumentation/src/guard/guard.ts";
import { startTestServer, type TestServer } from "../packages/worker/src/testing/server-harness.ts";
import { sampleDeny } from "../packages/worker/src/testing/store-samples.ts";

/** Both ends of the guard's contract at once: the worker's hub and the instrumentation's guard. */
let worker: TestServer;
let guard: Guard;
let change: PromiseWithResolvers<void>;
const warnings: string[] = [];

beforeEach(async () => {
  worker = await startTestServer();
  change = Promise.withResolvers<void>();
  const reporter = {
    event() {},
    count() {},
    change() {
      change.resolve();
      change = Promise.withResolvers<void>();
    },
    inspectionDuration() {},
    error() {},
    setMeterProvider() {},
    setLoggerProvider() {},
    setEventsPerSecond() {},
    emitted: () => 0,
    flush: async () => {},
  };
  guard = startGuard(
    { url: new URL(worker.url), publicKey: undefined, pinFile: undefined, token: undefined },
    {
      reporter,
      warn: (message) => warnings.push(message),
      now: () => worker.time.clock.now(),
      random: () => 0,
      timing: { firstDelay: 5 },
    },
  );
});
afterEach(async () => {
  await guard.stop();
  await worker.close();
});

const until = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await change.promise;
};

it("blocks what the worker's deny list says, until it is undone or has expired", async () => {
  const commit = (id: string, entry: ReturnType<typeof sampleDeny>) => worker.store.commit({ id, denyList: [entry] });
  await until(() => guard.connected());
  await commit("1", sampleDeny("d1", { state: "in_force", expiresAt: 5_000 }));
  await until(() => guard.decisions.size() === 1);
  expect(guard.decisions.match("203.0.113.7")).toMatchObject({ id: "d1", action: "block", reason: "Attack" });
  expect(guard.decisions.match("203.0.113.8")).toBeUndefined();

  await commit("2", sampleDeny("d2", { address: "2001:0db8:0::7", expiresAt: 9_000 }));
  await until(() => guard.decisions.size() === 2);
  expect(guard.decisions.match("2001:db8::7")).toMatchObject({ id: "d2" });

  await commit("3", sampleDeny("d1", { state: "undone", expiresAt: 5_000, endedAt: 4_000 }));
  await until(() => guard.decisions.size() === 1);
  expect(guard.decisions.match("203.0.113.7")).toBeUndefined();

  worker.time.advance(5_000);
  expect(guard.decisions.match("2001:db8::7")).toBeUndefined();
  expect(warnings).toEqual([]);
});
