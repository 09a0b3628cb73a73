import type { LeaseView, Leases } from "../../leases/lease.ts";
import type { ShardSight } from "../../collector/elasticsearch/shard-tail.ts";
import type { Clock } from "../../ports.ts";
import { progressOf } from "../stage-one/follow-shard.ts";
import type { ShardProgress } from "./finding-document.ts";

/** A shard of a source as it was seen last, and the lease that its progress stands in. */
export interface WatchedShard {
  readonly resource: string;
  readonly partition: string;
  /** Undefined for what is read by time. */
  readonly sight: Pick<ShardSight, "globalCheckpoint" | "historyUuid"> | undefined;
}

/**
 * How one shard of a source is judged, for the watermark and for `status`. `behind`: it holds documents that are not, or nothing is known of it. `active` and `idle`: it holds none,
 * and its last document came just now or a while ago. `stalled`: it is behind, and nobody has read it for so long that it is not waited for any more.
 */
export interface ShardStanding {
  readonly partition: string;
  readonly state: "behind" | "active" | "idle" | "stalled";
  /** Highest event time that was judged, those dated in the future left out; null before the first. Unix milliseconds. */
  readonly newest: number | null;
  readonly resource: string;
  readonly owner: string | undefined;
  readonly progress: ShardProgress | undefined;
  /** Operations that are not read yet, where that is known. */
  readonly unread: number | undefined;
}

/** What reading the sources' progress needs. */
export interface SourceProgressOptions {
  readonly leases: Pick<Leases, "view">;
  /** All shards that are to be read, as last seen; undefined before the first look. */
  readonly shards: () => readonly WatchedShard[] | undefined;
  readonly clock: Clock;
  /** A clock that never jumps. */
  readonly steady: Clock;
  /** A shard that is read to its end and got nothing for this long is not waited for. Milliseconds. */
  readonly idleAfter: number;
  /** A shard that nobody has read for this long is not waited for any more. Milliseconds. */
  readonly stalledAfter: number;
}

/** Reads what stage one has come to on every shard. Rejects with an `ElasticsearchError`. */
export type ReadSourceProgress = () => Promise<readonly ShardStanding[] | undefined>;

/** Makes the reader. It resolves with undefined as long as it is not known which shards there are. */
export function createSourceProgress(options: SourceProgressOptions): ReadSourceProgress {
  const { leases, clock, steady, idleAfter, stalledAfter } = options;
  /** What was last seen of each shard's reading, and since when it has not changed. */
  const unchanged = new Map<string, { readonly at: string; readonly since: number }>();

  const standingFor = (resource: string, at: string): number => {
    const now = steady.now();
    const before = unchanged.get(resource);
    if (before?.at === at) return now - before.since;
    unchanged.set(resource, { at, since: now });
    return 0;
  };

  const standingOf = ({ resource, partition, sight }: WatchedShard, view: LeaseView | undefined): ShardStanding => {
    const progress = progressOf(view?.payload);
    const newest = progress?.newest ?? null;
    const read = progress?.position;
    const unread = unreadOf(progress, sight);
    const what = { resource, partition, owner: view?.owner, progress, newest, unread };
    if (read !== undefined && unread === 0) {
      unchanged.delete(resource);
      const isIdle = progress?.lastReceived === null || clock.now() - (progress?.lastReceived ?? 0) > idleAfter;
      return { ...what, state: isIdle ? "idle" : "active" };
    }
    const stands = standingFor(resource, `${read?.historyUuid}/${read?.checkpoint}`);
    return { ...what, state: stands > stalledAfter ? "stalled" : "behind" };
  };

  return async () => {
    const shards = options.shards();
    if (shards === undefined) return undefined;
    const views = shards.length === 0 ? [] : await leases.view(shards.map(({ resource }) => resource));
    const byResource = new Map(views.map((view) => [view.resource, view]));
    for (const resource of unchanged.keys()) if (!byResource.has(resource)) unchanged.delete(resource);
    return shards.map((shard) => standingOf(shard, byResource.get(shard.resource)));
  };
}

/** Operations that are not read yet; undefined where that is not known. */
function unreadOf(progress: ShardProgress | undefined, sight: WatchedShard["sight"]): number | undefined {
  if (sight === undefined) return progress?.caughtUp === true ? 0 : undefined;
  const { globalCheckpoint, historyUuid } = sight;
  if (globalCheckpoint === undefined) return undefined;
  const isSame = progress !== undefined && progress.position.historyUuid === historyUuid;
  return Math.max(0, globalCheckpoint - (isSame ? progress.position.checkpoint : -1));
}

/**
 * The event time that all shards which are waited for have come to, and the newest of all, Unix milliseconds. Undefined while a shard is waited for of which no event time is known, and
 * before the first event.
 */
export function reachOf(
  shards: readonly Pick<ShardStanding, "state" | "newest">[],
): { readonly reached: number; readonly newest: number } | undefined {
  let reached = Number.POSITIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;
  for (const shard of shards) {
    // An event time that is not known yet can be any; a shard that is read to its end without one holds none.
    if (shard.state === "behind" || (shard.state === "active" && shard.newest !== null))
      reached = Math.min(reached, shard.newest ?? Number.NEGATIVE_INFINITY);
    newest = Math.max(newest, shard.newest ?? Number.NEGATIVE_INFINITY);
  }
  if (!Number.isFinite(newest) || reached === Number.NEGATIVE_INFINITY) return undefined;
  // When nothing is waited for the newest event of all counts, as in one stream.
  return { reached: reached === Number.POSITIVE_INFINITY ? newest : reached, newest };
}
