import type { Entity, JsonValue } from "../event.ts";
import type { Episode } from "../finding.ts";
import type { EpisodeState } from "./episodes.ts";
import type { Member } from "./member-store.ts";
import type { Plan } from "./plan.ts";

/** An episode as it is told: with its members, their events and whom they name. */
export function episodeOf(
  { correlation, reference, alerts, chained }: Plan,
  values: readonly JsonValue[],
  { id, first, last, revision, final, omitted }: EpisodeState,
  members: readonly Member[],
  entityLimit: number,
): { readonly report: Episode; readonly entitiesOmitted: number } {
  const entities = new Map<string, Entity>();
  let entitiesOmitted = 0;
  for (const member of members) {
    for (const entity of member.entities) {
      const key = `${entity.kind}\0${entity.value}`;
      if (entities.has(key)) continue;
      if (entities.size < entityLimit) entities.set(key, entity);
      else entitiesOmitted++;
    }
  }
  const factIds = members.map((member) => member.unit || member.id);
  const eventIds = members.map(({ eventId }) => eventId);
  const report: Episode = {
    kind: "episode",
    id,
    rule: reference,
    group: Object.fromEntries(correlation.groupBy.map((name, index) => [name, values[index] ?? null])),
    from: first.time,
    to: last.time,
    factIds: chained ? [...new Set(factIds)] : factIds,
    eventIds: chained ? [...new Set(eventIds)] : eventIds,
    entities: [...entities.values()],
    revision,
    final,
    ...(omitted > 0 ? { omitted } : {}),
    alerts,
  };
  return { report, entitiesOmitted };
}
