import type { JsonObject, JsonValue } from "@vedette/detection";

/** Keys under which exports wrap many events in one document: CloudTrail's in S3, Azure's, lists of Kubernetes and of web APIs. */
const KEYS = ["Records", "records", "value", "items", "events"] as const;

/**
 * The events that a document wraps, in their order, or undefined when it wraps none: a list of objects under one of the usual keys, or the
 * `_source` of each hit of an answer of Elasticsearch's search.
 */
export function wrappedEvents(document: JsonObject): readonly JsonObject[] | undefined {
  for (const key of KEYS) {
    const list = Object.hasOwn(document, key) ? document[key] : undefined;
    if (isListOfObjects(list)) return list;
  }
  const hits = isObject(document["hits"]) ? document["hits"]["hits"] : undefined;
  if (!isListOfObjects(hits)) return undefined;
  const sources = hits.map((hit) => hit["_source"]);
  return isListOfObjects(sources) ? sources : undefined;
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function isListOfObjects(value: unknown): value is readonly JsonObject[] {
  return Array.isArray(value) && value.length > 0 && value.every((item: JsonValue | undefined) => isObject(item));
}
