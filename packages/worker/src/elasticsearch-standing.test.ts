import { describe, expect, it } from "vitest";
import type { ShardSight } from "./collector/elasticsearch/shard-tail.ts";
import type { WatchView } from "./collector/elasticsearch/shard-watch.ts";
import type { ShardProgress } from "./detector/findings/finding-document.ts";
import type { ShardStanding } from "./detector/findings/source-progress.ts";
import { timeShardKey } from "./detector/stage-one/time-shard.ts";
import { shardPartition, shardResource, type SourceShard } from "./detector/stage-one/stage-one.ts";
import { createStanding, type StandingOptions } from "./elasticsearch-standing.ts";

const sightOf = (index: string, globalCheckpoint: number | undefined): ShardSight => ({
  key: { clusterUuid: "c", index, indexUuid: `uuid-${index}`, shard: 0 },
  pattern: "*",
  nodes: globalCheckpoint === undefined ? [] : ["n1"],
  ...(globalCheckpoint === undefined ? {} : { globalCheckpoint, historyUuid: "h" }),
});
const progressTo = (checkpoint: number, counters: Record<string, number> = {}): ShardProgress => ({
  position: { historyUuid: "h", checkpoint },
  partition: "",
  newest: checkpoint * 10,
  lastReceived: 1,
  counters,
  judged: [],
});
const fallback = { target: "far:logs", pattern: "far:logs", reason: "It is in another cluster." };

function stage(options: {
  readonly shards: readonly {
    readonly sight: ShardSight;
    readonly state: ShardStanding["state"];
    readonly progress?: ShardProgress;
    readonly unread?: number;
    readonly owner?: string;
  }[];
  readonly view?: Partial<WatchView>;
  readonly here?: readonly { readonly index: string; readonly trouble: string | undefined }[];
  readonly troubles?: ReadonlyMap<string, string>;
  readonly more?: Partial<StandingOptions>;
}) {
  const shards = options.shards.map(({ sight }): SourceShard => ({ source: "logs", sight }));
  const byTime: SourceShard[] = (options.view?.fallbacks ?? []).map((one) => ({
    source: "logs",
    sight: { key: timeShardKey("c", one) },
  }));
  const standings: ShardStanding[] = [
    ...options.shards.map(({ state, progress, unread, owner }, at): ShardStanding => {
      const shard = shards[at];
      if (shard === undefined) throw new Error("no such shard");
      return {
        partition: shardPartition(shard),
        resource: shardResource(shard),
        state,
        newest: progress?.newest ?? null,
        owner,
        progress,
        unread,
      };
    }),
    ...byTime.map((shard): ShardStanding => ({
      partition: shardPartition(shard),
      resource: shardResource(shard),
      state: "behind",
      newest: null,
      owner: "w1",
      progress: undefined,
      unread: undefined,
    })),
  ];
  const view: WatchView = {
    sights: options.shards.map(({ sight }) => sight),
    closed: [],
    fallbacks: [],
    unmatched: [],
    problem: undefined,
    looks: 1,
    ...options.view,
  };
  return createStanding({
    cluster: {
      name: "prod",
      uuid: "c",
      capabilities: { version: "9.4.3" } as StandingOptions["cluster"]["capabilities"],
    },
    leases: {
      worker: "w1",
      view: async (resources) =>
        resources.map((resource) => ({
          resource,
          owner: resource === "correlate/1" ? undefined : "w1",
          epoch: 2,
          payload: undefined,
        })),
    },
    sources: [
      {
        name: "logs",
        tailing: {
          watch: {
            view: () => view,
            sight: (key) => view.sights.find((sight) => sight.key.indexUuid === key.indexUuid),
          },
        },
      },
    ],
    starts: () => new Map([["logs", { choice: "now", checkpoints: {} }]]),
    followed: () => [...shards, ...byTime],
    stageOne: {
      shards: () =>
        (options.here ?? []).map(({ index, trouble }) => ({
          resource: `source/logs/uuid-${index}/0`,
          source: "logs",
          index,
          shard: 0,
          progress: undefined,
          trouble,
        })),
      troubles: () => options.troubles ?? new Map(),
    },
    readStandings: async () => standings,
    lines: () => ({ correlate: ["correlate/0", "correlate/1"], case: ["case/default"] }),
    lineHere: async (line) => (line === "case/default" ? { lag: 5, problem: "It cannot commit." } : undefined),
    coverage: { last: () => undefined },
    ...options.more,
  });
}

