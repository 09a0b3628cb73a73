import type { InboxRow } from "../store/store.ts";

/** How event time is judged against the time of receipt. All in milliseconds. */
export interface WatermarkOptions {
  /** How late an event may come and still find the state it belongs to. */
  readonly lateness: number;
  /** A partition without a record for this long does not hold the watermark back. */
  readonly idleAfter: number;
  /** An event dated further ahead of its receipt is quarantined. */
  readonly futureTolerance: number;
}

/** What the watermark makes of one record. */
export interface Placement {
  /** The time at which the event stands in correlations, alerts and incidents. */
  readonly time: number;
  /** Its date is a lie: it stands at its time of receipt and does not move the watermark. */
  readonly quarantined: boolean;
  /** The watermark had passed its time. */
  readonly late: boolean;
}

interface Partition {
  maxTime: number;
  lastReceived: number;
}

/** Partitions beyond this number share one, so that a sender who makes up partition names cannot fill the memory. */
const MAX_PARTITIONS = 1_000;
const SHARED_PARTITION = "(other)";
/** The watermark moves in whole seconds, so that many records cause few advances. */
const GRAIN = 1_000;

/**
 * Keeps the point in event time before which nothing is expected any more: the minimum over active partitions of the highest event
 * time seen, minus the allowed lateness. It depends on the records alone, in their order of arrival, and never goes back.
 */
export class Watermark {
  readonly #options: WatermarkOptions;
  readonly #partitions = new Map<string, Partition>();
  #value = Number.NEGATIVE_INFINITY;
  /** Newest event time that others have seen. */
  #followed = Number.NEGATIVE_INFINITY;
  #changed = false;

  constructor(options: WatermarkOptions) {
    this.#options = options;
  }

  /** Unix milliseconds, or minus infinity before the first record. */
  get value(): number {
    return this.#value;
  }

  /** Time of the newest event seen, those dated in the future left out; minus infinity before the first one. */
  get newest(): number {
    let newest = this.#followed;
    for (const { maxTime } of this.#partitions.values()) newest = Math.max(newest, maxTime);
    return newest;
  }

  /** Judges the time of an event that somebody else has read; it does not move the watermark. */
  place({ time, receivedAt }: { readonly time: number; readonly receivedAt: number }): Placement {
    const quarantined = time > receivedAt + this.#options.futureTolerance;
    const stands = quarantined ? receivedAt : time;
    return { time: stands, quarantined, late: stands < this.#value };
  }

  /** Judges a record's time, then lets it move the watermark. */
  observe(row: Pick<InboxRow, "partition" | "time" | "receivedAt">): Placement {
    const placement = this.place(row);
    if (placement.quarantined) return placement;
    const name =
      this.#partitions.has(row.partition) || this.#partitions.size < MAX_PARTITIONS ? row.partition : SHARED_PARTITION;
    const known = this.#partitions.get(name);
    if (known === undefined) {
      this.#partitions.set(name, { maxTime: row.time, lastReceived: row.receivedAt });
    } else {
      known.maxTime = Math.max(known.maxTime, row.time);
      known.lastReceived = Math.max(known.lastReceived, row.receivedAt);
    }
    this.#changed = true;
    this.#advance(row.receivedAt);
    return placement;
  }

  /**
   * Takes what others have come to, instead of records: the lowest newest event time of the partitions that count, and the newest of all, Unix milliseconds. True when the
   * watermark moved.
   */
  follow(reached: number, newest: number): boolean {
    if (newest > this.#followed) {
      this.#followed = newest;
      this.#changed = true;
    }
    return this.#reach(reached);
  }

  /** Leaves out the partitions that are idle by now; true when the watermark moved. */
  tick(now: number): boolean {
    return this.#advance(now);
  }

  /** When the next partition becomes idle and could let the watermark move, or undefined when none can. */
  nextIdle(now: number): number | undefined {
    const active = [...this.#partitions.values()].filter((partition) => this.#isActive(partition, now));
    if (active.length < 2) return undefined;
    return Math.min(...active.map((partition) => partition.lastReceived)) + this.#options.idleAfter + 1;
  }

  /** The blob to keep when something changed since the last call. */
  takeBlob(): string | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    const value = Number.isFinite(this.#value) ? this.#value : null;
    return JSON.stringify({
      value,
      ...(Number.isFinite(this.#followed) ? { followed: this.#followed } : {}),
      partitions: [...this.#partitions].map(([name, p]) => [name, p.maxTime, p.lastReceived]),
    });
  }

  restore(blob: string): void {
    const { value, followed, partitions } = JSON.parse(blob) as {
      value: number | null;
      followed?: number;
      partitions: [string, number, number][];
    };
    this.#value = value ?? Number.NEGATIVE_INFINITY;
    this.#followed = followed ?? Number.NEGATIVE_INFINITY;
    for (const [name, maxTime, lastReceived] of partitions) this.#partitions.set(name, { maxTime, lastReceived });
  }

  #isActive(partition: Partition, now: number): boolean {
    return now - partition.lastReceived <= this.#options.idleAfter;
  }

  #advance(now: number): boolean {
    let lowest = Number.POSITIVE_INFINITY;
    let highest = Number.NEGATIVE_INFINITY;
    for (const partition of this.#partitions.values()) {
      if (this.#isActive(partition, now)) lowest = Math.min(lowest, partition.maxTime);
      highest = Math.max(highest, partition.maxTime);
    }
    // When every partition is idle nothing is held back: the newest event of any of them counts.
    return this.#reach(lowest === Number.POSITIVE_INFINITY ? highest : lowest);
  }

  #reach(newest: number): boolean {
    const next = Math.floor((newest - this.#options.lateness) / GRAIN) * GRAIN;
    if (!(next > this.#value)) return false;
    this.#value = next;
    this.#changed = true;
    return true;
  }
}
