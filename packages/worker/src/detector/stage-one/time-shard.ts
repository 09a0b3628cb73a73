import type { ShardKey, ShardPosition, ShardTail } from "../../collector/elasticsearch/shard-tail.ts";
import type { Fallback } from "../../collector/elasticsearch/shard-watch.ts";
import type { TimePosition, TimeTail } from "../../collector/elasticsearch/time-tail.ts";
import { hashId } from "../hash.ts";

const TIME_UUID = "time-";
const TIME_HISTORY = "time:";

/** The key under which something that is read by time is leased: a shard whose numbers are milliseconds. */
export const timeShardKey = (clusterUuid: string, { target }: Fallback): ShardKey => ({
  clusterUuid,
  index: target,
  indexUuid: `${TIME_UUID}${hashId(target)}`,
  shard: 0,
});

/** Whether a key stands for something that is read by time. */
export const isReadByTime = ({ indexUuid }: Pick<ShardKey, "indexUuid">): boolean => indexUuid.startsWith(TIME_UUID);

/** A position in time, from the form in which shards keep theirs; undefined where reading has not begun. */
export function toTimePosition(position: ShardPosition | undefined): TimePosition | undefined {
  if (position === undefined || !position.historyUuid.startsWith(TIME_HISTORY)) return undefined;
  return { field: position.historyUuid.slice(TIME_HISTORY.length), upTo: position.checkpoint };
}

/** A position in time, in the form in which shards keep theirs. */
export const fromTimePosition = ({ field, upTo }: TimePosition): ShardPosition => ({
  historyUuid: `${TIME_HISTORY}${field}`,
  checkpoint: Math.floor(upTo),
});

/** Where a source begins that is read by time, by its choice; undefined at the first document. */
export function timeStart(choice: string, now: number): TimePosition | undefined {
  if (choice === "beginning") return undefined;
  return { field: "@timestamp", upTo: choice === "now" ? now : Date.parse(choice) };
}

/** Lets something that is read by time be followed like a shard. */
export const asShardTail = (key: ShardKey, tail: TimeTail): ShardTail => ({
  key,
  async next(signal) {
    const page = await tail.next(signal);
    if (page === undefined) return undefined;
    const position = fromTimePosition(page.position);
    return {
      documents: page.documents.map((document) => ({ ...document, seqNo: position.checkpoint })),
      position,
      superseded: 0,
      caughtUp: page.caughtUp,
    };
  },
});
