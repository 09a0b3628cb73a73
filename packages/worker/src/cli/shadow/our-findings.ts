import type { JsonObject } from "@vedette/detection";
import { streamOf } from "../../detector/stage-one/tailed-record.ts";
import type { FindingDocument } from "../../detector/findings/finding-document.ts";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { calling } from "../../elasticsearch/errors.ts";
import { readDocuments } from "../../hunt/read-documents.ts";
import { patternOf } from "../../store/elasticsearch/names.ts";
import type { OurFinding } from "./compare-alerts.ts";

/** Reads a finding as it stands in the findings indices; undefined for one that tells nothing: a part of a correlation, or an episode that is no more. */
export function readFinding(document: FindingDocument): OurFinding | undefined {
  const { body, alerts, shadow, id, position } = document.vedette.finding;
  if (!alerts) return undefined;
  const shared = {
    id,
    rule: { id: body.rule.id, title: body.rule.title },
    shadow,
    entities: [...new Set(body.entities.map(({ value }) => value))],
  };
  if (body.kind === "fact") {
    const read = position === undefined ? [] : [`${streamOf(position.index)}/${position.id}`];
    return { ...shared, from: body.time, to: body.time, documents: [...new Set([body.eventId, ...read])] };
  }
  if (body.withdrawn === true || body.mergedInto !== undefined) return undefined;
  return { ...shared, from: body.from, to: body.to, documents: body.eventIds };
}

/** Findings of a span of event time, active and in shadow, each episode as it stands now; undefined when there are more than may be read. */
export async function readOurFindings(
  { client }: Pick<Cluster, "client">,
  prefix: string,
  { from, to, limit }: { readonly from: number; readonly to: number; readonly limit: number },
): Promise<readonly OurFinding[] | undefined> {
  const pattern = patternOf(prefix, "findings");
  const hasIndex = await calling("Looking for findings", () =>
    client.indices.exists({ index: pattern, allow_no_indices: false }),
  );
  if (!hasIndex) return [];
  const query = {
    bool: {
      filter: [
        { range: { "@timestamp": { gte: from, lte: to, format: "epoch_millis" } } },
        { term: { "vedette.finding.alerts": true } },
      ],
    },
  };
  const newest = new Map<string, { readonly revision: number; readonly finding: OurFinding | undefined }>();
  for await (const page of readDocuments(client, { indices: [pattern], query, pageSize: 1_000 }))
    for (const { source } of page) {
      const document = source as JsonObject & FindingDocument;
      const { id, revision } = document.vedette.finding;
      const known = newest.get(id);
      if (known !== undefined && known.revision >= revision) continue;
      if (known === undefined && newest.size === limit) return undefined;
      newest.set(id, { revision, finding: readFinding(document) });
    }
  return [...newest.values()].flatMap(({ finding }) => finding ?? []);
}
