import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { WriteOperation } from "../../elasticsearch/write.ts";
import type { FindingDocument } from "../../detector/findings/finding-document.ts";
import type { Log } from "../../ports.ts";
import { firstJudgementId, otherJudgementId } from "../../detector/findings/other-judgement.ts";
import { readCurrent } from "./current-documents.ts";

const hashOf = (document: Partial<FindingDocument> | undefined): string | undefined =>
  document?.vedette?.finding?.content_hash;

/** Findings among creates whose documents are there already, but say something else: both stand, and these are to be written under ids of their own. What is no finding is left out. */
export async function otherFindings(
  { client }: Pick<Cluster, "client">,
  existing: readonly WriteOperation[],
): Promise<readonly WriteOperation[]> {
  const findings = existing.filter(({ kind, document }) => kind === "create" && hashOf(document) !== undefined);
  const stored = await readCurrent<FindingDocument>(client, findings);
  return findings.flatMap((operation, at) => {
    const [mine, theirs] = [hashOf(operation.document), hashOf(stored[at])];
    if (mine === undefined || theirs === undefined || mine === theirs) return [];
    return [{ ...operation, id: otherJudgementId(operation.id, mine) }];
  });
}

/**
 * The same for revisions of episodes. One that says something else than what is there was made by a line whose state is lost (its journal was deleted while the findings were kept): the log says so, because
 * nobody but a person can know why.
 */
export async function otherEpisodes(
  cluster: Pick<Cluster, "client">,
  existing: readonly WriteOperation[],
  log: Log,
): Promise<readonly WriteOperation[]> {
  const others = await otherFindings(cluster, existing);
  for (const { index, id } of others)
    log.error(
      { index, id: firstJudgementId(id) },
      "an episode's revision was stored before with other content; both stand",
    );
  return others;
}
