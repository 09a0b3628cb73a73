import type { Entity, JsonValue } from "../event.ts";
import type { Episode, Fact } from "../finding.ts";
import { canonicalJson, hashOf } from "../hash.ts";
import type { Cell } from "./arena.ts";
import type { CorrelatorOptions, StoredState } from "./correlator.ts";
import { DeadlineQueue } from "./deadline-queue.ts";
import { type EpisodeState, type Extent, isWithin, reconcile } from "./episodes.ts";
import { episodeOf } from "./episode-report.ts";
import { type Figure, figureOf } from "./figures.ts";
import { comparedText, numberOf, readKey, writeKey } from "./group-key.ts";
import { type Group, GroupStore, MARK } from "./group-store.ts";
import { type CorrelatorCounters, type CorrelatorLimits, DEFAULT_LIMITS, FAR_ABOVE } from "./limits.ts";
import { LoadedMembers } from "./loaded-members.ts";
import { type Member, MemberStore, type Place } from "./member-store.ts";
import { type Plan, type Source, leastCount } from "./plan.ts";
import { decodeGroup, encodeGroup } from "./stored-group.ts";
import { type Stretch, Windows } from "./windows.ts";

/** What comes to a correlation: a fact, or a moment at which another correlation's episode holds. */
interface Item extends Place {
  readonly eventId: string;
  readonly entities: readonly Entity[];
  readonly values: Readonly<Record<string, JsonValue>>;
  readonly unit: string;
}

/** What a group has that most groups do not have. */
interface Extra {
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

/** Groups looked at, at most, for one to forget. */
const LOOKS = 100;

/** All groups of all correlations, their members and episodes, and when which of them must be looked at. */
export class GroupBook {
  readonly #plans: readonly Plan[];
  readonly #figures: readonly Figure[];
  readonly #limits: CorrelatorLimits;
  readonly #store = new GroupStore();
  readonly #members = new MemberStore(this.#store);
  readonly #loaded = new LoadedMembers();
  readonly #windows = new Windows(this.#store, this.#members, this.#loaded);
  readonly #extras = new Map<Group, Extra>();
  readonly #queue = new DeadlineQueue();
  /** Groups of listed correlations whose windows are to be judged, by rank. */
  readonly #inner: Group[][];
  #touched: Group[] = [];
  #removed: string[] = [];
  #reports: Episode[] = [];
  #horizon = -Infinity;
  #epoch = 0;
  readonly #counters = {
    lateDropped: 0,
    ungrouped: 0,
    unvalued: 0,
    duplicates: 0,
    groupsEvicted: 0,
    groupsEvictedForMemory: 0,
    membersOmitted: 0,
    membersDropped: 0,
    entitiesOmitted: 0,
    groupsOrphaned: 0,
  };

  constructor(plans: readonly Plan[], options: CorrelatorOptions) {
    this.#plans = plans;
    this.#figures = plans.map(({ correlation, chained }) => figureOf(correlation, chained));
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#inner = Array.from({ length: 1 + Math.max(0, ...plans.map(({ rank }) => rank)) }, () => []);
  }

  /** Takes a fact of a listed rule. */
  observe(source: Source, fact: Fact): void {
    this.#epoch++;
    this.#take(source, fact, "");
  }

