import type { Entity, Episode, Finding, RuleReference } from "@vedette/detection";
import { isoTime } from "./iso-time.ts";

/** The number of an event over all inputs, from its id. */
export function indexOf(eventId: string): number {
  return Number(eventId.slice(eventId.lastIndexOf("-") + 1));
}

/** How every line of a rule's findings begins, up to the number of the first event. */
export function lineHead({ id, title, level }: RuleReference): string {
  return `{"rule":${JSON.stringify({ id, title, level })},"events":[{"index":`;
}

/**
 * How the line of a fact ends, from behind the id of its event. Between this and {@link lineHead} stands {@link eventPart}: a line is put
 * together of three texts, of which one is made once a rule and two once an event.
 */
export function lineTail(time: number, entities: readonly Entity[]): string {
  const iso = isoTime(time);
  return `"}],"time":${iso === null ? "null" : `"${iso}"`},"entities":${entitiesText(entities)}}`;
}

/** The number and the id of an event, as they stand in a line. An id has no character that JSON escapes. */
export const eventPart = (index: number, id: string): string => `${index},"id":"${id}`;

/** An episode as `--format jsonl` prints it. */
export function episodeLine({ rule, eventIds, from, to, group, omitted, entities }: Episode): string {
  const events = eventIds.map((id) => ({ index: indexOf(id), id }));
  const span = JSON.stringify({ events, time: isoTime(from), to: isoTime(to), group, omitted });
  const { id, title, level } = rule;
  return `{"rule":${JSON.stringify({ id, title, level })},${span.slice(1, -1)},"entities":${entitiesText(entities)}}`;
}

/** ISO 8601, or null for an event without a time. */
export function timeOf(finding: Finding): string | null {
  return isoTime(finding.kind === "fact" ? finding.time : finding.from);
}

/** Values by kind, the kinds in the order that they first come. */
function entitiesText(entities: readonly Entity[]): string {
  let text = "{";
  for (let index = 0; index < entities.length; index++) {
    const kind = entities[index]?.kind;
    if (kind === undefined || entities.findIndex((entity) => entity.kind === kind) < index) continue;
    text += text === "{" ? `"${kind}":[` : `,"${kind}":[`;
    let separator = "";
    for (const entity of entities) {
      if (entity.kind !== kind) continue;
      text += separator + JSON.stringify(entity.value);
      separator = ",";
    }
    text += "]";
  }
  return `${text}}`;
}
