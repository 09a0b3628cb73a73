import type { PlacedFact } from "../detector/stage-one/judge-records.ts";
import { FINDING_HASH_FIELD } from "../detector/stage-one/fact-document.ts";
import { writeFacts } from "../detector/stage-one/write-facts.ts";
import type { Cluster } from "../elasticsearch/cluster.ts";
import { createOnce } from "../elasticsearch/create-once.ts";
import type { BulkWriter } from "../elasticsearch/write.ts";
import type { JudgedDocument } from "./run-hunt.ts";

/** What became of findings that were written. */
export interface FoundCounts {
  readonly facts: number;
  readonly known: number;
  /** Of events that were judged before with another content. */
  readonly changed: number;
  readonly refused: number;
}

/** Nothing was found. */
export const NOTHING_FOUND: FoundCounts = { facts: 0, known: 0, changed: 0, refused: 0 };

/** Writes what was found in stored events, as live detection writes it; what was found before meets itself and changes nothing. */
export async function writeFound(
  page: readonly JudgedDocument[],
  {
    cluster,
    writer,
    prefix,
    isShadow,
  }: {
    readonly cluster: Cluster;
    readonly writer: BulkWriter;
    readonly prefix: string;
    readonly isShadow: (ruleId: string) => boolean;
  },
): Promise<FoundCounts> {
  const placed = page.flatMap(({ record, index, id, judgement }) =>
    judgement.facts.map((fact): PlacedFact => ({
      fact,
      origin: {
        prefix,
        source: record.source,
        position: { index, id },
        undated: record.undated === true,
        received: record.receivedAt,
        shadow: isShadow(fact.rule.id),
      },
    })),
  );
  const { facts, known, changed, refused } = await writeFacts(
    (documents, how) => createOnce(cluster, writer, documents, { hashField: FINDING_HASH_FIELD, ...how }),
    placed,
    {},
  );
  return { facts, known, changed, refused };
}

/** Adds counts up. */
export const addFound = (one: FoundCounts, other: FoundCounts): FoundCounts => ({
  facts: one.facts + other.facts,
  known: one.known + other.known,
  changed: one.changed + other.changed,
  refused: one.refused + other.refused,
});
