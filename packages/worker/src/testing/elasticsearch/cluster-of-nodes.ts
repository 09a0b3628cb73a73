import { rmSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { freePorts, startNode, type ClusterNode } from "./cluster-node.ts";
import { makeNodesFolder } from "./node-configuration.ts";

/** Several nodes that can each be the master. Disposing of it stops them and removes their data. */
export interface ClusterOfNodes extends AsyncDisposable {
  /** Nodes that run. */
  readonly nodes: readonly ClusterNode[];
  readonly urls: readonly string[];
  /** A client of all of them. */
  client(): Client;
  /** The elected master. */
  master(): Promise<ClusterNode>;
  /** Starts a node that was killed or stopped again, with its data. */
  restart(node: ClusterNode): Promise<ClusterNode>;
}

/** Starts nodes; resolves when they are one cluster. */
export async function startNodes(count: number, options: { readonly heap?: string } = {}): Promise<ClusterOfNodes> {
  const folder = makeNodesFolder();
  const ports = await freePorts(2 * count);
  const seeds = ports.slice(count);
  const nodes: ClusterNode[] = [];
  const client = (): Client => new Client({ nodes: urls });
  const urls = ports.slice(0, count).map((port) => `http://127.0.0.1:${port}`);
  const dispose = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const started = await Promise.allSettled(
      seeds.map((transportPort, index) =>
        startNode({
          folder: join(folder, `n${transportPort}`),
          port: ports[index] ?? 0,
          transportPort,
          seeds,
          ...options,
        }),
      ),
    );
    for (const result of started) if (result.status === "fulfilled") nodes.push(result.value);
    for (const result of started) if (result.status === "rejected") throw result.reason;
    const probe = client();
    try {
      await probe.cluster.health({ wait_for_nodes: String(count), timeout: "60s" });
    } finally {
      await probe.close();
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    nodes,
    urls,
    client,
    async master() {
      const probe = client();
      try {
        const { master_node: id, nodes: known } = await probe.cluster.state({ metric: ["master_node", "nodes"] });
        const name = (known as Record<string, { name: string }>)[String(id)]?.name;
        const node = nodes.find(({ options: { transportPort } }) => `n${transportPort}` === name);
        if (!node) throw new Error(`the master ${name} is none of the nodes`);
        return node;
      } finally {
        await probe.close();
      }
    },
    async restart(node) {
      const again = await startNode(node.options);
      nodes.splice(nodes.indexOf(node), 1, again);
      return again;
    },
    [Symbol.asyncDispose]: dispose,
  };
}
