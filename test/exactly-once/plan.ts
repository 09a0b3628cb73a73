import { seededRandom } from "../../packages/worker/src/testing/elasticsearch/seeded-random.ts";

/** What an event is about; the last two match no rule. */
export type EventKind = "injection" | "honeytoken" | "failure" | "login" | "noise";

/** One content that a document has for a while. */
export interface Version {
  readonly kind: EventKind;
  readonly address: string;
  readonly user: string;
  /** Event time, Unix milliseconds. */
  readonly time: number;
}

/** One document: as it is written first, and what becomes of it. */
export interface PlannedEvent {
  readonly id: string;
  /** The first one is created, the others replace it. */
  readonly versions: readonly Version[];
  /** It is deleted in the end. */
  readonly isDeleted: boolean;
  /** It takes long to index. */
  readonly isSlow: boolean;
}

/** What a writer does next. */
export type PlannedWrite =
  | { readonly type: "create"; readonly event: PlannedEvent }
  | { readonly type: "replace"; readonly event: PlannedEvent; readonly version: number }
  | { readonly type: "delete"; readonly event: PlannedEvent };

/** Writes that go out in one bulk request after a pause. */
export interface PlannedBatch {
  /** 0 to 1, to be multiplied with the longest pause. */
  readonly pause: number;
  readonly writes: readonly PlannedWrite[];
}

/** Everything that one run writes. */
export interface Plan {
  readonly events: readonly PlannedEvent[];
  /** A list of batches for each writer. */
  readonly writers: readonly (readonly PlannedBatch[])[];
  /** Changes for each writer that are made after everything else was judged. */
  readonly encores: readonly (readonly PlannedBatch[])[];
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Event times span this much, milliseconds, the late ones left out. */
const SPAN = 40 * MINUTE;
/** Shares of all events, where nothing else is asked for. */
const MATCHING = 0.1;
const CHANGING = 0.02;
const LATE = 0.05;
/** Of the events that match a rule one in so many takes long to index, or fewer, so that there are not too many. */
const EVERY_SLOW = 10;
const MOST_SLOW = 500;
const LARGEST_BATCH = 200;
/** Batches of one writer between a document and what becomes of it. */
const LONGEST_WAIT = 12;

/**
 * Plans a run: bursts of attacks among ordinary events, dealt out to the writers; some are hours late, some are changed or deleted later.
 * @param end no event is dated after it, Unix milliseconds
 */
export function makePlan(options: {
  readonly seed: number;
  readonly events: number;
  readonly writers: number;
  readonly end: number;
  /** Share of the events that match rules, those that change left out. */
  readonly matching?: number | undefined;
}): Plan {
  const random = seededRandom(options.seed);
  const between = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  const start = options.end - SPAN;
  const events: PlannedEvent[] = [];
  const matching = Math.round(options.events * (options.matching ?? MATCHING));
  const everySlow = Math.max(EVERY_SLOW, Math.ceil(matching / MOST_SLOW));
  const add = (versions: readonly Version[], isDeleted = false): void => {
    const number = events.length;
    events.push({
      id: `e${String(number).padStart(7, "0")}`,
      versions,
      isDeleted,
      isSlow: number < matching && number % everySlow === 0,
    });
  };
  const changing = Math.round(options.events * CHANGING);
  for (let burst = 0; events.length < matching; burst += 1)
    for (const version of burstOf(burst, start, between, random)) add([version]);
  while (events.length < matching + changing) {
    const versions = changesOf(events.length, start, between, random);
    add(versions, random() < 0.25);
  }
  while (events.length < options.events) {
    const kind = random() < 0.2 ? "login" : "noise";
    add([
      { kind, address: `192.0.2.${between(1, 250)}`, user: `user-${between(1, 500)}`, time: start + between(0, SPAN) },
    ]);
  }
  return { events, ...deal(events, options.writers, random, between) };
}

type Between = (from: number, to: number) => number;

/** One attacker at work: events of one kind at some pace, a few of them hours before the others. */
function burstOf(burst: number, start: number, between: Between, random: () => number): Version[] {
  const kind = (["failure", "failure", "injection", "honeytoken"] as const)[between(0, 3)] ?? "failure";
  const size = kind === "honeytoken" ? between(1, 3) : between(1, 16);
  const pace = between(500, size > 8 ? 9_000 : 28_000);
  const begin = start + between(0, SPAN - size * pace);
  // Some attackers come back under the same name.
  const who = random() < 0.3 ? Math.floor(burst / 2) : burst;
  return Array.from({ length: size }, (_, step) => ({
    kind,
    address: addressOf(who),
    user: `account-${who}`,
    time: begin + step * pace - (random() < LATE ? between(HOUR, 6 * HOUR) : 0),
  }));
}

/** Each version has an address and a user of its own, which tell what was judged. */
function changesOf(number: number, start: number, between: Between, random: () => number): Version[] {
  const count = between(1, 3);
  const time = start + between(0, SPAN);
  const kindOf = (): EventKind => (["injection", "honeytoken", "failure", "noise"] as const)[between(0, 3)] ?? "noise";
  // What still matches after a change is what a worker may overlook.
  const kind = kindOf();
  return Array.from({ length: count }, (_, version) => ({
    kind: random() < 0.6 ? kind : kindOf(),
    // Written as Elasticsearch writes it where it keeps no source as it came.
    address: `2001:db8:${((number >> 16) + 1).toString(16)}:${((number & 0xffff) + 1).toString(16)}::${version + 1}`,
    user: `changing-${number}-${version}`,
    time: random() < 0.5 ? time : time - between(0, HOUR),
  }));
}

const addressOf = (number: number): string =>
  `10.${Math.floor(number / 65_536) % 256}.${Math.floor(number / 256) % 256}.${number % 256}`;

/** Deals events out to writers in random order; what becomes of an event comes later, from the same writer. */
function deal(
  events: readonly PlannedEvent[],
  count: number,
  random: () => number,
  between: Between,
): Pick<Plan, "writers" | "encores"> {
  const order = [...events];
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = between(0, at);
    [order[at], order[other]] = [order[other] as PlannedEvent, order[at] as PlannedEvent];
  }
  const hands = Array.from({ length: count }, (_, writer) => {
    const own = order.filter((_, index) => index % count === writer);
    const [later, encore] = [0, 1].map((half) => own.filter((_, index) => index % 2 === half));
    return { own, later: new Set(later), encore: encore ?? [] };
  });
  return {
    writers: hands.map(({ own, later }) => batchesOf(own, later, random, between)),
    encores: hands.map(({ encore }) => encoreOf(encore, random)),
  };
}

