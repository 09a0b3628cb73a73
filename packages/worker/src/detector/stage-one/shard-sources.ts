import type { ShardPosition } from "../../collector/elasticsearch/shard-tail.ts";
import {
  decideStart,
  keepStart,
  type SourceStart,
  startPosition,
} from "../../collector/elasticsearch/start-position.ts";
import type { Tailing } from "../../collector/elasticsearch/tailing.ts";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { ElasticsearchError } from "../../elasticsearch/errors.ts";
import type { Clock, Log, Timers } from "../../ports.ts";
import type { OpenedTail } from "./follow-shard.ts";
import type { SourceShard } from "./stage-one.ts";
import { asShardTail, fromTimePosition, isReadByTime, timeShardKey, timeStart, toTimePosition } from "./time-shard.ts";

/** A source of shards. */
export interface ShardSource {
  readonly name: string;
  readonly tailing: Tailing;
  /** Where to start in what is there when the source is first run: `now`, `beginning` or a time. */
  readonly start: string;
  /** The indices hold records that workers received themselves. */
  readonly isReceived?: boolean;
}

/** What watching sources needs. */
export interface ShardSourcesOptions {
  readonly cluster: Pick<Cluster, "client" | "uuid">;
  readonly sources: readonly ShardSource[];
  /** Index that keeps where each source starts. */
  readonly startIndex: string;
  readonly ports: { readonly clock: Clock; readonly timers: Timers; readonly log: Log };
}

/** The shards of all sources, as they come and go. */
export interface ShardSources {
  /** Opens a shard after a position, or where its source starts. */
  openTail(shard: SourceShard, position: ShardPosition | undefined, signal: AbortSignal): Promise<OpenedTail>;
  /** Tells which shards there are, now and whenever that changes, until the signal aborts. Does not reject. */
  run(tell: (shards: readonly SourceShard[]) => void, signal: AbortSignal): Promise<void>;
  /** Where each source starts, once that is decided. */
  starts(): ReadonlyMap<string, SourceStart>;
}

const LOOK_EVERY = 1_000;
/** Milliseconds between two searches for what is new by time: each is a request, unlike a look at a shard. */
const BY_TIME_EVERY = 2_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/** Makes the watch over all sources. Where a source starts is decided, and kept, before any of its shards is told of. */
export function createShardSources({ cluster, sources, startIndex, ports }: ShardSourcesOptions): ShardSources {
  const { clock, timers, log } = ports;
  const starts = new Map<string, SourceStart>();
  const byName = new Map(sources.map((source) => [source.name, source]));

  const begin = async ({ name, tailing, start: choice }: ShardSource, signal: AbortSignal): Promise<void> => {
    for (let pause = FIRST_PAUSE; !signal.aborted; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
      try {
        const start = await keepStart(
          { cluster, index: startIndex, source: name },
          async () => {
            const { sights } = await tailing.watch.look(signal);
            return decideStart({ ask: tailing.ask, choice, sights }, signal);
          },
          signal,
        );
        starts.set(name, start);
        tailing.watch.start();
        return;
      } catch (error) {
        log.warn({ source: name, error: String(error), pause }, "a source cannot begin yet; it is tried again");
        await timers.sleep(pause, signal);
      }
    }
  };

  const shardsNow = (): readonly SourceShard[] =>
    sources.flatMap(({ name, tailing, isReceived = false }) => {
      if (!starts.has(name)) return [];
      const { sights, fallbacks } = tailing.watch.view();
      return [
        ...sights.map((sight): SourceShard => ({ source: name, sight, isReceived })),
        ...fallbacks.map((fallback): SourceShard => ({
          source: name,
          sight: { key: timeShardKey(cluster.uuid, fallback) },
          isReceived,
        })),
      ];
    });

  const gone = (index: string): ElasticsearchError =>
    new ElasticsearchError("elasticsearch-not-found", `${index} is not there to be read any more.`, {
      retryable: false,
    });

  const openByTime = (
    { tailing }: ShardSource,
    { choice }: SourceStart,
    key: SourceShard["sight"]["key"],
    position: ShardPosition | undefined,
  ): OpenedTail => {
    const fallback = tailing.watch.view().fallbacks.find(({ target }) => target === key.index);
    if (fallback === undefined) throw gone(key.index);
    const from = position === undefined ? timeStart(choice, clock.now()) : toTimePosition(position);
    return {
      tail: asShardTail(key, tailing.openByTime(fallback, from)),
      position: from === undefined ? { historyUuid: "", checkpoint: -1 } : fromTimePosition(from),
      changed: (_, signal) => timers.sleep(BY_TIME_EVERY, signal),
    };
  };

  return {
    async openTail(shard, position, _signal) {
      const source = byName.get(shard.source);
      const start = starts.get(shard.source);
      const { key } = shard.sight;
      if (source === undefined || start === undefined) throw gone(key.index);
      if (isReadByTime(key)) return openByTime(source, start, key, position);
      const sight = source.tailing.watch.sight(key);
      if (sight === undefined) throw gone(key.index);
      const from = position ?? startPosition(start, sight);
      return {
        tail: source.tailing.open(key, from),
        position: from,
        changed: (milliseconds, signal) => source.tailing.watch.changed(milliseconds, signal),
      };
    },
    async run(tell, signal) {
      const beginning = Promise.all(sources.map((source) => begin(source, signal)));
      let told = "";
      while (!signal.aborted) {
        const shards = shardsNow();
        const names = shards
          .map(({ source, sight: { key } }) => `${source} ${key.indexUuid} ${key.shard}`)
          .toSorted((a, b) => (a < b ? -1 : 1))
          .join();
        if (names !== told) tell(shards);
        told = names;
        await timers.sleep(LOOK_EVERY, signal);
      }
      await beginning;
    },
    starts: () => starts,
  };
}
