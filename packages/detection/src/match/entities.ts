import type { Entity, JsonValue, SecurityEvent } from "../event.ts";
import type { FieldMapping } from "../mapping.ts";
import { readValue } from "./field-slot.ts";
import type { Assignment } from "./program.ts";

/**
 * The entities of an event as a rule sees them: of a kind that the rule maps, those in its fields; of every other kind, and where its fields
 * have no value, those that the mapping finds.
 *
 * @param found what the mapping finds
 */
export function entitiesOf(
  event: SecurityEvent,
  { rule, logSource }: Assignment,
  mapping: FieldMapping,
  found: readonly Entity[],
): readonly Entity[] {
  if (rule.extension.entities.length === 0) return found;
  const own = new Map<string, Entity>();
  for (const { kind, field } of rule.extension.entities)
    for (const value of texts(readValue(event.document, mapping.paths(field, logSource))))
      own.set(`${kind} ${value}`, { kind, value });
  const mapped = new Set([...own.values()].map(({ kind }) => kind));
  return [...found.filter(({ kind }) => !mapped.has(kind)), ...own.values()];
}

function texts(value: JsonValue | undefined): readonly string[] {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap(texts);
  if (typeof value === "string") return value.trim() === "" ? [] : [value];
  return typeof value === "number" ? [String(value)] : [];
}
