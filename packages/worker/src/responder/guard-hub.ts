import type { ServerResponse } from "node:http";
import { actionOf, type DenyListEntry, targetsOf } from "@vedette/api";
import type { GuardDecision, GuardKey } from "@vedette/semconv";
import type { Ports } from "../ports.ts";
import { createEventStreams, type StreamEvent } from "../server/event-stream.ts";
import type { Metrics } from "../server/metrics.ts";
import type { Store } from "../store/store.ts";
import { GUARD_PUBLISH } from "./deny-list.ts";
import type { Executor } from "./executor.ts";
import type { GuardSigner } from "./guard-key.ts";
import { createGuardPolls, type GuardPoll } from "./guard-polls.ts";
import type { GuardSequence } from "./guard-sequence.ts";

/** What one publication sent. */
export interface Publication {
  readonly sequence: number;
  readonly decisions: number;
  readonly clients: number;
}

/** Tells every connected guard what is in force: signed snapshots over server-sent events, or as answers to long polls. */
export interface GuardHub {
  readonly key: GuardKey;
  /** The executor of `guard.publish` effects. */
  readonly executor: Executor;
  /** Whether another guard may connect. */
  hasRoom(): boolean;
  /**
   * Answers a guard's request with the stream, beginning with a whole snapshot. Rejects, unanswered, when the store cannot be read.
   *
   * @param beforeAnswer Called right before the answer begins.
   */
  connect(response: ServerResponse, beforeAnswer: () => void): Promise<void>;
  /**
   * Answers a guard that polls: with a whole snapshot as soon as there is news for it. Rejects when the store cannot be read.
   *
   * @returns JSON of a `SignedGuardSnapshot`; undefined when there was no news in time.
   */
  poll(poll: GuardPoll): Promise<string | undefined>;
  /** Signs what is in force now and sends it to every guard. */
  publish(): Promise<Publication>;
  /** Guards connected now. */
  clients(): number;
  /** Decisions in the last snapshot that are still in force. */
  decisions(): number;
  close(): Promise<void>;
}

/** What a guard hub needs. */
export interface GuardHubOptions {
  readonly store: Pick<Store, "denyListInForce" | "onChange">;
  readonly signer: GuardSigner;
  readonly sequence: GuardSequence;
  readonly ports: Pick<Ports, "clock" | "timers" | "log">;
  readonly metrics: Metrics;
  /** Whether other workers change the deny list, too: it is then read again and again while guards are connected. */
  readonly isShared?: boolean;
}

/** Milliseconds between two looks at what has expired, or could not be published before. */
const LOOK_INTERVAL = 1000;

/** What guards are told to apply at one time. */
interface InForce {
  readonly off: boolean;
  readonly decisions: readonly GuardDecision[];
  /** When the next of it ends, the switch included. */
  readonly nextEnd: number;
}

function decisionOf(entry: DenyListEntry): readonly GuardDecision[] {
  const action = actionOf(entry);
  if (action === "off") return [];
  const { id, rate, expiresAt, reason } = entry;
  return [{ id, action, targets: targetsOf(entry), ...(rate === undefined ? {} : { rate }), expiresAt, reason }];
}

/** What is in force, in an order that only depends on it. */
async function readInForce(store: Pick<Store, "denyListInForce">, now: number): Promise<InForce> {
  const entries = await store.denyListInForce(now);
  return {
    off: entries.some((entry) => actionOf(entry) === "off"),
    decisions: entries.flatMap(decisionOf).sort((a, b) => (a.id < b.id ? -1 : 1)),
    nextEnd: entries.reduce((next, { expiresAt }) => Math.min(next, expiresAt), Infinity),
  };
}

/**
 * Makes the hub. It follows the store by itself: a snapshot goes out on every change of the deny list and when an entry expires.
 * An entry counts from its commit on (`pending`): it and its audit entry are then on disk.
 */
