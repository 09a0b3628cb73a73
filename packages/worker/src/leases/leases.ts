import { createHash } from "node:crypto";
import type { Clock, Log, Timers } from "../ports.ts";
import { fairShares } from "./fair-share.ts";
import { HeldLease } from "./held-lease.ts";
import { type Lease, LeaseLostError, type Leases, type LeaseView } from "./lease.ts";
import type { DocumentVersion, LeaseDocument, MemberDocument, VersionedDocuments } from "./lease-documents.ts";
import { Members } from "./members.ts";
import { type Observation, ObservedLeases } from "./observed-leases.ts";

/** What the sharing out of resources needs. */
export interface LeasesOptions {
  readonly documents: VersionedDocuments<LeaseDocument>;
  readonly members: VersionedDocuments<MemberDocument>;
  /** Name of this worker, unique for each start. */
  readonly worker: string;
  /** A clock that never jumps, unlike the time of day. */
  readonly steady: Clock;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Milliseconds for which a lease's document must stand unchanged before another worker takes it. By default 6,000. */
  readonly ttl?: number;
  /** Milliseconds between renewals, by default 1,500. */
  readonly renew?: number;
  /** Milliseconds that recalled work may take to end by itself, by default 20,000. */
  readonly patience?: number;
  /** Told of a lease that was not given back but lost, with its kind. */
  readonly onLost?: ((kind: string) => void) | undefined;
}

const FIRST_BACK_OFF = 1_000;
const LONGEST_BACK_OFF = 30_000;
/** Work that ran so long is taken to have recovered: its next failure is a first one again. Milliseconds. */
const RECOVERED_AFTER = 60_000;
/** Rounds in a row in which this worker must have had too much before it gives something back. */
const ROUNDS_BEFORE_RECALL = 2;

interface Offer {
  readonly resources: ReadonlySet<string>;
  readonly work: (lease: Lease) => Promise<void>;
  /** Rounds in a row in which this worker had too much. */
  surplus: number;
}

interface Task {
  readonly kind: string;
  readonly lease: HeldLease;
  readonly done: Promise<void>;
  recalledAt: number | undefined;
}

