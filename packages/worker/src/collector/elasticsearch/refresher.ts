import { ElasticsearchError } from "../../elasticsearch/errors.ts";
import type { Clock } from "../../ports.ts";
import type { AskCluster } from "./ask-cluster.ts";
import { type ShardKey, type ShardSight, shardName } from "./shard-tail.ts";

/** What refreshing indices needs. */
export interface RefresherOptions {
  readonly ask: AskCluster;
  /** A clock that never jumps. */
  readonly steady: Clock;
  /** The shards as last seen. */
  readonly sights: () => readonly ShardSight[];
  /** Milliseconds from the beginning of one refresh of an index to that of the next. */
  readonly every: number;
}

interface Covered {
  readonly historyUuid: string;
  readonly upTo: number;
  readonly nodes: ReadonlySet<string>;
}

interface IndexState {
  begunAt: number;
  running: Promise<void> | undefined;
}

/**
 * Makes sure that what a shard had taken is visible to searches on its copies. One refresh of an index serves all its shards and everybody who waits; the time between two is
 * bounded from below, because a refresh costs the cluster as much as its own.
 */
export class Refresher {
  readonly #options: RefresherOptions;
  readonly #covered = new Map<string, Covered>();
  readonly #indices = new Map<string, IndexState>();
  /** Refreshes sent. */
  count = 0;

  constructor(options: RefresherOptions) {
    this.#options = options;
  }

  /** Up to which sequence number everything that a copy holds is visible in searches begun from now on; −1 when that is not known. */
  coveredTo(key: ShardKey, historyUuid: string, node: string): number {
    const covered = this.#covered.get(shardName(key));
    return covered !== undefined && covered.historyUuid === historyUuid && covered.nodes.has(node) ? covered.upTo : -1;
  }

  /** Whether a refresh of the index may begin now, or is under way. */
  isDue({ indexUuid }: ShardKey): boolean {
    const state = this.#indices.get(indexUuid);
    if (state === undefined || state.running !== undefined) return true;
    return this.#options.steady.now() - state.begunAt >= this.#options.every;
  }

  /** Refreshes the index of a shard, or waits for the refresh that is under way. Rejects with an `ElasticsearchError`. */
  async refresh(key: ShardKey, signal: AbortSignal): Promise<void> {
    let state = this.#indices.get(key.indexUuid);
    if (state === undefined) this.#indices.set(key.indexUuid, (state = { begunAt: 0, running: undefined }));
    const current = state;
    current.running ??= this.#run(key, current, signal).finally(() => {
      current.running = undefined;
    });
    await current.running;
  }

  /** Forgets indices that are gone. */
  keep(sights: readonly ShardSight[]): void {
    const indices = new Set(sights.map(({ key }) => key.indexUuid));
    for (const uuid of this.#indices.keys()) if (!indices.has(uuid)) this.#indices.delete(uuid);
    const shards = new Set(sights.map(({ key }) => shardName(key)));
    for (const name of this.#covered.keys()) if (!shards.has(name)) this.#covered.delete(name);
  }

  async #run(key: ShardKey, state: IndexState, signal: AbortSignal): Promise<void> {
    const { ask, steady, sights } = this.#options;
    // Checkpoints are taken before the refresh begins: it shows whatever was taken by then.
    const shards = sights().filter((sight) => sight.key.indexUuid === key.indexUuid);
    const copies = shards.reduce((sum, { nodes }) => sum + nodes.length, 0);
    state.begunAt = steady.now();
    this.count += 1;
    const doing = `Refreshing ${key.index}`;
    const { body } = await ask<{ readonly _shards?: { readonly successful?: number; readonly failed?: number } }>(
      { method: "POST", path: `/${encodeURIComponent(key.index)}/_refresh`, doing },
      signal,
    );
    const { successful = 0, failed = 0 } = body._shards ?? {};
    if (failed > 0 || successful < copies)
      throw new ElasticsearchError(
        "elasticsearch-partial-result",
        `${doing} failed: ${successful} of ${copies} copies of its shards did it.`,
        { retryable: true },
      );
    for (const { key: shard, historyUuid, globalCheckpoint, nodes } of shards) {
      if (historyUuid === undefined || globalCheckpoint === undefined) continue;
      this.#covered.set(shardName(shard), { historyUuid, upTo: globalCheckpoint, nodes: new Set(nodes) });
    }
  }
}
