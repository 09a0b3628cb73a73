import type { JsonObject, LogSource, SecurityEvent } from "../event.ts";
import type { FieldMapping } from "../mapping.ts";
import type { Rule } from "../rule.ts";
import type { Condition } from "../signature.ts";
import { PredicateTable } from "./predicates.ts";
import type { Assignment } from "./program.ts";

/** A rule said yes to an event that one of its exceptions accepts: there is no fact, and this says so. */
export interface ExceptedEvent {
  readonly ruleId: string;
  /** Name of the first exception of the rule that the event fulfils. */
  readonly exception: string;
}

/** The rules that said yes, with and without those whose exceptions accept the event. */
export interface ExceptionSplit {
  readonly kept: readonly Assignment[];
  readonly excepted: readonly ExceptedEvent[];
}

/** Takes out the rules whose exceptions accept an event. */
export type ExceptionFilter = (
  event: SecurityEvent,
  matched: readonly Assignment[],
  mapping: FieldMapping,
) => ExceptionSplit;

/** What {@link ExceptionFilter} gives when nothing is excepted. */
export const NOT_EXCEPTED: readonly ExceptedEvent[] = [];

/**
 * Compiles the exceptions of rules. An exception holds for events before it expires, by event time: the same event is judged alike
 * whenever it comes. Only rules that said yes are looked at.
 */
export function createExceptions(rules: readonly Rule[]): ExceptionFilter {
  if (rules.every(({ extension }) => extension.exceptions.length === 0))
    return (_event, matched) => ({ kept: matched, excepted: NOT_EXCEPTED });
  const matchers = new Map<FieldMapping, ConditionMatcher>();
  return (event, matched, mapping) => {
    if (matched.every(({ rule }) => rule.extension.exceptions.length === 0))
      return { kept: matched, excepted: NOT_EXCEPTED };
    let matcher = matchers.get(mapping);
    if (matcher === undefined) matchers.set(mapping, (matcher = new ConditionMatcher(mapping)));
    const holds = matcher.at(event.document);
    const excepted: ExceptedEvent[] = [];
    const kept = matched.filter(({ rule, logSource }) => {
      const found = rule.extension.exceptions.find(
        ({ expires, condition }) => event.time < expires && holds(condition, logSource),
      );
      if (found !== undefined) excepted.push({ ruleId: rule.id, exception: found.name });
      return found === undefined;
    });
    return { kept, excepted };
  };
}

/** Decides conditions one by one, without an index: for what is asked after a match. */
class ConditionMatcher {
  readonly #table: PredicateTable;
  /** Predicates by condition and log source. */
  readonly #ids = new WeakMap<Condition, Map<string, number>>();

  constructor(mapping: FieldMapping) {
    this.#table = new PredicateTable(mapping);
  }

  /** Moves to a document; what is returned asks about it. */
  at(document: JsonObject): (condition: Condition, logSource: LogSource) => boolean {
    this.#table.begin(document);
    return (condition, logSource) => this.#holds(condition, logSource);
  }

  #holds(condition: Condition, logSource: LogSource): boolean {
    switch (condition.op) {
      case "and":
        return condition.items.every((item) => this.#holds(item, logSource));
      case "or":
        return condition.items.some((item) => this.#holds(item, logSource));
      case "not":
        return !this.#holds(condition.item, logSource);
      case "atleast": {
        let missing = condition.count;
        return condition.items.some((item) => this.#holds(item, logSource) && --missing === 0);
      }
      case "test":
        return this.#table.holds(this.#predicate(condition, logSource));
    }
  }

  #predicate(condition: Condition & { op: "test" }, logSource: LogSource): number {
    const key = `${logSource.product ?? ""}\0${logSource.category ?? ""}\0${logSource.service ?? ""}`;
    let known = this.#ids.get(condition);
    if (known === undefined) this.#ids.set(condition, (known = new Map()));
    let id = known.get(key);
    if (id === undefined) known.set(key, (id = this.#table.predicateOf(condition.field, condition.test, logSource).id));
    return id;
  }
}
