import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Log } from "../../ports.ts";
import type { Ask, AskCluster } from "./ask-cluster.ts";
import { createShardTail } from "./create-shard-tail.ts";
import { Refresher } from "./refresher.ts";
import type { ShardKey, ShardSight } from "./shard-tail.ts";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const KEY: ShardKey = { clusterUuid: "c", index: "logs", indexUuid: "u", shard: 0 };

interface Search {
  readonly size: number;
  readonly query: {
    readonly bool: {
      readonly filter: readonly [
        { readonly range: { readonly _seq_no: { readonly gt: number; readonly lte: number } } },
      ];
    };
  };
}

/** One copy as a search sees it: it takes operations in any order, and a refresh of its own may come between any two. */
class Copy {
  readonly live = new Map<string, number>();
  #visible = new Map<string, number>();
  readonly #taken = new Set<number>();
  checkpoint = -1;
  refreshes = 0;
  searches = 0;
  take(seqNo: number, id: string): void {
    this.#taken.add(seqNo);
    if ((this.live.get(id) ?? -1) < seqNo) this.live.set(id, seqNo);
    while (this.#taken.has(this.checkpoint + 1)) this.checkpoint += 1;
  }
  refresh(): void {
    this.#visible = new Map(this.live);
  }
  readonly ask: AskCluster = async <Body>({ path, body }: Ask) => {
    if (path.endsWith("/_refresh")) {
      this.refreshes += 1;
      this.refresh();
      return { status: 200, bytes: 10, body: { _shards: { successful: 1, failed: 0 } } as Body };
    }
    this.searches += 1;
    const { size, query } = body as Search;
    const { gt, lte } = query.bool.filter[0].range._seq_no;
    const hits = [...this.#visible]
      .filter(([, seqNo]) => seqNo > gt && seqNo <= lte)
      .sort(([, a], [, b]) => a - b)
      .slice(0, size)
      .map(([id, seqNo]) => ({ _id: id, _index: "logs", _source: {}, sort: [seqNo] }));
    return {
      status: 200,
      bytes: 10,
      body: { timed_out: false, _shards: { total: 1, successful: 1, failed: 0 }, hits: { hits } } as Body,
    };
  };
}

type Step = { readonly kind: "take" | "refresh" | "look" | "read"; readonly at: number };

/** Lets a shard take numbered operations in a shuffled order while it is tailed; gives what was delivered and what is live at the end. */
async function run(steps: readonly Step[], page: number, skipRefresh: boolean) {
  const copy = new Copy();
  let now = 0;
  let next = 0;
  const waiting: (readonly [number, string])[] = [];
  let seen: ShardSight | undefined;
  const look = (): void => {
    seen = { key: KEY, pattern: "logs", nodes: ["n"], historyUuid: "h", globalCheckpoint: copy.checkpoint };
  };
  const refresher = new Refresher({
    ask: copy.ask,
    steady: { now: () => now },
    sights: () => (seen ? [seen] : []),
    every: 5,
  });
  const tail = createShardTail({
    key: KEY,
    pagesAhead: () => 2,
    ask: copy.ask,
    refresher,
    sight: () => seen,
    position: undefined,
    pageSize: { min: 1, max: page },
    steady: { now: () => now },
    log: silent,
    patience: 10,
    testing: { skipRefresh },
  });
  const delivered = new Map<string, number>();
  let last = -1;
  let superseded = 0;
  const read = async (): Promise<boolean> => {
    now += 1;
    const got = await tail.next(new AbortController().signal);
    for (const { id, seqNo } of got?.documents ?? []) {
      expect(seqNo).toBeGreaterThan(last);
      last = seqNo;
      delivered.set(id, seqNo);
    }
    if (got !== undefined) last = Math.max(last, got.position.checkpoint);
    superseded += got?.superseded ?? 0;
    return got !== undefined;
  };
  for (const { kind, at } of steps) {
    if (kind === "take") {
      // A few operations are on their way at any time; which is taken first is chance.
      for (; waiting.length < 4; next += 1) waiting.push([next, `${(at * 31 + next) % 7 === 0 ? next % 5 : next}`]);
      const [operation] = waiting.splice(at % waiting.length, 1);
      if (operation !== undefined) copy.take(...operation);
    } else if (kind === "refresh") copy.refresh();
    else if (kind === "look") look();
    else await read();
  }
  for (const operation of waiting) copy.take(...operation);
  look();
  copy.refresh();
  for (let idle = 0; idle < 40;) idle = (await read()) ? 0 : idle + 1;
  return { delivered, live: copy.live, superseded, next, copy };
}

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step["kind"]>("take", "take", "take", "take", "refresh", "look", "read", "read"),
    at: fc.nat({ max: 50 }),
  }),
  { maxLength: 300 },
);
const page = fc.integer({ min: 1, max: 20 });

describe("the tail of a shard", () => {
  it("delivers every live document in order, whatever is taken and refreshed when", async () => {
    await fc.assert(
      fc.asyncProperty(steps, page, async (given, size) => {
        const { delivered, live } = await run(given, size, false);
        for (const [id, seqNo] of live) expect(delivered.get(id)).toBe(seqNo);
      }),
      { numRuns: 500 },
    );
  });

  it("would lose documents if it took what is missing for superseded without a refresh", async () => {
    const result = await fc.check(
      fc.asyncProperty(steps, page, async (given, size) => {
        const { delivered, live } = await run(given, size, true);
        for (const [id, seqNo] of live) if (delivered.get(id) !== seqNo) throw new Error("lost");
      }),
      { numRuns: 500 },
    );
    expect(result.failed).toBe(true);
  });

  it("reads pages ahead once each where nothing is in their way", async () => {
    const count = 400;
    const backlog: Step[] = Array.from({ length: count }, () => ({ kind: "take", at: 1 }));
    const { copy, delivered } = await run(
      [...backlog, { kind: "refresh", at: 0 }, { kind: "look", at: 0 }, { kind: "read", at: 0 }],
      10,
      false,
    );
    expect(delivered.size).toBe(copy.live.size);
    expect(copy.searches).toBeLessThan(count / 10 + 20);
  });

  it("asks for one refresh, not for one a page, where many numbers hold nothing any more", async () => {
    const backlog: Step[] = Array.from({ length: 2_000 }, (_, at) => ({ kind: "take", at }));
    const { copy, superseded } = await run(
      [...backlog, { kind: "refresh", at: 0 }, { kind: "look", at: 0 }],
      50,
      false,
    );
    expect(superseded).toBeGreaterThan(100);
    expect(copy.refreshes).toBeLessThanOrEqual(2);
    expect(copy.searches).toBeLessThan(2_000 / 50 + 60);
  });
});
