import { DEFAULT_MAPPINGS, type FieldMapping, type LogSource, type Rule } from "@vedette/detection";
import type { SourceFields } from "./read-shard.ts";

type Condition = NonNullable<Rule["condition"]>;

/**
 * Heavy fields that no mapping reads by itself: to see which shape a document has, its log sources, time and entities. They may be left out when no rule reads them. Fields below
 * `event`, `http` and other names that a mapping recognises ECS by are not among them: Elasticsearch leaves out an object whose last field is left out, and the document would be
 * taken for another shape.
 */
const SPARED = ["message", "error.stack_trace"] as const;

/** Log sources under which a mapping finds one of the spared fields by another name. */
const TELLING: readonly LogSource[] = [{}, { category: "process_tampering" }];

/**
 * Which part of documents the rules need; undefined when that is all of it. Leaving fields out costs the cluster more than it saves where the network is not what limits (measured: about
 * half the documents a second over loopback), so it is for thin lines. Judging what is left gives the same facts as judging the whole document.
 *
 * @param mappings in the order in which they are asked; by default those that the worker judges with
 */
export function sourceFieldsOf(
  rules: readonly Rule[],
  mappings: readonly FieldMapping[] = DEFAULT_MAPPINGS,
): SourceFields | undefined {
  if (rules.some(readsEverything)) return undefined;
  const fields = new Set(rules.flatMap(fieldsOfRule));
  const logSources = [
    ...new Map(
      [...TELLING, ...rules.map(({ logSource }) => logSource)].map((source) => [JSON.stringify(source), source]),
    ).values(),
  ];
  const read = new Set<string>();
  for (const mapping of mappings)
    for (const field of fields)
      for (const logSource of logSources)
        for (const path of mapping.paths(field, logSource)) {
          // What is computed from the whole document, or taken from any key of it, could be anything.
          if (path.length === 0 || path[0]?.startsWith("\0any") === true) return undefined;
          const spared = SPARED.find((name) => touches(path, name));
          if (spared !== undefined) read.add(spared);
        }
  const excludes = SPARED.filter((name) => !read.has(name));
  return excludes.length === 0 ? undefined : { excludes };
}

/** Whether a path leads to a field, through it or to something around it, with dots in keys or without. */
function touches(path: readonly string[], name: string): boolean {
  const end = path.findIndex((key) => key.startsWith("\0"));
  const dotted = (end < 0 ? path : path.slice(0, end)).join(".");
  if (dotted === "") return false;
  return dotted === name || dotted.startsWith(`${name}.`) || name.startsWith(`${dotted}.`);
}

/** Keywords are looked for in all values. */
function readsEverything({ condition, extension }: Rule): boolean {
  return [condition, ...extension.exceptions.map((exception) => exception.condition)].some(
    (item) => item !== undefined && hasKeyword(item),
  );
}

function hasKeyword(condition: Condition): boolean {
  if (condition.op === "test") return condition.field === undefined;
  return condition.op === "not" ? hasKeyword(condition.item) : condition.items.some(hasKeyword);
}

function fieldsIn(condition: Condition): readonly string[] {
  if (condition.op === "not") return fieldsIn(condition.item);
  if (condition.op !== "test") return condition.items.flatMap(fieldsIn);
  const { field, test } = condition;
  return [...(field === undefined ? [] : [field]), ...(test.kind === "fieldref" ? [test.field] : [])];
}

function fieldsOfRule({ condition, correlation, extension, fields }: Rule): readonly string[] {
  return [
    ...fields,
    ...(condition === undefined ? [] : fieldsIn(condition)),
    ...extension.exceptions.flatMap((exception) => fieldsIn(exception.condition)),
    ...extension.entities.map(({ field }) => field),
    ...(extension.suppression?.by ?? []),
    ...extension.response.map(({ field }) => field),
    ...(correlation === undefined
      ? []
      : [
          ...correlation.groupBy,
          ...(correlation.type === "value_count"
            ? correlation.fields
            : "field" in correlation
              ? [correlation.field]
              : []),
          ...Object.values(correlation.aliases).flatMap((alias) => Object.values(alias)),
        ]),
  ];
}
