import type { Entity, EntityKind, JsonObject, LogSource } from "../event.ts";
import type { FieldMapping, FieldPath } from "../mapping.ts";
import { toMilliseconds } from "./document-time.ts";
import { dig, digText, dottedName, dottedPaths } from "./dotted-name.ts";

/** How a product writes its log as JSON: what is particular to it. */
export interface SourceShape {
  readonly name: string;
  readonly accepts: (document: JsonObject) => boolean;
  /** Constant lists, so that equal identities have one and the same. */
  readonly logSources: (document: JsonObject) => readonly LogSource[];
  /** Places of rule fields that do not lie under their own name; tried before that. */
  readonly places?: (field: string, logSource: LogSource) => readonly FieldPath[];
  /** Dotted names of the time, the first with one counts. */
  readonly times: readonly string[];
  /** Dotted names of entities by kind, the first with a value counts. */
  readonly entities: Readonly<Partial<Record<EntityKind, readonly string[]>>>;
  readonly commonFields?: readonly string[];
}

/** A mapping for the log of one product, whose rules mostly use the product's own names. */
export function createSourceMapping(shape: SourceShape): FieldMapping {
  const times = shape.times.map(dottedName);
  const entityNames = (Object.keys(shape.entities) as EntityKind[]).map(
    (kind) => [kind, (shape.entities[kind] ?? []).map(dottedName)] as const,
  );
  return {
    name: shape.name,
    accepts: shape.accepts,
    logSources: shape.logSources,
    ...(shape.commonFields === undefined ? {} : { commonFields: shape.commonFields }),
    paths: (field, logSource) => {
      const places = shape.places?.(field, logSource) ?? [];
      return places.length > 0 ? [...places, ...dottedPaths(field)] : dottedPaths(field);
    },
    time: (document) => {
      for (const name of times) {
        const time = toMilliseconds(dig(document, name));
        if (time !== undefined) return time;
      }
      return undefined;
    },
    entities: (document) => {
      const entities: Entity[] = [];
      for (const [kind, names] of entityNames)
        for (const name of names) {
          const value = digText(document, name);
          if (value === "" || value === "-") continue;
          entities.push({ kind, value });
          break;
        }
      return entities;
    },
  };
}

/** A list of log sources that is never changed. */
export function logSourceList(...sources: readonly LogSource[]): readonly LogSource[] {
  return Object.freeze(sources);
}