  /** The horizon moves on: closes what nothing can change any more. */
  advance(horizon: number): void {
    this.#epoch++;
    // What is still to be judged is judged with everything that was at hand when it came.
    if (this.#nextDue(horizon) !== 0) this.#judgeInner();
    this.#horizon = horizon;
    for (let group = this.#nextDue(horizon); group !== 0; group = this.#nextDue(horizon)) {
      const plan = this.#planOf(group);
      this.#queue.pop();
      this.#store.schedule(group, Infinity);
      if (this.#store.has(group, MARK.judge)) this.#judge(group, plan);
      if (this.#deadline(group, plan) < horizon) this.#expire(group, plan);
      if (this.#store.has(group, MARK.alive)) this.#schedule(group, plan);
    }
  }

  /** Judges what is to be judged, and gives what is to be reported and stored. */
  takeChanges(): { readonly episodes: readonly Episode[]; readonly groups: readonly StoredState[] } {
    this.#judgeInner();
    const touched = this.#touched;
    this.#touched = [];
    const groups: StoredState[] = [];
    const removed = this.#removed.sort();
    this.#removed = [];
    const epoch = ++this.#epoch;
    for (const group of touched) {
      if (!this.#store.has(group, MARK.touched)) continue;
      this.#store.unmark(group, MARK.touched);
      const plan = this.#planOf(group);
      if (this.#store.has(group, MARK.judge)) this.#judge(group, plan);
      const extra = this.#extras.get(group);
      for (const episode of extra?.episodes ?? []) if (episode.changed) this.#report(group, plan, episode);
      if (this.#store.count(group) === 0 && (extra === undefined || extra.ended === 0)) {
        const key = this.#drop(group, plan);
        if (key !== undefined) removed.push(key);
        continue;
      }
      if (extra !== undefined) this.#schedule(group, plan);
      this.#store.mark(group, MARK.stored);
      groups.push(new LazyState(this, group, epoch));
    }
    const episodes = this.#reports.sort(
      (a, b) => a.from - b.from || (a.id < b.id ? -1 : a.id > b.id ? 1 : a.revision - b.revision),
    );
    this.#reports = [];
    return { episodes, groups: [...removed.map((key) => ({ key, value: null })), ...groups] };
  }

  /** Takes a stored group over, unless its rule is gone or has changed. */
  restore(key: string, text: string, byId: ReadonlyMap<string, Plan>): void {
    const state = decodeGroup(key, text);
    const plan = byId.get(state.ruleId);
    if (plan === undefined || plan.revision !== state.revision) {
      this.#counters.groupsOrphaned++;
      this.#removed.push(key);
      return;
    }
    const names = plan.correlation.groupBy;
    const values = Object.fromEntries(state.values.map((value, index) => [String(index), value]));
    const { scratch } = this.#store;
    if (
      !writeKey(
        scratch,
        values,
        names.map((_, index) => String(index)),
      )
    )
      return;
    const group = this.#store.create(plan.index);
    this.#store.mark(group, MARK.stored);
    for (const [index, member] of state.members.entries()) {
      this.#store.insert(group, index, member.time, this.#members.write(member, plan));
      if (member.holds) this.#store.setHoldsAt(group, index, true);
    }
    if (state.episodes.length > 0 || state.ended > 0) {
      const extra = this.#extraOf(group);
      extra.created = state.created;
      extra.ended = state.ended;
      extra.keepUntil = state.keepUntil;
      extra.episodes = [...state.episodes];
      for (const episode of extra.episodes) {
        const stretch = this.#stretchOf(group, plan, episode);
        if (episode.count < 0) Object.assign(episode, this.#sum(group, stretch));
      }
      if (plan.outer.length > 0) extra.told = this.#tellable(group, plan, extra);
    }
    this.#schedule(group, plan);
  }

  /** Goes on at a horizon after everything was restored. */
  resume(horizon: number): void {
    this.#horizon = horizon;
  }

  counters(): CorrelatorCounters {
    return { ...this.#counters, groups: this.#store.size, bytes: this.#store.bytes };
  }

  #planOf(group: Group): Plan {
    const plan = this.#plans[this.#store.planOf(group)];
    if (plan === undefined) throw new Error("A group of no correlation.");
    return plan;
  }

  #extraOf(group: Group): Extra {
    let extra = this.#extras.get(group);
    if (extra === undefined) {
      extra = { episodes: [], created: 0, ended: 0, keepUntil: -Infinity, told: new Map() };
      this.#extras.set(group, extra);
    }
    return extra;
  }

  #take(source: Source, item: Omit<Item, "unit">, unit: string): void {
    const { plan } = source;
    const store = this.#store;
    if (!writeKey(store.scratch, item.values, source.groupBy)) {
      this.#counters.ungrouped++;
      return;
    }
    if (unit === "" && item.time < this.#horizon) {
      this.#counters.lateDropped++;
      return;
    }
    const number = plan.keeps === "number" ? numberOf(item.values[source.compared[0] ?? ""]) : undefined;
    const text = plan.keeps === "text" ? comparedText(item.values, source.compared) : undefined;
    if (plan.keeps !== "nothing" && number === undefined && text === undefined) {
      this.#counters.unvalued++;
      return;
    }
    let group = store.find(plan.index);
    if (group === 0) {
      if (store.size >= this.#limits.groups) {
        this.#evict("groupsEvicted");
        writeKey(store.scratch, item.values, source.groupBy);
      }
      group = store.create(plan.index);
    } else this.#prune(group, plan);
    const found = this.#members.find(group, item, plan);
    if (found >= 0) {
      this.#counters.duplicates++;
      return;
    }
    const { time, id, eventId, entities } = item;
    let carried: Record<string, JsonValue> | undefined;
    if (plan.outer.length > 0) {
      carried = {};
      for (const [name, field] of source.carried)
        if (Object.hasOwn(item.values, field)) define(carried, name, item.values[field] ?? null);
    }
    const cell = this.#members.write(
      { time, id, eventId, entities, rule: source.index, number, text, unit, carried },
      plan,
    );
    store.insert(group, ~found, time, cell);
    this.#changed(group, plan, time);
    if (time + plan.correlation.timespan + plan.delay < store.scheduled(group)) this.#schedule(group, plan);
    if (store.count(group) > this.#bound(plan)) this.#thin(group, plan);
    while (store.bytes > this.#limits.bytes && store.size > 1) this.#evict("groupsEvictedForMemory");
  }

  /** Takes a moment back that an inner correlation told of before. */
  #takeBack(source: Source, item: Item): void {
    const { plan } = source;
    const store = this.#store;
    if (!writeKey(store.scratch, item.values, source.groupBy)) return;
    const group = store.find(plan.index);
    if (group === 0) return;
    const index = this.#members.find(group, item, plan);
    if (index < 0) return;
    const cell = store.member(group, index);
    const extra = this.#extras.get(group);
    const told = extra?.told.get(cell);
    if (told !== undefined) {
      this.#tell(group, plan, index, told, "back");
      extra?.told.delete(cell);
    }
    store.keep(group, (other) => other !== index);
    this.#members.free(cell);
    this.#changed(group, plan, item.time);
  }

  #changed(group: Group, plan: Plan, time: number): void {
    const store = this.#store;
    if (!store.has(group, MARK.touched)) {
      store.mark(group, MARK.touched);
      this.#touched.push(group);
    }
    if (time < store.judgeFrom(group)) store.setJudgeFrom(group, time);
    if (store.has(group, MARK.judge)) return;
    store.mark(group, MARK.judge);
    if (plan.outer.length > 0) this.#inner[plan.rank]?.push(group);
  }

  /** Judges the correlations that others list, those that list none first. */
  #judgeInner(): void {
    for (const [rank, groups] of this.#inner.entries()) {
      if (groups.length === 0) continue;
      for (const group of groups) {
        if (!this.#store.has(group, MARK.alive) || !this.#store.has(group, MARK.judge)) continue;
        const plan = this.#planOf(group);
        // The place of a group that is gone may be another's by now, which then is in the list of its own rank.
        if (plan.rank === rank && plan.outer.length > 0) this.#judge(group, plan);
      }
      groups.length = 0;
    }
  }

  /** Brings the episodes of a group up to date with its members. */
  #judge(group: Group, plan: Plan): void {
    const store = this.#store;
    const from = store.judgeFrom(group);
    store.unmark(group, MARK.judge);
    store.setJudgeFrom(group, Infinity);
    let extra = this.#extras.get(group);
    const known = extra?.episodes ?? [];
    if (known.length === 0 && store.count(group) < plan.minimum) return;
    const figure = this.#figures[plan.index];
    if (figure !== undefined) this.#windows.judge(group, plan, figure, from);
    const standing = plan.growing ? known.map((episode) => this.#stretchOf(group, plan, episode)) : [];
    const stretches = this.#windows.stretches(group, plan.correlation.timespan, standing);
    if (stretches.length === 0 && known.length === 0) return;
    extra ??= this.#extraOf(group);
    const extents = stretches.map((stretch): Extent => ({
      first: this.#members.place(group, stretch.first, plan),
      last: this.#members.place(group, stretch.last, plan),
      ...this.#sum(group, stretch),
    }));
    const created = extra;
    const { episodes, merged, withdrawn } = reconcile(known, extents, (extent) =>
      this.#create(group, plan, created, extent),
    );
    for (const { episode, into } of merged) this.#end(group, plan, extra, episode, { mergedInto: into.id });
    for (const episode of withdrawn) this.#end(group, plan, extra, episode, { withdrawn: true });
    extra.episodes = episodes;
    if (episodes.length === 0 && extra.ended === 0) extra.created = 0;
    if (plan.outer.length > 0) this.#tellOuter(group, plan, extra);
    this.#schedule(group, plan);
  }

  #create(group: Group, plan: Plan, extra: Extra, extent: Extent): EpisodeState {
    const order = extra.created++;
    const again = extra.ended > 0 ? [String(order)] : [];
    const values = canonicalJson(this.#valuesOf(group, plan));
    return {
      ...extent,
      id: hashOf(plan.rule.id, values, extent.first.id, ...again),
      order,
      anchor: extent.first,
      revision: 0,
      omitted: 0,
      changed: true,
      final: false,
    };
  }

  /** Reports the end of an episode that was merged away or withdrawn, if anybody has heard of it. */
  #end(
    group: Group,
    plan: Plan,
    extra: Extra,
    episode: EpisodeState,
    end: Pick<Episode, "mergedInto" | "withdrawn">,
  ): void {
    if (episode.revision === 0) return;
    episode.final = true;
    this.#report(group, plan, episode, end);
    if (plan.growing) return;
    extra.ended++;
    extra.keepUntil = Math.max(extra.keepUntil, episode.last.time + plan.correlation.timespan + plan.delay);
  }

  /** Where an episode begins and ends among the members. */
  #stretchOf(group: Group, plan: Plan, { first, last }: Pick<EpisodeState, "first" | "last">): Stretch {
    const low = this.#members.find(group, first, plan);
    const high = this.#members.find(group, last, plan);
    return { first: low < 0 ? ~low : low, last: high < 0 ? ~high - 1 : high };
  }

  #sum(group: Group, { first, last }: Stretch): { readonly count: number; readonly digest: number } {
    let digest = 0;
    for (let index = first; index <= last; index++)
      digest = (digest + this.#members.digest(this.#store.member(group, index))) | 0;
    return { count: last - first + 1, digest };
  }

  /** The members at which the episodes of a group hold, each with its episode. */
  #tellable(group: Group, plan: Plan, extra: Extra): Map<Cell, string> {
    const tellable = new Map<Cell, string>();
    for (const episode of extra.episodes) {
      const { first, last } = this.#stretchOf(group, plan, episode);
      for (let index = first; index <= last; index++)
        if (this.#store.holdsAt(group, index)) tellable.set(this.#store.member(group, index), episode.id);
    }
    return tellable;
  }

  /** Tells outer correlations what is new, and takes back what holds no more. */
  #tellOuter(group: Group, plan: Plan, extra: Extra): void {
    const before = extra.told;
    const after = this.#tellable(group, plan, extra);
    extra.told = after;
    const count = this.#store.count(group);
    const news: [number, string][] = [];
    for (let index = 0; index < count; index++) {
      const cell = this.#store.member(group, index);
      const old = before.get(cell);
      const unit = after.get(cell);
      if (old === unit) continue;
      if (old !== undefined) this.#tell(group, plan, index, old, "back");
      if (unit !== undefined) news.push([index, unit]);
    }
    for (const [index, unit] of news) this.#tell(group, plan, index, unit, "new");
  }