/** Makes the leases of one worker over any documents with compare-and-set; it begins when the first resources are offered. */
export function createLeases(options: LeasesOptions): Leases {
  const { documents, worker, steady, clock, timers, log, ttl = 6_000, renew = 1_500, patience = 20_000 } = options;
  const lostAfter = (ttl * 2) / 3;
  const members = new Members({
    documents: options.members,
    worker,
    steady,
    clock,
    silentAfter: lostAfter,
    listEvery: renew,
  });
  const observed = new ObservedLeases(documents, steady, ttl);
  const offers = new Map<string, Offer>();
  const tasks = new Map<string, Task>();
  const failures = new Map<string, { count: number; until: number }>();
  const closing = new AbortController();
  let running: Promise<void> | undefined;
  let hasShown = false;
  let problem = "";

  const tasksOf = (kind: string): Task[] => [...tasks.values()].filter((task) => task.kind === kind);
  const isResting = (resource: string): boolean => (failures.get(resource)?.until ?? 0) > steady.now();

  /** Each worker tries resources in an order of its own, so that they seldom try for the same one. */
  const preference = (resource: string): string => createHash("sha256").update(`${worker}\0${resource}`).digest("hex");

  const runTask = (kind: string, lease: HeldLease, work: Offer["work"]): void => {
    const run = async (): Promise<void> => {
      const begun = steady.now();
      let failure: unknown;
      try {
        await work(lease);
      } catch (error) {
        failure = error;
      }
      const { resource } = lease;
      const isFailure = failure !== undefined && !lease.lost.aborted && !(failure instanceof LeaseLostError);
      if (isFailure) {
        const earlier = steady.now() - begun >= RECOVERED_AFTER ? 0 : (failures.get(resource)?.count ?? 0);
        const pause = Math.min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** Math.min(earlier, 16));
        failures.set(resource, { count: earlier + 1, until: steady.now() + pause });
        log.error({ resource, error: failure, pause }, "work on a leased resource failed; it is given back");
      } else if (lease.recalled.aborted) failures.delete(resource);
      // Work that ends without being asked to has nothing to do for now.
      else failures.set(resource, { count: 0, until: steady.now() + renew });
      if (!lease.isHeld) options.onLost?.(kind);
      await lease.release();
      tasks.delete(resource);
    };
    const task: Task = { kind, lease, done: Promise.resolve().then(run), recalledAt: undefined };
    tasks.set(lease.resource, task);
  };

  const take = async (
    kind: string,
    free: readonly (readonly [resource: string, seen: Observation])[],
    offer: Offer,
  ): Promise<void> => {
    const stored = await documents.read(free.map(([resource]) => resource));
    await Promise.all(
      free.map(async ([resource, seen], index) => {
        const before = stored[index];
        // Somebody was faster: what was seen to be free is not any more.
        if (!isSameVersion(before?.version, seen.version)) return;
        const takenAt = steady.now();
        const taken: LeaseDocument = {
          "@timestamp": new Date(clock.now()).toISOString(),
          resource,
          owner: worker,
          epoch: (before?.document.epoch ?? 0) + 1,
          beat: 0,
          payload: before?.document.payload ?? null,
        };
        const result = await documents.write(resource, taken, before?.version ?? "absent");
        let version = result.status === "written" ? result.version : undefined;
        if (version === undefined) {
          const [now] = await documents.read([resource]);
          const isOurs = now?.document.owner === worker && now.document.epoch === taken.epoch;
          if (isOurs) version = now.version;
        }
        if (version === undefined || closing.signal.aborted) return;
        const lease = new HeldLease({
          documents,
          worker,
          steady,
          clock,
          timers,
          lostAfter,
          taken,
          version,
          takenAt,
        });
        log.debug({ resource, epoch: taken.epoch }, "took a lease");
        runTask(kind, lease, offer.work);
      }),
    );
  };

  const recall = (task: Task): void => {
    task.recalledAt ??= steady.now();
    task.lease.recall();
  };

  const balance = async (
    kind: string,
    offer: Offer,
    others: ReadonlyMap<string, Readonly<Record<string, number>>>,
    seen: ReadonlyMap<string, Observation>,
  ): Promise<void> => {
    const held = tasksOf(kind).filter(({ lease }) => lease.isHeld && offer.resources.has(lease.resource));
    const owned = new Map<string, number>();
    for (const { owner, isFree } of seen.values()) {
      if (owner !== undefined && !isFree) owned.set(owner, (owned.get(owner) ?? 0) + 1);
    }
    const shares = fairShares(offer.resources.size, [
      { worker, wanted: wantedOf(offer), held: held.length },
      ...Array.from(others, ([name, wanted]) => ({
        worker: name,
        wanted: wanted[kind] ?? 0,
        held: owned.get(name) ?? 0,
      })),
    ]);
    const share = shares.get(worker) ?? 0;
    const kept = held.filter(({ recalledAt }) => recalledAt === undefined);
    offer.surplus = kept.length > share ? offer.surplus + 1 : 0;
    if (offer.surplus >= ROUNDS_BEFORE_RECALL) {
      // What was taken last has the least to lose.
      for (const task of kept.slice(share)) recall(task);
      return;
    }
    const room = share - held.length;
    if (room <= 0) return;
    const free = [...seen].filter(([resource, { isFree }]) => isFree && !tasks.has(resource) && !isResting(resource));
    const chosen = free.toSorted(([a], [b]) => (preference(a) < preference(b) ? -1 : 1)).slice(0, room);
    if (chosen.length > 0) await take(kind, chosen, offer);
  };

  const wantedOf = ({ resources }: Offer): number => {
    let resting = 0;
    for (const resource of resources) if (isResting(resource)) resting += 1;
    return resources.size - resting;
  };

  const endOverdue = (): void => {
    for (const task of tasks.values()) {
      const offer = offers.get(task.kind);
      if (offer?.resources.has(task.lease.resource) !== true) recall(task);
      if (task.recalledAt === undefined || task.lease.lost.aborted) continue;
      if (steady.now() - task.recalledAt < patience) continue;
      log.warn({ resource: task.lease.resource }, "recalled work did not end by itself; it is stopped");
      task.lease.stop();
    }
  };

  const round = async (): Promise<void> => {
    for (const { lease } of tasks.values()) void lease.renew(renew * 0.9);
    endOverdue();
    let unshown: { readonly error: unknown } | undefined;
    try {
      await members.show(Object.fromEntries(Array.from(offers, ([kind, offer]) => [kind, wantedOf(offer)])));
    } catch (error) {
      unshown = { error };
    }
    const others = await members.others();
    const all = new Set([...offers.values()].flatMap(({ resources }) => [...resources]));
    const looked = await observed.look(
      worker,
      [...all].filter((resource) => tasks.get(resource)?.lease.isHeld !== true),
    );
    // Workers that start together see each other before anybody takes anything.
    if (hasShown) {
      for (const [kind, offer] of offers) {
        if (closing.signal.aborted) return;
        const seen = new Map([...looked].filter(([resource]) => offer.resources.has(resource)));
        await balance(kind, offer, others, seen);
      }
    }
    for (const [resource, { until }] of failures) {
      if (!all.has(resource) && until <= steady.now()) failures.delete(resource);
    }
    if (unshown !== undefined) throw unshown.error;
    hasShown = true;
  };

  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        await round();
        if (problem !== "") log.info({}, "leases are shared out again");
        problem = "";
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (message !== problem) log.warn({ error: message }, "leases cannot be shared out now; it is tried again");
        problem = message;
      }
      await timers.sleep(renew / 2, closing.signal);
    }
  };

  const close = async (): Promise<void> => {
    if (closing.signal.aborted) return;
    closing.abort();
    await running;
    const ended = Promise.all(Array.from(tasks.values(), ({ done }) => done));
    for (const task of tasks.values()) recall(task);
    const renewing = new AbortController();
    const stopLate = async (): Promise<void> => {
      const until = steady.now() + lostAfter;
      while (!renewing.signal.aborted && steady.now() < until) {
        await timers.sleep(renew / 2, renewing.signal);
        for (const { lease } of tasks.values()) void lease.renew(renew * 0.9);
      }
      for (const { lease } of tasks.values()) lease.stop();
    };
    const stopping = stopLate();
    await ended;
    renewing.abort();
    await stopping;
    try {
      await members.leave();
    } catch (error) {
      log.debug({ error: String(error) }, "the worker's document could not be removed; it expires");
    }
  };

  return {
    worker,
    offer(kind, resources, work) {
      offers.set(kind, { resources: new Set(resources), work, surplus: offers.get(kind)?.surplus ?? 0 });
      if (!closing.signal.aborted) running ??= run();
    },
    view: async (resources) => {
      const found = await documents.read(resources);
      return resources.map((resource, index): LeaseView => {
        const document = found[index]?.document;
        return {
          resource,
          owner: document?.owner ?? undefined,
          epoch: document?.epoch ?? 0,
          payload: document?.payload ?? undefined,
        };
      });
    },
    [Symbol.asyncDispose]: close,
  };
}

const isSameVersion = (a: DocumentVersion | undefined, b: DocumentVersion | undefined): boolean =>
  a?.seqNo === b?.seqNo && a?.primaryTerm === b?.primaryTerm;
