import { describe, expect, test } from "vitest";
import type { ShardKey, ShardPosition, ShardTail, TailDocument } from "../../collector/elasticsearch/shard-tail.ts";
import { silentLog } from "../../testing/silent-log.ts";
import { createFindingsInbox } from "./findings-inbox.ts";
import type { FindingsHead } from "./findings-head.ts";
import { reachOf, type ShardStanding } from "./source-progress.ts";

const standing = (state: ShardStanding["state"], newest: number | null): ShardStanding => ({
  partition: "logs/0",
  state,
  newest,
  resource: "source/logs/x/0",
  owner: "w",
  progress: undefined,
  unread: 0,
});

/** A stream of findings in memory; the ids of a shard are its facts in order. */
function stream() {
  const shards = new Map<string, { history: string; ids: string[]; red: boolean }>();
  const now = { progress: [standing("active", 5_000)] as readonly ShardStanding[] | undefined };
  const key = (name: string): ShardKey => ({ clusterUuid: "c", index: name, indexUuid: name, shard: 0 });
  const head: FindingsHead = {
    read: async () => ({
      progress: now.progress,
      shards: new Map(
        Array.from(shards, ([name, { history, ids, red }]) => [
          name,
          { key: key(name), end: red ? undefined : { historyUuid: history, checkpoint: ids.length - 1 } },
        ]),
      ),
    }),
    last: () => undefined,
  };
  const documentOf = (index: string, id: string, seqNo: number): TailDocument => ({
    index,
    id,
    seqNo,
    source: {
      vedette: {
        finding: {
          source: "logs",
          shadow: false,
          received: 1,
          content_hash: `${index}${"0".repeat(64)}`,
          // What stands behind a bar is another event's time.
          body: { kind: "fact", id: id.replace(/\|.*/, ""), time: 1 },
        },
      },
    },
  });
  const open = (shardKey: ShardKey, from: ShardPosition | undefined): ShardTail => {
    let position = from ?? { historyUuid: "", checkpoint: -1 };
    return {
      key: shardKey,
      async next() {
        const { history, ids } = shards.get(shardKey.index) ?? { history: "", ids: [] };
        if (position.historyUuid !== history) position = { historyUuid: history, checkpoint: -1 };
        const begin = position.checkpoint + 1;
        const page = ids.slice(begin, begin + 2);
        if (page.length === 0) return undefined;
        position = { historyUuid: history, checkpoint: begin + page.length - 1 };
        return {
          documents: page.map((id, at) => documentOf(shardKey.index, id, begin + at)),
          position,
          superseded: 0,
          caughtUp: position.checkpoint === ids.length - 1,
        };
      },
    };
  };
  const taken = new Set<string>();
  const make = () =>
    createFindingsInbox({
      head,
      open,
      every: 1,
      ports: { timers: { sleep: async () => {} }, log: silentLog },
      taken: async (ids) => new Set(ids.filter((id) => taken.has(id))),
    });
  return { shards, now, make, taken };
}

const idsOf = (rows: readonly { readonly sequence: number; readonly id: string }[]): string[] =>
  rows.map(({ id }) => id);

