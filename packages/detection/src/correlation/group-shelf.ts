import { hashOf } from "../hash.ts";
import type { JsonValue } from "../event.ts";
import type { Cell } from "./arena.ts";
import { DeadlineQueue } from "./deadline-queue.ts";
import type { EpisodeState } from "./episodes.ts";
import { readValues, skipValues } from "./group-key.ts";
import { type Group, GroupStore, MARK } from "./group-store.ts";
import { MemberStore } from "./member-store.ts";
import type { Plan } from "./plan.ts";
import { Scratch } from "./scratch.ts";
import { encodeGroup } from "./stored-group.ts";
import type { Stretch } from "./windows.ts";

/** Characters of a stored key that are spent on the values of the group, at most. */
const SHORT_KEY = 63;

/** What a group has that most groups do not have. */
export interface Extra {
  episodes: EpisodeState[];
  /** Episodes made so far. */
  created: number;
  /** Episodes reported and withdrawn or merged away so far, where ids could come again. */
  ended: number;
  /** Until when the group is remembered without members. */
  keepUntil: number;
  /** Members that outer correlations were told of, each with its episode. */
  told: Map<Cell, string>;
}

/** All groups of all correlations with their members and episodes, and when which of them must be looked at. */
export class GroupShelf {
  readonly store = new GroupStore();
  readonly members = new MemberStore(this.store);
  readonly extras = new Map<Group, Extra>();
  readonly queue = new DeadlineQueue();
  horizon = -Infinity;
  /** Stored keys of groups that are gone. */
  removed: string[] = [];
  readonly #plans: readonly Plan[];
  readonly #sheet = new Scratch();

  constructor(plans: readonly Plan[]) {
    this.#plans = plans;
  }

  /** The correlation of a group. */
  planOf(group: Group): Plan {
    const plan = this.#plans[this.store.planOf(group)];
    if (plan === undefined) throw new Error("A group of no correlation.");
    return plan;
  }

  /** What a group has besides, made when it has nothing yet. */
  extraOf(group: Group): Extra {
    let extra = this.extras.get(group);
    if (extra === undefined) {
      extra = { episodes: [], created: 0, ended: 0, keepUntil: -Infinity, told: new Map() };
      this.extras.set(group, extra);
    }
    return extra;
  }

  /** The values that a group is of. */
  valuesOf(group: Group, plan: Plan): readonly JsonValue[] {
    return readValues(this.store.reader.seek(this.store.keyOf(group)), plan.correlation.groupBy.length);
  }

  /** Where an episode begins and ends among the members. */
  stretchOf(group: Group, plan: Plan, { first, last }: Pick<EpisodeState, "first" | "last">): Stretch {
    const low = this.members.find(group, first, plan);
    const high = this.members.find(group, last, plan);
    return { first: low < 0 ? ~low : low, last: high < 0 ? ~high - 1 : high };
  }

  /** Where the open episodes are among the members. */
  openStretches(group: Group, plan: Plan): readonly Stretch[] {
    return (this.extras.get(group)?.episodes ?? []).map((episode) => this.stretchOf(group, plan, episode));
  }

  /** How many members a stretch has, and a sum over their digests. */
  sum(group: Group, { first, last }: Stretch): { readonly count: number; readonly digest: number } {
    let digest = 0;
    for (let index = first; index <= last; index++)
      digest = (digest + this.members.digest(this.store.member(group, index))) | 0;
    return { count: last - first + 1, digest };
  }

  /** When the group must be looked at again. */
  deadline(group: Group, plan: Plan): number {
    const extra = this.extras.get(group);
    const count = this.store.count(group);
    const after = plan.correlation.timespan + plan.delay;
    let next = count > 0 ? this.store.time(group, count - 1) + after : (extra?.keepUntil ?? -Infinity);
    for (const { last } of extra?.episodes ?? []) next = Math.min(next, last.time + after);
    return next;
  }

  /** When the group must be looked at again, with what is still to be judged: a new episode may end with it. */
  due(group: Group, plan: Plan): number {
    const after = plan.correlation.timespan + plan.delay;
    return Math.min(this.deadline(group, plan), this.store.judgeFrom(group) + after);
  }

  /** The first group in the queue that is due before a horizon, or 0; what the queue has too early is put right. */
  nextDue(horizon: number): Group {
    const store = this.store;
    while (this.queue.next < horizon) {
      const { next, first: group } = this.queue;
      const isKnown = store.has(group, MARK.alive) && store.scheduled(group) === next;
      const due = isKnown ? this.due(group, this.planOf(group)) : -Infinity;
      if (isKnown && due < horizon) return group;
      this.queue.pop();
      if (!isKnown) continue;
      store.schedule(group, due);
      this.queue.push(due, group);
    }
    return 0;
  }

  /** Sees to it that the group is looked at when it is due. */
  schedule(group: Group, plan: Plan): void {
    const next = this.due(group, plan);
    if (next >= this.store.scheduled(group)) return;
    this.store.schedule(group, next);
    this.queue.push(next, group);
  }

  /** Forgets members that can no longer be in a window with a new one and are in no open episode. */
  forgetOld(group: Group, plan: Plan): void {
    const end = this.store.firstAt(group, this.horizon - plan.retain - plan.delay);
    if (end === 0) return;
    const open = this.openStretches(group, plan);
    this.forget(group, (index) => index < end && !open.some(({ first, last }) => first <= index && index <= last));
  }

  /** Forgets members. */
  forget(group: Group, isForgotten: (index: number) => boolean): void {
    const store = this.store;
    const told = this.extras.get(group)?.told;
    const count = store.count(group);
    const kept: boolean[] = [];
    let all = true;
    for (let index = 0; index < count; index++) {
      const gone = isForgotten(index);
      kept.push(!gone);
      all &&= !gone;
    }
    if (all) return;
    for (const [index, isKept] of kept.entries()) {
      if (isKept) continue;
      const cell = store.member(group, index);
      told?.delete(cell);
      this.members.free(cell);
    }
    store.keep(group, (index) => kept[index] ?? true);
  }

  /** Forgets a group, and what is stored of it. */
  drop(group: Group, plan: Plan): void {
    const { store } = this;
    if (store.has(group, MARK.stored)) this.removed.push(this.storedKey(group, plan));
    this.extras.delete(group);
    for (let index = store.count(group) - 1; index >= 0; index--) this.members.free(store.member(group, index));
    store.remove(group);
  }

  /** The key under which a group is stored: its values themselves where they are short, so that no hash is to be made. */
  storedKey(group: Group, plan: Plan): string {
    const { arena, reader } = this.store;
    reader.seek(this.store.keyOf(group));
    const start = reader.at;
    skipValues(reader, plan.correlation.groupBy.length);
    this.#sheet.clear();
    this.#sheet.append(arena, start, reader.at);
    const values = this.#sheet.encoded("base64url");
    return `correlation/${plan.rule.id}/${values.length <= SHORT_KEY ? `=${values}` : hashOf(values)}`;
  }

  /** The group as text, as it is stored. */
  encode(group: Group, plan: Plan): string {
    return encodeGroup(group, plan, this, this.extras.get(group), this.#sheet);
  }
}
