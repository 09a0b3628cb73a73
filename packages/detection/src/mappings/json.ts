import { ATTR } from "@vedette/semconv";
import type { Entity, EntityKind, JsonObject } from "../event.ts";
import type { FieldMapping } from "../mapping.ts";
import { toMilliseconds } from "./document-time.ts";
import { type DottedName, digText, dottedName, dottedPaths } from "./dotted-name.ts";

/** Where entities are named, in OpenTelemetry's, ECS's and everyday words; of one kind the first that has a value counts. */
const ENTITIES: readonly (readonly [EntityKind, readonly DottedName[]])[] = (
  [
    ["address", [ATTR.clientAddress, "client.ip", "source.ip", "source.address", "remote_addr", "client_ip", "ip"]],
    ["user", [ATTR.userName, ATTR.userId, "username", "user"]],
    ["session", [ATTR.sessionId]],
    ["host", [ATTR.hostName, "hostname"]],
    ["service", [ATTR.serviceName]],
  ] satisfies readonly (readonly [EntityKind, readonly string[]])[]
).map(([kind, names]) => [kind, names.map(dottedName)]);

const TIMES = ["@timestamp", "timestamp", "time", "ts"] as const;

/**
 * Any JSON object that has no shape of its own: fields under their own names. It cannot say which log source a document belongs to; whoever
 * delivers it has to (`SecurityEvent.logSource`).
 */
export const jsonMapping: FieldMapping = {
  name: "json",
  accepts: () => true,
  logSources: () => [],
  paths: dottedPaths,
  time: (document) => {
    for (const name of TIMES) {
      const time = toMilliseconds(document[name]);
      if (time !== undefined) return time;
    }
    return undefined;
  },
  entities: (document: JsonObject) => {
    const entities: Entity[] = [];
    for (const [kind, names] of ENTITIES)
      for (const name of names) {
        const value = digText(document, name);
        if (value === "") continue;
        entities.push({ kind, value });
        break;
      }
    return entities;
  },
};
