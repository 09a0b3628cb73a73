import type { FieldMapping, LogSource } from "@vedette/detection";
import type { ProcessRecords } from "../../collector/processors/processors.ts";
import type { ShardPosition, ShardSight } from "../../collector/elasticsearch/shard-tail.ts";
import { ElasticsearchError } from "../../elasticsearch/errors.ts";
import type { Leases } from "../../leases/lease.ts";
import type { VersionedDocuments } from "../../leases/lease-documents.ts";
import type { Clock, Log, Timers } from "../../ports.ts";
import type { RawRecord, RefusedInput } from "../../record.ts";
import { createRefusalList } from "../../collector/refusal-list.ts";
import type { ShardProgress } from "../findings/finding-document.ts";
import type { EventJudge } from "../line-rule.ts";
import { createEarlyJudgement } from "./early-judgement.ts";
import { followShard, type OpenedTail } from "./follow-shard.ts";
import { createRecordJudge, NO_COUNTS, addCounts, type PlacedRecord, type StageOneCounters } from "./judge-records.ts";
import { type RuleRevision, type RuleSetDocument, ruleSetDocument, ruleSetOf } from "./rule-set.ts";
import { Slots } from "./slots.ts";
import { streamOf, tailedRecord } from "./tailed-record.ts";
import type { WriteOnce } from "./write-facts.ts";

/** Kind of the resources that shards of sources are leased as. */
export const SOURCE_KIND = "source";

/** A shard that is to be read, and the source that it was found by. */
export interface SourceShard {
  /** Name of the configured source. */
  readonly source: string;
  readonly sight: Pick<ShardSight, "key" | "dataStream">;
  /** The index holds records that a worker received itself. */
  readonly isReceived?: boolean;
}

/** Name of the lease of a shard. */
export const shardResource = ({ source, sight: { key } }: SourceShard): string =>
  `${SOURCE_KIND}/${source}/${key.indexUuid}/${key.shard}`;

/** Name of the partition that the watermark is kept for. */
export const shardPartition = ({ sight: { key } }: SourceShard): string => `${key.index}/${key.shard}`;

/** What stage one needs. */
export interface StageOneOptions {
  readonly prefix: string;
  readonly leases: Leases;
  /** Opens a shard after a position; without one, where its source is configured to start. */
  readonly openTail: (
    shard: SourceShard,
    position: ShardPosition | undefined,
    signal: AbortSignal,
  ) => Promise<OpenedTail>;
  /** Writes findings once. */
  readonly writeFindings: WriteOnce;
  /** Where sets of rules are kept. */
  readonly ruleSets: Pick<VersionedDocuments<RuleSetDocument>, "write">;
  readonly detector: EventJudge;
  readonly mappings: readonly FieldMapping[];
  readonly rules: readonly RuleRevision[];
  /** Whether a rule, by its id, is on trial. */
  readonly isShadow: (ruleId: string) => boolean;
  readonly process?: ProcessRecords | undefined;
  /** What the configuration says that the records of a source belong to. */
  readonly logSources: ReadonlyMap<string, LogSource>;
  /** Lists events that the detector failed on. */
  readonly refuse: (inputs: readonly RefusedInput[]) => Promise<void>;
  readonly ports: { readonly clock: Clock; readonly timers: Timers; readonly log: Log };
  /** Told what was judged, of which source. */
  readonly onJudged?: (source: string, counters: Partial<StageOneCounters>) => void;
  /** An event dated further ahead of its receipt is quarantined. Milliseconds, by default 300,000. */
  readonly futureTolerance?: number;
  /** Milliseconds between two looks at a shard that has nothing new, by default 500. */
  readonly pollInterval?: number;
  /** Milliseconds of reading after which progress is saved at the latest, by default 1,000. */
  readonly saveInterval?: number;
  /** Pages in memory at once, over all shards. By default 24. */
  readonly maxPages?: number;
}

/** How a shard stands that this worker reads. */
export interface ShardStatus {
  readonly resource: string;
  readonly source: string;
  readonly index: string;
  readonly shard: number;
  readonly progress: ShardProgress | undefined;
  /** What keeps it from being read, one sentence. */
  readonly trouble: string | undefined;
}

/** Judges the events of source shards, each by itself and without memory, and writes what was found. */
export interface StageOne extends AsyncDisposable {
  /** Names the shards that there are now; this worker reads those that it gets leases of. */
  follow(shards: readonly SourceShard[]): void;
  /** Judges records that this worker has received and stored just now, ahead of the tail. */
  judgeReceived(records: readonly RawRecord[]): void;
  /** Resolves when the records given to `judgeReceived` are judged, or left to the tail. */
  settled(): Promise<void>;
  /** The shards that this worker reads now. */
  shards(): readonly ShardStatus[];
  /** What kept shards from being read when this worker tried last and gave their leases back, one sentence each, by the name of the lease. */
  troubles(): ReadonlyMap<string, string>;
  /** What this worker did since its start. */
  counters(): StageOneCounters;
  /** Received records that were left to the tail because too many waited. */
  readonly leftToTail: number;
}

