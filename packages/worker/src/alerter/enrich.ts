import type { Entity, Episode, Fact } from "@vedette/detection";
import type { LineRule, PlacedFinding } from "../detector/line-rule.ts";
import { suppressionKey } from "./suppress.ts";

/** An entity and the earliest event time at which a finding of the alert named it. */
export interface Sighting {
  readonly entity: Entity;
  readonly first: number;
}

/** Entities that one alert keeps; more are counted, not kept. */
export const MAX_ENTITIES = 100;

/** Text that tells entities apart. */
export const entityKey = (entity: Entity): string => `${entity.kind}:${entity.value}`;

/**
 * Puts a finding in its place: its suppression key, its span in the state, how many events it stands for, whom it names. A quarantined
 * event's fact stands at the given time instead of the date that it claims.
 */
export function enrich(finding: Fact | Episode, rule: LineRule | undefined, time?: number): PlacedFinding {
  const key = suppressionKey(finding, rule);
  const { id, rule: reference, entities } = finding;
  if (finding.kind === "episode") {
    const { from, to, group: values, eventIds, omitted = 0, final, mergedInto, withdrawn = false } = finding;
    const merged = mergedInto !== undefined || withdrawn;
    const counted = { eventCount: eventIds.length + omitted, final, merged, ...(withdrawn ? { withdrawn } : {}) };
    return { id, kind: "episode", rule: reference, suppressionKey: key, from, to, entities, values, ...counted };
  }
  const at = time ?? finding.time;
  const counted = { eventCount: 1, final: true, merged: false };
  return {
    id,
    kind: "fact",
    rule: reference,
    suppressionKey: key,
    from: at,
    to: at,
    entities,
    values: finding.values,
    ...counted,
  };
}

/** Adds a finding's entities to those known, the earliest sighting of each; in order of first sighting, whatever came first. */
export function addSightings(
  known: readonly Sighting[],
  entities: readonly Entity[],
  first: number,
): readonly Sighting[] {
  const isNew = (entity: Entity): boolean =>
    !known.some(
      (sighting) =>
        sighting.entity.value === entity.value && sighting.entity.kind === entity.kind && sighting.first <= first,
    );
  const fresh = entities.filter(isNew);
  if (fresh.length === 0) return known;
  const byKey = new Map(known.map((sighting) => [entityKey(sighting.entity), sighting]));
  for (const entity of fresh) byKey.set(entityKey(entity), { entity, first });
  return [...byKey.values()]
    .sort((a, b) => a.first - b.first || compareText(entityKey(a.entity), entityKey(b.entity)))
    .slice(0, MAX_ENTITIES);
}

/** Order of text by code unit, the same on every machine. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
