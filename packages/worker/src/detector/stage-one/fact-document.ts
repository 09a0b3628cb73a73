import type { Fact } from "@vedette/detection";
import type { OnceDocument } from "../../elasticsearch/create-once.ts";
import { factDocument as findingOfFact } from "../../store/elasticsearch/documents.ts";
import { findingsIndex } from "../../store/elasticsearch/names.ts";
import type { EventPosition } from "../findings/finding-document.ts";
import { otherJudgementId } from "../findings/other-judgement.ts";

/** Dotted path of the content hash in findings. */
export const FINDING_HASH_FIELD = "vedette.finding.content_hash";

/** What a fact's document says besides the fact. */
export interface FactOrigin {
  readonly prefix: string;
  readonly source: string;
  readonly position: EventPosition;
  /** The event has no time of its own: the fact's time is that of receipt, another one at each judgement. */
  readonly undated: boolean;
  /** Unix milliseconds. */
  readonly received: number;
  /** The rule is on trial. */
  readonly shadow: boolean;
}

/** The fact as a document that is written once. Its index is a function of the event alone, so that the same fact made again meets itself. */
export function factDocument(fact: Fact, origin: FactOrigin): OnceDocument {
  const document = findingOfFact(fact, origin);
  return {
    index: findingsIndex(origin.prefix, fact.time, origin.undated),
    id: fact.id,
    document,
    contentHash: document.vedette.finding.content_hash,
  };
}

/** The document of a fact whose id is taken by another judgement of the same event: the event was changed in between, and both stand. */
export function otherFactDocument(fact: Fact, origin: FactOrigin): OnceDocument {
  const { contentHash } = factDocument(fact, origin);
  return factDocument({ ...fact, id: otherJudgementId(fact.id, contentHash) }, origin);
}
