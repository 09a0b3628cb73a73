import type { JsonValue, LogSource, SecurityEvent } from "../event.ts";
import type { Fact, RuleReference } from "../finding.ts";
import { hashOf } from "../hash.ts";
import type { FieldMapping } from "../mapping.ts";
import { DEFAULT_MAPPINGS } from "../mappings/default-mappings.ts";
import { type Rule, fieldOf } from "../rule.ts";
import { readValue } from "./field-slot.ts";
import { PredicateTable } from "./predicates.ts";
import { type Assignment, Program } from "./program.ts";

/** What judging one event gave. */
export interface Judgement {
  /** Name of the mapping that reads the document; undefined when none accepts it. */
  readonly mapping: string | undefined;
  /** Log sources the event belongs to; empty when no rule can look at it. */
  readonly logSources: readonly LogSource[];
  readonly facts: readonly Fact[];
}

/** Judges events with a fixed set of rules. */
export interface Detector {
  /** Every rule on one event. The same event gives the same facts at any time and in any order. */
  judge(event: SecurityEvent): Judgement;
}

/** What a detector may be told besides its rules. */
export interface DetectorOptions {
  /** Mappings in the order they are asked; by default {@link DEFAULT_MAPPINGS}. */
  readonly mappings?: readonly FieldMapping[];
}

/** Compiles rules against mappings; fields are resolved and predicates shared here, not per event. */
export function createDetector(rules: readonly Rule[], options: DetectorOptions = {}): Detector {
  const signatures = rules.filter((rule) => rule.condition !== undefined);
  const facts = new Map(signatures.map((rule) => [rule.id, factTemplate(rule, rules)]));
  const engines = (options.mappings ?? DEFAULT_MAPPINGS).map((mapping) => ({
    mapping,
    engine: createEngine(mapping, signatures),
  }));
  return {
    judge: (event) => {
      for (const { mapping, engine } of engines) {
        if (!mapping.accepts(event.document)) continue;
        const told = mapping.logSources(event.document);
        const logSources = told.length > 0 || event.logSource === undefined ? told : [event.logSource];
        const matched = logSources.length === 0 ? NOTHING : engine(event, logSources);
        return {
          mapping: mapping.name,
          logSources,
          facts:
            matched.length === 0
              ? []
              : matched.map((assignment) => toFact(event, assignment, mapping, facts.get(assignment.rule.id))),
        };
      }
      return UNREAD;
    },
  };
}

const NOTHING: readonly Assignment[] = [];
const UNREAD: Judgement = { mapping: undefined, logSources: [], facts: [] };
const KEYS = ["product", "category", "service"] as const;

/** Matches events of one mapping; programs are made when the first event of their log sources comes. */
function createEngine(
  mapping: FieldMapping,
  rules: readonly Rule[],
): (event: SecurityEvent, logSources: readonly LogSource[]) => readonly Assignment[] {
  const table = new PredicateTable(mapping);
  const programs = new Map<string, Program>();
  // Only values that some rule asks for tell log sources apart: documents cannot make more programs than the rules have combinations.
  const asked = new Set(rules.flatMap(({ logSource }) => KEYS.map((key) => `${key}=${logSource[key] ?? ""}`)));
  const common = new Set(
    (mapping.commonFields ?? []).flatMap((field) => mapping.paths(field, {}).map((path) => JSON.stringify(path))),
  );
  const commonSlots = new Map<number, boolean>();
  const isCommon = (slot: number): boolean => {
    const known = commonSlots.get(slot);
    if (known !== undefined) return known;
    const result = table.slots[slot]?.paths.some((path) => common.has(JSON.stringify(path))) ?? false;
    commonSlots.set(slot, result);
    return result;
  };
  const build = (logSources: readonly LogSource[]): Program => {
    const assignments = rules.flatMap((rule) => {
      const logSource = logSources.find((source) =>
        KEYS.every((key) => rule.logSource[key] === undefined || rule.logSource[key] === source[key]),
      );
      return logSource === undefined ? [] : [{ rule, logSource }];
    });
    return new Program(table, assignments, isCommon);
  };
  return (event, logSources) => {
    let key = "";
    for (const source of logSources) {
      for (const name of KEYS) {
        const value = source[name];
        key += value !== undefined && asked.has(`${name}=${value}`) ? `${value}\0` : "\0";
      }
    }
    let program = programs.get(key);
    if (program === undefined) {
      program = build(logSources);
      programs.set(key, program);
    }
    if (program.size === 0) return NOTHING;
    table.begin(event.document);
    return program.match();
  };
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
    id: hashOf(rule.id, rule.revision, event.id),
    rule: template?.reference ?? referenceTo(rule),
    eventId: event.id,
    time: event.time,
    entities: mapping.entities(event.document),
    values,
    alerts: template?.alerts ?? true,
  };
}
