import type { Cluster } from "../../elasticsearch/cluster.ts";
import { createElasticsearchDocuments } from "../../leases/elasticsearch-documents.ts";
import { StoreError } from "../../errors.ts";
import { ALIASED_KINDS, aliasOf } from "./names.ts";
import { storing } from "./store-failure.ts";

/** What all workers of an installation must agree on; kept at the first start. */
export interface Installation {
  /** Parts in which correlations are shared out. */
  readonly partitions: number;
}

/** Name of the index that keeps what workers agree on. */
export const installationIndex = (prefix: string): string => `${prefix}-installation`;

const ID = "installation";

/**
 * Keeps what this worker is configured with, unless it is kept already, and checks that it is the same.
 *
 * @throws StoreError `store-partitions-changed`
 */
export async function keepInstallation(
  cluster: Pick<Cluster, "client">,
  prefix: string,
  configured: Installation,
  requestTimeout: number,
): Promise<void> {
  const documents = createElasticsearchDocuments<Installation & { readonly "@timestamp"?: string }>({
    client: cluster.client,
    index: installationIndex(prefix),
    properties: { partitions: { type: "integer" } },
    requestTimeout,
  });
  const read = () => storing("Reading what the workers agree on", () => documents.read([ID]));
  let [kept] = await read();
  if (kept === undefined) {
    const result = await documents.write(ID, { ...configured }, "absent");
    if (result.status === "unknown")
      await storing("Keeping what the workers agree on", () => Promise.reject(result.error));
    [kept] = await read();
  }
  const partitions = kept?.document.partitions;
  if (partitions === configured.partitions) return;
  throw new StoreError(
    "store-partitions-changed",
    `The correlations are shared out in ${partitions} parts, and the configuration says ${configured.partitions}: state does not move between parts. Set \`elasticsearch.partitions: ${partitions}\`.`,
    { retryable: false },
  );
}

/** Aliases that a worker reads and writes by and that are not there. */
export async function missingAliases({ client }: Pick<Cluster, "client">, prefix: string): Promise<readonly string[]> {
  const there = await Promise.all(
    ALIASED_KINDS.map(async (kind) => client.indices.exists({ index: aliasOf(prefix, kind) })),
  );
  return ALIASED_KINDS.filter((_, at) => there[at] !== true).map((kind) => aliasOf(prefix, kind));
}
