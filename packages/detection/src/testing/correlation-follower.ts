import type { Correlator } from "../correlation/correlator.ts";
import type { Episode } from "../finding.ts";

/** Knows what somebody knows who follows the changes: the last revision of each episode, and the stored groups. */
export interface Follower {
  readonly episodes: Map<string, Episode>;
  readonly stored: Map<string, string>;
  follow(correlator: Correlator): void;
}

/** A follower that throws when revisions do not grow by one, or an episode goes on after its end. */
export function createFollower(): Follower {
  const episodes = new Map<string, Episode>();
  const stored = new Map<string, string>();
  return {
    episodes,
    stored,
    follow: (correlator) => {
      const changes = correlator.takeChanges();
      for (const episode of changes.episodes) {
        const before = episodes.get(episode.id);
        if (episode.revision !== (before?.revision ?? 0) + 1)
          throw new Error(`Revision ${episode.revision} of ${episode.id} follows ${before?.revision ?? "nothing"}.`);
        if (before?.final === true) throw new Error(`${episode.id} goes on after its end.`);
        episodes.set(episode.id, episode);
      }
      for (const { key, value } of changes.groups) {
        if (value === null) stored.delete(key);
        else stored.set(key, value);
      }
    },
  };
}

/** Those episodes that stand: neither merged into another nor withdrawn. */
export function standing(episodes: Iterable<Episode>): readonly Episode[] {
  return [...episodes].filter(({ mergedInto, withdrawn }) => mergedInto === undefined && withdrawn !== true);
}
