import { ATTR } from "@vedette/semconv";
import type { Entity, EntityKind, JsonObject } from "../event.ts";
import type { FieldMapping } from "../mapping.ts";
import { toMilliseconds } from "./document-time.ts";
import { type DottedName, digText, dig, dottedName, dottedPaths, isObject } from "./dotted-name.ts";
import { placePaths } from "./ecs-endpoint-fields.ts";
import { createEcsLogSources } from "./ecs-log-sources.ts";
import { ecsPlaces } from "./ecs-service-fields.ts";
import { FURTHER_NAMES, personPlaces } from "./person-names.ts";

const ENTITIES: readonly (readonly [EntityKind, readonly DottedName[]])[] = (
  [
    ["address", ["client.ip", "source.ip", ATTR.clientAddress, "source.address"]],
    ["user", [ATTR.userName, ATTR.userId, "user.email", "source.user.name", ATTR.userHash]],
    ["session", [ATTR.sessionId]],
    ["api_key", [ATTR.apiKeyHash]],
    ["host", [ATTR.hostName, "host.hostname"]],
    ["service", [ATTR.serviceName]],
  ] satisfies readonly (readonly [EntityKind, readonly string[]])[]
).map(([kind, names]) => [kind, names.map(dottedName)]);

const FURTHER = new Map(
  ENTITIES.flatMap(([, names]) => names).map((name) => [name, (FURTHER_NAMES.get(name.whole) ?? []).map(dottedName)]),
);

const TIMES = ["@timestamp", "event.created", "timestamp"].map(dottedName);

/** Top-level names that ECS documents have, one of which says that a document with `@timestamp` is one. */
export const ROOTS: readonly string[] = [
  "event",
  "host",
  "agent",
  "source",
  "client",
  "process",
  "http",
  "url",
  "data_stream",
  "observer",
  "dns",
];
/** Names written flat that do the same. */
export const FLAT: readonly string[] = [
  "event.dataset",
  "event.module",
  "event.category",
  "event.kind",
  "event.action",
  "data_stream.dataset",
  "host.name",
  "http.request.method",
  "url.original",
  "source.ip",
  "client.ip",
  "process.executable",
  "dns.question.name",
  "agent.type",
];

/** Documents in ECS: what Beats, Elastic Agent and the Collector's ECS mode write, for anything but Windows's own event log. */
export const ecsMapping: FieldMapping = {
  name: "ecs",
  commonFields: [
    "event.dataset",
    "event.module",
    "event.category",
    "event.kind",
    "event.action",
    "host.name",
    ATTR.eventOutcome,
  ],
  accepts: (document: JsonObject) => {
    if (document.ecs !== undefined || document["ecs.version"] !== undefined) return true;
    if (document["@timestamp"] === undefined) return false;
    for (const root of ROOTS) if (isObject(document[root])) return true;
    for (const name of FLAT) if (document[name] !== undefined) return true;
    return false;
  },
  logSources: createEcsLogSources(),
  paths: (field, logSource) => {
    const person = personPlaces(field);
    if (person !== undefined) return person.flatMap(dottedPaths);
    const own = dottedPaths(field);
    const named = placePaths(ecsPlaces(field, logSource));
    return field === "event_name" ? [...own, ...dottedPaths("event.action")] : [...named, ...own];
  },
  time: (document) => {
    for (const name of TIMES) {
      const time = toMilliseconds(dig(document, name));
      if (time !== undefined) return time;
    }
    return undefined;
  },
  entities: (document) => {
    const entities: Entity[] = [];
    for (const [kind, names] of ENTITIES)
      for (const name of names) {
        const value = digText(document, name);
        if (value === "" || value === "-") continue;
        entities.push({ kind, value });
        for (const further of FURTHER.get(name) ?? []) {
          const other = digText(document, further);
          if (other !== "" && other !== value) entities.push({ kind, value: other });
        }
        break;
      }
    return entities;
  },
};
