import type { Figure } from "./figures.ts";
import { firstFrom, type Group, type GroupStore } from "./group-store.ts";
import type { LoadedMembers } from "./loaded-members.ts";
import type { MemberStore } from "./member-store.ts";
import type { Plan } from "./plan.ts";

/** Members from one index to another, both included. */
export interface Stretch {
  first: number;
  last: number;
}

/**
 * Judges windows of a group: for a member, the window that ends at it holds every member of its group from its time less the timespan to its time, both
 * included. Marks in the store which of them fulfil the condition.
 */
export class Windows {
  readonly #store: GroupStore;
  readonly #members: MemberStore;
  readonly #loaded: LoadedMembers;

  constructor(store: GroupStore, members: MemberStore, loaded: LoadedMembers) {
    this.#store = store;
    this.#members = members;
    this.#loaded = loaded;
  }

  /** Judges every window that ends at or after a time. */
  judge(group: Group, plan: Plan, figure: Figure, from: number): void {
    const store = this.#store;
    const count = store.count(group);
    const begin = store.firstAt(group, from);
    if (begin >= count) return;
    const { timespan } = plan.correlation;
    const offset = store.firstAt(group, store.time(group, begin) - timespan);
    this.#members.load(group, offset, plan, this.#loaded);
    const { times } = this.#loaded;
    const size = count - offset;
    figure.begin(this.#loaded);
    let low = 0;
    for (let first = 0; first < size;) {
      const time = times[first] ?? 0;
      let last = first;
      while (last + 1 < size && times[last + 1] === time) last++;
      figure.enter(first, last);
      if (time >= from) {
        const earliest = time - timespan;
        while ((times[low] ?? 0) < earliest) figure.leave(low++);
        const holds = figure.holds(low, last, earliest);
        for (let index = first; index <= last; index++) store.setHoldsAt(group, offset + index, holds);
      }
      first = last + 1;
    }
  }

  /**
   * What the qualifying windows cover together: stretches that share no member, in order. A window qualifies when it fulfils the condition and no other window
   * holds all its members and more; `known` stretches are taken as they are.
   */
  stretches(group: Group, timespan: number, known: readonly Stretch[]): readonly Stretch[] {
    const store = this.#store;
    const count = store.count(group);
    const { numbers } = store.arena;
    const times = store.timesAt(group);
    const found: Stretch[] = [...known];
    for (let last = count - 1; last >= 0; last--) {
      if (!store.holdsAt(group, last)) continue;
      const time = numbers[times + last] ?? 0;
      const next = numbers[times + last + 1] ?? 0;
      if (last + 1 < count && next === time) continue;
      const first = firstFrom(numbers, times, count, time - timespan);
      if (last + 1 < count && (numbers[times + first] ?? 0) >= next - timespan) continue;
      found.push({ first, last });
    }
    found.sort((a, b) => a.first - b.first || a.last - b.last);
    const joined: Stretch[] = [];
    for (const { first, last } of found) {
      const before = joined.at(-1);
      if (before !== undefined && first <= before.last) before.last = Math.max(before.last, last);
      else joined.push({ first, last });
    }
    return joined;
  }
}
