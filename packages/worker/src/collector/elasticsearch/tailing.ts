import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { Clock, Random } from "../../ports.ts";
import { type AskCluster, createAskCluster } from "./ask-cluster.ts";
import { createShardTail } from "./create-shard-tail.ts";
import type { PageSizeOptions } from "./page-size.ts";
import type { SourceFields } from "./read-shard.ts";
import { Refresher } from "./refresher.ts";
import type { ShardKey, ShardPosition, ShardTail } from "./shard-tail.ts";
import { createShardWatch, type Fallback, type ShardWatch, type ShardWatchOptions } from "./shard-watch.ts";
import { createTailPoller, type TailPoller } from "./tail-poller.ts";
import { createTimeTail, type TimePosition, type TimeTail } from "./time-tail.ts";

/** What a set of indices is tailed with. */
export interface TailingOptions extends Omit<ShardWatchOptions, "ask" | "clusterUuid"> {
  readonly cluster: Cluster;
  readonly random: Random;
  /** The time of day, for reading by time alone. */
  readonly clock: Clock;
  readonly pageSize?: PageSizeOptions | undefined;
  readonly sourceFields?: (() => SourceFields | undefined) | undefined;
  /** Milliseconds from one refresh of an index to the next, and of waiting for its own one. */
  readonly refreshEvery?: number | undefined;
  readonly patience?: number | undefined;
  /** Leaves out the refresh that makes the tail exact; for tests that show what it is for. */
  readonly testing?: { readonly skipRefresh?: boolean } | undefined;
}

/** Everything that one process needs to tail indices: a watch, and tails of the shards it sees. Disposing of it ends the watch. */
export interface Tailing extends AsyncDisposable {
  readonly watch: ShardWatch;
  readonly ask: AskCluster;
  /** Refreshes that were asked of the cluster. */
  readonly refreshes: number;
  /** The tail of one shard, to be read by one reader. */
  open(key: ShardKey, position: ShardPosition | undefined): ShardTail;
  /** Waits for the pages of a tail. */
  poll(tail: ShardTail): TailPoller;
  /** The tail of what cannot be read by sequence numbers. */
  openByTime(fallback: Fallback, position: TimePosition | undefined): TimeTail;
}

/** Adaptive page between these sizes where none is asked for. */
const PAGE_SIZE: PageSizeOptions = { min: 100, max: 5_000 };

/** So many shards are read as fast as can be; of more, the pages that wait would only take memory. */
const FEW_SHARDS = 8;

/** Makes the tailing of a set of patterns; the watch is started by whoever needs it (`watch.start()`). */
export function createTailing(options: TailingOptions): Tailing {
  const {
    cluster,
    random,
    steady,
    clock,
    timers,
    log,
    pageSize = PAGE_SIZE,
    sourceFields,
    patience,
    testing,
  } = options;
  const ask = createAskCluster({ cluster, random });
  const watch = createShardWatch({ ...options, ask, clusterUuid: cluster.uuid });
  const pagesAhead = (): number => (watch.view().sights.length <= FEW_SHARDS ? 2 : 1);
  const refresher = new Refresher({
    ask,
    steady,
    sights: () => {
      const { sights } = watch.view();
      refresher.keep(sights);
      return sights;
    },
    every: options.refreshEvery ?? 1_000,
  });
  return {
    watch,
    ask,
    get refreshes() {
      return refresher.count;
    },
    open: (key, position) =>
      createShardTail({
        key,
        ask,
        refresher,
        sight: () => watch.sight(key),
        position,
        pageSize,
        sourceFields,
        pagesAhead,
        steady,
        log,
        patience,
        testing,
      }),
    poll: (tail) => createTailPoller({ tail, watch, timers, steady }),
    openByTime: (fallback, position) =>
      createTimeTail({ ask, clock, fallback, position, pageSize, sourceFields, prefix: options.prefix }),
    [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose](),
  };
}
