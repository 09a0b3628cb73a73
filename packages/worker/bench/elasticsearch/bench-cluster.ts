import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "../../src/elasticsearch/cluster.ts";
import { connectCluster } from "../../src/elasticsearch/connect.ts";
import { freePorts, startNode } from "../../src/testing/elasticsearch/cluster-node.ts";
import { findInstallation } from "../../src/testing/elasticsearch/installation.ts";
import { makeNodesFolder } from "../../src/testing/elasticsearch/node-configuration.ts";
import { silentLog } from "../../src/testing/silent-log.ts";

/** One measured number. */
export interface Row {
  readonly name: string;
  readonly value: number | string;
  readonly unit: string;
}

/** What a cluster has done up to now. */
export interface Usage {
  /** Seconds of processor time of its process. */
  readonly cpu: number;
  /** Searches, scrolls and reads by id that it answered. */
  readonly queries: number;
  /** Bytes of all its answers. */
  readonly bytesRead: number;
}

interface NodeStats {
  readonly nodes: Readonly<
    Record<
      string,
      {
        readonly process: { readonly cpu: { readonly total_in_millis: number } };
        readonly http: {
          readonly routes?: Readonly<
            Record<
              string,
              { readonly requests: { count: number }; readonly responses: { total_size_in_bytes: number } }
            >
          >;
        };
      }
    >
  >;
}

/** A node for one benchmark. Disposing of it ends it. */
export interface BenchCluster extends AsyncDisposable {
  readonly url: string;
  readonly cluster: Cluster;
  usage(): Promise<Usage>;
}

/** What has happened since. */
export const since = (before: Usage, after: Usage): Usage => ({
  cpu: after.cpu - before.cpu,
  queries: after.queries - before.queries,
  bytesRead: after.bytesRead - before.bytesRead,
});

/** Starts a node of its own, so that nobody else's work is measured; says in one sentence why there is none where there is none. */
export const startBenchCluster = async (): Promise<BenchCluster | { readonly missing: string }> => {
  const installation = findInstallation();
  if ("missing" in installation) return installation;
  const folder = makeNodesFolder();
  const [port = 0, transportPort = 0] = await freePorts(2);
  const node = await startNode({ folder: join(folder, "node"), port, transportPort, heap: "1g" }, installation);
  const cluster = await connectCluster({ urls: [node.url], requestTimeout: 60_000 }, { log: silentLog });
  return {
    url: node.url,
    cluster,
    async usage() {
      const { nodes } = await cluster.client.transport.request<NodeStats>({
        method: "GET",
        path: "/_nodes/stats/process,http",
        querystring: { filter_path: "nodes.*.process.cpu,nodes.*.http.routes" },
      });
      let [cpu, queries, bytesRead] = [0, 0, 0];
      for (const { process, http } of Object.values(nodes)) {
        cpu += process.cpu.total_in_millis / 1_000;
        for (const [route, { requests, responses }] of Object.entries(http.routes ?? {})) {
          if (route.startsWith("/_nodes")) continue;
          bytesRead += responses.total_size_in_bytes;
          if (/_search|_mget|_count|_pit/.test(route)) queries += requests.count;
        }
      }
      return { cpu, queries, bytesRead };
    },
    [Symbol.asyncDispose]: async () => {
      await cluster[Symbol.asyncDispose]();
      await node.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
