import { ATTR } from "@vedette/semconv";
import type { Entity, EntityKind, JsonObject } from "../event.ts";
import type { FieldMapping, FieldPath } from "../mapping.ts";
import { readValue } from "../match/field-slot.ts";
import { toMilliseconds } from "./document-time.ts";

/** Where entities are named, in OpenTelemetry's, ECS's and everyday words; of one kind the first that has a value counts. */
const ENTITIES: readonly (readonly [EntityKind, readonly string[]])[] = [
  ["address", [ATTR.clientAddress, "client.ip", "source.ip", "source.address", "remote_addr", "client_ip", "ip"]],
  ["user", [ATTR.userName, ATTR.userId, "username", "user"]],
  ["session", [ATTR.sessionId]],
  ["host", [ATTR.hostName, "hostname"]],
  ["service", [ATTR.serviceName]],
].map(([kind, names]) => [kind as EntityKind, names as string[]]);

const TIMES = ["@timestamp", "timestamp", "time", "ts"] as const;

/** A field is a key of the root as it is written, or a path of keys where it has dots. */
const paths = (field: string): readonly FieldPath[] => {
  const nested = field.split(".");
  return nested.length > 1 ? [[field], nested] : [[field]];
};

/**
 * Any JSON object that has no shape of its own: fields under their own names. It cannot say which log source a document belongs to; whoever
 * delivers it has to (`SecurityEvent.logSource`).
 */
export const jsonMapping: FieldMapping = {
  name: "json",
  accepts: () => true,
  logSources: () => [],
  paths,
  time: (document) => {
    for (const name of TIMES) {
      const time = toMilliseconds(document[name]);
      if (time !== undefined) return time;
    }
    return undefined;
  },
  entities: (document: JsonObject) => {
    const entities: Entity[] = [];
    for (const [kind, names] of ENTITIES) {
      for (const name of names) {
        const value = readValue(document, paths(name));
        if ((typeof value !== "string" && typeof value !== "number") || value === "") continue;
        entities.push({ kind, value: String(value) });
        break;
      }
    }
    return entities;
  },
};
