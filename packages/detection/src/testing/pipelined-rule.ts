import type { JsonObject, LogSource } from "../event.ts";
import type { FieldMapping } from "../mapping.ts";
import { createDetector } from "../match/detector.ts";
import { loadPipelines } from "../pipeline/load-pipeline.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Problem } from "../problem.ts";
import type { Rule } from "../rule.ts";
import { loadRules } from "../sigma/load-rules.ts";
import type { Condition } from "../signature.ts";

/** Every document, fields by their own names; log sources as the document's `$logSources` has them. */
export const NAMED_FIELDS: FieldMapping = {
  name: "named fields",
  accepts: () => true,
  logSources: (document) => (document["$logSources"] ?? []) as unknown as readonly LogSource[],
  paths: (field) => [[field]],
  time: () => 0,
  entities: () => [],
};

/** Loads pipelines that must be right. */
export function pipelinesOf(...texts: readonly string[]): readonly Pipeline[] {
  const { pipelines, problems } = loadPipelines(texts.map((text, index) => ({ path: `p${index}.yml`, text })));
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return pipelines;
}

/** Loads rules through pipelines given as text. */
export function pipelined(
  pipelines: readonly string[],
  ...rules: readonly string[]
): { readonly rules: readonly Rule[]; readonly problems: readonly Problem[] } {
  return loadRules(
    rules.map((text, index) => ({ path: `r${index}.yml`, text })),
    { pipelines: pipelinesOf(...pipelines) },
  );
}

/** The condition in a form that can be compared: expressions by what they say. */
export function shapeOf(condition: Condition | undefined): unknown {
  if (condition === undefined) return undefined;
  if (condition.op === "not") return { not: shapeOf(condition.item) };
  if (condition.op !== "test") return { [condition.op]: condition.items.map(shapeOf) };
  const { field, test } = condition;
  return { field, test: test.kind === "regex" ? { regex: test.regex.key } : test };
}

/** {@link shapeOf} as text, without the order of what `and` and `or` join, which pipelines do not keep. */
export function sortedShape(condition: Condition | undefined): string {
  const sorted = (shape: unknown): unknown => {
    if (typeof shape !== "object" || shape === null) return shape;
    if ("not" in shape) return { not: sorted(shape.not) };
    const joined = Object.entries(shape).find(([op]) => op === "and" || op === "or" || op === "atleast");
    if (joined === undefined) return shape;
    return { [joined[0]]: (joined[1] as unknown[]).map((item) => printed(sorted(item))).toSorted() };
  };
  return printed(sorted(shapeOf(condition)));
}

const printed = (shape: unknown): string =>
  JSON.stringify(shape, (_key, value: unknown) => (typeof value === "symbol" ? String(value) : value));

/** Whether a rule says yes to a document. */
export function says(
  rule: Rule | undefined,
  document: JsonObject,
  logSources: readonly LogSource[] = WINDOWS,
): boolean {
  if (rule === undefined) throw new Error("There is no rule.");
  const seen: JsonObject = { ...document, $logSources: logSources.map((source) => ({ ...source })) as JsonObject[] };
  const detector = createDetector([rule], { mappings: [NAMED_FIELDS] });
  return detector.judge({ id: "e", time: 0, document: seen }).facts.length > 0;
}

/** The log source of the rules in tests. */
export const WINDOWS: readonly LogSource[] = [{ product: "windows", category: "process_creation" }];
