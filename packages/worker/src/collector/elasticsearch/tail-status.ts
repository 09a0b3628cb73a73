import type { StartChoice } from "./start-position.ts";
import { type ShardPosition, shardName } from "./shard-tail.ts";
import { isRed, type WatchView } from "./shard-watch.ts";
import { WEAKER_PROMISE } from "./time-tail.ts";

/** One shard in `status`. */
export interface ShardStatus {
  readonly index: string;
  readonly shard: number;
  readonly dataStream?: string | undefined;
  /** `red`: no copy is started; `unread`: nobody has read it yet; `behind`, `current`: read up to `checkpoint`. */
  readonly state: "red" | "unread" | "behind" | "current";
  readonly checkpoint: number | undefined;
  /** Operations that the shard has taken and that are not read. */
  readonly lag: number | undefined;
}

/** A source in `status`. */
export interface TailStatus {
  /** One sentence for people. */
  readonly detail: string;
  readonly start: StartChoice;
  readonly shards: readonly ShardStatus[];
  /** Operations not read in all shards that are seen. */
  readonly lag: number;
  /** Sequence numbers passed that held no document any more. */
  readonly superseded: number;
  /** `index/shard` of those that are waited for. */
  readonly red: readonly string[];
  readonly closed: readonly string[];
  readonly unmatched: readonly string[];
  readonly fallbacks: readonly { readonly target: string; readonly reason: string; readonly promise: string }[];
}

/** Puts together what `status` shows of a source, from the watch's last look and what was read of each shard (`shardName`). */
export function tailStatus(
  view: WatchView,
  read: ReadonlyMap<string, ShardPosition>,
  { start, superseded }: { readonly start: StartChoice; readonly superseded: number },
): TailStatus {
  const shards = view.sights.map((sight): ShardStatus => {
    const { key, dataStream, globalCheckpoint, historyUuid } = sight;
    const position = read.get(shardName(key));
    const known = position?.historyUuid === historyUuid ? position : undefined;
    const lag = globalCheckpoint === undefined ? undefined : Math.max(0, globalCheckpoint - (known?.checkpoint ?? -1));
    const state = isRed(sight) ? "red" : known === undefined && lag !== 0 ? "unread" : lag === 0 ? "current" : "behind";
    return { index: key.index, shard: key.shard, dataStream, state, checkpoint: position?.checkpoint, lag };
  });
  const red = shards.filter(({ state }) => state === "red").map(({ index, shard }) => `${index}/${shard}`);
  const lag = shards.reduce((sum, shard) => sum + (shard.lag ?? 0), 0);
  const parts = [
    view.problem ?? `${shards.length} shards, ${lag === 0 ? "all read" : `${lag} operations behind`}`,
    ...(red.length > 0 ? [`waiting for ${named(red)}`] : []),
    ...(view.closed.length > 0 ? [`closed: ${named(view.closed)}`] : []),
    ...(view.fallbacks.length > 0 ? [`read by time: ${named(view.fallbacks.map(({ target }) => target))}`] : []),
    ...(view.unmatched.length > 0 ? [`nothing fits ${named(view.unmatched)}`] : []),
  ];
  return {
    detail: `${parts.join("; ").replace(/\.$/, "")}.`,
    start,
    shards,
    lag,
    superseded,
    red,
    closed: view.closed,
    unmatched: view.unmatched,
    fallbacks: view.fallbacks.map(({ target, reason }) => ({ target, reason, promise: WEAKER_PROMISE })),
  };
}

const named = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
