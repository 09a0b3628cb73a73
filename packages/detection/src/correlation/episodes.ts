import { type Place, compare } from "./member-store.ts";

/** An episode that can still change, or that has just become final. */
export interface EpisodeState {
  readonly id: string;
  /** Order of creation within the group: of two that merge, the older stays. */
  readonly order: number;
  /** The first member at the moment of creation; of two parts of an episode, the one that holds it keeps the id. */
  readonly anchor: Place;
  first: Place;
  last: Place;
  /** Times it was reported. */
  revision: number;
  /** Members that a bound took away. */
  omitted: number;
  /** Members at hand, and a sum over their digests: with the ends they tell whether anything changed. */
  count: number;
  digest: number;
  changed: boolean;
  final: boolean;
}

/** What windows that share members cover together. */
export interface Extent {
  readonly first: Place;
  readonly last: Place;
  readonly count: number;
  readonly digest: number;
}

/** What became of the episodes of a group. */
export interface Reconciled {
  /** In the order of their members. */
  readonly episodes: EpisodeState[];
  /** Those that are one with an older one now. */
  readonly merged: readonly { readonly episode: EpisodeState; readonly into: EpisodeState }[];
  /** Those whose windows do not qualify any more. */
  readonly withdrawn: readonly EpisodeState[];
}

/** Whether a place lies between the ends of an episode, these included. */
export function isWithin(episode: Pick<EpisodeState, "first" | "last">, place: Place): boolean {
  return compare(episode.first, place) <= 0 && compare(place, episode.last) <= 0;
}

const meets = (a: Extent, b: EpisodeState): boolean => compare(a.first, b.last) <= 0 && compare(b.first, a.last) <= 0;

/**
 * Gives the extents to the episodes there were, the oldest first: each takes the extent that holds its anchor, else the first that it meets; one that meets none is
 * withdrawn, one that finds its extent taken is merged into the taker. Extents left over are new episodes.
 */
export function reconcile(
  known: readonly EpisodeState[],
  extents: readonly Extent[],
  create: (extent: Extent) => EpisodeState,
): Reconciled {
  const owners = new Map<Extent, EpisodeState>();
  const merged: { episode: EpisodeState; into: EpisodeState }[] = [];
  const withdrawn: EpisodeState[] = [];
  for (const episode of known.toSorted((a, b) => a.order - b.order)) {
    const extent =
      extents.find((candidate) => isWithin(candidate, episode.anchor)) ??
      extents.find((candidate) => meets(candidate, episode));
    if (extent === undefined) {
      withdrawn.push(episode);
      continue;
    }
    const owner = owners.get(extent);
    if (owner === undefined) owners.set(extent, episode);
    else {
      merged.push({ episode, into: owner });
      owner.omitted += episode.omitted;
      owner.changed = true;
    }
  }
  const episodes = extents.map((extent) => {
    const owner = owners.get(extent);
    if (owner === undefined) return create(extent);
    update(owner, extent);
    return owner;
  });
  return { episodes, merged, withdrawn };
}

function update(episode: EpisodeState, { first, last, count, digest }: Extent): void {
  if (
    compare(first, episode.first) !== 0 ||
    compare(last, episode.last) !== 0 ||
    count !== episode.count ||
    digest !== episode.digest
  )
    episode.changed = true;
  episode.first = first;
  episode.last = last;
  episode.count = count;
  episode.digest = digest;
}