const LISTED_PER_MINUTE = 60;

/** Makes stage one; it begins when it is told of shards. */
export function createStageOne(options: StageOneOptions): StageOne {
  const { prefix, leases, mappings, ports, pollInterval = 500, saveInterval = 1_000, writeFindings } = options;
  const { clock, log } = ports;
  const futureTolerance = options.futureTolerance ?? 300_000;
  const slots = new Slots(options.maxPages ?? 24);
  const ruleSet = ruleSetOf(options.rules);
  const following = new Map<string, { shard: SourceShard; progress?: ShardProgress; trouble: string | undefined }>();
  const troubles = new Map<string, string>();
  let shards = new Map<string, SourceShard>();
  let counters = NO_COUNTS;
  let areRulesKept = false;

  const judge = createRecordJudge({
    prefix,
    detector: options.detector,
    isShadow: options.isShadow,
    process: options.process,
    logSources: options.logSources,
    futureTolerance,
    ports,
  });
  const refusals = createRefusalList({ store: { refuse: options.refuse }, clock, log, perMinute: LISTED_PER_MINUTE });
  const refuse: StageOneOptions["refuse"] = async (inputs) => {
    if (inputs.length > 0) await refusals.add(inputs);
  };
  const count = (source: string, more: Partial<StageOneCounters>): void => {
    counters = addCounts(counters, more);
    options.onJudged?.(source, more);
  };
  const early = createEarlyJudgement({
    prefix,
    judge,
    writeOnce: writeFindings,
    refuse,
    log,
    onJudged: (more) => count("received", more),
  });

  /** Which rules a name stands for is known before any progress refers to it. */
  const recordRules = async (): Promise<void> => {
    if (areRulesKept) return;
    const result = await options.ruleSets.write(ruleSet.hash, ruleSetDocument(ruleSet, clock.now()), "absent");
    if (result.status === "unknown") throw result.error;
    areRulesKept = true;
  };

  const recordsOf =
    (shard: SourceShard) => (page: { readonly documents: readonly Parameters<typeof tailedRecord>[0][] }) => {
      const { source, sight, isReceived = false } = shard;
      const partition = shardPartition(shard);
      const receivedAt = clock.now();
      const records: PlacedRecord[] = [];
      let skipped = 0;
      let earlyNewest: number | undefined;
      for (const document of page.documents) {
        // What is read by time may come from many indices.
        const stream = sight.dataStream ?? streamOf(document.index);
        const record = tailedRecord(document, { source, stream, partition, isReceived }, mappings, receivedAt);
        if (isReceived && early.wasJudged(record)) {
          skipped += 1;
          // It counts for the watermark like any other.
          if (record.time <= record.receivedAt + futureTolerance)
            earlyNewest = Math.max(earlyNewest ?? record.time, record.time);
        } else records.push({ record, position: { index: document.index, id: document.id } });
      }
      return { records, early: skipped, earlyNewest };
    };

  return {
    follow(found) {
      shards = new Map(found.map((shard) => [shardResource(shard), shard]));
      for (const resource of troubles.keys()) if (!shards.has(resource)) troubles.delete(resource);
      leases.offer(SOURCE_KIND, [...shards.keys()], async (lease) => {
        const shard = shards.get(lease.resource);
        if (shard === undefined) return;
        const state: { shard: SourceShard; progress?: ShardProgress; trouble: string | undefined } = {
          shard,
          trouble: undefined,
        };
        following.set(lease.resource, state);
        try {
          await recordRules();
          await followShard({
            lease,
            partition: shardPartition(shard),
            openTail: (position, signal) => options.openTail(shard, position, signal),
            recordsOf: recordsOf(shard),
            judge,
            writeOnce: writeFindings,
            refuse,
            ruleSet: ruleSet.hash,
            slots,
            ports,
            pollInterval,
            saveInterval,
            onPage(more, progress) {
              state.progress = progress;
              troubles.delete(lease.resource);
              count(shard.source, more);
            },
            onTrouble: (trouble) => void (state.trouble = trouble),
          });
        } catch (error) {
          // What waiting does not cure is tried again with the next lease; until then somebody has to be able to see it.
          if (error instanceof ElasticsearchError) troubles.set(lease.resource, error.message);
          throw error;
        } finally {
          if (following.get(lease.resource) === state) following.delete(lease.resource);
        }
      });
    },
    judgeReceived: (records) => early.take(records),
    settled: () => early.settled(),
    shards: () =>
      Array.from(following, ([resource, { shard, progress, trouble }]) => ({
        resource,
        source: shard.source,
        index: shard.sight.key.index,
        shard: shard.sight.key.shard,
        progress,
        trouble,
      })),
    troubles: () => troubles,
    counters: () => counters,
    get leftToTail() {
      return early.leftOut;
    },
    [Symbol.asyncDispose]: () => early[Symbol.asyncDispose](),
  };
}
