import type { JsonObject } from "@vedette/detection";
import { ElasticsearchError } from "../../elasticsearch/errors.ts";
import type { AskCluster } from "./ask-cluster.ts";

/** What does not change from moment to moment. */
export interface IndexFacts {
  readonly index: string;
  readonly uuid: string;
  readonly shards: number;
  readonly isClosed: boolean;
  /** Sequence numbers cannot be searched. */
  readonly hasNumbers: boolean;
  /** Aliases by name; undefined when the role may not see them. */
  readonly aliases: ReadonlyMap<string, JsonObject | undefined>;
}

const SETTINGS = [
  "index.uuid",
  "index.number_of_shards",
  "index.verified_before_close",
  "index.disable_sequence_numbers",
];

const EXPAND = { expand_wildcards: "open,closed,hidden", ignore_unavailable: true, allow_no_indices: true } as const;

/** Path of index names in a request. */
export const indexPath = (patterns: readonly string[]): string => patterns.map(encodeURIComponent).join(",");

/** Reads what is known of all indices that fit the patterns, closed and hidden ones with them. */
export async function lookAtIndices(
  ask: AskCluster,
  patterns: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, IndexFacts>> {
  const path = indexPath(patterns);
  const doing = `Looking for indices that fit ${patterns.join(", ")}`;
  const [settings, aliases] = await Promise.all([
    ask<Record<string, { readonly settings?: Readonly<Record<string, string>> }>>(
      {
        method: "GET",
        path: `/${path}/_settings/${SETTINGS.join(",")}`,
        querystring: { flat_settings: true, ...EXPAND },
        doing,
      },
      signal,
    ),
    ask<Record<string, { readonly aliases?: Readonly<Record<string, { readonly filter?: JsonObject }>> }>>(
      { method: "GET", path: `/${path}/_alias`, querystring: EXPAND, doing, accept: [403, 404] },
      signal,
    ),
  ]);
  const found = new Map<string, IndexFacts>();
  for (const [index, { settings: values = {} }] of Object.entries(settings.body)) {
    const named = aliases.status === 200 ? aliases.body[index]?.aliases : undefined;
    found.set(index, {
      index,
      uuid: values["index.uuid"] ?? "",
      shards: Number(values["index.number_of_shards"] ?? 1),
      isClosed: values["index.verified_before_close"] === "true",
      hasNumbers: values["index.disable_sequence_numbers"] !== "true",
      aliases: new Map(Object.entries(named ?? {}).map(([name, { filter }]) => [name, filter])),
    });
  }
  return found;
}

/** One copy of a shard. */
export interface ShardCopy {
  readonly routing: { readonly state: string; readonly primary: boolean; readonly node?: string | null };
  readonly commit?: { readonly user_data?: { readonly history_uuid?: string } };
  readonly seq_no?: { readonly global_checkpoint: number };
}

/** Indices as `_stats` shows them. */
export type ShardStats = ReadonlyMap<
  string,
  { readonly uuid: string; readonly shards: Readonly<Record<string, readonly ShardCopy[]>> }
>;

const COPY = "indices.*.shards.*";
const STATS_PATH = [
  "indices.*.uuid",
  `${COPY}.routing`,
  `${COPY}.seq_no.global_checkpoint`,
  `${COPY}.commit.user_data.history_uuid`,
].join(",");

/** Reads where every shard stands that fits the patterns: one request. */
export async function lookAtShards(
  ask: AskCluster,
  patterns: readonly string[],
  signal?: AbortSignal,
): Promise<ShardStats> {
  const doing = `Looking at the shards of ${patterns.join(", ")}`;
  const { body } = await ask<{
    readonly indices?: Readonly<
      Record<string, { readonly uuid?: string; readonly shards?: Readonly<Record<string, readonly ShardCopy[]>> }>
    >;
    readonly _shards?: { readonly failed?: number };
  }>(
    {
      method: "GET",
      path: `/${indexPath(patterns)}/_stats/docs`,
      querystring: {
        level: "shards",
        expand_wildcards: "open,hidden",
        ignore_unavailable: true,
        allow_no_indices: true,
        filter_path: STATS_PATH,
      },
      doing,
    },
    signal,
  );
  return new Map(
    Object.entries(body.indices ?? {}).map(([index, { uuid = "", shards = {} }]) => [index, { uuid, shards }]),
  );
}

/** Whether the role lacks the privilege, or the cluster has no such thing as shards, rather than anything that passes. */
export const isLasting = (error: unknown): error is ElasticsearchError =>
  error instanceof ElasticsearchError &&
  (error.code === "elasticsearch-forbidden" || error.status === 410 || error.code === "elasticsearch-refused");
