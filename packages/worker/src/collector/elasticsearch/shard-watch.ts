import type { JsonObject } from "@vedette/detection";
import type { Clock, Log, Timers } from "../../ports.ts";
import type { AskCluster } from "./ask-cluster.ts";
import { dataStreamOf, fitsPattern, isOwn } from "./index-names.ts";
import {
  type IndexFacts,
  isLasting,
  lookAtIndices,
  lookAtShards,
  type ShardCopy,
  type ShardStats,
} from "./look-at-indices.ts";
import { type ShardKey, type ShardSight, shardName } from "./shard-tail.ts";

/** What a watch looks at, and how often. */
export interface ShardWatchOptions {
  readonly ask: AskCluster;
  readonly clusterUuid: string;
  /** A clock that never jumps. */
  readonly steady: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Indices, data streams, aliases and patterns of them. */
  readonly patterns: readonly string[];
  readonly exclude?: readonly string[] | undefined;
  /** Beginning of the names of Vedette's own indices. They are left out unless `readsOwn`, which is for the worker's own tails. */
  readonly prefix: string;
  readonly readsOwn?: boolean | undefined;
  /** Milliseconds between two looks while documents come in, and while none do. */
  readonly activeInterval?: number | undefined;
  readonly idleInterval?: number | undefined;
}

/** Something that is meant to be read, and cannot be read by sequence numbers. */
export interface Fallback {
  /** Pattern or index that is read by time instead. */
  readonly target: string;
  readonly pattern: string;
  /** One sentence. */
  readonly reason: string;
}

/** What the last look found. */
export interface WatchView {
  /** Shards, red ones with them, ordered by name. */
  readonly sights: readonly ShardSight[];
  /** Indices that are closed and are not read while they are. */
  readonly closed: readonly string[];
  readonly fallbacks: readonly Fallback[];
  /** Patterns that nothing fits. */
  readonly unmatched: readonly string[];
  /** Why the last look failed, one sentence; the rest is from the look before. */
  readonly problem: string | undefined;
  /** Looks that succeeded. */
  readonly looks: number;
}

/** Looks at the cluster's shards again and again. Disposing of it ends that. */
export interface ShardWatch extends AsyncDisposable {
  view(): WatchView;
  /** The shard as it was seen last; undefined when it is gone. */
  sight(key: ShardKey): ShardSight | undefined;
  /** Looks now. Rejects with an `ElasticsearchError`; the view then stays as it was, but for `problem`. */
  look(signal?: AbortSignal): Promise<WatchView>;
  /** Begins to look by itself. */
  start(): void;
  /** Resolves after the next look that saw shards come, go, move or take documents, at the latest after so many milliseconds or when the signal aborts. */
  changed(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** Facts about indices are read again after so long even if nothing seems new. */
const FACTS_AGE = 5_000;
/** Longest pause between two looks that is made because a look took long. Milliseconds. */
const LONGEST_REST = 5_000;
/** A look takes at most this part of the time. */
const LOOK_SHARE = 5;
/** After this long without a new document looks become rare. */
const IDLE_AFTER = 5_000;

/** Makes a watch; nothing is asked before `look` or `start`. */
export function createShardWatch(options: ShardWatchOptions): ShardWatch {
  return new Watch(options);
}

const NOTHING: WatchView = {
  sights: [],
  closed: [],
  fallbacks: [],
  unmatched: [],
  problem: undefined,
  looks: 0,
};

class Watch implements ShardWatch {
  readonly #options: ShardWatchOptions;
  #view = NOTHING;
  #byName: ReadonlyMap<string, ShardSight> = new Map();
  #facts: ReadonlyMap<string, IndexFacts> = new Map();
  #factsAt = Number.NEGATIVE_INFINITY;
  /** Patterns whose shards cannot be looked at. */
  #refused = new Map<string, string>();
  #refusedAt = Number.NEGATIVE_INFINITY;
  /** Indices that the last look had figures of. */
  #counted: ReadonlySet<string> = new Set();
  #changedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<WatchView> | undefined;
  #running: Promise<void> | undefined;
  readonly #closing = new AbortController();
  #waiting = new Set<() => void>();

  constructor(options: ShardWatchOptions) {
    this.#options = options;
  }

  view(): WatchView {
    return this.#view;
  }

  sight(key: ShardKey): ShardSight | undefined {
    return this.#byName.get(shardName(key));
  }

  async look(signal: AbortSignal = this.#closing.signal): Promise<WatchView> {
    this.#looking ??= this.#look(signal).finally(() => (this.#looking = undefined));
    return await this.#looking;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async changed(milliseconds: number, signal?: AbortSignal): Promise<void> {
    const waking = new AbortController();
    const wake = (): void => waking.abort();
    this.#waiting.add(wake);
    const either = signal === undefined ? waking.signal : AbortSignal.any([waking.signal, signal]);
    await this.#options.timers.sleep(milliseconds, either);
    this.#waiting.delete(wake);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { steady, timers, activeInterval = 250, idleInterval = 1_000 } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const begun = steady.now();
      await this.look().catch(() => undefined);
      const took = steady.now() - begun;
      const isIdle = steady.now() - this.#changedAt > IDLE_AFTER;
      // A cluster that did not answer for a long time must not be left alone for many times as long.
      const rest = Math.min(took * LOOK_SHARE, LONGEST_REST);
      await timers.sleep(Math.max(isIdle ? idleInterval : activeInterval, rest), signal);
    }
  }

  async #look(signal: AbortSignal): Promise<WatchView> {
    const { steady, log } = this.#options;
    try {
      const stats = await this.#stats(signal);
      const now = steady.now();
      if (now - this.#factsAt >= FACTS_AGE || this.#hasNews(stats)) {
        const patterns = this.#readable();
        this.#facts = patterns.length === 0 ? new Map() : await lookAtIndices(this.#options.ask, patterns, signal);
        this.#factsAt = now;
      }
      this.#counted = new Set(stats.keys());
      this.#take(stats);
    } catch (error) {
      if (signal.aborted) return this.#view;
      const problem = error instanceof Error ? error.message : String(error);
      if (this.#view.problem !== problem)
        log.warn({ error: problem }, "The shards of a source cannot be looked at now.");
      this.#view = { ...this.#view, problem };
      throw error;
    }
    return this.#view;
  }

  #readable(): readonly string[] {
    return this.#options.patterns.filter((pattern) => !this.#refused.has(pattern) && !pattern.includes(":"));
  }

