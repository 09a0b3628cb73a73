import type { OnceDocument, OnceOutcome } from "../../elasticsearch/create-once.ts";
import { factDocument, otherFactDocument } from "./fact-document.ts";
import type { PlacedFact, StageOneCounters } from "./judge-records.ts";

/** Writes documents that never change, and tells which were there; rejects with an `ElasticsearchError` when that cannot be known. */
export type WriteOnce = (
  documents: readonly OnceDocument[],
  options: { readonly signal?: AbortSignal | undefined; readonly refresh?: boolean },
) => Promise<readonly OnceOutcome[]>;

/**
 * Writes facts. One whose id is taken by another content is a judgement of an event that was changed in between: it is written beside it, under an id of its own. When this resolves
 * every fact is on stable storage, or in the dead-letter index.
 */
export async function writeFacts(
  writeOnce: WriteOnce,
  facts: readonly PlacedFact[],
  options: { readonly signal?: AbortSignal | undefined; readonly refresh?: boolean },
): Promise<Pick<StageOneCounters, "facts" | "changed" | "known" | "refused">> {
  const counters = { facts: 0, changed: 0, known: 0, refused: 0 };
  if (facts.length === 0) return counters;
  const outcomes = await writeOnce(
    facts.map(({ fact, origin }) => factDocument(fact, origin)),
    options,
  );
  const others: PlacedFact[] = [];
  for (const [at, { status }] of outcomes.entries()) {
    const placed = facts[at];
    if (status === "written") counters.facts += 1;
    else if (status === "same") counters.known += 1;
    else if (status === "refused") counters.refused += 1;
    else if (placed !== undefined) others.push(placed);
  }
  if (others.length === 0) return counters;
  const second = await writeOnce(
    others.map(({ fact, origin }) => otherFactDocument(fact, origin)),
    options,
  );
  for (const { status } of second) {
    if (status === "same") counters.known += 1;
    else if (status === "written") {
      counters.facts += 1;
      counters.changed += 1;
    } else counters.refused += 1;
  }
  return counters;
}
