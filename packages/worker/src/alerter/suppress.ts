import type { Entity, Episode, Fact, JsonValue } from "@vedette/detection";
import type { LineRule } from "../detector/line-rule.ts";

/** A span of event time, both ends included, Unix milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The key that a rule suppresses by. A fact: the fields that the rule names, else its first address, else its first user, else nothing
 * (one key for the whole rule). An episode: the fields that the rule names, else its group, which never changes.
 */
export function suppressionKey(finding: Fact | Episode, rule: Pick<LineRule, "extension"> | undefined): string {
  const by = rule?.extension.suppression?.by;
  const values = finding.kind === "fact" ? finding.values : finding.group;
  if (by !== undefined && by.length > 0) return by.map((field) => `${field}=${keyValue(values[field])}`).join(", ");
  if (finding.kind === "episode") {
    const fields = Object.keys(values);
    return fields.length === 0 ? "*" : fields.map((field) => `${field}=${keyValue(values[field])}`).join(", ");
  }
  const entity = firstOf(finding.entities, "address") ?? firstOf(finding.entities, "user");
  return entity === undefined ? "*" : `${entity.kind}=${keyValue(entity.value)}`;
}

const firstOf = (entities: readonly Entity[], kind: Entity["kind"]): Entity | undefined =>
  entities.find((entity) => entity.kind === kind);

/** Numbers and booleans read as their text (senders differ); a text that could be read as something else is quoted. */
function keyValue(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "object") return JSON.stringify(value);
  const text = String(value);
  return text === "" || text === "null" || /[",=\s]/u.test(text) ? JSON.stringify(text) : text;
}

/** Those of the spans whose gap to the given one is at most the window: they belong to one alert with it. */
export function touching<T extends Span>(spans: readonly T[], span: Span, window: number): T[] {
  return spans.filter((other) => other.from - window <= span.to && span.from - window <= other.to);
}

/** Which of two keeps its id when they are joined: the one made first, by id when both were made in one step. */
export function isOlder(
  a: { readonly openedAt: number; readonly id: string },
  b: { readonly openedAt: number; readonly id: string },
): boolean {
  return a.openedAt < b.openedAt || (a.openedAt === b.openedAt && a.id < b.id);
}
