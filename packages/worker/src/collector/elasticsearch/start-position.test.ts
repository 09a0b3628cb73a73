import { expect, test } from "vitest";
import type { ShardSight } from "./shard-tail.ts";
import { type SourceStart, startPosition } from "./start-position.ts";

const start: SourceStart = {
  choice: "now",
  checkpoints: { "u1/0": 40, "u1/1": 25, "u2/0": null },
  names: { u1: ".ds-logs-2026.01.01-000001", u2: "filebeat" },
};

const sight = (indexUuid: string, index: string): ShardSight => ({
  key: { clusterUuid: "c", index, indexUuid, shard: 0 },
  pattern: "logs",
  historyUuid: "h",
  nodes: ["n"],
});

test.each<[string, ShardSight, number]>([
  ["where it stood at the start", sight("u1", ".ds-logs-2026.01.01-000001"), 40],
  ["whole when it was red then", sight("u2", "filebeat"), -1],
  ["whole when it came later", sight("u3", ".ds-logs-2026.01.02-000002"), -1],
  ["whole when it was deleted and made again under its name", sight("u4", ".ds-logs-2026.01.01-000001"), -1],
  [
    "as a shrunk copy, where the first of its original's shards stood",
    sight("u5", "shrink-ab1_-.ds-logs-2026.01.01-000001"),
    25,
  ],
  ["as a mounted copy of a shrunk one, the same", sight("u6", "restored-shrink-ab1_-.ds-logs-2026.01.01-000001"), 25],
  ["whole as a copy of one that was red", sight("u7", "partial-filebeat"), -1],
  ["whole as a copy of one that came later", sight("u8", "shrink-ab1_-.ds-logs-2026.01.02-000002"), -1],
])("a shard that nobody has read begins %s", (_what, of, checkpoint) => {
  expect(startPosition(start, of)).toEqual({ historyUuid: "h", checkpoint });
});
