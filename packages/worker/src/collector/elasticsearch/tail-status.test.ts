import { expect, it } from "vitest";
import { fitsPattern } from "./index-names.ts";
import { tailStatus } from "./tail-status.ts";
import type { ShardSight } from "./shard-tail.ts";

const sight = (index: string, globalCheckpoint?: number): ShardSight => ({
  key: { clusterUuid: "c", index, indexUuid: `u-${index}`, shard: 0 },
  pattern: "*",
  nodes: globalCheckpoint === undefined ? [] : ["n"],
  ...(globalCheckpoint === undefined ? {} : { globalCheckpoint, historyUuid: "h" }),
});

it("says of each shard how far it is read, and names what is not", () => {
  const status = tailStatus(
    {
      sights: [sight("a", 9), sight("b", 9), sight("c"), sight("d", -1), sight("e", 4)],
      closed: ["old"],
      fallbacks: [{ target: "far:x", pattern: "far:x", reason: "It is in another cluster." }],
      unmatched: ["none-*"],
      problem: undefined,
      looks: 1,
    },
    new Map([
      ["u-a/0", { historyUuid: "h", checkpoint: 9 }],
      ["u-b/0", { historyUuid: "h", checkpoint: 4 }],
      ["u-e/0", { historyUuid: "other", checkpoint: 4 }],
    ]),
    { start: "now", superseded: 3 },
  );
  expect(status.shards.map(({ state, lag }) => [state, lag])).toEqual([
    ["current", 0],
    ["behind", 5],
    ["red", undefined],
    ["current", 0],
    ["unread", 5],
  ]);
  expect(status.detail).toBe(
    "5 shards, 10 operations behind; waiting for c/0; closed: old; read by time: far:x; nothing fits none-*.",
  );
});

it.each([
  ["logs-a", "logs-*", true],
  ["logs-a", "logs-b", false],
  ["logs-a-b", "logs-*-b", true],
  ["logs-b", "logs-*-b", false],
  ["aba", "ab*ba", false],
  ["a-x-b-y-c", "a*x*y*c", true],
  ["a-y-b-x-c", "a*x*y*c", false],
])("finds that %s fits %s: %s", (name, pattern, fits) => {
  expect(fitsPattern(name, pattern)).toBe(fits);
});
