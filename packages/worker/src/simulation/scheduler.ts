import type { Clock, Timers } from "../ports.ts";
import type { SeededRandom } from "./seeded-random.ts";

interface Waiting {
  readonly time: number;
  /** Random: which of several at the same time goes first. */
  readonly rank: number;
  readonly run: () => void;
}

/** A virtual clock and everything that waits for it. Nothing runs but what the schedule lets run, in an order that the seed decides. */
export class Scheduler implements Clock, Timers {
  readonly #random: SeededRandom;
  readonly #heap: Waiting[] = [];
  #now: number;

  constructor(start: number, random: SeededRandom) {
    this.#now = start;
    this.#random = random;
  }

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const done = (): void => {
        signal?.removeEventListener("abort", done);
        resolve();
      };
      signal?.addEventListener("abort", done, { once: true });
      this.#push({ time: this.#now + Math.max(0, milliseconds), rank: this.#random.next(), run: done });
    });
  }

  /** Lets time pass until the given work has ended. Rejects when it waits for nothing, or longer than the given virtual time. */
  async drive<T>(work: Promise<T>, limit: number): Promise<T> {
    let settled = false;
    const note = (): void => {
      settled = true;
    };
    work.then(note, note);
    for (;;) {
      await settle();
      if (settled) return work;
      const next = this.#pop();
      if (next === undefined) throw new Error("Everything waits and nothing will happen any more.");
      if (next.time > limit) throw new Error(`It goes on after ${limit} ms of virtual time.`);
      this.#now = Math.max(this.#now, next.time);
      next.run();
    }
  }

  #push(waiting: Waiting): void {
    const heap = this.#heap;
    heap.push(waiting);
    for (let child = heap.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!isBefore(heap[child] as Waiting, heap[parent] as Waiting)) break;
      swap(heap, child, parent);
      child = parent;
    }
  }

  #pop(): Waiting | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let parent = 0; ;) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < heap.length && isBefore(heap[child] as Waiting, heap[least] as Waiting)) least = child;
      }
      if (least === parent) return first;
      swap(heap, parent, least);
      parent = least;
    }
  }
}

const isBefore = (a: Waiting, b: Waiting): boolean => a.time < b.time || (a.time === b.time && a.rank < b.rank);

function swap(heap: Waiting[], a: number, b: number): void {
  [heap[a], heap[b]] = [heap[b] as Waiting, heap[a] as Waiting];
}

/** Resolves when every promise that can go on has gone on. */
const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
