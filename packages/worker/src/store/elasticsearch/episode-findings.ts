import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { WriteOperation } from "../../elasticsearch/write.ts";
import { StoreError } from "../../errors.ts";
import type { FindingDocument } from "../../detector/findings/finding-document.ts";
import { readCurrent } from "./current-documents.ts";

/**
 * Sees to it that a revision of an episode which is there already is the one that was to be written.
 *
 * @throws StoreError `store-revision-conflict` when it says something else: two lines have made it
 */
export async function refuseOtherEpisodes(
  { client }: Pick<Cluster, "client">,
  existing: readonly WriteOperation[],
): Promise<readonly WriteOperation[]> {
  const stored = await readCurrent<FindingDocument>(client, existing);
  for (const [at, { id, document }] of existing.entries()) {
    const mine = (document as Partial<FindingDocument>).vedette?.finding?.content_hash;
    const theirs = stored[at]?.vedette?.finding?.content_hash;
    if (mine === undefined || theirs === undefined || mine === theirs) continue;
    throw new StoreError("store-revision-conflict", `${id} was stored before with other content.`, {
      retryable: false,
    });
  }
  return [];
}
