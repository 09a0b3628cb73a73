import type { SourceStatus } from "./collector/source.ts";
import type { CorrelationLine } from "./detector/correlation-line.ts";
import type { AlertingLine } from "./detector/alerting-line.ts";
import type { CursorInbox } from "./detector/findings/cursor-inbox.ts";
import { coveragePage, createCoverageLedger } from "./detector/stage-one/coverage-ledger.ts";
import type { FilledShardDocument } from "./detector/stage-one/filled-ranges.ts";
import { createCoverageReader, knownShards } from "./detector/stage-one/read-coverage.ts";
import type { RuleRevision, RuleSetDocument } from "./detector/stage-one/rule-set.ts";
import type { ShardSource } from "./detector/stage-one/shard-sources.ts";
import { SOURCE_KIND } from "./detector/stage-one/stage-one.ts";
import type { StageOneCounters } from "./detector/stage-one/judge-records.ts";
import { isReadByTime } from "./detector/stage-one/time-shard.ts";
import type { Cluster } from "./elasticsearch/cluster.ts";
import type { ElasticsearchMetrics } from "./elasticsearch-metrics.ts";
import { createStanding, type LineHere, type StandingOptions } from "./elasticsearch-standing.ts";
import { rememberedResources } from "./leases/elasticsearch-leases.ts";
import type { VersionedDocuments } from "./leases/lease-documents.ts";
import type { Ports } from "./ports.ts";
import { storing } from "./store/elasticsearch/store-failure.ts";
import type { ClusterView } from "./worker-parts.ts";

/** A partition of the correlations that runs in this worker. */
export interface RunningCorrelation {
  readonly line: CorrelationLine;
  readonly inbox: CursorInbox;
  /** A name that is new with each run. */
  readonly run: string;
}

/** What the view of the cluster is made of. */
export interface ClusterViewOptions extends Omit<
  StandingOptions,
  "cluster" | "lines" | "lineHere" | "coverage" | "stageOne"
> {
  readonly cluster: Cluster;
  readonly prefix: string;
  readonly sources: readonly ShardSource[];
  readonly stageOne: StandingOptions["stageOne"] & { counters(): StageOneCounters };
  /** Names of the lines that some worker has to run. */
  readonly lines: Readonly<Record<"correlate" | "case", readonly string[]>>;
  /** Partitions of the correlations that run here. */
  readonly correlating: ReadonlyMap<string, RunningCorrelation>;
  readonly alerting: Pick<AlertingLine, "tenure" | "unread" | "status">;
  readonly onOpened: ClusterView["onOpened"];
  readonly ruleSets: Pick<VersionedDocuments<RuleSetDocument>, "read">;
  readonly filledRanges: Pick<VersionedDocuments<FilledShardDocument>, "read">;
  readonly rules: readonly RuleRevision[];
  readonly told: ElasticsearchMetrics;
  readonly ports: Pick<Ports, "clock" | "timers" | "log">;
}

/** Milliseconds for which the ledger of coverage holds: for metrics, and for who asks for it. */
const METRICS_AGE = 20_000;
const ASKED_AGE = 5_000;

/** Makes the view of the cluster: what is shown of it, and what the metrics tell. */
export function createClusterView(
  options: ClusterViewOptions,
): ClusterView & { sources(): readonly SourceStatus[]; problems(): readonly string[] } {
  const { cluster, prefix, leases, sources, stageOne, lines, correlating, alerting, rules, told, ports } = options;
  let ledgerProblem: string | undefined;

  const ledger = createCoverageLedger({
    reader: createCoverageReader({ leases, ruleSets: options.ruleSets, filledRanges: options.filledRanges }),
    rules,
    ports,
    shards: async () => {
      const remembered = await rememberedResources(cluster, prefix, SOURCE_KIND);
      const sights = sources.flatMap(({ name, tailing }) =>
        tailing.watch.view().sights.map((sight) => ({ source: name, sight })),
      );
      return knownShards(
        sights,
        remembered.filter(({ resource }) => !isReadByTime({ indexUuid: resource.split("/").at(-2) ?? "" })),
      );
    },
  });

  const lineHere = async (line: string): Promise<LineHere | undefined> => {
    const correlation = correlating.get(line);
    if (correlation !== undefined) {
      const { cursor, problem } = correlation.line.status();
      return { lag: Math.max(0, (await correlation.inbox.inboxEnd()) - cursor), problem };
    }
    const lag = lines.case.includes(line) ? await alerting.unread() : undefined;
    return lag === undefined ? undefined : { lag, problem: alerting.status().problem };
  };

  const standing = createStanding({ ...options, lines: () => lines, lineHere, coverage: ledger });

  /** In the background: the ledger is read for the metrics by the one worker that tells of it. */
  const keepLedger = (): void => {
    ledger.read(METRICS_AGE).then(
      () => (ledgerProblem = undefined),
      (error: unknown) => {
        const problem = String(error);
        if (problem !== ledgerProblem) ports.log.warn({ error: problem }, "the ledger of coverage cannot be read now");
        ledgerProblem = problem;
      },
    );
  };

  return {
    async standing() {
      const tenure = alerting.tenure();
      if (tenure !== undefined) keepLedger();
      const now = await storing("Looking at the cluster", () => standing.read());
      told.tell({
        standing: now,
        held: {
          source: stageOne.shards().length,
          correlate: correlating.size,
          case: tenure === undefined ? 0 : 1,
        },
        refreshes: new Map(sources.map(({ name, tailing }) => [name, tailing.refreshes])),
        tellsCoverage: tenure !== undefined,
      });
      return now;
    },
    async coverage(query) {
      const reading = await storing("Reading the ledger of coverage", () => ledger.read(ASKED_AGE));
      const readByTime = sources.flatMap(({ tailing }) => tailing.watch.view().fallbacks.map(({ target }) => target));
      return { ...coveragePage(reading, query), readByTime };
    },
    judged() {
      const { judged, unmatched, quarantined, failed, excepted } = stageOne.counters();
      return { judged, unmatched, quarantined, failed, excepted };
    },
    drops: () =>
      Array.from(correlating.values(), ({ line, run }) => ({ run, drops: line.status().drops })).flatMap(
        ({ run, drops }) => (drops === undefined ? [] : [[run, drops] as const]),
      ),
    onOpened: options.onOpened,
    tenure: () => alerting.tenure(),
    sources: () => standing.sources(),
    problems: () => standing.problems(),
  };
}
