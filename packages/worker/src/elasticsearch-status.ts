import { tailStatus } from "./collector/elasticsearch/tail-status.ts";
import { shardName, type ShardPosition } from "./collector/elasticsearch/shard-tail.ts";
import type { SourceStatus } from "./collector/source.ts";
import type { ShardStanding } from "./detector/findings/source-progress.ts";
import type { Coverage } from "./detector/stage-one/coverage.ts";
import type { CoverageReader, KnownShard } from "./detector/stage-one/read-coverage.ts";
import type { RuleRevision } from "./detector/stage-one/rule-set.ts";
import type { ShardSource, ShardSources } from "./detector/stage-one/shard-sources.ts";
import { shardResource, type SourceShard, type StageOne } from "./detector/stage-one/stage-one.ts";
import type { Cluster } from "./elasticsearch/cluster.ts";
import type { LeaseView, Leases } from "./leases/lease.ts";
import type { Log, Timers } from "./ports.ts";
import type { Metrics } from "./server/metrics.ts";

/** What the status of a worker on Elasticsearch is read from. */
export interface ElasticsearchStatusOptions {
  readonly cluster: Pick<Cluster, "name" | "capabilities">;
  readonly leases: Leases;
  /** Leases besides those of shards. */
  readonly resources: readonly string[];
  readonly sources: readonly ShardSource[];
  readonly shardSources: Pick<ShardSources, "starts">;
  readonly stageOne: Pick<StageOne, "shards">;
  readonly shards: () => readonly SourceShard[];
  readonly standings: () => readonly ShardStanding[];
  readonly coverage: CoverageReader;
  readonly rules: readonly RuleRevision[];
  readonly metrics: Pick<Metrics, "ruleCoverageGap" | "sourceShards">;
  readonly ports: { readonly timers: Timers; readonly log: Log };
}

/** What a worker on Elasticsearch has to say of its sources, leases and coverage. */
export interface ElasticsearchStatus {
  /** Reads leases and coverage again and again until the signal aborts. Does not reject. */
  run(signal: AbortSignal): Promise<void>;
  sources(): readonly SourceStatus[];
  problems(): readonly string[];
}

/** Milliseconds between two looks at leases and coverage. */
const EVERY = 10_000;

/** Makes the status. */
export function createElasticsearchStatus(options: ElasticsearchStatusOptions): ElasticsearchStatus {
  const { cluster, leases, resources, sources, shardSources, stageOne, coverage, rules, metrics } = options;
  const { timers, log } = options.ports;
  let views: readonly LeaseView[] = [];
  let covered: Coverage | undefined;
  let trouble: string | undefined;

  const known = (shard: SourceShard): KnownShard => {
    const sight = sources.find(({ name }) => name === shard.source)?.tailing.watch.sight(shard.sight.key);
    return {
      resource: shardResource(shard),
      source: shard.source,
      index: shard.sight.key.index,
      shard: shard.sight.key.shard,
      globalCheckpoint: sight?.globalCheckpoint,
      exists: true,
    };
  };

  const look = async (): Promise<void> => {
    views = await leases.view(resources);
    covered = await coverage.read(rules, options.shards().map(known));
    for (const [reason, count] of Object.entries(covered.missed)) metrics.ruleCoverageGap.set({ reason }, count);
    for (const { name } of sources)
      metrics.sourceShards.set({ source: name }, stageOne.shards().filter(({ source }) => source === name).length);
  };

  const statusOf = ({ name, tailing }: ShardSource): SourceStatus => {
    const standings = new Map(options.standings().map((standing) => [standing.resource, standing]));
    const own = options.shards().filter(({ source }) => source === name);
    const read = new Map<string, ShardPosition>();
    let received = 0;
    let superseded = 0;
    for (const shard of own) {
      const progress = standings.get(shardResource(shard))?.progress;
      if (progress === undefined) continue;
      read.set(shardName(shard.sight.key), progress.position);
      received += progress.counters["read"] ?? 0;
      superseded += progress.counters["superseded"] ?? 0;
    }
    const choice = shardSources.starts().get(name)?.choice;
    const { detail } = tailStatus(tailing.watch.view(), read, { start: choice ?? "", superseded });
    const isWaiting = choice === undefined || tailing.watch.view().problem !== undefined;
    return {
      name,
      kind: "elasticsearch",
      state: isWaiting ? "waiting" : "running",
      detail: choice === undefined ? "It is not decided yet where it starts." : `${detail} It started at ${choice}.`,
      received,
      duplicate: 0,
      refused: 0,
    };
  };

  const leaseSentence = (): string => {
    const held = views.map(({ resource, owner }) => {
      const whose = owner === undefined ? "nobody" : owner === leases.worker ? "this worker" : owner;
      return `${resource}: ${whose}`;
    });
    const missed = Object.entries(covered?.missed ?? {}).filter(([, count]) => count > 0);
    const gaps = missed.map(([reason, count]) => `${count} ${reason}`).join(", ");
    const { version } = cluster.capabilities;
    return `Cluster ${cluster.name} ${version}. ${held.join("; ")}. Not looked at by every rule: ${gaps === "" ? "nothing" : gaps}.`;
  };

  return {
    async run(signal) {
      while (!signal.aborted) {
        try {
          await look();
          trouble = undefined;
        } catch (error) {
          trouble = `Elasticsearch does not answer: ${error instanceof Error ? error.message : String(error)}`;
          log.debug({ error: String(error) }, "leases and coverage cannot be read now");
        }
        await timers.sleep(views.length === 0 || trouble !== undefined ? 1_000 : EVERY, signal);
      }
    },
    sources: () => [
      ...sources.map(statusOf),
      {
        name: `worker ${leases.worker}`,
        kind: "leases",
        state: trouble === undefined ? "running" : "waiting",
        detail: leaseSentence(),
        received: 0,
        duplicate: 0,
        refused: 0,
      },
    ],
    problems() {
      const stalled = options.standings().filter(({ state }) => state === "stalled");
      return [
        ...(trouble === undefined ? [] : [trouble]),
        ...(stalled.length === 0
          ? []
          : [
              `Nobody reads ${stalled.map(({ partition }) => partition).join(", ")}: correlations do not wait for them any more.`,
            ]),
      ];
    },
  };
}
