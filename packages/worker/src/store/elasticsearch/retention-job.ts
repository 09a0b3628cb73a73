import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { Ports } from "../../ports.ts";
import type { Memory } from "../store.ts";
import { purge } from "./purge.ts";
import { planRetention, type Retention } from "./retention.ts";
import { toStoreFailure } from "./store-failure.ts";

const FIRST_AFTER = 60_000;
const EVERY = 3_600_000;

/** What deleting by age needs. */
export interface RetentionJobOptions {
  readonly cluster: Pick<Cluster, "client">;
  readonly prefix: string;
  readonly line: string;
  readonly retention: Retention;
  /** The line's memory: what is deleted is told in its audit trail. */
  readonly memory: Pick<Memory, "commit">;
  readonly ports: Pick<Ports, "clock" | "timers" | "log">;
  /** Resources of the shards that sources have now; undefined while that is not known. */
  readonly resources: () => ReadonlySet<string> | undefined;
  /** Told how many documents of a kind were deleted. */
  readonly onDeleted: (kind: string, documents: number) => void;
}

/** Deletes what is older than it is to be kept, for as long as it runs. */
export interface RetentionJob {
  /** One round. @throws StoreError */
  runOnce(): Promise<void>;
  /** A round after a minute, and then one every hour, until the signal aborts. What fails is tried again in the next. */
  run(signal: AbortSignal): Promise<void>;
}

/** Makes the job; it is to be run by whoever owns the line. */
export function createRetentionJob(options: RetentionJobOptions): RetentionJob {
  const { cluster, prefix, line, retention, memory, ports, resources, onDeleted } = options;
  const { clock, timers, log } = ports;

  const runOnce = async (): Promise<void> => {
    const now = clock.now();
    const plan = await planRetention(cluster.client, { prefix, line, retention, now });
    // First the trail, then the deed: a crash in between leaves something to be deleted again, never something deleted untold.
    if (plan.audit.length > 0) await memory.commit({ id: `retention:${now}`, audit: plan.audit });
    const deleted = await plan.perform();
    const purged = await purge(cluster.client, { prefix, now, resources: resources() });
    for (const [kind, documents] of [...Object.entries(deleted), ...Object.entries(purged)])
      if (documents > 0) onDeleted(kind, documents);
    if (plan.audit.length > 0) log.info({ line, deleted }, "what is older than it is to be kept was deleted");
  };

  return {
    runOnce,
    async run(signal) {
      for (let pause = FIRST_AFTER; ; pause = EVERY) {
        await timers.sleep(pause, signal);
        if (signal.aborted) return;
        try {
          await runOnce();
        } catch (error) {
          const told = toStoreFailure(error, "Deleting what is older than it is to be kept");
          log.warn({ line, error: told.message }, "what is too old is deleted in the next round");
        }
      }
    },
  };
}
