import type { JsonObject } from "@vedette/detection";
import { ElasticsearchError, requireWhole } from "../../elasticsearch/errors.ts";
import type { AskCluster } from "./ask-cluster.ts";
import type { ShardSight, TailDocument } from "./shard-tail.ts";

/** Which part of `_source` is read: all of it, or all but some. */
export interface SourceFields {
  readonly excludes: readonly string[];
}

/** Sequence numbers of one shard that are read at once. */
export interface ShardRange {
  readonly sight: ShardSight;
  /** Id of the node whose copy is read. */
  readonly node: string;
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. */
  readonly upTo: number;
  /** Most documents. */
  readonly size: number;
  readonly maxBytes: number;
  readonly sourceFields?: SourceFields | undefined;
  /** Only documents that fit the query. */
  readonly query?: JsonObject | undefined;
}

interface SearchBody {
  readonly timed_out?: boolean;
  readonly _shards?: {
    readonly total: number;
    readonly successful: number;
    readonly failed: number;
    readonly failures?: readonly unknown[];
  };
  readonly hits?: {
    readonly hits: readonly {
      readonly _id: string;
      readonly _index: string;
      readonly _source?: JsonObject;
      readonly sort: readonly [number];
    }[];
  };
}

const SORT = [{ _seq_no: { order: "asc", unmapped_type: "long" } }];

/** Reads documents of one copy of a shard in order of their sequence numbers. Rejects when the copy did not answer wholly, or is not there any more. */
export async function readShard(
  ask: AskCluster,
  { sight, node, after, upTo, size, maxBytes, sourceFields, query }: ShardRange,
  signal: AbortSignal,
): Promise<{ readonly documents: readonly TailDocument[]; readonly bytes: number }> {
  const { index, shard } = sight.key;
  const doing = `Reading shard ${shard} of ${index}`;
  const filter: object[] = [{ range: { _seq_no: { gt: after, lte: upTo } } }];
  if (sight.filter !== undefined) filter.push(sight.filter);
  if (query !== undefined) filter.push(query);
  const { body, bytes } = await ask<SearchBody>(
    {
      method: "POST",
      path: `/${encodeURIComponent(index)}/_search`,
      // Without a filter path: with one, the server takes every document apart to write it again.
      querystring: {
        preference: `_shards:${shard}|_only_nodes:${node}`,
        allow_partial_search_results: false,
        request_cache: false,
      },
      body: {
        size,
        track_total_hits: false,
        sort: SORT,
        query: { bool: { filter } },
        ...(sourceFields === undefined ? {} : { _source: sourceFields }),
      },
      doing,
      maxBytes,
    },
    signal,
  );
  requireWhole(body, doing);
  // A shard that is not there is answered with 200 and no shards.
  if (body._shards?.successful !== 1)
    throw new ElasticsearchError("elasticsearch-partial-result", `${doing} failed: the shard did not answer.`, {
      retryable: true,
    });
  const documents = (body.hits?.hits ?? []).map(({ _id, _index, _source, sort }): TailDocument => ({
    index: _index,
    id: _id,
    seqNo: sort[0],
    source: _source ?? {},
  }));
  return { documents, bytes };
}
