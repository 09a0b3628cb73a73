import type { Entity, Finding } from "@vedette/detection";

/** The number of an event over all inputs, from its id. */
export function indexOf(eventId: string): number {
  return Number(eventId.slice(eventId.lastIndexOf("-") + 1));
}

/** A finding as `--format jsonl` prints it. */
export function findingLine(finding: Finding): string {
  const eventIds = finding.kind === "fact" ? [finding.eventId] : finding.eventIds;
  return JSON.stringify({
    rule: { id: finding.rule.id, title: finding.rule.title, level: finding.rule.level },
    events: eventIds.map((id) => ({ index: indexOf(id), id })),
    time: timeOf(finding),
    ...(finding.kind === "episode"
      ? {
          to: isoTime(finding.to),
          group: finding.group,
          ...(finding.omitted === undefined ? {} : { omitted: finding.omitted }),
        }
      : {}),
    entities: byKind(finding.entities),
  });
}

/** ISO 8601, or null for an event without a time. */
export function timeOf(finding: Finding): string | null {
  return isoTime(finding.kind === "fact" ? finding.time : finding.from);
}

function isoTime(milliseconds: number): string | null {
  return Number.isNaN(milliseconds) || Math.abs(milliseconds) > 8.64e15 ? null : new Date(milliseconds).toISOString();
}

function byKind(entities: readonly Entity[]): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  for (const { kind, value } of entities) (result[kind] ??= []).push(value);
  return result;
}
