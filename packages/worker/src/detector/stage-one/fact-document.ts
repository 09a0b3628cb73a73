import { createHash } from "node:crypto";
import type { Fact } from "@vedette/detection";
import { canonicalJson } from "../../audit/canonical-json.ts";
import type { OnceDocument } from "../../elasticsearch/create-once.ts";
import { dateOf, keywordOf, monthlyIndex } from "../../store/elasticsearch/names.ts";
import type { EventPosition, FindingDocument } from "../findings/finding-document.ts";

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
  return documentOf(fact, contentHashOf(fact, origin.undated), origin);
}

/** The document of a fact whose id is taken by another judgement of the same event: the event was changed in between, and both stand. */
export function otherFactDocument(fact: Fact, origin: FactOrigin): OnceDocument {
  const hash = contentHashOf(fact, origin.undated);
  return documentOf({ ...fact, id: `${fact.id}.${hash.slice(0, 12)}` }, hash, origin);
}

const contentHashOf = (fact: Fact, undated: boolean): string => {
  const { id: _, time, ...content } = fact;
  return createHash("sha256")
    .update(canonicalJson(undated ? content : { ...content, time }))
    .digest("hex");
};

const documentOf = (fact: Fact, contentHash: string, origin: FactOrigin): OnceDocument => {
  const { prefix, source, position, undated, received, shadow } = origin;
  const { id, rule, time, eventId, alerts } = fact;
  const document: FindingDocument = {
    "@timestamp": dateOf(time),
    event: { kind: "signal", id: keywordOf(eventId) },
    rule: { id: rule.id, name: rule.title, version: rule.revision },
    vedette: {
      finding: {
        id,
        kind: "fact",
        revision: 0,
        level: rule.level,
        alerts,
        shadow,
        content_hash: contentHash,
        source,
        received,
        position,
        body: fact,
      },
    },
  };
  return {
    index: undated ? `${prefix}-findings-undated` : monthlyIndex(prefix, "findings", time),
    id,
    document,
    contentHash,
  };
};
