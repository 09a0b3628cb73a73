import { writeKey } from "./group-key.ts";
import type { GroupShelf } from "./group-shelf.ts";
import type { Group } from "./group-store.ts";
import { momentsOf } from "./moments.ts";
import type { Plan } from "./plan.ts";
import type { GroupState } from "./stored-group.ts";

/** Puts a stored group on the shelf. */
export function restoreGroup(shelf: GroupShelf, state: GroupState, plan: Plan): Group {
  const { store } = shelf;
  const values = Object.fromEntries(state.values.map((value, index) => [String(index), value]));
  const names = plan.correlation.groupBy.map((_, index) => String(index));
  if (!writeKey(store.scratch, values, names)) throw new Error(`A stored group of ${state.ruleId} lacks a value.`);
  const group = store.create(plan.index);
  for (const [index, member] of state.members.entries()) {
    store.insert(group, index, member.time, shelf.members.write(member, plan));
    store.addRule(group, member.rule);
    if (member.holds) store.setHoldsAt(group, index, true);
  }
  if (state.episodes.length > 0 || state.ended > 0) {
    const extra = shelf.extraOf(group);
    extra.created = state.created;
    extra.ended = state.ended;
    extra.keepUntil = state.keepUntil;
    extra.episodes = [...state.episodes];
    for (const episode of extra.episodes) {
      const stretch = shelf.stretchOf(group, plan, episode);
      if (episode.count < 0) Object.assign(episode, shelf.sum(group, stretch));
    }
    if (plan.outer.length > 0) extra.told = momentsOf(shelf, group, plan, extra);
  }
  return group;
}