/** What becomes of an event, in order. */
const changesTo = (event: PlannedEvent): PlannedWrite[] => [
  ...event.versions.slice(1).map((_, index) => ({ type: "replace" as const, event, version: index + 1 })),
  ...(event.isDeleted ? [{ type: "delete" as const, event }] : []),
];

/** Creates events, and makes the changes to some of them a few batches later. */
function batchesOf(
  events: readonly PlannedEvent[],
  changed: ReadonlySet<PlannedEvent>,
  random: () => number,
  between: Between,
): PlannedBatch[] {
  const later: PlannedWrite[][] = [];
  const batches: PlannedBatch[] = [];
  for (let created = 0; created < events.length || batches.length < later.length;) {
    const writes = later[batches.length] ?? [];
    const size = between(1, LARGEST_BATCH);
    for (const event of events.slice(created, created + size)) {
      writes.push({ type: "create", event });
      let at = batches.length;
      for (const change of changed.has(event) ? changesTo(event) : [])
        (later[(at += between(1, LONGEST_WAIT))] ??= []).push(change);
    }
    created += size;
    batches.push({ pause: random() ** 3, writes });
  }
  return batches;
}

/** Makes the changes to events, one after another. */
function encoreOf(events: readonly PlannedEvent[], random: () => number): PlannedBatch[] {
  const rounds: PlannedWrite[][] = [];
  for (const event of events)
    for (const [round, change] of changesTo(event).entries()) (rounds[round] ??= []).push(change);
  return rounds.flatMap((writes) =>
    Array.from({ length: Math.ceil(writes.length / LARGEST_BATCH) }, (_, at) => ({
      pause: random(),
      writes: writes.slice(at * LARGEST_BATCH, (at + 1) * LARGEST_BATCH),
    })),
  );
}