  #tell(group: Group, plan: Plan, index: number, unit: string, what: "new" | "back"): void {
    const { time, id, eventId, entities, carried } = this.#members.read(group, index, plan);
    const values: Record<string, JsonValue> = { ...carried };
    for (const [place, value] of this.#valuesOf(group, plan).entries())
      define(values, plan.correlation.groupBy[place] ?? "", value);
    const item = { time, id: `${plan.rule.id} ${id}`, eventId, entities, values };
    for (const source of plan.outer) {
      if (what === "new") this.#take(source, item, unit);
      else this.#takeBack(source, { ...item, unit });
    }
  }

  #valuesOf(group: Group, plan: Plan): readonly JsonValue[] {
    return readKey(this.#store.reader, this.#store.keyOf(group), plan.correlation.groupBy.length);
  }

  #report(group: Group, plan: Plan, episode: EpisodeState, end: Pick<Episode, "mergedInto" | "withdrawn"> = {}): void {
    episode.changed = false;
    episode.revision++;
    const { first, last } = this.#stretchOf(group, plan, episode);
    const members: Member[] = [];
    for (let index = first; index <= last; index++) members.push(this.#members.read(group, index, plan));
    const { report, entitiesOmitted } = episodeOf(
      plan,
      this.#valuesOf(group, plan),
      episode,
      members,
      this.#limits.entitiesPerEpisode,
    );
    this.#counters.entitiesOmitted += entitiesOmitted;
    this.#reports.push({ ...report, ...end });
  }

