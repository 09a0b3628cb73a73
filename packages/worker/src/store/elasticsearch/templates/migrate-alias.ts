import { errors } from "@elastic/elasticsearch";
import type { Cluster } from "../../../elasticsearch/cluster.ts";
import { requireWhole } from "../../../elasticsearch/errors.ts";
import { StoreError } from "../../../errors.ts";
import { storing } from "../store-failure.ts";

/** Which index's documents go where. */
export interface AliasMigration {
  readonly name: string;
  readonly into: string;
  readonly alias: string;
}

/**
 * Moves the documents behind an alias into a new index with the mapping that the template gives now, then swaps the alias. The old index takes no writes meanwhile and is kept closed to
 * writing afterwards, until the alias points to the new one; then it is removed. It can be begun again after a crash at any point: documents are copied with their versions.
 * @throws StoreError
 */
export async function migrateAlias(client: Cluster["client"], { name, into, alias }: AliasMigration): Promise<void> {
  const doing = `Moving ${name} to ${into}`;
  await storing(doing, async () => {
    try {
      await client.indices.create({ index: into });
    } catch (error) {
      if (!(error instanceof errors.ResponseError && error.message.includes("resource_already_exists_exception")))
        throw error;
    }
    // Without the block a write between copying and swapping would be lost.
    await client.indices.addBlock({ index: name, block: "write" });
    requireWhole(await client.indices.refresh({ index: name }), doing);
  });
  const answer = await storing(doing, () =>
    client.reindex(
      {
        source: { index: name },
        // A document's version says which step wrote it; a copy keeps it, so that a stale owner is refused there, too.
        dest: { index: into, version_type: "external" },
        conflicts: "proceed",
        refresh: true,
        wait_for_completion: true,
      },
      { requestTimeout: 3_600_000 },
    ),
  );
  const [before, after] = await storing(doing, async () => {
    const counts = await Promise.all([client.count({ index: name }), client.count({ index: into })]);
    return counts.map(({ count }) => count);
  });
  if ((answer.failures?.length ?? 0) > 0 || before !== after)
    throw new StoreError(
      "store-migration-failed",
      `${doing} failed: ${after} of ${before} documents arrived. The old index is unchanged; installing again goes on.`,
      { retryable: true },
    );
  await storing(doing, () =>
    client.indices.updateAliases({
      actions: [{ add: { index: into, alias, is_write_index: true } }, { remove_index: { index: name } }],
    }),
  );
}
