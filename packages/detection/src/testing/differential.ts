import { parseAllDocuments, visit } from "yaml";
import type { JsonObject, LogSource } from "../event.ts";
import type { FieldMapping, FieldPath } from "../mapping.ts";
import { DEFAULT_MAPPINGS } from "../mappings/default-mappings.ts";
import { createDetector } from "../match/detector.ts";
import type { Rule, RuleFile } from "../rule.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { type RawRule, naiveMatch } from "./naive-matcher.ts";

/** A rule and an event on which the engine and the naive matcher do not agree. */
export interface Disagreement {
  readonly ruleId: string;
  readonly path: string;
  readonly engine: boolean;
  readonly naive: boolean;
  readonly document: JsonObject;
}

/** What comparing one event gave. */
export interface Comparison {
  /** Rules the event was compared with. */
  readonly pairs: number;
  /** Pairs in which the rule's log source is the event's: the others are a no before any condition is read. */
  readonly gated: number;
  readonly matches: number;
  readonly disagreements: readonly Disagreement[];
}

/** Compares the engine with the naive matcher, rule by rule, for one event. */
export type Compare = (document: JsonObject, logSource?: LogSource) => Comparison;

const NO_SOURCE: LogSource = {};
const KEYS = ["product", "category", "service"] as const;

/**
 * Loads the signatures of the files for both. With `gate` off every rule is asked of every event as if the event belonged to the rule's log
 * source: no pair is a no for its log source's sake.
 */
export function createComparison(
  files: readonly RuleFile[],
  options: { readonly gate: boolean } = { gate: true },
): { readonly rules: readonly Rule[]; readonly compare: Compare } {
  const raws = rawRules(files);
  const rules = loadRules(files).rules.filter(({ id, condition }) => condition !== undefined && raws.has(id));
  const groups = new Map<string, { readonly logSource: LogSource; readonly members: { id: string; raw: RawRule }[] }>();
  for (const { id } of rules) {
    const raw = raws.get(id);
    if (raw === undefined) continue;
    const logSource = Object.fromEntries(
      KEYS.flatMap((key) => {
        const value = raw.logsource[key];
        return value === undefined || value === null ? [] : [[key, value.toLowerCase()]];
      }),
    );
    const key = JSON.stringify(logSource);
    const group = groups.get(key) ?? { logSource, members: new Array<{ id: string; raw: RawRule }>() };
    group.members.push({ id, raw });
    groups.set(key, group);
  }
  const everySource = [...groups.values()].map(({ logSource }) => logSource);
  const mappings: readonly FieldMapping[] = options.gate
    ? DEFAULT_MAPPINGS
    : DEFAULT_MAPPINGS.map((mapping) => ({ ...mapping, logSources: () => everySource }));
  const detector = createDetector(rules, { mappings });
  const paths = new Map(rules.map(({ id, path }) => [id, path]));
  const narrowed = new Map<LogSource, Map<FieldMapping, FieldMapping>>();
  /** The mapping as if documents belonged to one log source; where a field lies is asked once. */
  const narrow = (mapping: FieldMapping, source: LogSource): FieldMapping => {
    const known = narrowed.get(source) ?? new Map<FieldMapping, FieldMapping>();
    narrowed.set(source, known);
    const made = known.get(mapping);
    if (made !== undefined) return made;
    const places = new Map<string, readonly FieldPath[]>();
    const result: FieldMapping = {
      ...mapping,
      logSources: () => [source],
      paths: (field) => {
        const paths = places.get(field) ?? mapping.paths(field, source);
        places.set(field, paths);
        return paths;
      },
    };
    known.set(mapping, result);
    return result;
  };
  const canonical = new Map<string, LogSource>();
  const compare: Compare = (document, logSource) => {
    const mapping = mappings.find((candidate) => candidate.accepts(document));
    const engine = new Set(
      detector
        .judge({ id: "event", time: 0, document, json: JSON.stringify(document), logSource })
        .facts.map(({ rule }) => rule.id),
    );
    const told = mapping?.logSources(document) ?? [];
    const sources = (told.length > 0 || logSource === undefined ? told : [logSource]).map((source) => {
      const key = JSON.stringify(KEYS.map((name) => source[name] ?? null));
      const known = canonical.get(key) ?? source;
      canonical.set(key, known);
      return known;
    });
    let gated = 0;
    const disagreements: Disagreement[] = [];
    const differ = (ruleId: string, naive: boolean): void => {
      disagreements.push({ ruleId, path: paths.get(ruleId) ?? "", engine: !naive, naive, document });
    };
    for (const { logSource: wanted, members } of groups.values()) {
      const fits = sources.find((candidate) =>
        KEYS.every((key) => wanted[key] === undefined || wanted[key] === candidate[key]),
      );
      const source = fits ?? (Object.keys(wanted).length === 0 ? NO_SOURCE : undefined);
      if (mapping === undefined || source === undefined) {
        for (const { id } of members) if (engine.has(id)) differ(id, false);
        continue;
      }
      gated += members.length;
      const view = narrow(mapping, source);
      for (const { id, raw } of members) {
        const naive = naiveMatch(raw, document, view);
        if (naive !== engine.has(id)) differ(id, naive);
      }
    }
    return { pairs: rules.length, gated, matches: engine.size, disagreements };
  };
  return { rules, compare };
}

/** Rules by id, as their files have them; those of rule collections, which stand in several documents, are left out. */
function rawRules(files: readonly RuleFile[]): ReadonlyMap<string, RawRule> {
  const raws = new Map<string, RawRule>();
  for (const { text } of files) {
    const documents = parseAllDocuments(text).map((document) => {
      // docs/sigma.md, "Values": digits after a leading zero are a text.
      visit(document, {
        Scalar: (_key, node) => void (/^[-+]?0\d+$/.test(node.source ?? "") && (node.value = node.source)),
      });
      return (document.toJS() ?? {}) as Partial<RawRule> & { readonly id?: string; readonly action?: string };
    });
    if (documents.some(({ action }) => action !== undefined)) continue;
    for (const raw of documents) {
      if (raw.id !== undefined && raw.detection !== undefined)
        raws.set(raw.id, { detection: raw.detection, logsource: raw.logsource ?? {} });
    }
  }
  return raws;
}
