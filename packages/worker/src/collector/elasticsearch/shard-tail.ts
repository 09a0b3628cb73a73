import type { JsonObject } from "@vedette/detection";

/** A shard's identity: it holds as long as the shard's sequence numbers mean the same. */
export interface ShardKey {
  readonly clusterUuid: string;
  /** Index name, e.g. a backing index `.ds-logs-nginx-default-2026.11.21-000001`. */
  readonly index: string;
  readonly indexUuid: string;
  readonly shard: number;
}

/** A shard's name, equal for equal keys of one cluster. */
export function shardName({ indexUuid, shard }: Pick<ShardKey, "indexUuid" | "shard">): string {
  return `${indexUuid}/${shard}`;
}

/** How far a shard is read: every operation up to the sequence number was seen or is superseded. JSON. */
export interface ShardPosition {
  /** Of the primary when the position was reached; another one means that numbers were given anew, and the shard is read again from its beginning. */
  readonly historyUuid: string;
  /** −1 before the first operation. */
  readonly checkpoint: number;
}

/** One document as the tail delivers it. */
export interface TailDocument {
  readonly index: string;
  readonly id: string;
  readonly seqNo: number;
  readonly source: JsonObject;
}

/** A run of documents in order of their sequence numbers, and the position once they are dealt with. */
export interface TailPage {
  readonly documents: readonly TailDocument[];
  readonly position: ShardPosition;
  /** Sequence numbers passed that hold no document any more (updates, deletes, no-ops). */
  readonly superseded: number;
  /** Nothing is known to be left: the position is the global checkpoint read at the beginning. */
  readonly caughtUp: boolean;
}

/** Reads one shard, document by document, none left out, as DESIGN.md's "Tailing Elasticsearch" says. */
export interface ShardTail {
  readonly key: ShardKey;
  /** The next documents after the last page, or undefined when there is nothing new. Rejects with an `ElasticsearchError`; calling again goes on at the same place. */
  next(signal: AbortSignal): Promise<TailPage | undefined>;
}

/** A shard that is there now, as the last look at the cluster saw it. */
export interface ShardSight {
  readonly key: ShardKey;
  /** Index pattern or data stream of the configuration that it was found by, and the data stream it belongs to. */
  readonly pattern: string;
  readonly dataStream?: string | undefined;
  /** Largest global checkpoint over its started copies; undefined while no copy is started (red). */
  readonly globalCheckpoint?: number | undefined;
  readonly historyUuid?: string | undefined;
  /** Node ids of its started copies, the primary's first. */
  readonly nodes: readonly string[];
  /** The query of the alias that it is seen through, when there is one; documents that do not fit it are not read. */
  readonly filter?: JsonObject | undefined;
}
