import { silentRules, wantedFields } from "../correlation/wanted-fields.ts";
import type { Entity, JsonValue, SecurityEvent } from "../event.ts";
import type { Fact, RuleReference } from "../finding.ts";
import { factId } from "../hash.ts";
import type { FieldMapping } from "../mapping.ts";
import type { Rule } from "../rule.ts";
import { entitiesOf } from "./entities.ts";
import { readValue } from "./field-slot.ts";
import type { Assignment } from "./program.ts";

/** Makes the facts of the rules that said yes to one event, in their order. */
export type FactMaker = (
  event: SecurityEvent,
  matched: readonly Assignment[],
  mapping: FieldMapping,
) => readonly Fact[];

/**
 * What every fact of a rule has in common is put together once, from all rules of the set.
 *
 * @param identifies whether facts get their ids; without, the id is empty
 */
export function createFactMaker(rules: readonly Rule[], identifies = true): FactMaker {
  const templates = new Map<string, FactTemplate>();
  const wanted = wantedFields(rules);
  const silent = silentRules(rules);
  const correlations = rules.filter(({ correlation }) => correlation !== undefined);
  for (const rule of rules) {
    if (rule.condition === undefined) continue;
    const fields = new Set([...namedFields(rule, correlations), ...(wanted.get(rule.id) ?? [])]);
    templates.set(rule.id, { reference: referenceTo(rule), alerts: !silent.has(rule.id), fields: [...fields] });
  }
  return (event, matched, mapping) => {
    const entities = matched.length === 0 ? [] : mapping.entities(event.document);
    return matched.map((assignment) => {
      const template = templates.get(assignment.rule.id);
      const id = identifies ? factId(assignment.rule, event.id) : "";
      return toFact({ event, id, entities }, assignment, mapping, template);
    });
  };
}

interface FactOrigin {
  readonly event: SecurityEvent;
  readonly id: string;
  /** Entities that the mapping finds. */
  readonly entities: readonly Entity[];
}

interface FactTemplate {
  readonly reference: RuleReference;
  readonly alerts: boolean;
  readonly fields: readonly string[];
}

/** The fields that the extension of a rule names, and those of the correlations that it feeds. */
function namedFields(rule: Rule, correlations: readonly Rule[]): readonly string[] {
  const { suppression, response } = rule.extension;
  return [
    ...(suppression?.by ?? []),
    ...response.map(({ field }) => field),
    ...correlations.flatMap((other) =>
      other.correlation?.ruleIds.includes(rule.id) === true ? namedFields(other, correlations) : [],
    ),
  ];
}

/** What a finding says of its rule. */
export function referenceTo(rule: Rule): RuleReference {
  return { id: rule.id, title: rule.title, level: rule.level, revision: rule.revision };
}

function toFact(
  { event, id, entities }: FactOrigin,
  assignment: Assignment,
  mapping: FieldMapping,
  template: FactTemplate | undefined,
): Fact {
  const { rule, logSource } = assignment;
  const values: Record<string, JsonValue> = {};
  for (const field of template?.fields ?? []) {
    const value = readValue(event.document, mapping.paths(field, logSource));
    if (value !== undefined && value !== null)
      Object.defineProperty(values, field, { value, enumerable: true, configurable: true, writable: true });
  }
  return {
    kind: "fact",
    id,
    rule: template?.reference ?? referenceTo(rule),
    eventId: event.id,
    time: event.time,
    entities: entitiesOf(event, assignment, mapping, entities),
    values,
    alerts: template?.alerts ?? true,
  };
}
