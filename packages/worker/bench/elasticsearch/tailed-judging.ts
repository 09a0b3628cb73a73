import { type createDetector, DEFAULT_MAPPINGS } from "@vedette/detection";
import { createTailing } from "../../src/collector/elasticsearch/tailing.ts";
import type { ShardProgress } from "../../src/detector/findings/finding-document.ts";
import { FINDING_HASH_FIELD } from "../../src/detector/stage-one/fact-document.ts";
import { followShard } from "../../src/detector/stage-one/follow-shard.ts";
import { createRecordJudge, type StageOneCounters } from "../../src/detector/stage-one/judge-records.ts";
import { Slots } from "../../src/detector/stage-one/slots.ts";
import { tailedRecord } from "../../src/detector/stage-one/tailed-record.ts";
import type { WriteOnce } from "../../src/detector/stage-one/write-facts.ts";
import { createBulkWriter } from "../../src/elasticsearch/bulk-writer.ts";
import type { Cluster } from "../../src/elasticsearch/cluster.ts";
import { createOnce } from "../../src/elasticsearch/create-once.ts";
import type { Lease } from "../../src/leases/lease.ts";
import { createNodePorts, steadyClock } from "../../src/ports-node.ts";
import { silentLog } from "../../src/testing/silent-log.ts";
import type { Indexed } from "./windows-documents.ts";

/** Prefix of what the benchmarks write. */
export const BENCH_PREFIX = "bench-vedette";

/** What following the index once took. */
export interface Followed {
  /** Seconds, and seconds of processor time of this process. */
  readonly wall: number;
  readonly cpu: number;
  readonly facts: number;
  /** Sequence number up to which it came. */
  readonly checkpoint: number;
}

/** Counts what would be written. */
const writeNothing: WriteOnce = async (documents) =>
  await Promise.resolve(documents.map(() => ({ status: "written" })));

/**
 * Reads an index from its beginning to its end and judges each document, with the worker's own tail and stage one; `writes` tells whether findings are written to the cluster, `after` behind which
 * sequence number it begins, `count` after how many documents it ends. A detector
 * compiles its rules when it meets the first event of a kind: one that is used again has done that.
 */
export const followIndex = async (
  cluster: Cluster,
  { index, count }: Pick<Indexed, "index" | "count">,
  detector: ReturnType<typeof createDetector>,
  { writes, after = -1 }: { readonly writes: boolean; readonly after?: number },
): Promise<Followed> => {
  const ports = createNodePorts(silentLog);
  const judge = createRecordJudge({
    prefix: BENCH_PREFIX,
    detector,
    isShadow: () => false,
    logSources: new Map(),
    futureTolerance: 300_000,
    ports,
  });
  const writer = createBulkWriter({ cluster, ...ports, prefix: BENCH_PREFIX });
  const writeOnce: WriteOnce = writes
    ? async (documents, options) =>
        await createOnce(cluster, writer, documents, { hashField: FINDING_HASH_FIELD, ...options })
    : writeNothing;
  await using tailing = createTailing({
    cluster,
    random: ports.random,
    steady: steadyClock,
    clock: ports.clock,
    timers: ports.timers,
    log: silentLog,
    patterns: [index],
    prefix: BENCH_PREFIX,
  });
  const { sights } = await tailing.watch.look();
  const [sight] = sights;
  if (sight?.historyUuid === undefined) throw new Error(`${index} has no shard that can be read`);
  tailing.watch.start();
  const enough = new AbortController();
  const lease: Lease = {
    resource: index,
    epoch: 1,
    payload: undefined,
    save: async () => await Promise.resolve(),
    lost: new AbortController().signal,
    recalled: enough.signal,
    release: async () => await Promise.resolve(),
  };
  const origin = { source: "bench", stream: index, partition: index, isReceived: false };
  let read = 0;
  let facts = 0;
  let ended = 0;
  let checkpoint = after;
  const onPage = (counters: StageOneCounters, { position }: ShardProgress): void => {
    checkpoint = position.checkpoint;
    read += counters.read;
    facts += counters.facts + counters.known;
    if (read < count) return;
    ended = performance.now();
    enough.abort();
  };
  const before = process.cpuUsage();
  const started = performance.now();
  const position = { historyUuid: sight.historyUuid, checkpoint: after };
  await followShard({
    lease,
    partition: index,
    openTail: async () =>
      await Promise.resolve({
        tail: tailing.open(sight.key, position),
        position,
        changed: async (milliseconds, signal) => await tailing.watch.changed(milliseconds, signal),
      }),
    recordsOf: ({ documents }) => ({
      records: documents.map((document) => ({
        record: tailedRecord(document, origin, DEFAULT_MAPPINGS, Date.now()),
        position: { index: document.index, id: document.id },
      })),
      early: 0,
    }),
    judge,
    writeOnce,
    refuse: async () => await Promise.resolve(),
    ruleSet: "bench",
    slots: new Slots(4),
    ports,
    pollInterval: 100,
    saveInterval: 1_000,
    onPage,
    onTrouble: () => {},
  });
  const { user, system } = process.cpuUsage(before);
  return { wall: (ended - started) / 1_000, cpu: (user + system) / 1e6, facts, checkpoint };
};