export function createGuardHub(options: GuardHubOptions): GuardHub {
  const { store, signer, sequence, ports, metrics } = options;
  const { clock, timers, log } = ports;
  const streams = createEventStreams({ name: "guard", timers, log, metrics });
  const polls = createGuardPolls({ clock, timers });
  const stop = new AbortController();
  let last: InForce = { off: false, decisions: [], nextEnd: Infinity };
  /** Sequence of the last publication; what a single guard was sent when it came is none. */
  let published = 0;
  let stale = false;
  let waiting: Promise<Publication> | undefined;
  let line: Promise<unknown> = Promise.resolve();

  const snapshot = async (): Promise<{ event: StreamEvent; sequence: number; inForce: InForce }> => {
    const issuedAt = clock.now();
    // The number first: of two workers' snapshots the one with the larger number was then read later.
    const number = await sequence.next();
    const inForce = await readInForce(store, issuedAt);
    const { off, decisions } = inForce;
    const signed = signer.sign({ version: 2, sequence: number, issuedAt, off, decisions });
    return {
      event: { event: "snapshot", data: JSON.stringify(signed), id: String(number) },
      sequence: number,
      inForce,
    };
  };

  /** One after the other: guards must get snapshots in the order of their numbers, or they would refuse one as a replay. */
  const inLine = <T>(task: () => Promise<T>): Promise<T> => {
    const turn = line.then(task);
    line = turn.catch(() => {});
    return turn;
  };

  const publish = (): Promise<Publication> => {
    // Whoever asks before the waiting publication has begun to read the store is served by it.
    waiting ??= inLine(async () => {
      waiting = undefined;
      stale = true;
      const { event, sequence, inForce } = await snapshot();
      stale = false;
      last = inForce;
      published = sequence;
      streams.broadcast(event);
      const clients = streams.size() + polls.answer(event.data);
      return { sequence, decisions: inForce.decisions.length, clients };
    });
    return waiting;
  };

  const publishSoon = (): void => {
    publish().catch((error: unknown) =>
      log.warn({ error }, "could not tell the guards what is in force; trying again"),
    );
  };

  const clients = (): number => streams.size() + polls.size();

  /** What another worker has changed may not have been visible yet when it was told of. */
  const isOutdated = async (now: number): Promise<boolean> => {
    if (options.isShared !== true || clients() === 0) return false;
    try {
      return JSON.stringify(await readInForce(store, now)) !== JSON.stringify(last);
    } catch (error) {
      log.debug({ error: String(error) }, "what is in force cannot be read now");
      return false;
    }
  };

  const look = async (): Promise<void> => {
    for (;;) {
      await timers.sleep(LOOK_INTERVAL, stop.signal);
      if (stop.signal.aborted) return;
      const now = clock.now();
      if (stale || last.nextEnd <= now || (await isOutdated(now))) publishSoon();
    }
  };

  const unsubscribe = store.onChange((changes) => {
    if (changes.some((change) => change.kind === "deny_list")) publishSoon();
  });
  const looking = look();
  publishSoon();

  const executor: Executor = {
    action: GUARD_PUBLISH,
    guarantee: "idempotent",
    async execute() {
      try {
        const { sequence, decisions, clients } = await publish();
        return {
          outcome: "done",
          detail: `snapshot ${sequence} with ${decisions} decisions sent to ${clients} guards`,
        };
      } catch (error) {
        return { outcome: "failed", detail: error instanceof Error ? error.message : String(error) };
      }
    },
  };

  return {
    key: signer.key,
    executor,
    hasRoom: () => streams.hasRoom() && polls.hasRoom(),
    connect: (response, beforeAnswer) =>
      inLine(async () => {
        const { event } = await snapshot();
        beforeAnswer();
        streams.open(response).send(event);
      }),
    async poll(poll) {
      if (poll.guard !== undefined) polls.saw(poll.guard);
      // The first answer is as fresh as a stream's beginning: how long decisions last is counted from when they were signed.
      const fresh = async (): Promise<string> => (await inLine(snapshot)).event.data;
      if (stale || published === 0 || (await isOutdated(clock.now()))) await publish();
      return published > poll.after ? fresh() : polls.wait(poll);
    },
    publish,
    clients,
    decisions: () => last.decisions.filter((decision) => decision.expiresAt > clock.now()).length,
    async close() {
      unsubscribe();
      stop.abort();
      polls.close();
      await Promise.all([looking, line]);
      await streams.close();
    },
  };
}
