import { expect, it } from "vitest";
import type { WatchedShard } from "./source-progress.ts";
import { createWatchedShards } from "./watched-shards.ts";

it("waits for a source that has not begun, and not for ever", () => {
  let now = 5;
  let haveAllBegun = false;
  const shard: WatchedShard = { resource: "source/logs/i/0", partition: "logs/0", sight: undefined };
  const watched = createWatchedShards({
    shards: () => [shard],
    haveAllBegun: () => haveAllBegun,
    steady: { now: () => now },
    stalledAfter: 100,
  });
  expect(watched()).toBeUndefined();
  haveAllBegun = true;
  expect(watched()).toEqual([shard]);
  haveAllBegun = false;
  now = 105;
  expect(watched()).toBeUndefined();
  now = 106;
  expect(watched()).toEqual([shard]);
});
