import type { SourceKind } from "./source-index.ts";

/** What is special about a run. */
export interface Scenario {
  readonly source: SourceKind;
  readonly nodes: number;
  readonly replicas: number;
  readonly shards?: number;
  readonly writers?: number;
  /** Share of the events that match rules. */
  readonly matching?: number;
  /** Of the source, as Elasticsearch writes it. */
  readonly refreshInterval?: string;
  /** The master is killed during the run and started again later. */
  readonly killsMaster?: boolean;
  /** One index is closed and opened without a place for its shards, and gets it back later. */
  readonly redFor?: number;
}

/** Runs by name. */
export const SCENARIOS = {
  plain: { source: "data-stream", nodes: 2, replicas: 1 },
  // Many bulk requests for one shard at once, and refreshes in the midst of them: documents are seen before others with lower numbers.
  crowded: {
    source: "data-stream",
    nodes: 2,
    replicas: 1,
    shards: 1,
    writers: 8,
    matching: 0.5,
    refreshInterval: "100ms",
  },
  alias: { source: "alias", nodes: 2, replicas: 1 },
  "one-node": { source: "data-stream", nodes: 1, replicas: 0 },
  "three-nodes": { source: "data-stream", nodes: 3, replicas: 1, killsMaster: true },
  logsdb: { source: "logsdb", nodes: 1, replicas: 0 },
  shrunk: { source: "shrunk", nodes: 1, replicas: 0 },
  red: { source: "alias", nodes: 1, replicas: 0, redFor: 15_000 },
} as const satisfies Readonly<Record<string, Scenario>>;

/** Name of a scenario. */
export type ScenarioName = keyof typeof SCENARIOS;
