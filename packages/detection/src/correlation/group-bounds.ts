import type { EpisodeState } from "./episodes.ts";
import { type Group, MARK } from "./group-store.ts";
import type { GroupShelf } from "./group-shelf.ts";
import { FAR_ABOVE } from "./limits.ts";
import { type Plan, leastCount } from "./plan.ts";

/** Groups with an episode that are passed over, at most, in the search for one without. */
const LOOKS = 100;

/** How many members a group may have: the bound, and for a count at least four times its number. */
export function memberBound({ correlation }: Plan, bound: number): number {
  return Math.max(bound, 4 * (correlation.type === "event_count" ? leastCount(correlation.range) : 0));
}

/** Whether a group that grew past its bound is to be made smaller now: one that cannot be is looked at now and then only. */
export function isThinned(count: number, bound: number): boolean {
  const every = Math.max(1, bound >>> 2);
  return count > bound && (count - bound) % every === 1 % every;
}

/**
 * Keeps a group within its bound. A count that only asks for enough needs of an episode just the first and the last so many members, as many as a
 * window with a new fact can need. Everything else needs all; only far above the bound the oldest go, those outside of episodes first.
 */
export function thin(
  shelf: GroupShelf,
  group: Group,
  plan: Plan,
  bound: number,
): { readonly omitted: number; readonly dropped: number } {
  const { episodes } = shelf.extraOf(group);
  const { correlation } = plan;
  const gone = new Set<number>();
  if (correlation.type === "event_count" && plan.growing && plan.outer.length === 0) {
    const least = leastCount(correlation.range);
    let excess = shelf.store.count(group) - Math.floor(bound * 0.75);
    for (const episode of episodes) {
      const { first, last } = shelf.stretchOf(group, plan, episode);
      for (let index = first + least; index <= last - least && excess > 0; index++, excess--) {
        gone.add(index);
        episode.omitted++;
      }
    }
  }
  const omitted = gone.size;
  if (shelf.store.count(group) - omitted > bound * FAR_ABOVE)
    dropOldest(shelf, group, plan, episodes, bound * FAR_ABOVE * 0.75, gone);
  const dropped = gone.size - omitted;
  shelf.forget(group, (index) => gone.has(index));
  for (const episode of episodes) Object.assign(episode, shelf.sum(group, shelf.stretchOf(group, plan, episode)));
  return { omitted, dropped };
}

/** Adds the oldest members to those that go, but for the ends of episodes, until so many are left. */
function dropOldest(
  shelf: GroupShelf,
  group: Group,
  plan: Plan,
  episodes: readonly EpisodeState[],
  left: number,
  gone: Set<number>,
): void {
  const count = shelf.store.count(group);
  const open = shelf.openStretches(group, plan);
  for (const isInside of [false, true]) {
    for (let index = 0; index < count && count - gone.size > left; index++) {
      const place = open.findIndex(({ first, last }) => first <= index && index <= last);
      const stretch = open[place];
      if (gone.has(index) || isInside !== (stretch !== undefined)) continue;
      if (index === stretch?.first || index === stretch?.last) continue;
      gone.add(index);
      const episode = episodes[place];
      if (episode !== undefined) episode.omitted++;
    }
  }
}

/** The group that first of all would be forgotten anyway, one without an episode if there is one among the next; 0 when there is none. */
export function groupToForget(shelf: GroupShelf, judge: (group: Group, plan: Plan) => void): Group {
  const { queue, store, extras } = shelf;
  const passed: Group[] = [];
  let found: Group = 0;
  while (found === 0 && passed.length < LOOKS && queue.size > 0) {
    const { next, first: group } = queue;
    queue.pop();
    if (!store.has(group, MARK.alive) || store.scheduled(group) !== next) continue;
    const plan = shelf.planOf(group);
    store.schedule(group, Infinity);
    if (store.has(group, MARK.judge)) judge(group, plan);
    if (shelf.due(group, plan) > next) shelf.schedule(group, plan);
    else if ((extras.get(group)?.episodes.length ?? 0) > 0) passed.push(group);
    else found = group;
  }
  for (const group of passed) shelf.schedule(group, shelf.planOf(group));
  return found === 0 ? (passed[0] ?? 0) : found;
}