  /** All patterns in one request; where a privilege is missing, each by itself. */
  async #stats(signal: AbortSignal): Promise<ShardStats> {
    const { ask, patterns, steady } = this.#options;
    if (steady.now() - this.#refusedAt > 60_000) this.#refused.clear();
    const asked = this.#readable();
    if (asked.length === 0) return new Map();
    try {
      return await lookAtShards(ask, asked, signal);
    } catch (error) {
      if (!isLasting(error)) throw error;
    }
    this.#refused.clear();
    this.#refusedAt = steady.now();
    const found = new Map<
      string,
      { readonly uuid: string; readonly shards: Readonly<Record<string, readonly ShardCopy[]>> }
    >();
    for (const pattern of patterns.filter((name) => !name.includes(":"))) {
      try {
        for (const [index, stats] of await lookAtShards(ask, [pattern], signal)) found.set(index, stats);
      } catch (error) {
        if (!isLasting(error)) throw error;
        this.#refused.set(pattern, error.message);
      }
    }
    return found;
  }

  #hasNews(stats: ShardStats): boolean {
    for (const [index, { uuid }] of stats) if (this.#facts.get(index)?.uuid !== uuid) return true;
    for (const index of this.#counted) if (!stats.has(index)) return true;
    return false;
  }

  #take(stats: ShardStats): void {
    const { clusterUuid, patterns, log } = this.#options;
    const sights: ShardSight[] = [];
    const closed: string[] = [];
    const fallbacks: Fallback[] = patterns
      .filter((pattern) => this.#refused.has(pattern) || pattern.includes(":"))
      .map((pattern) => ({
        target: pattern,
        pattern,
        reason: this.#refused.get(pattern) ?? "It is in another cluster, whose shards cannot be looked at.",
      }));
    const matched = new Set(fallbacks.map(({ pattern }) => pattern));
    for (const facts of this.#facts.values()) {
      const found = this.#find(facts);
      if (found === undefined) continue;
      const { pattern, filter } = found;
      matched.add(pattern);
      const { index } = facts;
      if (!facts.hasNumbers) {
        fallbacks.push({
          target: index,
          pattern,
          reason: "Its sequence numbers cannot be searched (`index.disable_sequence_numbers`).",
        });
        continue;
      }
      if (facts.isClosed) {
        closed.push(index);
        continue;
      }
      const seen = stats.get(index);
      for (let shard = 0; shard < facts.shards; shard += 1) {
        sights.push({
          key: { clusterUuid, index, indexUuid: facts.uuid, shard },
          pattern,
          dataStream: dataStreamOf(index),
          ...(seen?.uuid === facts.uuid ? ofCopies(seen.shards[String(shard)] ?? []) : { nodes: [] }),
          ...(filter === undefined ? {} : { filter }),
        });
      }
    }
    sights.sort((a, b) => (a.key.index < b.key.index ? -1 : a.key.index > b.key.index ? 1 : a.key.shard - b.key.shard));
    const isNew = this.#hasMoved(sights);
    const before = new Set(this.#view.sights.filter(isRed).map(({ key }) => shardName(key)));
    for (const sight of sights.filter(isRed))
      if (!before.has(shardName(sight.key)))
        log.warn(
          { index: sight.key.index, shard: sight.key.shard },
          "No copy of a shard is started; it is waited for.",
        );
    this.#byName = new Map(sights.map((sight) => [shardName(sight.key), sight]));
    this.#view = {
      sights,
      closed,
      fallbacks,
      unmatched: patterns.filter((pattern) => !matched.has(pattern)),
      problem: undefined,
      looks: this.#view.looks + 1,
    };
    if (isNew) {
      this.#changedAt = this.#options.steady.now();
      this.#wake();
    }
  }

  /** By which pattern an index is read: one without a filter first. */
  #find({
    index,
    aliases,
  }: IndexFacts): { readonly pattern: string; readonly filter: JsonObject | undefined } | undefined {
    const { patterns, exclude = [], prefix, readsOwn = false } = this.#options;
    if (!readsOwn && isOwn(index, prefix)) return undefined;
    const stream = dataStreamOf(index);
    const names = stream === undefined ? [index] : [index, stream];
    const all = [...names, ...aliases.keys()];
    if (exclude.some((pattern) => all.some((name) => fitsPattern(name, pattern)))) return undefined;
    let filtered: { readonly pattern: string; readonly filter: JsonObject | undefined } | undefined;
    let unknown: string | undefined;
    for (const pattern of patterns) {
      if (pattern.includes(":") || this.#refused.has(pattern)) continue;
      if (names.some((name) => fitsOpenly(name, pattern))) return { pattern, filter: undefined };
      for (const [alias, filter] of aliases) {
        if (!fitsPattern(alias, pattern)) continue;
        if (filter === undefined) return { pattern, filter };
        filtered ??= { pattern, filter };
      }
      unknown ??= pattern;
    }
    if (filtered !== undefined) return filtered;
    // The cluster says that it fits, by an alias that may not be looked at.
    return aliases.size > 0 || unknown === undefined ? undefined : { pattern: unknown, filter: undefined };
  }

  #hasMoved(sights: readonly ShardSight[]): boolean {
    if (sights.length !== this.#byName.size) return true;
    return sights.some((sight) => {
      const before = this.#byName.get(shardName(sight.key));
      return (
        before?.globalCheckpoint !== sight.globalCheckpoint ||
        before?.historyUuid !== sight.historyUuid ||
        before?.nodes[0] !== sight.nodes[0]
      );
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  }
}

/** Names that begin with a dot are hidden: only a pattern that begins so finds them. */
const fitsOpenly = (name: string, pattern: string): boolean =>
  fitsPattern(name, pattern) && (!name.startsWith(".") || pattern.startsWith("."));

/** Whether no copy of a shard is started. */
export const isRed = ({ globalCheckpoint }: ShardSight): boolean => globalCheckpoint === undefined;

function ofCopies(copies: readonly ShardCopy[]): Pick<ShardSight, "globalCheckpoint" | "historyUuid" | "nodes"> {
  const started = copies
    .filter(({ routing }) => routing.state === "STARTED" || routing.state === "RELOCATING")
    .sort((a, b) => Number(b.routing.primary) - Number(a.routing.primary));
  const nodes = started.flatMap(({ routing }) => routing.node ?? []);
  const historyUuid = started[0]?.commit?.user_data?.history_uuid;
  const checkpoints = started.flatMap(({ seq_no }) => seq_no?.global_checkpoint ?? []);
  if (started[0]?.routing.primary !== true || historyUuid === undefined || checkpoints.length === 0)
    return { nodes: [] };
  return { globalCheckpoint: Math.max(...checkpoints), historyUuid, nodes };
}
