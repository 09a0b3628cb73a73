import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { BulkWriter } from "../../elasticsearch/write.ts";
import { StoreError } from "../../errors.ts";
import type { Ports } from "../../ports.ts";
import type { RawRecord } from "../../record.ts";
import type { AppendResult, Intake, Memory } from "../store.ts";
import { verifyAuditTrail } from "./audit-trail.ts";
import { createCheckpoints } from "./checkpoints.ts";
import { createChangeFeed } from "./follow-changes.ts";
import { createFreshness } from "./freshness.ts";
import { openJournal } from "./journal.ts";
import { createLineReads } from "./line-reads.ts";
import { aliasOf } from "./names.ts";
import { otherFindings } from "./other-findings.ts";
import { createRefusedInputs } from "./refused-input.ts";
import { EMPTY_CARRY, type LineCarry, resolveStep } from "./resolve-step.ts";
import { createShowSoon } from "./show-soon.ts";
import { fetchSourceEvents } from "./source-events.ts";
import { readBlobs } from "./stored-blobs.ts";

/** How the memory on Elasticsearch is opened. */
export interface ElasticsearchStoreOptions {
  readonly cluster: Cluster;
  readonly writer: BulkWriter;
  /** Begins the names of our indices. */
  readonly prefix: string;
  /** Whose memory it is: the line of a tenant's alerts, `case/default`. */
  readonly line: string;
  readonly ports: Pick<Ports, "clock" | "timers" | "random" | "log">;
  /** Stores records that this worker received itself, each event id once, and judges them. Without it `append` is refused. */
  readonly receive?: (records: readonly RawRecord[]) => Promise<AppendResult>;
  /** Milliseconds for which a commit is tried again before the caller is told; by default 10 seconds. */
  readonly patience?: number;
  /** Characters of a packed step that one document of the journal takes. */
  readonly partLength?: number;
  /** Milliseconds between looks for what other workers changed. */
  readonly pollEvery?: number;
}

/** The memory on Elasticsearch; what the line reads is the stream of findings, which is not part of it. */
export interface ElasticsearchStore extends Intake, Memory, AsyncDisposable {}

/**
 * Opens the memory of one line. The templates have to be installed (`installTemplates`); nothing is asked of the cluster before the first call. Any number of workers may read; of those that
 * commit, one alone goes on, and the others are told `store-fenced` and have to `recover`.
 */
export function openElasticsearchStore(options: ElasticsearchStoreOptions): ElasticsearchStore {
  const { cluster, writer, prefix, line, ports } = options;
  const { client } = cluster;
  const { clock } = ports;
  const freshness = createFreshness(client);
  const alerts = aliasOf(prefix, "alerts");
  const showing = createShowSoon({ client, ports });
  const journal = openJournal<LineCarry>({
    ...options,
    onApplied({ operations, changes }, step) {
      for (const { index } of operations) freshness.wrote(index);
      // Who searches the cluster is to see an alert as soon as who asks the worker.
      if (operations.some(({ index }) => index === alerts)) showing.wrote(alerts);
      feed.applied(step, changes);
    },
    // A fact that another worker has written with other content since the step was resolved.
    onExisting: (existing) => otherFindings(cluster, existing),
  });
  const feed = createChangeFeed(journal, ports, {
    every: options.pollEvery,
    onOther({ operations }) {
      for (const { index } of operations) freshness.wrote(index);
    },
  });
  const { recoverable, counts, ...reads } = createLineReads({ client, prefix, line, freshness });
  const refused = createRefusedInputs(client, writer, prefix, freshness, ports);
  const checkpoints = createCheckpoints(client, prefix, clock);

  const append = async (records: readonly RawRecord[]): Promise<AppendResult> => {
    if (options.receive === undefined)
      throw new StoreError("store-no-intake", "This worker takes no records: it reads them from Elasticsearch.", {
        retryable: false,
      });
    return options.receive(records);
  };

  return {
    append,
    async appendFrom(source, checkpoint, records) {
      const result = await append(records);
      await checkpoints.save(source, checkpoint);
      return result;
    },
    checkpoint: (source) => checkpoints.read(source),
    refuse: (inputs) => refused.refuse(inputs),

    async recover(horizon) {
      const { carry = EMPTY_CARRY } = await journal.recover();
      const [blobs, found] = await Promise.all([readBlobs(client, prefix, line), recoverable(horizon)]);
      const { cursor, inboxState } = carry;
      return { cursor, ...(inboxState === null ? {} : { inboxState }), blobs, ...found };
    },
    async commit(step) {
      await journal.commit(step.id, (number, carry) =>
        resolveStep(step, carry, { client, prefix, line, step: number, now: clock.now() }),
      );
    },

    ...reads,
    events: (ids) => fetchSourceEvents(client, prefix, freshness, ids),
    listRefused: (cursor, limit) => refused.list(cursor, limit),
    verifyAudit: () => verifyAuditTrail(client, { prefix, line, freshness }, journal),
    counts: async () => ({ ...(await counts()), refused: await refused.total() }),
    onChange: (listener) => feed.onChange(listener),
    async [Symbol.asyncDispose]() {
      await feed[Symbol.asyncDispose]();
      await journal.close();
      await showing[Symbol.asyncDispose]();
    },
  };
}
