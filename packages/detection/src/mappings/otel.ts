import { ATTR } from "@vedette/semconv";
import type { Entity, EntityKind, JsonObject, JsonValue, LogSource } from "../event.ts";
import type { FieldMapping, FieldPath } from "../mapping.ts";
import { property, readValue } from "../match/field-slot.ts";
import { toMilliseconds } from "./document-time.ts";

/** Where entities are named; of one kind the first attribute that has a value counts. */
const ENTITIES: readonly (readonly [EntityKind, readonly string[]])[] = [
  ["address", [ATTR.clientAddress, ATTR.networkPeerAddress, "source.ip", "source.address"]],
  ["user", [ATTR.userName, ATTR.userId, ATTR.userHash, ATTR.enduserPseudoId]],
  ["session", [ATTR.sessionId]],
  ["agent", [ATTR.genAiAgentName]],
  ["host", [ATTR.hostName]],
  ["service", [ATTR.serviceName]],
];

/** Products of Sigma's application rules whose name differs from `telemetry.sdk.language`. */
const PRODUCTS: Readonly<Record<string, string>> = { java: "jvm", webjs: "javascript" };

/** OTel log documents, in the shape that the Collector's OTel mode writes to Elasticsearch. */
export const otelMapping: FieldMapping = {
  name: "otel",
  commonFields: ["event_name", "event.name", "severity_text", ATTR.eventOutcome, ATTR.serviceName],
  keywordRoots: [["body"], ["attributes"]],
  accepts: (document) =>
    isObject(document.attributes) &&
    (isObject(document.resource) ||
      document.event_name !== undefined ||
      document.body !== undefined ||
      document.severity_number !== undefined),
  logSources: (document) => {
    const name = eventName(document);
    if (name?.startsWith("vedette."))
      return [{ product: "vedette", service: name.slice("vedette.".length).toLowerCase(), category: "application" }];
    const language = readValue(document, [["resource", "attributes", "telemetry.sdk.language"]]);
    if (typeof language !== "string") return NONE;
    const product = language.toLowerCase();
    return [{ product: Object.hasOwn(PRODUCTS, product) ? PRODUCTS[product] : product, category: "application" }];
  },
  paths,
  time: (document) => toMilliseconds(document["@timestamp"]) ?? toMilliseconds(document.observed_timestamp),
  entities: (document) => {
    const entities: Entity[] = [];
    const attributes = asObject(document.attributes);
    const resource = asObject(asObject(document.resource)?.attributes);
    for (const [kind, names] of ENTITIES) {
      for (const name of names) {
        const value = (attributes && property(attributes, name)) ?? (resource && property(resource, name));
        if ((typeof value !== "string" && typeof value !== "number") || value === "") continue;
        entities.push({ kind, value: String(value) });
        break;
      }
    }
    return entities;
  },
};

const NONE: readonly LogSource[] = [];

function paths(field: string): readonly FieldPath[] {
  const nested = field.split(".");
  const places: FieldPath[] = [["attributes", field], ["resource", "attributes", field], [field]];
  if (nested.length > 1) places.push(nested, ["attributes", ...nested], ["resource", "attributes", ...nested]);
  return places;
}

function eventName(document: JsonObject): string | undefined {
  const own = document.event_name;
  if (typeof own === "string" && own !== "") return own;
  const attribute = property(asObject(document.attributes) ?? {}, "event.name");
  return typeof attribute === "string" ? attribute : undefined;
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const asObject = (value: JsonValue | undefined): JsonObject | undefined => (isObject(value) ? value : undefined);
