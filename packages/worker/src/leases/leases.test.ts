import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Log } from "../ports.ts";
import { type Lease, LeaseLostError, type Leases, MAX_PAYLOAD_BYTES } from "./lease.ts";
import type { LeaseDocument, MemberDocument, VersionedDocuments } from "./lease-documents.ts";
import { createLeases } from "./leases.ts";
import { createSimulatedIndex, type Fault } from "./testing/simulated-documents.ts";
import { createSimulatedTime, type SimulatedProcess } from "./testing/simulated-time.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const TTL = 6_000;

interface Worker {
  readonly name: string;
  readonly process: SimulatedProcess;
  readonly leases: Leases;
  /** What its requests meet. */
  fault: () => Fault;
  /** Resources that it works on and may still write about. */
  readonly active: Map<string, Lease>;
  /** Errors that saving ended with. */
  readonly errors: unknown[];
  readonly taken: string[];
  /** Times at which work was told to stop. */
  readonly lostAt: Map<string, number>;
}

const resourcesOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `shard/${index}`);

function cluster() {
  const time = createSimulatedTime();
  const documents = createSimulatedIndex<LeaseDocument>();
  const members = createSimulatedIndex<MemberDocument>();
  const workers: Worker[] = [];
  /** Successful saves by resource. */
  const saved = new Map<string, number>();

  /** Counts in the payload, one more with each save, until it is told to stop. */
  const counting =
    (worker: Worker) =>
    async (lease: Lease): Promise<void> => {
      const { timers } = worker.process;
      worker.taken.push(lease.resource);
      worker.active.set(lease.resource, lease);
      lease.lost.addEventListener("abort", () => {
        worker.active.delete(lease.resource);
        worker.lostAt.set(lease.resource, time.now());
      });
      let count = (lease.payload as number | undefined) ?? 0;
      try {
        while (!lease.lost.aborted && !lease.recalled.aborted) {
          await timers.sleep(200, lease.lost);
          if (lease.lost.aborted) return;
          count += 1;
          await lease.save(count);
          saved.set(lease.resource, (saved.get(lease.resource) ?? 0) + 1);
        }
      } catch (error) {
        worker.errors.push(error);
        throw error;
      } finally {
        if (lease.recalled.aborted) worker.active.delete(lease.resource);
      }
    };

  const start = (
    resources: readonly string[],
    work = counting,
    between = (through: VersionedDocuments<LeaseDocument>) => through,
  ): Worker => {
    const process = time.process();
    const name = `worker-${workers.length}`;
    const connection = { timers: process.timers, fault: () => worker.fault() };
    const worker: Worker = {
      name,
      process,
      leases: createLeases({
        documents: between(documents.connect(connection)),
        members: members.connect(connection),
        worker: name,
        steady: process.clock,
        clock: { now: () => 1_800_000_000_000 + time.now() },
        timers: process.timers,
        log: silent,
        ttl: TTL,
      }),
      fault: () => "none",
      active: new Map(),
      errors: [],
      taken: [],
      lostAt: new Map(),
    };
    workers.push(worker);
    worker.leases.offer("source", resources, work(worker));
    return worker;
  };
  return { time, documents, members, workers, saved, start };
}

type Cluster = ReturnType<typeof cluster>;

const activeOf = (worker: Worker): string[] => [...worker.active.keys()].toSorted();
const sizes = ({ workers }: Cluster): number[] => workers.map(({ active }) => active.size);
const takes = ({ workers }: Cluster): number => workers.reduce((sum, { taken }) => sum + taken.length, 0);

/** Ends what a test left running. */
let last: Cluster | undefined;
const open = (): Cluster => (last = cluster());
afterEach(() => {
  for (const { process } of last?.workers ?? []) process.kill();
});