describe("createStanding", () => {
  it("tells shards apart that are read, behind, stalled, red and read by time", async () => {
    const standing = stage({
      shards: [
        { sight: sightOf("done", 9), state: "idle", progress: progressTo(9, { read: 9, superseded: 1 }), unread: 0 },
        { sight: sightOf("slow", 99), state: "behind", progress: progressTo(49), unread: 50, owner: "w2" },
        { sight: sightOf("left", 7), state: "stalled", progress: progressTo(2), unread: 5 },
        { sight: sightOf("lost", undefined), state: "behind" },
      ],
      view: { fallbacks: [fallback], closed: ["old"] },
      here: [{ index: "slow", trouble: "Reading slow failed: no answer in time." }],
    });
    const {
      sources: [logs],
    } = await standing.read();
    expect(logs).toMatchObject({
      start: "now",
      shards: 5,
      here: 1,
      states: { current: 1, behind: 1, stalled: 1, red: 1, byTime: 1 },
      lag: 55,
      newest: 490,
      superseded: 1,
      red: ["lost/0"],
      stalled: ["left/0"],
      closed: ["old"],
      waiting: [
        { index: "lost", state: "red" },
        { index: "slow", state: "behind", lag: 50, owner: "w2", trouble: "Reading slow failed: no answer in time." },
        { index: "left", state: "stalled", lag: 5 },
      ],
    });
    expect(logs?.fallbacks).toEqual([
      { target: "far:logs", reason: "It is in another cluster.", promise: expect.stringContaining("is missed") },
    ]);
    expect(standing.sources()).toMatchObject([{ name: "logs", kind: "elasticsearch", state: "waiting", received: 9 }]);
  });

  it("names what waits for somebody: red and stalled shards, lines that nobody runs, lines that fail", async () => {
    const standing = stage({
      shards: [
        { sight: sightOf("left", 7), state: "stalled", unread: 8 },
        { sight: sightOf("lost", undefined), state: "behind" },
      ],
      view: { unmatched: ["logs-none-*"] },
    });
    await standing.read();
    expect(standing.problems()).toEqual([
      "Source logs waits for lost/0: no copy is started.",
      "Source logs: nobody has read left/0 for long, and the watermark goes on without.",
      "Source logs: nothing fits logs-none-*.",
      "No worker runs correlate/1 yet.",
      "It cannot commit.",
    ]);
  });

  it("tells why a shard is not read whose lease was given back", async () => {
    const standing = stage({
      shards: [{ sight: sightOf("shut", 7), state: "behind", unread: 8 }],
      troubles: new Map([["source/logs/uuid-shut/0", "Reading shut failed: the privilege `read` is missing."]]),
    });
    expect((await standing.read()).sources[0]?.waiting).toMatchObject([
      { index: "shut", trouble: "Reading shut failed: the privilege `read` is missing." },
    ]);
    expect(standing.problems()).toContain(
      "Source logs does not read shut/0: Reading shut failed: the privilege `read` is missing.",
    );
  });

  it("names a source that has not begun", async () => {
    const standing = stage({ shards: [], more: { starts: () => new Map() } });
    await standing.read();
    expect(standing.problems()).toContainEqual(expect.stringMatching(/^Source logs has not begun: /));
  });

  it("says who holds what", async () => {
    const standing = stage({
      shards: [
        { sight: sightOf("a", 1), state: "idle", progress: progressTo(1), unread: 0, owner: "w1" },
        { sight: sightOf("b", 1), state: "idle", progress: progressTo(1), unread: 0, owner: "w2" },
        { sight: sightOf("c", 1), state: "behind", unread: 2 },
      ],
    });
    const { leases, lines } = await standing.read();
    expect(leases).toEqual([
      {
        kind: "source",
        total: 3,
        owners: [
          { worker: "w1", count: 1 },
          { worker: "w2", count: 1 },
        ],
        unowned: ["source/logs/uuid-c/0"],
      },
      { kind: "correlate", total: 2, owners: [{ worker: "w1", count: 1 }], unowned: ["correlate/1"] },
      { kind: "case", total: 1, owners: [{ worker: "w1", count: 1 }], unowned: [] },
    ]);
    expect(lines).toEqual([
      { line: "case/default", owner: "w1", epoch: 2, here: true, lag: 5, problem: "It cannot commit." },
      { line: "correlate/0", owner: "w1", epoch: 2, here: false },
      { line: "correlate/1", epoch: 2, here: false },
    ]);
  });

  it("is a failed source while the shards cannot be looked at, and a waiting one before it has begun", async () => {
    const failing = stage({ shards: [], view: { problem: "The cluster does not answer." } });
    await failing.read();
    expect(failing.sources()).toMatchObject([{ state: "failed", detail: "The cluster does not answer." }]);
    const beginning = stage({ shards: [], more: { starts: () => new Map() } });
    expect((await beginning.read()).sources[0]).not.toHaveProperty("start");
    expect(beginning.sources()).toMatchObject([{ state: "waiting" }]);
  });
});
