import { createHash } from "node:crypto";
import type { Episode } from "@vedette/detection";
import { canonicalJson } from "../../audit/canonical-json.ts";
import { dateOf, documentId, monthlyIndex } from "../../store/elasticsearch/names.ts";
import type { FindingDocument } from "./finding-document.ts";

/** What an episode's document says besides the episode. */
export interface EpisodeOrigin {
  readonly prefix: string;
  /** The line that made it. */
  readonly source: string;
  /** Unix milliseconds. */
  readonly received: number;
  readonly shadow: boolean;
}

/** One revision of an episode, as it is written into the stream of findings: once, under an id of its own. */
export function episodeDocument(
  episode: Episode,
  { prefix, source, received, shadow }: EpisodeOrigin,
): { readonly index: string; readonly id: string; readonly document: FindingDocument } {
  const { id, rule, to, revision, alerts } = episode;
  return {
    index: monthlyIndex(prefix, "findings", to),
    id: documentId(`${id}.${revision}`),
    document: {
      "@timestamp": dateOf(to),
      event: { kind: "signal" },
      rule: { id: rule.id, name: rule.title, version: rule.revision },
      vedette: {
        finding: {
          id,
          kind: "episode",
          revision,
          level: rule.level,
          alerts,
          shadow,
          content_hash: createHash("sha256").update(canonicalJson(episode)).digest("hex"),
          source,
          received,
          body: episode,
        },
      },
    },
  };
}