describe("sharing out", () => {
  it("gives workers that start together equal shares, and then moves nothing", async () => {
    const all = open();
    for (let worker = 0; worker < 3; worker += 1) all.start(resourcesOf(7));
    await all.time.run(5_000);
    expect(sizes(all).toSorted((a, b) => a - b)).toEqual([2, 2, 3]);
    const before = takes(all);
    await all.time.run(120_000);
    expect(takes(all)).toBe(before);
    expect(new Set(all.workers.flatMap(activeOf)).size).toBe(7);
  });

  it("gives a worker that comes later its share, after the others have ended what they were at", async () => {
    const all = open();
    const first = all.start(resourcesOf(6));
    await all.time.run(5_000);
    expect(first.active.size).toBe(6);
    all.start(resourcesOf(6));
    await all.time.run(8_000);
    expect(sizes(all)).toEqual([3, 3]);
    expect(first.errors).toEqual([]);
    expect(takes(all)).toBe(9);
    const third = all.start(resourcesOf(6));
    await all.time.run(8_000);
    expect(sizes(all)).toEqual([2, 2, 2]);
    expect(third.taken).toHaveLength(2);
    expect(takes(all)).toBe(11);
  });

  it("stops recalled work that does not end", async () => {
    const all = open();
    const stubborn = all.start(resourcesOf(2), (worker) => async (lease) => {
      worker.active.set(lease.resource, lease);
      while (!lease.lost.aborted) await worker.process.timers.sleep(100);
      worker.active.delete(lease.resource);
    });
    await all.time.run(5_000);
    all.start(resourcesOf(2));
    await all.time.run(15_000);
    expect(stubborn.active.size).toBe(2);
    await all.time.run(15_000);
    expect(sizes(all)).toEqual([1, 1]);
  });

  it("follows the set of resources as it changes", async () => {
    const all = open();
    const worker = all.start(["a", "b"]);
    await all.time.run(3_000);
    worker.leases.offer("source", ["b", "c"], async (lease) => {
      worker.taken.push(`again ${lease.resource}`);
      await worker.process.timers.sleep(1e9, lease.lost);
    });
    await all.time.run(3_000);
    expect(activeOf(worker)).toEqual(["b"]);
    expect(worker.taken).toContain("again c");
    expect(all.documents.documents.get("a")?.document.owner).toBeNull();
  });

  it("leaves what fails on one worker to another one", async () => {
    const all = open();
    let failures = 0;
    all.start(["a"], () => async () => {
      failures += 1;
      throw new Error("cannot");
    });
    await all.time.run(2_000);
    const able = all.start(["a"]);
    await all.time.run(20_000);
    expect(activeOf(able)).toEqual(["a"]);
    expect(failures).toBeLessThan(8);
  });

  it("hands everything over at once when a worker is stopped in order", async () => {
    const all = open();
    const first = all.start(resourcesOf(4));
    const second = all.start(resourcesOf(4));
    await all.time.run(5_000);
    const closed = first.leases[Symbol.asyncDispose]();
    await all.time.run(3_000);
    await closed;
    expect(first.errors).toEqual([]);
    expect(second.active.size).toBe(4);
    expect([...all.members.documents.keys()]).toEqual([second.name]);
  });
});

