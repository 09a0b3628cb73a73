import { describe, expect, it } from "vitest";
import type { TailPage } from "../../collector/elasticsearch/shard-tail.ts";
import { ElasticsearchError } from "../../elasticsearch/errors.ts";
import type { Lease, Leases } from "../../leases/lease.ts";
import { createNodePorts } from "../../ports-node.ts";
import { silentLog } from "../../testing/silent-log.ts";
import { createStageOne, shardResource, type SourceShard } from "./stage-one.ts";
import { createMemoryFindings } from "./testing/memory-findings.ts";
import { createWordJudge } from "./testing/word-rules.ts";

const key = { clusterUuid: "c", index: "logs", indexUuid: "i", shard: 0 };
const shard: SourceShard = { source: "logs", sight: { key } };
const forbidden = new ElasticsearchError("elasticsearch-forbidden", "Reading logs failed: the privilege is missing.", {
  retryable: false,
});
const position = { historyUuid: "h", checkpoint: -1 };
const page: TailPage = { documents: [], position: { historyUuid: "h", checkpoint: 4 }, superseded: 5, caughtUp: true };

/** Leases that are given whenever the test says so. */
function manualLeases() {
  let work: (lease: Lease) => Promise<void> = async () => {};
  const leases: Pick<Leases, "offer"> = { offer: (_kind, _resources, given) => void (work = given) };
  const give = (): { readonly worked: Promise<unknown>; readonly recall: () => void } => {
    const recalled = new AbortController();
    const lease: Lease = {
      resource: shardResource(shard),
      epoch: 1,
      payload: undefined,
      lost: new AbortController().signal,
      recalled: recalled.signal,
      save: async () => {},
      release: async () => {},
    };
    const worked = work(lease).catch((error: unknown) => error);
    return { worked, recall: () => recalled.abort() };
  };
  return { leases: leases as Leases, give };
}

describe("a shard that cannot be read", () => {
  it("has its reason told until it is read", async () => {
    let isForbidden = true;
    const { leases, give } = manualLeases();
    const pages: (TailPage | undefined)[] = [page];
    const stageOne = createStageOne({
      prefix: "p",
      leases,
      openTail: async () => {
        if (isForbidden) throw forbidden;
        return await Promise.resolve({
          tail: { key, next: async () => await Promise.resolve(pages.shift()) },
          position,
        });
      },
      writeFindings: createMemoryFindings().writeOnce,
      ruleSets: { write: async () => await Promise.resolve({ status: "written" } as never) },
      detector: createWordJudge([]),
      mappings: [],
      rules: [],
      isShadow: () => false,
      logSources: new Map(),
      refuse: async () => {},
      ports: createNodePorts(silentLog),
      pollInterval: 5,
    });
    stageOne.follow([shard]);
    const first = give();
    expect(await first.worked).toBe(forbidden);
    expect([...stageOne.troubles()]).toEqual([[shardResource(shard), forbidden.message]]);
    isForbidden = false;
    const second = give();
    await expect.poll(() => stageOne.troubles().size).toBe(0);
    second.recall();
    await second.worked;
    isForbidden = true;
    await give().worked;
    stageOne.follow([]);
    expect(stageOne.troubles().size).toBe(0);
    await stageOne[Symbol.asyncDispose]();
  });
});
