import type { Client } from "@elastic/elasticsearch";
import { createBulkWriter } from "../../elasticsearch/bulk-writer.ts";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { connectCluster } from "../../elasticsearch/connect.ts";
import { createNodePorts } from "../../ports-node.ts";
import { silentLog } from "../../testing/silent-log.ts";
import {
  type ElasticsearchStore,
  type ElasticsearchStoreOptions,
  openElasticsearchStore,
} from "../elasticsearch/open-elasticsearch-store.ts";
import { installTemplates } from "../elasticsearch/templates/install.ts";

/** A memory on a real node, with a prefix of its own. */
export interface ElasticsearchHome {
  readonly prefix: string;
  readonly cluster: Cluster;
  /** Opens a store; by default of `case/default`, over the home's own connection. */
  open(options?: Partial<ElasticsearchStoreOptions>): ElasticsearchStore;
  /** Connects once more, e.g. through a proxy. */
  connect(url: string, requestTimeout?: number): Promise<Cluster>;
  writer(cluster: Cluster, patience?: number): ReturnType<typeof createBulkWriter>;
  remove(): Promise<void>;
}

const ports = createNodePorts(silentLog);
let homes = 0;

/** Makes a home with all templates installed. */
export async function makeElasticsearchHome(node: {
  readonly url: string;
  readonly prefix: string;
  readonly client: Client;
}): Promise<ElasticsearchHome> {
  homes += 1;
  const prefix = `${node.prefix}${homes}`;
  const connect = (url: string, requestTimeout = 30_000): Promise<Cluster> =>
    connectCluster({ urls: [url], requestTimeout }, { log: silentLog });
  const writer = (cluster: Cluster, patience = 30_000) => createBulkWriter({ cluster, ...ports, prefix, patience });
  const cluster = await connect(node.url);
  await installTemplates(cluster, prefix);
  return {
    prefix,
    cluster,
    connect,
    writer,
    open: (options = {}) =>
      openElasticsearchStore({
        cluster: options.cluster ?? cluster,
        writer: writer(options.cluster ?? cluster),
        prefix,
        line: "case/default",
        ports,
        ...options,
      }),
    async remove() {
      await node.client.indices.delete({ index: `${prefix}-*`, expand_wildcards: "all", allow_no_indices: true });
      await node.client.indices.deleteIndexTemplate({ name: `${prefix}-*` }, { ignore: [404] });
      await cluster[Symbol.asyncDispose]();
    },
  };
}
