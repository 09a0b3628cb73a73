import type { JsonValue, SecurityEvent } from "../event.ts";
import type { Fact, RuleReference } from "../finding.ts";
import { factId } from "../hash.ts";
import type { FieldMapping } from "../mapping.ts";
import { type Rule, fieldOf } from "../rule.ts";
import { readValue } from "./field-slot.ts";
import type { Assignment } from "./program.ts";

/** Makes the facts of the rules that said yes to one event, in their order. */
export type FactMaker = (
  event: SecurityEvent,
  matched: readonly Assignment[],
  mapping: FieldMapping,
) => readonly Fact[];

/** What every fact of a rule has in common is put together once, from all rules of the set. */
export function createFactMaker(rules: readonly Rule[]): FactMaker {
  const templates = new Map<string, FactTemplate>();
  for (const rule of rules) if (rule.condition !== undefined) templates.set(rule.id, factTemplate(rule, rules));
  return (event, matched, mapping) =>
    matched.map((assignment) => toFact(event, assignment, mapping, templates.get(assignment.rule.id)));
}

interface FactTemplate {
  readonly reference: RuleReference;
  readonly alerts: boolean;
  readonly fields: readonly string[];
}

/** What every fact of a rule has in common, and the fields whose values it carries. */
function factTemplate(rule: Rule, rules: readonly Rule[]): FactTemplate {
  const fields = new Set<string>();
  const want = ({ extension }: Rule): void => {
    for (const field of extension.suppression?.by ?? []) fields.add(field);
    for (const { field } of extension.response) fields.add(field);
  };
  want(rule);
  let correlated = false;
  let generates = false;
  for (const other of rules) {
    if (other.correlation === undefined || !other.correlation.ruleIds.includes(rule.id)) continue;
    correlated = true;
    generates ||= other.correlation.generate;
    want(other);
    for (const name of other.correlation.groupBy) fields.add(fieldOf(other.correlation, name, rule.id));
  }
  return { reference: referenceTo(rule), alerts: !correlated || generates, fields: [...fields] };
}

/** What a finding says of its rule. */
export function referenceTo(rule: Rule): RuleReference {
  return { id: rule.id, title: rule.title, level: rule.level, revision: rule.revision };
}

function toFact(
  event: SecurityEvent,
  { rule, logSource }: Assignment,
  mapping: FieldMapping,
  template: FactTemplate | undefined,
): Fact {
  const values: Record<string, JsonValue> = {};
  for (const field of template?.fields ?? []) {
    const value = readValue(event.document, mapping.paths(field, logSource));
    if (value !== undefined && value !== null)
      Object.defineProperty(values, field, { value, enumerable: true, configurable: true, writable: true });
  }
  return {
    kind: "fact",
    id: factId(rule, event.id),
    rule: template?.reference ?? referenceTo(rule),
    eventId: event.id,
    time: event.time,
    entities: mapping.entities(event.document),
    values,
    alerts: template?.alerts ?? true,
  };
}
