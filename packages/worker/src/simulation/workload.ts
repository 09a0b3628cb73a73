import type { JsonObject } from "@vedette/detection";
import { EVENT } from "@vedette/semconv";
import type { RawRecord } from "../record.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** When the simulated traffic begins, Unix milliseconds. */
export const START = Date.UTC(2026, 0, 5, 9);
/** How long it goes on, milliseconds. */
export const TRAFFIC = 6 * 60_000;

/** Settings of the simulated line: everything that takes an hour in production takes a minute here. Milliseconds. */
export const SIMULATED = {
  lateness: 60_000,
  idleAfter: 20_000,
  futureTolerance: 30_000,
  incidentGap: 45_000,
  retention: 0,
  batchSize: 7,
  pollInterval: 1_000,
  neverBlock: ["198.51.100.0/24"],
} as const;

/** What a simulated event is about. */
export type EventKind = "login_failed" | "login" | "injection" | "honeytoken" | "noise";

/** An event on its way to the worker. */
export interface PlannedEvent {
  readonly kind: EventKind;
  readonly address: string;
  readonly user: string;
  /** When it is handed to its sender, Unix milliseconds. */
  readonly sendAt: number;
  /** Without the time of receipt, which the sender's attempt sets. */
  readonly record: Omit<RawRecord, "receivedAt">;
}

const ADDRESSES = ["203.0.113.7", "203.0.113.8", "203.0.113.9", "203.0.113.10", "203.0.113.11", "198.51.100.20"];
const USERS = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];
const PARTITIONS = ["shop", "api", "admin"];
/** The partition that can lag, and by how much, milliseconds. */
export const LAGGING_PARTITION = "admin";
const LAG = 75_000;

/** How late the events of a plan come. */
export interface DeliveryPlan {
  /** Some events come later than the allowed lateness. */
  readonly late: boolean;
  /** One partition comes as a whole later than the allowed lateness, but never pauses: it has to hold the watermark back. */
  readonly lagging: boolean;
}

/** Makes the traffic of one run: ordinary events and bursts of attacks, out of order, in several partitions. */
export function planTraffic(random: SeededRandom, { late, lagging }: DeliveryPlan): PlannedEvent[] {
  const events: PlannedEvent[] = [];
  const add = (at: number, kind: EventKind, address: string, user: string): void => {
    const time = START + Math.round(at);
    const skewed = random.chance(0.03)
      ? time + 86_400_000
      : random.chance(0.03)
        ? time + random.integer(1, 3_000)
        : time;
    const id = `event-${events.length}`;
    const partition = random.pick(PARTITIONS);
    events.push({
      kind,
      address,
      user,
      sendAt: time + (lagging && partition === LAGGING_PARTITION ? LAG + random.integer(0, 800) : delay(random, late)),
      record: {
        id,
        source: "otlp",
        position: id,
        partition,
        time: skewed,
        document: documentOf(kind, address, user, skewed),
      },
    });
  };
  const bursts = random.integer(16, 26);
  for (let burst = 0; burst < bursts; burst += 1) {
    const at = random.next() * TRAFFIC;
    const address = random.pick(ADDRESSES);
    const user = random.pick(USERS);
    const kind = random.pick<EventKind>(["login_failed", "login_failed", "injection", "honeytoken"]);
    const size = kind === "honeytoken" ? 1 : random.integer(1, random.chance(0.2) ? 20 : 8);
    const pace = random.integer(500, size > 8 ? 9_000 : 28_000);
    for (let step = 0; step < size; step += 1) {
      // An attacker changes its address now and then: an episode gets entities that it did not begin with.
      const from = kind === "login_failed" && random.chance(0.15) ? random.pick(ADDRESSES) : address;
      add(at + step * pace, kind, from, user);
    }
  }
  for (let single = 0; single < 40; single += 1) {
    add(
      random.next() * TRAFFIC,
      random.pick<EventKind>(["login", "noise", "noise", "login_failed", "honeytoken"]),
      random.pick(ADDRESSES),
      random.pick(USERS),
    );
  }
  return events.sort((a, b) => a.sendAt - b.sendAt);
}

/** Records that belong to nothing and only show that time has passed. */
export function closingRecords(time: number): Omit<RawRecord, "receivedAt">[] {
  return PARTITIONS.map((partition) => {
    const id = `closing-${partition}-${time}`;
    return {
      id,
      source: "otlp",
      position: id,
      partition,
      time,
      document: documentOf("noise", "203.0.113.1", "nobody", time),
    };
  });
}

/** Records by which the lagging partition shows, from the first moment on, how far it is; each is sent alone. */
export function heartbeats(): PlannedEvent[] {
  return Array.from({ length: (TRAFFIC + 2 * LAG) / 3_000 }, (_, beat): PlannedEvent => {
    const time = START - LAG + beat * 3_000;
    const id = `beat-${beat}`;
    const record = {
      id,
      source: "otlp",
      position: id,
      partition: LAGGING_PARTITION,
      time,
      document: documentOf("noise", "203.0.113.1", "nobody", time),
    };
    return { kind: "noise", address: "203.0.113.1", user: "nobody", sendAt: time + LAG, record };
  });
}

function delay(random: SeededRandom, late: boolean): number {
  if (late && random.chance(0.04)) return random.integer(70_000, 200_000);
  return random.chance(0.25) ? random.integer(1_000, 38_000) : random.integer(0, 800);
}

const EVENT_NAMES: Readonly<Record<EventKind, string>> = {
  login_failed: EVENT.authentication,
  login: EVENT.authentication,
  injection: EVENT.requestSuspicious,
  honeytoken: EVENT.honeytoken,
  noise: "other.thing",
};

function documentOf(kind: EventKind, address: string, user: string, time: number): JsonObject {
  return {
    "@timestamp": new Date(time).toISOString(),
    event_name: EVENT_NAMES[kind],
    attributes: {
      "client.address": address,
      "user.name": user,
      ...(kind === "login_failed" ? { "event.outcome": "failure" } : {}),
      ...(kind === "login" ? { "event.outcome": "success" } : {}),
      ...(kind === "injection" ? { "vedette.request.indicators": ["sql_injection"] } : {}),
    },
    resource: { attributes: {} },
    body: { text: "" },
  };
}
