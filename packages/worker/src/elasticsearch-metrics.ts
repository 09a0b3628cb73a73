import type { ElasticsearchStatus } from "@vedette/api";
import type { StageOneCounters } from "./detector/stage-one/judge-records.ts";
import { StoreError } from "./errors.ts";
import type { Metrics } from "./server/metrics.ts";

/** Feeds the metrics of a worker that lives on Elasticsearch. */
export interface ElasticsearchMetrics {
  onRequest(outcome: string): void;
  onRetry(reason: string, items: number): void;
  onRefused(type: string): void;
  onJudged(source: string, counters: Partial<StageOneCounters>): void;
  onLeaseLost(kind: string): void;
  /** A finding of a rule on trial was written. */
  onShadow(level: string): void;
  /** Documents were deleted because of their age. */
  onDeleted(kind: string, documents: number): void;
  /** Makes a step and counts it for a line: as committed, or as refused because another worker went on. */
  step<T>(line: string, commit: () => Promise<T>): Promise<T>;
  /** Sets what is measured rather than counted. */
  tell(now: MeasuredStanding): void;
}

/** What is measured at a time. */
export interface MeasuredStanding {
  readonly standing: ElasticsearchStatus;
  /** Leases that this worker holds, by kind. */
  readonly held: Readonly<Record<string, number>>;
  /** Refreshes that were asked of the cluster since the start, by source. */
  readonly refreshes: ReadonlyMap<string, number>;
  /** Whether this worker runs the line of alerts: it alone tells what is of all workers and costs something to find out. */
  readonly tellsCoverage: boolean;
}

/** Makes the feeder. */
export function createElasticsearchMetrics(metrics: Metrics): ElasticsearchMetrics {
  const toldRefreshes = new Map<string, number>();
  return {
    onRequest: (outcome) => metrics.elasticsearchRequests.inc({ outcome }),
    onRetry: (reason, items) => metrics.elasticsearchRewrites.inc({ reason }, items),
    onRefused: (type) => metrics.elasticsearchRefused.inc({ type }),
    onJudged(source, { read = 0, superseded = 0 }) {
      metrics.recordsReceived.inc({ source }, read);
      metrics.sourceSuperseded.inc({ source }, superseded);
    },
    onLeaseLost: (kind) => metrics.leasesLost.inc({ kind }),
    onShadow: (level) => metrics.findingsShadow.inc({ level }),
    onDeleted: (kind, documents) => metrics.retentionDeleted.inc({ kind }, documents),
    async step(line, commit) {
      try {
        const made = await commit();
        metrics.journalSteps.inc({ line });
        return made;
      } catch (error) {
        if (error instanceof StoreError && error.code === "store-fenced") metrics.journalFenced.inc({ line });
        throw error;
      }
    },
    tell({ standing, held, refreshes, tellsCoverage }) {
      for (const source of standing.sources) tellSource(metrics, source);
      for (const { kind, total } of standing.leases) {
        metrics.leasesOffered.set({ kind }, total);
        metrics.leasesHeld.set({ kind }, held[kind] ?? 0);
      }
      for (const [source, count] of refreshes) {
        metrics.sourceRefreshes.inc({ source }, count - (toldRefreshes.get(source) ?? 0));
        toldRefreshes.set(source, count);
      }
      // A line or a ledger that is another worker's now must not be told of any more.
      metrics.lineLag.reset();
      for (const { line, lag } of standing.lines) if (lag !== undefined) metrics.lineLag.set({ line }, lag);
      metrics.ruleCoverageGap.reset();
      if (!tellsCoverage) return;
      for (const [reason, events] of Object.entries(standing.coverage?.missed ?? {}))
        metrics.ruleCoverageGap.set({ reason }, events);
    },
  };
}

function tellSource(metrics: Metrics, source: ElasticsearchStatus["sources"][number]): void {
  const { name, here, lag, states } = source;
  metrics.sourceShards.set({ source: name }, here);
  metrics.sourceLag.set({ source: name }, lag);
  const { byTime: by_time, ...others } = states;
  for (const [state, count] of Object.entries({ ...others, by_time }))
    metrics.sourceShardsSeen.set({ source: name, state }, count);
}
