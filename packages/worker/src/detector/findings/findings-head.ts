import type { ShardPosition } from "../../collector/elasticsearch/shard-tail.ts";
import { isRed, type ShardWatch } from "../../collector/elasticsearch/shard-watch.ts";
import { shardName, type ShardKey } from "../../collector/elasticsearch/shard-tail.ts";
import type { Clock } from "../../ports.ts";
import type { ReadSourceProgress, ShardStanding } from "./source-progress.ts";

/** How far the stream of findings must be read for what the sources have come to to be complete. */
export interface FindingsGoal {
  /** Undefined while it is not known which shards the sources have. */
  readonly progress: readonly ShardStanding[] | undefined;
  /** The last operation of each shard of the stream; none for a shard of which no copy is started. */
  readonly shards: ReadonlyMap<string, { readonly key: ShardKey; readonly end: ShardPosition | undefined }>;
}

/** Says how far the stream of findings goes; one for all readers of a worker. */
export interface FindingsHead {
  /** What was read not long ago, or is read now. Rejects with an `ElasticsearchError`. */
  read(): Promise<FindingsGoal>;
  /** What was read last. */
  last(): FindingsGoal | undefined;
}

/** Makes the head. The watch must be nobody else's: a look that began before the progress was read could miss findings that it tells of. */
export function createFindingsHead(options: {
  readonly readProgress: ReadSourceProgress;
  readonly watch: Pick<ShardWatch, "look">;
  /** A clock that never jumps. */
  readonly steady: Clock;
  /** Milliseconds for which what was read holds. */
  readonly every: number;
}): FindingsHead {
  const { readProgress, watch, steady, every } = options;
  let last: FindingsGoal | undefined;
  let lastAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<FindingsGoal> | undefined;

  const read = async (): Promise<FindingsGoal> => {
    // This order is what the watermark rests on: a shard's progress is saved after its findings, so that what is looked at afterwards holds them all.
    const progress = await readProgress();
    const { sights } = await watch.look();
    const shards = new Map(
      sights.map((sight) => {
        const { key, historyUuid, globalCheckpoint } = sight;
        const end =
          isRed(sight) || historyUuid === undefined || globalCheckpoint === undefined
            ? undefined
            : { historyUuid, checkpoint: globalCheckpoint };
        return [shardName(key), { key, end }] as const;
      }),
    );
    lastAt = steady.now();
    return (last = { progress, shards });
  };

  return {
    async read() {
      if (last !== undefined && steady.now() - lastAt < every) return last;
      reading ??= read().finally(() => (reading = undefined));
      return reading;
    },
    last: () => last,
  };
}
