import { describe, expect, it } from "vitest";
import type { TimePage } from "../../collector/elasticsearch/time-tail.ts";
import { asShardTail, fromTimePosition, isReadByTime, timeShardKey, timeStart, toTimePosition } from "./time-shard.ts";

const fallback = { target: "remote:logs-*", pattern: "remote:logs-*", reason: "It is in another cluster." };

describe("what is read by time", () => {
  it("has a key of its own", () => {
    const key = timeShardKey("c", fallback);
    expect(key).toMatchObject({ clusterUuid: "c", index: "remote:logs-*", shard: 0 });
    expect(isReadByTime(key)).toBe(true);
    expect(isReadByTime({ indexUuid: "Zm9vYmFy" })).toBe(false);
  });

  it("keeps its position as a shard does", () => {
    const position = { field: "event.ingested", upTo: 1_800_000_000_123 };
    expect(toTimePosition(fromTimePosition(position))).toEqual(position);
    expect(toTimePosition({ historyUuid: "", checkpoint: -1 })).toBeUndefined();
    expect(toTimePosition(undefined)).toBeUndefined();
  });

  it.each([
    ["beginning", undefined],
    ["now", { field: "@timestamp", upTo: 5_000 }],
    ["1970-01-01T00:00:01Z", { field: "@timestamp", upTo: 1_000 }],
  ])("starts at %s", (choice, expected) => {
    expect(timeStart(choice, 5_000)).toEqual(expected);
  });

  it("is delivered in pages of a shard", async () => {
    const page: TimePage = {
      documents: [{ index: "logs", id: "1", source: {} }],
      position: { field: "@timestamp", upTo: 7 },
      caughtUp: true,
    };
    const pages = [page];
    const tail = asShardTail(timeShardKey("c", fallback), { fallback, next: async () => pages.shift() });
    const { signal } = new AbortController();
    expect(await tail.next(signal)).toEqual({
      documents: [{ index: "logs", id: "1", source: {}, seqNo: 7 }],
      position: { historyUuid: "time:@timestamp", checkpoint: 7 },
      superseded: 0,
      caughtUp: true,
    });
    expect(await tail.next(signal)).toBeUndefined();
  });
});
