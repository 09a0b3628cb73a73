import type { LogSource, SecurityEvent } from "../event.ts";
import type { Fact } from "../finding.ts";
import type { FieldMapping } from "../mapping.ts";
import { DEFAULT_MAPPINGS } from "../mappings/default-mappings.ts";
import { type Rule, looksEverywhere } from "../rule.ts";
import { type ExceptedEvent, NOT_EXCEPTED, createExceptions } from "./exceptions.ts";
import { createFactMaker } from "./facts.ts";
import { PredicateTable } from "./predicates.ts";
import type { FieldSlot } from "./field-slot.ts";
import type { Assignment } from "./program.ts";
import { RuleFamily } from "./rule-family.ts";
import { LOG_SOURCE_KEYS, RulesByLogSource } from "./rules-by-log-source.ts";

/** What judging one event gave. */
export interface Judgement {
  /** Name of the mapping that reads the document; undefined when none accepts it. */
  readonly mapping: string | undefined;
  /** Log sources the event belongs to; empty when no rule can look at it. */
  readonly logSources: readonly LogSource[];
  readonly facts: readonly Fact[];
  /** Rules that said yes but whose exceptions accept the event. */
  readonly excepted: readonly ExceptedEvent[];
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
  /** Whether facts get ids, by default true; who knows the id of an event only later can save the hash. */
  readonly identifies?: boolean;
}

/** Compiles rules against mappings; fields are resolved and predicates shared here, not per event. */
export function createDetector(rules: readonly Rule[], options: DetectorOptions = {}): Detector {
  const signatures = rules.filter((rule) => rule.condition !== undefined);
  const isAnyEverywhere = signatures.some(looksEverywhere);
  const byLogSource = new RulesByLogSource(signatures);
  const toFacts = createFactMaker(rules, options.identifies ?? true);
  const except = createExceptions(signatures);
  const engines = (options.mappings ?? DEFAULT_MAPPINGS).map((mapping) => ({
    mapping,
    engine: createEngine(mapping, byLogSource),
  }));
  return {
    judge: (event) => {
      for (const { mapping, engine } of engines) {
        if (!mapping.accepts(event.document)) continue;
        const told = mapping.logSources(event.document);
        const logSources = told.length > 0 || event.logSource === undefined ? told : [event.logSource];
        const matched = logSources.length === 0 && !isAnyEverywhere ? NOTHING : engine(event, logSources);
        if (matched.length === 0) return { mapping: mapping.name, logSources, facts: [], excepted: NOT_EXCEPTED };
        const { kept, excepted } = except(event, matched, mapping);
        return { mapping: mapping.name, logSources, facts: toFacts(event, kept, mapping), excepted };
      }
      return UNREAD;
    },
  };
}

const NOTHING: readonly Assignment[] = [];
const UNREAD: Judgement = { mapping: undefined, logSources: [], facts: [], excepted: NOT_EXCEPTED };

/** Lists of log sources that are known by themselves. */
const MAX_LISTS = 8_192;

/** Matches events of one mapping; rules are compiled when the first event of their log sources comes. */
function createEngine(
  mapping: FieldMapping,
  rules: RulesByLogSource,
): (event: SecurityEvent, logSources: readonly LogSource[]) => readonly Assignment[] {
  const table = new PredicateTable(mapping);
  const families = new Map<string, RuleFamily>();
  const byList = new Map<readonly LogSource[], RuleFamily>();
  const common = new Set(
    (mapping.commonFields ?? []).flatMap((field) => mapping.paths(field, {}).map((path) => JSON.stringify(path))),
  );
  const isCommon = (slot: FieldSlot): boolean => slot.paths.some((path) => common.has(JSON.stringify(path)));
  const build = (logSources: readonly LogSource[]): RuleFamily =>
    new RuleFamily(table, rules.assign(logSources), isCommon);
  const find = (logSources: readonly LogSource[]): RuleFamily => {
    let key = "";
    for (const source of logSources) {
      for (const name of LOG_SOURCE_KEYS) {
        const value = source[name];
        key += value !== undefined && rules.asksFor(name, value) ? `${value}\0` : "\0";
      }
    }
    let family = families.get(key);
    if (family === undefined) families.set(key, (family = build(logSources)));
    // A list that cannot change is given again for the next event of its kind.
    if (Object.isFrozen(logSources)) {
      if (byList.size >= MAX_LISTS) byList.clear();
      byList.set(logSources, family);
    }
    return family;
  };
  return (event, logSources) => {
    const family = byList.get(logSources) ?? find(logSources);
    if (family.size === 0) return NOTHING;
    table.begin(event.document, event.json);
    return family.program().match();
  };
}