describe("a lease", () => {
  it("is taken over within 10 s of its owner's death, with what was saved last", async () => {
    const all = open();
    const first = all.start(["a"]);
    await all.time.run(5_000);
    const second = all.start(["a"]);
    await all.time.run(2_345);
    first.process.kill();
    const at = all.documents.documents.get("a")?.document.payload as number;
    await all.time.run(10_000);
    expect(activeOf(second)).toEqual(["a"]);
    expect(second.active.get("a")?.epoch).toBe(2);
    expect(all.documents.documents.get("a")?.document.payload).toBeGreaterThanOrEqual(at);
  });

  it("is left to another worker that was faster by a moment", async () => {
    const all = open();
    const slow = all.start(["a"], undefined, (documents) => ({
      ...documents,
      async read(ids, fields) {
        if (fields === undefined && ids.includes("a") && all.documents.documents.size === 0) {
          const theirs = { "@timestamp": "", resource: "a", owner: "faster", epoch: 1, beat: 0, payload: null };
          await documents.write("a", theirs, "absent");
        }
        return documents.read(ids, fields);
      },
    }));
    await all.time.run(5_000);
    expect(all.documents.documents.get("a")?.document.owner).toBe("faster");
    expect(slow.taken).toEqual([]);
  });

  it("is not taken while its owner renews it, however long nothing is saved", async () => {
    const all = open();
    all.start(["a"], (worker) => async (lease) => {
      worker.taken.push(lease.resource);
      await worker.process.timers.sleep(1e9, lease.lost);
    });
    await all.time.run(3_000);
    const other = all.start(["a"]);
    await all.time.run(300_000);
    expect(other.taken).toEqual([]);
  });

  it("cannot be saved by a worker that slept past it, and tells its work so", async () => {
    const all = open();
    const sleeper = all.start(["a"]);
    const other = all.start(["a"], undefined);
    await all.time.run(4_000);
    const [owner, heir] = sleeper.active.size === 1 ? [sleeper, other] : [other, sleeper];
    const lease = owner.active.get("a");
    owner.process.stop();
    await all.time.run(12_000);
    expect(activeOf(heir)).toEqual(["a"]);
    const before = all.documents.documents.get("a");
    const late = lease?.save(-1);
    const outcome = expect(late).rejects.toThrow(LeaseLostError);
    owner.process.goOn();
    await all.time.run(100);
    await outcome;
    expect(lease?.lost.aborted).toBe(true);
    await all.time.run(60_000);
    expect(activeOf(heir)).toEqual(["a"]);
    expect(all.documents.documents.get("a")?.document.payload).toBeGreaterThan(before?.document.payload as number);
  });

  it("cannot be saved when its document was taken although its clock says that it holds", async () => {
    const all = open();
    const worker = all.start(["a"]);
    await all.time.run(3_000);
    const lease = worker.active.get("a");
    const thief = all.documents.connect({ timers: worker.process.timers });
    const stored = all.documents.documents.get("a");
    if (stored === undefined) throw new Error("no lease");
    const written = thief.write("a", { ...stored.document, owner: "thief", epoch: 2, beat: 0 }, stored.version);
    await all.time.run(2);
    expect(await written).toMatchObject({ status: "written" });
    const late = expect(lease?.save(-1)).rejects.toThrow(LeaseLostError);
    await all.time.run(1_000);
    await late;
    expect(lease?.lost.aborted).toBe(true);
    expect(all.documents.documents.get("a")?.document).toMatchObject({
      owner: "thief",
      payload: stored.document.payload,
    });
  });

  it("ends by its owner's clock before another worker takes it, when the owner cannot reach the cluster", async () => {
    const all = open();
    const cut = all.start(["a"]);
    await all.time.run(3_000);
    let takenAt = 0;
    all.start(["a"], (worker) => async (lease) => {
      takenAt = all.time.now();
      await worker.process.timers.sleep(1e9, lease.lost);
    });
    await all.time.run(3_000);
    const since = all.time.now();
    cut.fault = () => "refused";
    await all.time.run(15_000);
    const lostAt = cut.lostAt.get("a") ?? Number.POSITIVE_INFINITY;
    expect(lostAt - since).toBeLessThanOrEqual((TTL * 2) / 3);
    expect(takenAt).toBeGreaterThan(lostAt + 1_000);
    expect(takenAt - since).toBeLessThan(10_000);
  });

  it("outlasts a cluster that is away for a short time", async () => {
    const all = open();
    const worker = all.start(["a"]);
    await all.time.run(3_000);
    worker.fault = () => "refused";
    await all.time.run(2_000);
    worker.fault = () => "none";
    await all.time.run(5_000);
    expect(worker.taken).toEqual(["a"]);
    expect(worker.errors).toEqual([]);
  });

  it.each<Fault>(["answer-lost", "late"])(
    "knows its own write again when the outcome was not known (%s)",
    async (fault) => {
      const all = open();
      const worker = all.start(["a"]);
      await all.time.run(3_000);
      let requests = 0;
      worker.fault = () => ((requests += 1) % 3 === 0 ? fault : "none");
      await all.time.run(60_000);
      expect(worker.errors).toEqual([]);
      expect(worker.taken).toEqual(["a"]);
      const { payload } = all.documents.documents.get("a")?.document ?? {};
      expect(payload).toBeGreaterThan(50);
      expect(Math.abs((payload as number) - (all.saved.get("a") ?? 0))).toBeLessThanOrEqual(1);
    },
  );

  it("has a payload of bounded size", async () => {
    const all = open();
    const worker = all.start(["a"]);
    await all.time.run(3_000);
    await expect(worker.active.get("a")?.save("x".repeat(MAX_PAYLOAD_BYTES))).rejects.toThrow(RangeError);
    await all.time.run(3_000);
    expect(worker.errors).toEqual([]);
  });

  it("is seen by its owner, epoch and payload, and so is one that was never taken", async () => {
    const all = open();
    const worker = all.start(["a"]);
    await all.time.run(3_000);
    const view = worker.leases.view(["a", "b"]);
    await all.time.run(10);
    expect(await view).toEqual([
      { resource: "a", owner: worker.name, epoch: 1, payload: expect.any(Number) },
      { resource: "b", owner: undefined, epoch: 0, payload: undefined },
    ]);
  });
});

