import type { Episode } from "../finding.ts";
import { episodeOf } from "./episode-report.ts";
import type { EpisodeState } from "./episodes.ts";
import type { Extra, GroupShelf } from "./group-shelf.ts";
import type { Group } from "./group-store.ts";
import type { Member } from "./member-store.ts";
import type { Plan } from "./plan.ts";

type End = Pick<Episode, "mergedInto" | "withdrawn">;

/** Collects what is to be reported of episodes. */
export class EpisodeReports {
  /** Entities left out of episodes so far. */
  entitiesOmitted = 0;
  readonly #shelf: GroupShelf;
  readonly #entities: number;
  #reports: Episode[] = [];

  /** `entities` is how many one episode lists at most. */
  constructor(shelf: GroupShelf, entities: number) {
    this.#shelf = shelf;
    this.#entities = entities;
  }

  /** Reports an episode as it is now. */
  add(group: Group, plan: Plan, episode: EpisodeState, end: End = {}): void {
    episode.changed = false;
    episode.revision++;
    const { first, last } = this.#shelf.stretchOf(group, plan, episode);
    const members: Member[] = [];
    for (let index = first; index <= last; index++) members.push(this.#shelf.members.read(group, index, plan));
    const { report, entitiesOmitted } = episodeOf(
      plan,
      this.#shelf.valuesOf(group, plan),
      episode,
      members,
      this.#entities,
    );
    this.entitiesOmitted += entitiesOmitted;
    this.#reports.push({ ...report, ...end });
  }

  /** Reports the end of an episode that was merged away or withdrawn, if anybody has heard of it. */
  addEnd(group: Group, plan: Plan, extra: Extra, episode: EpisodeState, end: End): void {
    if (episode.revision === 0) return;
    episode.final = true;
    this.add(group, plan, episode, end);
    if (plan.growing) return;
    extra.ended++;
    extra.keepUntil = Math.max(extra.keepUntil, episode.last.time + plan.correlation.timespan + plan.delay);
  }

  /** Everything reported since the last call, in an order that does not depend on what came first. */
  take(): readonly Episode[] {
    const reports = this.#reports.sort(
      (a, b) => a.from - b.from || (a.id < b.id ? -1 : a.id > b.id ? 1 : a.revision - b.revision),
    );
    this.#reports = [];
    return reports;
  }
}
