import type { CoveragePage, CoverageQuery, DenyListEntry, ElasticsearchStatus } from "@vedette/api";
import type { LineCounters, LineStatus } from "./detector/line-options.ts";
import type { CorrelationDrops } from "./detector/line-rule.ts";
import type { SourceStatus } from "./collector/source.ts";
import type { Operations } from "./responder/operations.ts";
import type { Notifier } from "./alerter/notify.ts";
import type { Executor } from "./responder/executor.ts";
import type { GuardIdentity } from "./responder/guard-identity.ts";
import type { OutboxOutcome } from "./responder/outbox.ts";
import type { Store } from "./store/store.ts";

/** A part that runs until its signal aborts; when it rejects the worker ends. */
export interface RunningPart {
  readonly name: string;
  readonly start: (signal: AbortSignal) => Promise<void>;
}

/** What the line of alerts needs that only the worker knows. */
export interface AlertingOptions {
  readonly notifiers: readonly Notifier[];
  readonly executors: readonly Executor[];
  readonly onEffect: (outcome: OutboxOutcome) => void;
  readonly onStep: (milliseconds: number) => void;
  /** The home's store, with its errors counted. */
  readonly store: Store;
}

/** Name of the source of records that workers on Elasticsearch receive themselves. */
export const RECEIVED_SOURCE = "received";

/** How the workers of a cluster do, as one of them sees it. */
export interface ClusterView {
  /** Looks now. Rejects with a `StoreError` when the cluster cannot be asked. */
  standing(): Promise<ElasticsearchStatus>;
  /** Events that rules did not look at. Rejects with a `StoreError` when that cannot be read. */
  coverage(query: CoverageQuery): Promise<CoveragePage>;
  /** What this worker alone has judged since its start. */
  judged(): Pick<LineCounters, "judged" | "unmatched" | "quarantined" | "failed" | "excepted">;
  /** What the correlations that run here left out, each under a name that is new with each run. */
  drops(): readonly (readonly [run: string, drops: CorrelationDrops])[];
  /** Tells of alerts that this worker has opened and stored; the returned function ends that. */
  onOpened(listener: (alertIds: readonly string[]) => void): () => void;
  /** Which time it is that this worker runs the line of alerts; undefined while it does not. */
  tenure(): number | undefined;
}

/** The line of alerts as the rest of the worker sees it, wherever it runs. */
export interface Alerting {
  readonly operations: Operations;
  readonly status: () => LineStatus;
  /** Deny-list entries that the guards have to apply now. */
  readonly inForce: () => readonly DenyListEntry[];
  /** Records were stored. */
  readonly notify: () => void;
  readonly sources: () => readonly SourceStatus[];
  /** What is wrong besides, one sentence each. */
  readonly problems: () => readonly string[];
  readonly parts: readonly RunningPart[];
  /** Absent where the memory is embedded. */
  readonly cluster?: ClusterView;
}

/** Where a worker keeps what it knows, and what it runs to come to it: embedded, or on Elasticsearch. */
export interface Home extends AsyncDisposable {
  readonly store: Store;
  /** By what guards know this worker and all others with the same memory. Rejects with a `StoreError`. */
  guardIdentity(): Promise<GuardIdentity>;
  /** Makes the line of alerts and what feeds it; called once. */
  createAlerting(options: AlertingOptions): Alerting;
}
