import type { Clock } from "../../ports.ts";
import type { WatchedShard } from "./source-progress.ts";

/** What is known of the sources when the watermark is worked out. */
export interface WatchedShardsOptions {
  /** Shards of the sources that have begun; undefined before the first look. */
  readonly shards: () => readonly WatchedShard[] | undefined;
  /** Whether it is decided of every source where it begins. */
  readonly haveAllBegun: () => boolean;
  /** A clock that never jumps. */
  readonly steady: Clock;
  /** A source that has not begun for this long is not waited for any more. Milliseconds. */
  readonly stalledAfter: number;
}

/**
 * Makes the list of shards that the watermark waits for. A source whose beginning is not decided can hold anything, so nothing is known before all have begun; but one that cannot
 * begin, because its cluster refuses it or an index is red, must not keep everybody's correlations for ever: after a while it is treated as a shard is that nobody reads.
 */
export function createWatchedShards(options: WatchedShardsOptions): () => readonly WatchedShard[] | undefined {
  const { shards, haveAllBegun, steady, stalledAfter } = options;
  const since = steady.now();
  return () => (haveAllBegun() || steady.now() - since > stalledAfter ? shards() : undefined);
}