describe("the inbox of findings", () => {
  test("gives all shards' findings, then how far the sources are judged, once", async () => {
    const { shards, make } = stream();
    shards.set("a", { history: "h", ids: ["a0", "a1", "a2"], red: false });
    shards.set("b", { history: "h", ids: ["b0"], red: false });
    const inbox = make();
    inbox.seek(0, undefined);
    const rows = await inbox.readInbox(0, 10);
    expect(idsOf(rows)).toEqual(["a0", "a1", "b0", "a2", "progress 5000 5000"]);
    expect(rows.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(await inbox.readInbox(5, 10)).toEqual([]);
  });

  test.each([1, 2, 3, 4])(
    "goes on behind row %i with the text that belongs to it, and gives the rest",
    async (cursor) => {
      const { shards, make } = stream();
      shards.set("a", { history: "h", ids: ["a0", "a1", "a2"], red: false });
      shards.set("b", { history: "h", ids: ["b0", "b1"], red: false });
      const first = make();
      first.seek(0, undefined);
      const before = (await first.readInbox(0, 10)).slice(0, cursor);
      const second = make();
      second.seek(cursor, first.stateAt(cursor));
      const after = await second.readInbox(cursor, 10);
      expect(after[0]?.sequence).toBe(cursor + 1);
      expect(idsOf([...before, ...after]).toSorted()).toEqual(["a0", "a1", "a2", "b0", "b1", "progress 5000 5000"]);
    },
  );

  test("tells no progress while a shard of the stream is red, or a source's shards are not known", async () => {
    const { shards, now, make } = stream();
    shards.set("a", { history: "h", ids: ["a0"], red: false });
    shards.set("b", { history: "h", ids: [], red: true });
    const inbox = make();
    inbox.seek(0, undefined);
    expect(idsOf(await inbox.readInbox(0, 10))).toEqual(["a0"]);
    shards.delete("b");
    now.progress = undefined;
    expect(idsOf(await inbox.readInbox(1, 10))).toEqual([]);
  });

  test("does not give facts again that are in alerts already when a shard gives its numbers anew", async () => {
    const { shards, make, taken } = stream();
    shards.set("a", { history: "h", ids: ["a0", "a1"], red: false });
    const inbox = make();
    inbox.seek(0, undefined);
    await inbox.readInbox(0, 10);
    taken.add("a0").add("a1");
    shards.set("a", { history: "other", ids: ["a0", "a1", "a2"], red: false });
    expect(idsOf(await inbox.readInbox(3, 10))).toEqual(["a2"]);
  });

  test("gives a second judgement of an event, that stands in another index, under an id of its own, once", async () => {
    const { shards, make, taken } = stream();
    shards.set("a", { history: "h", ids: ["x", "y"], red: false });
    const inbox = make();
    inbox.seek(0, undefined);
    await inbox.readInbox(0, 10);
    taken.add("x").add("y");
    await inbox.readInbox(3, 10);
    // In the same page as another one, and after one that was committed.
    shards.set("a", { history: "h", ids: ["x", "y", "x|july", "z", "z|july"], red: false });
    const rows = await inbox.readInbox(3, 10);
    const ids = rows.flatMap((row) => (row.kind === "finding" ? [row.finding.id] : []));
    expect(ids).toEqual(["x.a00000000000", "z", "z.a00000000000"]);
  });

  test("begins at the end when the memory was restored from elsewhere", async () => {
    const { shards, make } = stream();
    shards.set("a", { history: "h", ids: ["a0", "a1"], red: false });
    const inbox = make();
    inbox.seek(7, undefined);
    expect(idsOf(await inbox.readInbox(7, 10))).toEqual(["progress 5000 5000"]);
    shards.set("a", { history: "h", ids: ["a0", "a1", "a2"], red: false });
    expect(idsOf(await inbox.readInbox(8, 10))).toEqual(["a2"]);
  });
});

describe("what all shards have come to", () => {
  test.each<[string, readonly ShardStanding[], ReturnType<typeof reachOf>]>([
    ["the lowest of those waited for", [standing("active", 5), standing("behind", 3)], { reached: 3, newest: 5 }],
    ["idle ones do not hold it back", [standing("active", 5), standing("idle", 3)], { reached: 5, newest: 5 }],
    ["stalled ones do not either", [standing("active", 5), standing("stalled", 3)], { reached: 5, newest: 5 }],
    ["all idle: the newest", [standing("idle", 5), standing("idle", 3)], { reached: 5, newest: 5 }],
    ["nothing while one is behind and unknown", [standing("active", 5), standing("behind", null)], undefined],
    ["nothing before the first event", [standing("idle", null)], undefined],
    ["an empty shard is not waited for", [standing("active", null), standing("active", 4)], { reached: 4, newest: 4 }],
  ])("%s", (_name, shards, expected) => {
    expect(reachOf(shards)).toEqual(expected);
  });
});