type Step =
  | { readonly kind: "start" }
  | { readonly kind: "kill" | "stop" | "go on" | "close"; readonly worker: number }
  | { readonly kind: "fault"; readonly worker: number; readonly fault: Fault; readonly every: number };

describe("whatever happens", () => {
  const worker = fc.nat({ max: 5 });
  const step: fc.Arbitrary<{ step: Step; pause: number }> = fc.record({
    step: fc.oneof(
      fc.record({ kind: fc.constant("start" as const) }),
      fc.record({
        kind: fc.constantFrom("kill" as const, "stop" as const, "go on" as const, "close" as const),
        worker,
      }),
      fc.record({
        kind: fc.constant("fault" as const),
        worker,
        fault: fc.constantFrom<Fault>("none", "refused", "answer-lost", "late"),
        every: fc.integer({ min: 1, max: 4 }),
      }),
    ),
    pause: fc.integer({ min: 0, max: 9_000 }),
  });

  it("no save is undone, nobody works beside another, and in the end everything is shared out", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const all = cluster();
        const resources = resourcesOf(5);
        const stopped = new Set<Worker>();
        const gone = new Set<Worker>();
        const payloads = new Map<string, number>();
        const epochs = new Map<string, number>();
        const check = (): void => {
          for (const resource of resources) {
            const working = all.workers.filter(
              (one) => !stopped.has(one) && !gone.has(one) && one.active.has(resource),
            );
            expect(working.length).toBeLessThanOrEqual(1);
            const document = all.documents.documents.get(resource)?.document;
            const payload = (document?.payload as number | undefined) ?? 0;
            expect(payload).toBeGreaterThanOrEqual(payloads.get(resource) ?? 0);
            expect(payload).toBeGreaterThanOrEqual(all.saved.get(resource) ?? 0);
            expect(document?.epoch ?? 0).toBeGreaterThanOrEqual(epochs.get(resource) ?? 0);
            payloads.set(resource, payload);
            epochs.set(resource, document?.epoch ?? 0);
          }
        };
        const run = async (milliseconds: number): Promise<void> => {
          for (let left = milliseconds; left > 0; left -= 250) {
            await all.time.run(Math.min(left, 250));
            check();
          }
        };
        all.start(resources);
        all.start(resources);
        await run(4_000);
        for (const { step, pause } of steps) {
          const one = step.kind === "start" ? undefined : all.workers[step.worker % all.workers.length];
          if (one === undefined) all.start(resources);
          else if (!gone.has(one)) {
            if (step.kind === "kill") {
              one.process.kill();
              gone.add(one);
            } else if (step.kind === "stop") {
              one.process.stop();
              stopped.add(one);
            } else if (step.kind === "go on") {
              one.process.goOn();
              await all.time.run(1);
              stopped.delete(one);
            } else if (step.kind === "close") {
              void one.leases[Symbol.asyncDispose]();
              await all.time.run(1);
            } else if (step.kind === "fault") {
              const { fault, every } = step;
              let requests = 0;
              one.fault = () => ((requests += 1) % every === 0 ? fault : "none");
            }
          }
          await run(pause);
        }
        for (const one of all.workers) {
          one.fault = () => "none";
          if (!gone.has(one)) one.process.goOn();
        }
        await all.time.run(1);
        stopped.clear();
        all.start(resources);
        await run(40_000);
        expect(
          all.workers
            .filter((one) => !gone.has(one))
            .flatMap(activeOf)
            .toSorted(),
        ).toEqual(resources);
        for (const one of all.workers) one.process.kill();
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});
