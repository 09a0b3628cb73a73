import type { Episode, Fact } from "../finding.ts";
import { canonicalJson, hashOf } from "../hash.ts";
import type { CorrelatorOptions, StoredState } from "./correlator.ts";
import { type EpisodeState, type Extent, isWithin, reconcile } from "./episodes.ts";
import { EpisodeReports } from "./episode-reports.ts";
import { type Figure, figureOf } from "./figures.ts";
import { groupToForget, isThinned, memberBound, thin } from "./group-bounds.ts";
import { comparedText, numberOf, writeKey } from "./group-key.ts";
import { type Extra, GroupShelf } from "./group-shelf.ts";
import { type Group, MARK } from "./group-store.ts";
import { type CorrelatorCounters, type CorrelatorLimits, DEFAULT_LIMITS } from "./limits.ts";
import { LoadedMembers } from "./loaded-members.ts";
import { type Item, type MomentTaker, carriedOf, takeMomentBack, tellMoments } from "./moments.ts";
import type { Plan, Source } from "./plan.ts";
import { restoreGroup } from "./restore-group.ts";
import { decodeGroup } from "./stored-group.ts";
import { Windows } from "./windows.ts";

/** All groups of all correlations, their members and episodes, and when which of them must be looked at. */
export class GroupBook {
  readonly #figures: readonly Figure[];
  readonly #limits: CorrelatorLimits;
  readonly #shelf: GroupShelf;
  readonly #windows: Windows;
  /** Groups of listed correlations whose windows are to be judged, by rank. */
  readonly #inner: Group[][];
  #touched: Group[] = [];
  readonly #reports: EpisodeReports;
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
    groupsOrphaned: 0,
  };

  constructor(plans: readonly Plan[], options: CorrelatorOptions) {
    this.#shelf = new GroupShelf(plans);
    this.#windows = new Windows(this.#shelf.store, this.#shelf.members, new LoadedMembers());
    this.#figures = plans.map(({ correlation, chained }) => figureOf(correlation, chained));
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#reports = new EpisodeReports(this.#shelf, this.#limits.entitiesPerEpisode);
    this.#inner = Array.from({ length: 1 + Math.max(0, ...plans.map(({ rank }) => rank)) }, () => []);
  }

  /** Takes a fact of a listed rule. */
  observe(source: Source, fact: Fact): void {
    this.#epoch++;
    this.#take(source, fact, "");
    this.#keepBounds();
  }

  /** The horizon moves on: closes what nothing can change any more. */
  advance(horizon: number): void {
    this.#epoch++;
    // What is still to be judged is judged with everything that was at hand when it came.
    if (this.#shelf.nextDue(horizon) !== 0) this.#judgeInner();
    this.#shelf.horizon = horizon;
    for (let group = this.#shelf.nextDue(horizon); group !== 0; group = this.#shelf.nextDue(horizon)) {
      const plan = this.#shelf.planOf(group);
      this.#shelf.queue.pop();
      this.#shelf.store.schedule(group, Infinity);
      if (this.#shelf.store.has(group, MARK.judge)) this.#judge(group, plan);
      if (this.#shelf.deadline(group, plan) < horizon) this.#expire(group, plan);
      if (this.#shelf.store.has(group, MARK.alive)) this.#shelf.schedule(group, plan);
    }
  }

  /** Judges what is to be judged, and gives what is to be reported and stored. */
  takeChanges(): { readonly episodes: readonly Episode[]; readonly groups: readonly StoredState[] } {
    this.#judgeInner();
    this.#keepBounds();
    const touched = this.#touched;
    this.#touched = [];
    const groups: StoredState[] = [];
    const epoch = ++this.#epoch;
    for (const group of touched) {
      if (!this.#shelf.store.has(group, MARK.touched)) continue;
      this.#shelf.store.unmark(group, MARK.touched);
      const plan = this.#shelf.planOf(group);
      if (this.#shelf.store.has(group, MARK.judge)) this.#judge(group, plan);
      const extra = this.#shelf.extras.get(group);
      for (const episode of extra?.episodes ?? []) if (episode.changed) this.#reports.add(group, plan, episode);
      if (this.#shelf.store.count(group) === 0 && (extra === undefined || extra.ended === 0)) {
        this.#shelf.drop(group, plan);
        continue;
      }
      if (extra !== undefined) this.#shelf.schedule(group, plan);
      this.#shelf.store.mark(group, MARK.stored);
      groups.push(new LazyState(this, group, epoch));
    }
    const episodes = this.#reports.take();
    const removed = this.#shelf.removed.sort();
    this.#shelf.removed = [];
    return { episodes, groups: [...removed.map((key) => ({ key, value: null })), ...groups] };
  }

  /** Takes a stored group over, unless its rule is gone or has changed. */
  restore(key: string, text: string, byId: ReadonlyMap<string, Plan>): void {
    const state = decodeGroup(key, text);
    const plan = byId.get(state.ruleId);
    if (plan === undefined || plan.revision !== state.revision) {
      this.#counters.groupsOrphaned++;
      this.#shelf.removed.push(key);
      return;
    }
    const group = restoreGroup(this.#shelf, state, plan);
    if (this.#shelf.storedKey(group, plan) === key) this.#shelf.store.mark(group, MARK.stored);
    else {
      // An earlier version named it otherwise.
      this.#shelf.removed.push(key);
      this.#shelf.store.mark(group, MARK.touched);
      this.#touched.push(group);
    }
    this.#shelf.schedule(group, plan);
  }

  /** Goes on at a horizon after everything was restored. */
  resume(horizon: number): void {
    this.#shelf.horizon = horizon;
  }

  counters(): CorrelatorCounters {
    const { size: groups, bytes } = this.#shelf.store;
    return { ...this.#counters, entitiesOmitted: this.#reports.entitiesOmitted, groups, bytes };
  }

  readonly #takeMoment: MomentTaker = (source, moment, what) => {
    if (what === "new") this.#take(source, moment, moment.unit);
    else this.#takeBack(source, moment);
  };

  #take(source: Source, item: Omit<Item, "unit">, unit: string): void {
    const { plan } = source;
    const store = this.#shelf.store;
    if (!writeKey(store.scratch, item.values, source.groupBy)) {
      this.#counters.ungrouped++;
      return;
    }
    if (unit === "" && item.time < this.#shelf.horizon) {
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
    if (group !== 0) this.#prune(group, plan);
    else {
      // Room is made before, so that a new group is not the one that goes; moments come while others are judged, and have to wait.
      if (unit === "" && store.size >= this.#limits.groups) {
        this.#evict("groupsEvicted");
        writeKey(store.scratch, item.values, source.groupBy);
        group = store.find(plan.index);
      }
      if (group === 0) group = store.create(plan.index);
    }
    const found = this.#shelf.members.find(group, item, plan);
    if (found >= 0) {
      this.#counters.duplicates++;
      return;
    }
    const { time, id, eventId, entities } = item;
    const carried = plan.outer.length > 0 ? carriedOf(source, item.values) : undefined;
    const cell = this.#shelf.members.write(
      { time, id, eventId, entities, rule: source.index, number, text, unit, carried },
      plan,
    );
    store.insert(group, ~found, time, cell);
    store.addRule(group, source.index);
    this.#changed(group, plan, time);
    if (time + plan.correlation.timespan + plan.delay < store.scheduled(group)) this.#shelf.schedule(group, plan);
    const bound = memberBound(plan, this.#limits.membersPerGroup);
    if (!isThinned(store.count(group), bound)) return;
    if (store.has(group, MARK.judge)) this.#judge(group, plan);
    this.#shelf.forgetOld(group, plan);
    const { omitted, dropped } = thin(this.#shelf, group, plan, bound);
    this.#counters.membersOmitted += omitted;
    this.#counters.membersDropped += dropped;
  }

  /** Forgets groups until all are within their bounds. Never in the midst of judging one. */
  #keepBounds(): void {
    const { store } = this.#shelf;
    while (store.size > this.#limits.groups) this.#evict("groupsEvicted");
    while (store.bytes > this.#limits.bytes && store.size > 1) this.#evict("groupsEvictedForMemory");
  }

  #evict(counter: "groupsEvicted" | "groupsEvictedForMemory"): void {
    const group = groupToForget(this.#shelf, (other, plan) => this.#judge(other, plan));
    if (group === 0) throw new Error("A group that nothing looks at.");
    this.#shelf.drop(group, this.#shelf.planOf(group));
    this.#counters[counter]++;
  }

  /** Takes a moment back that an inner correlation told of before. */
  #takeBack(source: Source, item: Item): void {
    const { plan } = source;
    const store = this.#shelf.store;
    if (!writeKey(store.scratch, item.values, source.groupBy)) return;
    const group = store.find(plan.index);
    if (group === 0) return;
    const index = this.#shelf.members.find(group, item, plan);
    if (index < 0) return;
    const cell = store.member(group, index);
    takeMomentBack(this.#shelf, group, plan, index, this.#takeMoment);
    store.keep(group, (other) => other !== index);
    this.#shelf.members.free(cell);
    this.#changed(group, plan, item.time);
  }

  #changed(group: Group, plan: Plan, time: number): void {
    const store = this.#shelf.store;
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
        if (!this.#shelf.store.has(group, MARK.alive) || !this.#shelf.store.has(group, MARK.judge)) continue;
        const plan = this.#shelf.planOf(group);
        // The place of a group that is gone may be another's by now, which then is in the list of its own rank.
        if (plan.rank === rank && plan.outer.length > 0) this.#judge(group, plan);
      }
      groups.length = 0;
    }
  }

  /** Brings the episodes of a group up to date with its members. */
  #judge(group: Group, plan: Plan): void {
    const store = this.#shelf.store;
    const from = store.judgeFrom(group);
    store.unmark(group, MARK.judge);
    store.setJudgeFrom(group, Infinity);
    let extra = this.#shelf.extras.get(group);
    const known = extra?.episodes ?? [];
    if (known.length === 0 && (store.count(group) < plan.minimum || store.ruleCount(group) < plan.minimumRules)) return;
    const figure = this.#figures[plan.index];
    if (figure !== undefined) this.#windows.judge(group, plan, figure, from);
    const standing = plan.growing ? known.map((episode) => this.#shelf.stretchOf(group, plan, episode)) : [];
    const stretches = this.#windows.stretches(group, plan.correlation.timespan, standing);
    if (stretches.length === 0 && known.length === 0) return;
    extra ??= this.#shelf.extraOf(group);
    const extents = stretches.map((stretch): Extent => ({
      first: this.#shelf.members.place(group, stretch.first, plan),
      last: this.#shelf.members.place(group, stretch.last, plan),
      ...this.#shelf.sum(group, stretch),
    }));
    const created = extra;
    const { episodes, merged, withdrawn } = reconcile(known, extents, (extent) =>
      this.#create(group, plan, created, extent),
    );
    for (const { episode, into } of merged) this.#reports.addEnd(group, plan, extra, episode, { mergedInto: into.id });
    for (const episode of withdrawn) this.#reports.addEnd(group, plan, extra, episode, { withdrawn: true });
    extra.episodes = episodes;
    if (episodes.length === 0 && extra.ended === 0) extra.created = 0;
    if (plan.outer.length > 0) tellMoments(this.#shelf, group, plan, extra, this.#takeMoment);
    this.#shelf.schedule(group, plan);
  }

  #create(group: Group, plan: Plan, extra: Extra, extent: Extent): EpisodeState {
    const order = extra.created++;
    const again = extra.ended > 0 ? [String(order)] : [];
    const values = canonicalJson(this.#shelf.valuesOf(group, plan));
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

  /** Closes the episodes that nothing can change any more, and forgets the members that can no longer be in a window with a new one. */
  #expire(group: Group, plan: Plan): void {
    const extra = this.#shelf.extras.get(group);
    const after = plan.correlation.timespan + plan.delay;
    const closed: EpisodeState[] = [];
    if (extra !== undefined) {
      for (const episode of extra.episodes) {
        if (episode.last.time + after >= this.#shelf.horizon) continue;
        episode.final = true;
        this.#reports.add(group, plan, episode);
        closed.push(episode);
      }
      extra.episodes = extra.episodes.filter(({ final }) => !final);
      // Orders and ids begin anew where nothing that was told can be meant by them.
      if (extra.episodes.length === 0 && extra.ended === 0) extra.created = 0;
    }
    const store = this.#shelf.store;
    const count = store.count(group);
    const isOver = extra === undefined || extra.episodes.length === 0;
    if (isOver && (count === 0 || store.time(group, count - 1) + after < this.#shelf.horizon)) {
      if (count > 0 || extra === undefined || !(extra.keepUntil >= this.#shelf.horizon)) {
        this.#shelf.drop(group, plan);
      }
      return;
    }
    this.#shelf.forget(group, (index) => {
      if (closed.length === 0) return false;
      const place = this.#shelf.members.place(group, index, plan);
      return closed.some((episode) => isWithin(episode, place));
    });
    this.#shelf.forgetOld(group, plan);
    if (closed.length > 0 && !store.has(group, MARK.touched)) {
      store.mark(group, MARK.touched);
      this.#touched.push(group);
    }
  }

  /** Forgets old members when they are many enough to be worth it. */
  #prune(group: Group, plan: Plan): void {
    const store = this.#shelf.store;
    const count = store.count(group);
    if (count === 0) return;
    const oldest = store.time(group, count >>> 2) + plan.retain + plan.delay;
    if (!(oldest < this.#shelf.horizon) || (this.#shelf.extras.get(group)?.episodes.length ?? 0) > 0) return;
    if (store.has(group, MARK.judge)) this.#judge(group, plan);
    this.#shelf.forgetOld(group, plan);
  }

  /** The group as it is to be stored. */
  encode(group: Group, epoch: number): string {
    this.#check(epoch);
    return this.#shelf.encode(group, this.#shelf.planOf(group));
  }

  /** The key under which the group is to be stored. */
  keyOf(group: Group, epoch: number): string {
    this.#check(epoch);
    return this.#shelf.storedKey(group, this.#shelf.planOf(group));
  }

  #check(epoch: number): void {
    if (epoch !== this.#epoch) throw new Error("The state of a group was read after the correlator went on.");
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
