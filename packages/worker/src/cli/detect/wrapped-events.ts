import type { JsonObject, JsonValue } from "@vedette/detection";

/** Keys under which exports wrap many events in one document: CloudTrail's in S3, Azure's, lists of Kubernetes and of web APIs. */
const KEYS = ["Records", "records", "value", "items", "events"] as const;

/** A document with more keys beside the list is an event that has a list. */
const MOST_KEYS = 4;

/**
 * What a document wraps, in its order, or undefined when it wraps no events: a list with objects under one of the usual keys, or the
 * `_source` of each hit of an answer of Elasticsearch's search. An element that is no object is for the caller to report.
 * `isTold`: somebody said which log source the document belongs to, so that it wraps events only where it has little besides.
 */
export function wrappedEvents(document: JsonObject, isTold: boolean): readonly JsonValue[] | undefined {
  if (isTold && Object.keys(document).length > MOST_KEYS) return undefined;
  for (const key of KEYS) {
    const list = Object.hasOwn(document, key) ? document[key] : undefined;
    if (hasObjects(list)) return list;
  }
  const hits = isObject(document["hits"]) ? document["hits"]["hits"] : undefined;
  if (!hasObjects(hits)) return undefined;
  const sources = hits.map((hit) => (isObject(hit) ? (hit["_source"] ?? null) : null));
  return hasObjects(sources) ? sources : undefined;
}

/** Whether a value is a JSON object. */
export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function hasObjects(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value) && value.some((item: JsonValue) => isObject(item));
}
