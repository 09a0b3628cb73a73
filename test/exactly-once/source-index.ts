import { setTimeout as wait } from "node:timers/promises";
import type { Client } from "@elastic/elasticsearch";

/** What the documents are written to. */
export type SourceKind =
  /** A write alias over indices that are rolled over. */
  | "alias"
  /** A data stream, made by a template. */
  | "data-stream"
  /** A data stream of the mode that keeps no source as it came. */
  | "logsdb"
  /** An index of one shard, shrunk of three, and beside it a write alias. */
  | "shrunk";

/** Where the writers write and the workers read. */
export interface SourceIndex {
  /** Name that documents are created under. */
  readonly target: string;
  /** Pattern that the workers are configured with. */
  readonly pattern: string;
  rollOver(): Promise<void>;
}

/** Sets up what the documents are written to. */
export async function makeSource(
  client: Client,
  options: {
    readonly kind: SourceKind;
    readonly name: string;
    readonly replicas: number;
    readonly shards?: number | undefined;
    /** As Elasticsearch writes it. */
    readonly refreshInterval?: string | undefined;
  },
): Promise<SourceIndex> {
  const { kind, name, replicas, shards = 3, refreshInterval = "1s" } = options;
  const isStream = kind === "data-stream" || kind === "logsdb";
  await client.indices.putIndexTemplate({
    name,
    index_patterns: [isStream ? name : `${name}-0*`],
    priority: 500,
    ...(isStream ? { data_stream: {} } : {}),
    template: {
      settings: {
        number_of_shards: shards,
        number_of_replicas: replicas,
        refresh_interval: refreshInterval,
        // Short texts that take long to index: meanwhile others that come after them can be seen before them.
        analysis: {
          tokenizer: { grams: { type: "ngram", min_gram: 2, max_gram: 3 } },
          analyzer: { slow: { type: "custom", tokenizer: "grams" } },
        },
        ...(kind === "logsdb" ? { "index.mode": "logsdb" } : {}),
      },
      mappings: {
        properties: {
          "@timestamp": { type: "date" },
          event: { properties: { action: { type: "keyword" }, outcome: { type: "keyword" } } },
          source: { properties: { ip: { type: "ip" } } },
          user: { properties: { name: { type: "keyword" } } },
          host: { properties: { name: { type: "keyword" } } },
          message: { type: "text" },
          rig: { properties: { text: { type: "text", analyzer: "slow" } } },
        },
      },
    },
  });
  if (!isStream)
    await client.indices.create({ index: `${name}-000001`, aliases: { [name]: { is_write_index: true } } });
  return {
    target: name,
    pattern: isStream ? name : `${name}-*`,
    rollOver: async () => {
      await client.indices.rollover({ alias: name }, { requestTimeout: 120_000 });
    },
  };
}

/**
 * Shrinks the write alias's first index to one shard under a new name, which is what is read from then on: it holds sequence numbers twice.
 * @returns the name of the shrunk index
 */
export async function shrinkFirst(client: Client, name: string): Promise<string> {
  const from = `${name}-000001`;
  await client.indices.rollover({ alias: name });
  const [node] = Object.values((await client.nodes.info()).nodes);
  await client.indices.putSettings({
    index: from,
    settings: { "index.blocks.write": true, "index.routing.allocation.require._name": node?.name ?? "" },
  });
  await client.cluster.health({ index: from, wait_for_no_relocating_shards: true, timeout: "60s" });
  const target = `${name}-0shrunk`;
  await client.indices.shrink({
    index: from,
    target,
    settings: {
      "index.number_of_shards": 1,
      "index.number_of_replicas": 0,
      "index.blocks.write": null,
      "index.routing.allocation.require._name": null,
    },
  });
  await client.cluster.health({ index: target, wait_for_status: "yellow", timeout: "60s" });
  await client.indices.delete({ index: from });
  return target;
}

/** Takes the place away from the shards of a source's first index, so that it is red, and gives it back after so many milliseconds. */
export async function makeRedForAWhile(client: Client, name: string, milliseconds: number): Promise<void> {
  const index = `${name}-000001`;
  const placeOn = async (node: string | null): Promise<void> => {
    await client.indices.putSettings({ index, settings: { "index.routing.allocation.require._name": node } });
  };
  await placeOn("no-such-node");
  await client.indices.close({ index, wait_for_active_shards: 0 });
  await client.indices.open({ index, wait_for_active_shards: 0 });
  const { status } = await client.cluster.health({ index });
  if (status !== "red") throw new Error(`${index} is ${status} and was to be red`);
  await wait(milliseconds);
  await placeOn(null);
  await client.cluster.health({ index, wait_for_status: "yellow", timeout: "60s" });
}
