import type { JsonObject } from "@vedette/detection";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { FindingDocument } from "../../detector/findings/finding-document.ts";
import { receivedId, unwrapEvent } from "../../detector/stage-one/received-document.ts";
import { StoreError } from "../../errors.ts";
import type { InboxRow } from "../store.ts";
import { keywordOf, patternOf } from "./names.ts";
import { listAll, type Source } from "./searches.ts";
import { storing } from "./store-failure.ts";
import type { Freshness } from "./freshness.ts";

/** What a finding says about its event. */
interface Known {
  readonly id: string;
  readonly source: string;
  readonly time: number;
  readonly received: number;
  readonly index: string;
  readonly documentId: string;
}

/**
 * Fetches events from where they stand, because findings and alerts hold no copy of them. An event that its own index holds no more, or that this worker's role may not read (any more), is left out.
 * The rows have no place in an inbox: their `sequence` is 0.
 */
export async function fetchSourceEvents(
  client: Cluster["client"],
  prefix: string,
  freshness: Freshness,
  ids: readonly string[],
): Promise<InboxRow[]> {
  if (ids.length === 0) return [];
  await freshness.before(patternOf(prefix, "findings"));
  const known = new Map<string, Known>();
  for (let from = 0; from < ids.length; from += 1_000) {
    const found = await listAll(client, {
      index: patternOf(prefix, "findings"),
      filters: [{ terms: { "event.id": ids.slice(from, from + 1_000).map(keywordOf) } }],
      order: { number: "vedette.finding.revision", keyword: "vedette.finding.id", direction: "asc" },
      item: knownOf,
    });
    for (const one of found) if (one !== undefined) known.set(one.id, one);
  }
  // A finding that was restored from a backup does not tell where its event stands; records that a worker received are found by their ids.
  const elsewhere = ids.filter((id) => !known.has(id));
  for (const one of await findReceived(client, prefix, freshness, elsewhere)) known.set(one.id, one);
  const wanted = ids.flatMap((id) => known.get(id) ?? []);
  const documents = await readOnes(client, wanted);
  return wanted.flatMap((one, at) => {
    const document = documents[at];
    if (document === undefined) return [];
    const { id, source, time, received: receivedAt, index, documentId } = one;
    const received = unwrapEvent(document);
    if (received !== undefined) return [{ sequence: 0, ...received }];
    const position = `${index}/${documentId}`;
    return [{ sequence: 0, id, source, position, partition: source, time, receivedAt, document }];
  });
}

async function findReceived(
  client: Cluster["client"],
  prefix: string,
  freshness: Freshness,
  ids: readonly string[],
): Promise<Known[]> {
  if (ids.length === 0) return [];
  await freshness.before(patternOf(prefix, "events"));
  const places: Known[] = [];
  for (let from = 0; from < ids.length; from += 1_000) {
    const batch = new Map(ids.slice(from, from + 1_000).map((id) => [receivedId({ id }), id]));
    const { hits } = await storing("Fetching events", () =>
      client.search({
        index: patternOf(prefix, "events"),
        size: batch.size,
        query: { ids: { values: [...batch.keys()] } },
        _source: false,
        allow_partial_search_results: false,
      }),
    );
    for (const { _index: index, _id: documentId } of hits.hits) {
      const id = batch.get(documentId ?? "");
      if (id !== undefined && documentId !== undefined)
        places.push({ id, source: "", time: 0, received: 0, index, documentId });
    }
  }
  return places;
}

function knownOf(source: Source): Known | undefined {
  const { finding } = source.vedette as unknown as FindingDocument["vedette"];
  if (finding.position === undefined || finding.body.kind !== "fact") return undefined;
  const { eventId: id, time } = finding.body;
  const { index, id: documentId } = finding.position;
  return { id, source: finding.source, time, received: finding.received ?? time, index, documentId };
}

const GONE = new Set(["index_not_found_exception", "security_exception", "index_closed_exception"]);

async function readOnes(
  client: Cluster["client"],
  wanted: readonly Known[],
): Promise<readonly (JsonObject | undefined)[]> {
  const found: (JsonObject | undefined)[] = [];
  for (let from = 0; from < wanted.length; from += 500) {
    const { docs } = await storing("Fetching events", () =>
      client.mget<JsonObject>({
        docs: wanted.slice(from, from + 500).map(({ index, documentId }) => ({ _index: index, _id: documentId })),
      }),
    );
    for (const doc of docs) {
      if ("error" in doc && !GONE.has(doc.error.type))
        throw new StoreError("elasticsearch-unavailable", `Fetching events failed: ${doc.error.reason ?? ""}.`, {
          retryable: true,
        });
      found.push("error" in doc ? undefined : doc._source);
    }
  }
  return found;
}