  /** When the group must be looked at again. */
  #deadline(group: Group, plan: Plan): number {
    const extra = this.#extras.get(group);
    const count = this.#store.count(group);
    const after = plan.correlation.timespan + plan.delay;
    let next = count > 0 ? this.#store.time(group, count - 1) + after : (extra?.keepUntil ?? -Infinity);
    for (const { last } of extra?.episodes ?? []) next = Math.min(next, last.time + after);
    return next;
  }

  /** When the group must be looked at again, with what is still to be judged: a new episode may end with it. */
  #due(group: Group, plan: Plan): number {
    const after = plan.correlation.timespan + plan.delay;
    return Math.min(this.#deadline(group, plan), this.#store.judgeFrom(group) + after);
  }

  /** The first group in the queue that is due before a horizon, or 0; what the queue has too early is put right. */
  #nextDue(horizon: number): Group {
    const store = this.#store;
    while (this.#queue.next < horizon) {
      const { next, first: group } = this.#queue;
      const isKnown = store.has(group, MARK.alive) && store.scheduled(group) === next;
      const due = isKnown ? this.#due(group, this.#planOf(group)) : -Infinity;
      if (isKnown && due < horizon) return group;
      this.#queue.pop();
      if (!isKnown) continue;
      store.schedule(group, due);
      this.#queue.push(due, group);
    }
    return 0;
  }

  #schedule(group: Group, plan: Plan): void {
    const next = this.#due(group, plan);
    if (next >= this.#store.scheduled(group)) return;
    this.#store.schedule(group, next);
    this.#queue.push(next, group);
  }

  /** Closes the episodes that nothing can change any more, and forgets the members that can no longer be in a window with a new one. */
  #expire(group: Group, plan: Plan): void {
    const extra = this.#extras.get(group);
    const after = plan.correlation.timespan + plan.delay;
    const closed: EpisodeState[] = [];
    if (extra !== undefined) {
      for (const episode of extra.episodes) {
        if (episode.last.time + after >= this.#horizon) continue;
        episode.final = true;
        this.#report(group, plan, episode);
        closed.push(episode);
      }
      extra.episodes = extra.episodes.filter(({ final }) => !final);
      // Orders and ids begin anew where nothing that was told can be meant by them.
      if (extra.episodes.length === 0 && extra.ended === 0) extra.created = 0;
    }
    const store = this.#store;
    const count = store.count(group);
    const isOver = extra === undefined || extra.episodes.length === 0;
    if (isOver && (count === 0 || store.time(group, count - 1) + after < this.#horizon)) {
      if (count > 0 || extra === undefined || !(extra.keepUntil >= this.#horizon)) {
        const key = this.#drop(group, plan);
        if (key !== undefined) this.#removed.push(key);
      }
      return;
    }
    this.#forget(group, (index) => {
      if (closed.length === 0) return false;
      const place = this.#members.place(group, index, plan);
      return closed.some((episode) => isWithin(episode, place));
    });
    this.#forgetOld(group, plan);
    if (closed.length > 0 && !store.has(group, MARK.touched)) {
      store.mark(group, MARK.touched);
      this.#touched.push(group);
    }
  }

  /** Forgets old members when they are many enough to be worth it. */
  #prune(group: Group, plan: Plan): void {
    const store = this.#store;
    const count = store.count(group);
    if (count === 0) return;
    const oldest = store.time(group, count >>> 2) + plan.retain + plan.delay;
    if (!(oldest < this.#horizon) || (this.#extras.get(group)?.episodes.length ?? 0) > 0) return;
    if (store.has(group, MARK.judge)) this.#judge(group, plan);
    this.#forgetOld(group, plan);
  }

  /** Forgets members that can no longer be in a window with a new one and are in no open episode. */
  #forgetOld(group: Group, plan: Plan): void {
    const end = this.#store.firstAt(group, this.#horizon - plan.retain - plan.delay);
    if (end === 0) return;
    const open = this.#openStretches(group, plan);
    this.#forget(group, (index) => index < end && !open.some(({ first, last }) => first <= index && index <= last));
  }

  #openStretches(group: Group, plan: Plan): readonly Stretch[] {
    return (this.#extras.get(group)?.episodes ?? []).map((episode) => this.#stretchOf(group, plan, episode));
  }

  #forget(group: Group, isForgotten: (index: number) => boolean): void {
    const store = this.#store;
    const told = this.#extras.get(group)?.told;
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
      this.#members.free(cell);
    }
    store.keep(group, (index) => kept[index] ?? true);
  }

  #drop(group: Group, plan: Plan): string | undefined {
    const store = this.#store;
    const key = store.has(group, MARK.stored) ? this.#storedKey(group, plan) : undefined;
    this.#extras.delete(group);
    for (let index = store.count(group) - 1; index >= 0; index--) this.#members.free(store.member(group, index));
    store.remove(group);
    return key;
  }

  #bound({ correlation }: Plan): number {
    const count = correlation.type === "event_count" ? leastCount(correlation.range) : 0;
    return Math.max(this.#limits.membersPerGroup, 4 * count);
  }

  /**
   * Keeps a group within its bound. A count that only asks for enough needs of an episode just the first and the last so many members, as many as a
   * window with a new fact can need. Everything else needs all; only far above the bound the oldest go, those outside of episodes first.
   */
  #thin(group: Group, plan: Plan): void {
    const store = this.#store;
    const bound = this.#bound(plan);
    // Looked at now and then only: a group that cannot be made smaller stays above its bound.
    if ((store.count(group) - bound) % Math.max(1, bound >>> 2) !== 1 % Math.max(1, bound >>> 2)) return;
    if (store.has(group, MARK.judge)) this.#judge(group, plan);
    this.#forgetOld(group, plan);
    const extra = this.#extraOf(group);
    let excess = store.count(group) - Math.floor(bound * 0.75);
    const gone = new Set<number>();
    const { correlation } = plan;
    if (correlation.type === "event_count" && plan.growing && plan.outer.length === 0) {
      const least = leastCount(correlation.range);
      for (const episode of extra.episodes) {
        const { first, last } = this.#stretchOf(group, plan, episode);
        for (let index = first + least; index <= last - least && excess > 0; index++, excess--) {
          gone.add(index);
          episode.omitted++;
          this.#counters.membersOmitted++;
        }
      }
    }
    if (store.count(group) - gone.size > bound * FAR_ABOVE) {
      let tooMany = store.count(group) - gone.size - Math.floor(bound * FAR_ABOVE * 0.75);
      const open = this.#openStretches(group, plan);
      for (const isInside of [false, true]) {
        for (let index = 0; index < store.count(group) && tooMany > 0; index++) {
          const place = open.findIndex(({ first, last }) => first <= index && index <= last);
          const stretch = open[place];
          if (gone.has(index) || isInside !== (stretch !== undefined)) continue;
          if (index === stretch?.first || index === stretch?.last) continue;
          gone.add(index);
          tooMany--;
          this.#counters.membersDropped++;
          const episode = extra.episodes[place];
          if (episode !== undefined) episode.omitted++;
        }
      }
    }
    this.#forget(group, (index) => gone.has(index));
    for (const episode of extra.episodes)
      Object.assign(episode, this.#sum(group, this.#stretchOf(group, plan, episode)));
  }

  /** Forgets the group that first of all would be forgotten anyway, one without an episode if there is one among the next. */
  #evict(counter: "groupsEvicted" | "groupsEvictedForMemory"): void {
    const passed: Group[] = [];
    let victim: Group = 0;
    while (victim === 0 && passed.length < LOOKS && this.#queue.size > 0) {
      const { next, first: group } = this.#queue;
      this.#queue.pop();
      if (!this.#store.has(group, MARK.alive) || this.#store.scheduled(group) !== next) continue;
      const plan = this.#planOf(group);
      this.#store.schedule(group, Infinity);
      if (this.#store.has(group, MARK.judge)) this.#judge(group, plan);
      if (this.#due(group, plan) > next) this.#schedule(group, plan);
      else if ((this.#extras.get(group)?.episodes.length ?? 0) > 0) passed.push(group);
      else victim = group;
    }
    victim ||= passed[0] ?? 0;
    if (victim === 0) return;
    const key = this.#drop(victim, this.#planOf(victim));
    if (key !== undefined) this.#removed.push(key);
    this.#counters[counter]++;
    for (const group of passed) if (group !== victim) this.#schedule(group, this.#planOf(group));
  }

  #storedKey(group: Group, plan: Plan): string {
    const lookup = `${plan.rule.id}\0${canonicalJson(this.#valuesOf(group, plan))}`;
    return `correlation/${plan.rule.id}/${hashOf(plan.revision, lookup).slice(0, 32)}`;
  }

  /** The group as it is to be stored. */
  encode(group: Group, epoch: number): string {
    this.#check(epoch);
    return this.#encode(group, this.#planOf(group));
  }

  /** The key under which the group is to be stored. */
  keyOf(group: Group, epoch: number): string {
    this.#check(epoch);
    return this.#storedKey(group, this.#planOf(group));
  }

  #check(epoch: number): void {
    if (epoch !== this.#epoch) throw new Error("The state of a group was read after the correlator went on.");
  }

  #encode(group: Group, plan: Plan): string {
    const extra = this.#extras.get(group);
    const store = this.#store;
    return encodeGroup({
      ruleId: plan.rule.id,
      revision: plan.revision,
      values: this.#valuesOf(group, plan),
      created: extra?.created ?? 0,
      ended: extra?.ended ?? 0,
      keepUntil: extra?.keepUntil ?? -Infinity,
      members: Array.from({ length: store.count(group) }, (_, index) => ({
        ...this.#members.read(group, index, plan),
        holds: store.holdsAt(group, index),
      })),
      episodes: extra?.episodes ?? [],
    });
  }
}

/** The state of a group, put together when it is read: not everybody stores it. */
class LazyState implements StoredState {
  readonly #book: GroupBook;
  readonly #group: Group;
  readonly #epoch: number;

  constructor(book: GroupBook, group: Group, epoch: number) {
    this.#book = book;
    this.#group = group;
    this.#epoch = epoch;
  }

  get key(): string {
    return this.#book.keyOf(this.#group, this.#epoch);
  }

  get value(): string {
    return this.#book.encode(this.#group, this.#epoch);
  }
}

/** Sets a property whatever its name is. */
function define(target: Record<string, JsonValue>, name: string, value: JsonValue): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
