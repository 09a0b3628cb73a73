import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { WriteOperation } from "../../elasticsearch/write.ts";
import type { FindingDocument } from "../../detector/findings/finding-document.ts";
import type { Log } from "../../ports.ts";
import { readCurrent } from "./current-documents.ts";

/**
 * What to do about revisions of episodes that are there already. One that says what was to be written is done. One that says something else was made by a line whose state is lost (its journal was deleted while
 * the findings were kept): both stand, the new one under an id of its own, and the log says so, because nobody but a person can know why.
 *
 * @returns what is to be written besides
 */
export async function keepOtherEpisodes(
  { client }: Pick<Cluster, "client">,
  existing: readonly WriteOperation[],
  log: Log,
): Promise<readonly WriteOperation[]> {
  const stored = await readCurrent<FindingDocument>(client, existing);
  return existing.flatMap((operation, at): readonly WriteOperation[] => {
    const mine = (operation.document as Partial<FindingDocument>).vedette?.finding?.content_hash;
    const theirs = stored[at]?.vedette?.finding?.content_hash;
    if (operation.kind !== "create" || mine === undefined || theirs === undefined || mine === theirs) return [];
    const { index, id } = operation;
    log.error({ index, id }, "an episode's revision was stored before with other content; both stand");
    return [{ ...operation, id: `${id}.${mine.slice(0, 12)}` }];
  });
}
