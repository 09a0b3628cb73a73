import type { JsonValue, LogSource, SecurityEvent } from "../event.ts";
import type { FieldMapping } from "../mapping.ts";
import { DEFAULT_MAPPINGS } from "../mappings/default-mappings.ts";
import { readValue } from "../match/field-slot.ts";
import { type Rule, type RuleException, fieldOf, looksEverywhere } from "../rule.ts";
import { decideCondition, decideDetection } from "./decide.ts";
import { correlationText, groups } from "./correlation-text.ts";
import type {
  CorrelatedRule,
  CorrelationExplanation,
  ExceptionExplanation,
  Explanation,
  Outcome,
} from "./explanation.ts";
import { type FieldReader, createFieldReader } from "./read-field.ts";

/** What explaining may be told besides the rule and the event. */
export interface ExplainOptions {
  /** Mappings in the order they are asked; by default {@link DEFAULT_MAPPINGS}. */
  readonly mappings?: readonly FieldMapping[];
  /** The rules that correlations refer to. */
  readonly rules?: readonly Rule[];
}

const KEYS = ["product", "category", "service"] as const;

/**
 * Says why a rule matches an event or does not: which parts of its condition decided, with what the event has there; or why the condition
 * was not asked at all. A correlation is explained by what the event is to each rule that it lists.
 *
 * @example
 * const explanation = explain(rule, event, { rules });
 * console.log(explanationLines(explanation).join("\n"));
 */
export function explain(rule: Rule, event: SecurityEvent, options: ExplainOptions = {}): Explanation {
  const { document } = event;
  const mapping = (options.mappings ?? DEFAULT_MAPPINGS).find((candidate) => candidate.accepts(document));
  const told = mapping?.logSources(document) ?? [];
  const logSources =
    told.length > 0 || event.logSource === undefined || mapping === undefined ? told : [event.logSource];
  const { condition } = rule;
  const base = {
    rule: {
      id: rule.id,
      title: rule.title,
      level: rule.level,
      kind: rule.kind,
      revision: rule.revision,
      path: rule.path,
    },
    matched: false,
    mapping: mapping?.name ?? null,
    logSources,
    wanted: rule.logSource,
    decision: null,
    exceptions: [],
    correlation: null,
  };
  const ended = (outcome: Outcome, summary: string): Explanation => ({ ...base, outcome, summary });
  if (rule.correlation !== undefined) {
    const correlation = explainCorrelation(rule, event, options, mapping);
    return {
      ...base,
      outcome: "correlation",
      summary: correlation.counts
        ? "The rule is a correlation, and the event counts for it."
        : "The rule is a correlation, and the event does not count for it.",
      correlation,
    };
  }
  if (mapping === undefined) return ended("no-mapping", "No mapping reads the event, so that no rule looks at it.");
  if (logSources.length === 0 && !looksEverywhere(rule))
    return ended(
      "no-log-source",
      `The mapping "${mapping.name}" reads the event, but the event belongs to no log source, and the rule is for ${logSourceText(rule.logSource)}, so that it does not look at it.`,
    );
  const found = logSources.find((source) => isCovered(rule.logSource, source));
  const logSource = found ?? (looksEverywhere(rule) ? {} : undefined);
  if (logSource === undefined || condition === undefined)
    return ended(
      "log-source",
      `The rule does not look at the event: it is for ${logSourceText(rule.logSource)}, and the event belongs to ${logSources.map(logSourceText).join(" and to ")}.`,
    );
  const read = createFieldReader(document, mapping, logSource);
  const decision = rule.written === undefined ? decideCondition(condition, read) : decideDetection(rule.written, read);
  const result = { ...base, decision };
  if (!decision.held) return { ...result, outcome: "condition", summary: "The rule's condition does not hold." };
  const exceptions = rule.extension.exceptions.map((exception) => explainException(exception, event, read));
  const hiding = exceptions.filter(({ held, inForce }) => held && inForce).map(({ name }) => `"${name}"`);
  if (hiding.length > 0)
    return {
      ...result,
      exceptions,
      outcome: "excepted",
      summary: `The rule's condition holds, but the exception ${hiding.join(" and ")} hides the finding.`,
    };
  return { ...result, exceptions, matched: true, outcome: "matched", summary: "The rule matches." };
}

function isCovered(wanted: LogSource, source: LogSource): boolean {
  return KEYS.every((key) => wanted[key] === undefined || wanted[key] === source[key]);
}

/** A log source in words. */
export function logSourceText(source: LogSource): string {
  const parts = KEYS.flatMap((key) => (source[key] === undefined ? [] : [`${key} ${source[key]}`]));
  return parts.length === 0 ? "any log source" : parts.join(", ");
}

function explainException(exception: RuleException, event: SecurityEvent, read: FieldReader): ExceptionExplanation {
  const decision = decideCondition(exception.condition, read);
  return {
    name: exception.name,
    owner: exception.owner,
    expires: new Date(exception.expires).toISOString(),
    inForce: event.time < exception.expires,
    held: decision.held,
    decision,
  };
}

function explainCorrelation(
  rule: Rule,
  event: SecurityEvent,
  options: ExplainOptions,
  mapping: FieldMapping | undefined,
): CorrelationExplanation {
  const { correlation } = rule;
  if (correlation === undefined) throw new Error(`The rule ${rule.id} is no correlation.`);
  const all = options.rules ?? [];
  const titleOf = (id: string): string => all.find((other) => other.id === id)?.title ?? id;
  const rules: CorrelatedRule[] = [];
  let counts = false;
  for (const id of correlation.ruleIds) {
    const listed = all.find((other) => other.id === id);
    if (listed === undefined) continue;
    const explanation = explain(listed, event, options);
    const contributes = explanation.matched || explanation.correlation?.counts === true;
    const source =
      explanation.logSources.find((candidate) => isCovered(listed.logSource, candidate)) ??
      (looksEverywhere(listed) ? {} : undefined);
    const group: Record<string, JsonValue> = {};
    if (contributes && mapping !== undefined && source !== undefined)
      for (const name of correlation.groupBy) {
        const value = readValue(event.document, mapping.paths(fieldOf(correlation, name, id), source));
        Object.defineProperty(group, name, {
          value: value ?? null,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      }
    counts ||= contributes && Object.values(group).every(groups);
    rules.push({ id, title: listed.title, matched: explanation.matched, group, explanation });
  }
  return {
    type: correlation.type,
    condition: correlationText(correlation, titleOf),
    timespan: correlation.timespan,
    groupBy: correlation.groupBy,
    rules,
    counts,
  };
}
