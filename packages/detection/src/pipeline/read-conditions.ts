import { nearest } from "../sigma/nearest.ts";
import type { Tree } from "../sigma/tree.ts";
import { type BooleanExpression, leavesOf, parseBooleanExpression } from "./boolean-expression.ts";
import { Parameters } from "./parameters.ts";
import type {
  AppliedCondition,
  ConditionGroup,
  FieldCondition,
  ItemCondition,
  Plain,
  RuleCondition,
  StateCondition,
} from "./pipeline.ts";
import type { PipelineReading } from "./reading.ts";
import { readLogSourceParts } from "./log-source-parts.ts";

const RELATIONS = ["eq", "ne", "gte", "gt", "lte", "lt"] as const;

type Readers<Condition> = Readonly<
  Record<string, (from: Parameters, reading: PipelineReading) => Condition | undefined>
>;

const applied = (from: Parameters, reading: PipelineReading): AppliedCondition | undefined => {
  const id = from.text("processing_item_id");
  if (id === undefined) return undefined;
  reading.references.push({ id, at: from.get("processing_item_id")?.at ?? from.tree.at });
  return { type: "processing_item_applied", id };
};

const state = (from: Parameters): StateCondition | undefined => {
  const key = from.text("key");
  const value = from.plain("val");
  const relation = from.choice("op", RELATIONS, "eq");
  return key === undefined || value === undefined || relation === undefined
    ? undefined
    : { type: "processing_state", key, value, relation };
};

/** Every condition on rules. */
export const RULE_CONDITIONS: Readers<RuleCondition> = {
  logsource: (from) => {
    const logSource = readLogSourceParts(from);
    return logSource === undefined ? undefined : { type: "logsource", logSource };
  },
  contains_field: (from) => {
    const field = from.text("field");
    return field === undefined ? undefined : { type: "contains_field", field };
  },
  contains_detection_item: (from) => {
    const field = from.text("field");
    const value = from.plain("value");
    return field === undefined || value === undefined ? undefined : { type: "contains_detection_item", field, value };
  },
  processing_item_applied: applied,
  processing_state: state,
  is_sigma_rule: () => ({ type: "is_sigma_rule" }),
  is_sigma_correlation_rule: () => ({ type: "is_sigma_correlation_rule" }),
  rule_attribute: (from) => {
    const attribute = from.text("attribute");
    const value = from.plain("value");
    const relation = from.choice("op", [...RELATIONS, "in", "not_in"] as const, "eq");
    if (value === null) from.wrong("value", "a text or a number");
    return attribute === undefined || value === undefined || value === null || relation === undefined
      ? undefined
      : { type: "rule_attribute", attribute, value, relation };
  },
  tag: (from) => {
    const tag = from.text("tag");
    if (tag !== undefined && !tag.includes(".")) from.wrong("tag", "a namespace, a dot and a name");
    return tag === undefined ? undefined : { type: "tag", tag };
  },
};

const every = (from: Parameters): boolean => from.choice("cond", ["any", "all"] as const) === "all";

/** Every condition on detection items. */
export const ITEM_CONDITIONS: Readers<ItemCondition> = {
  match_string: (from) => {
    const regex = from.regex("pattern");
    const condition = { type: "match_string", every: every(from), negated: from.flag("negate") } as const;
    return regex === undefined ? undefined : { ...condition, regex };
  },
  match_value: (from) => {
    const value: Plain | undefined = from.plain("value");
    const all = every(from);
    return value === undefined ? undefined : { type: "match_value", every: all, value };
  },
  contains_wildcard: (from) => ({ type: "contains_wildcard", every: every(from) }),
  is_null: (from) => ({ type: "is_null", every: every(from) }),
  processing_item_applied: applied,
  processing_state: state,
};

const listed =
  (type: "include_fields" | "exclude_fields") =>
  (from: Parameters): FieldCondition | undefined => {
    const fields = from.texts("fields");
    const mode = from.choice("mode", ["plain", "re"] as const, "plain");
    if (fields === undefined || mode === undefined) return undefined;
    if (mode === "plain") return { type, fields: new Set(fields), patterns: [] };
    const patterns = fields.flatMap((field) => from.compile(field, from.get("fields")?.at) ?? []);
    return patterns.length === fields.length ? { type, fields: new Set(), patterns } : undefined;
  };

/** Every condition on names of fields. */
export const FIELD_CONDITIONS: Readers<FieldCondition> = {
  include_fields: listed("include_fields"),
  exclude_fields: listed("exclude_fields"),
  processing_item_applied: applied,
  processing_state: state,
};

/** Reads the conditions of one kind: a list joined by `…_cond_op`, or a map of named ones joined by `…_cond_expr`. */
export function readConditionGroup<Condition>(
  from: Parameters,
  prefix: "rule" | "detection_item" | "field_name",
  readers: Readers<Condition>,
  reading: PipelineReading,
): ConditionGroup<Condition> | undefined {
  const key = `${prefix}_conditions`;
  const tree = from.get(key);
  const hasOperator = from.get(`${prefix}_cond_op`) !== undefined;
  const operator = from.choice(`${prefix}_cond_op`, ["and", "or"] as const, "and") ?? "and";
  const negated = from.flag(`${prefix}_cond_not`);
  const text = from.text(`${prefix}_cond_expr`, true);
  const place = from.get(`${prefix}_cond_expr`)?.at;
  const conditions = new Map<string, Condition>();
  const entries: readonly (readonly [string, Tree])[] =
    tree?.kind === "map"
      ? tree.entries.map((entry) => [entry.key, entry.value] as const)
      : tree?.kind === "list"
        ? tree.items.map((item, index) => [String(index + 1), item] as const)
        : [];
  if (tree?.kind === "scalar") from.wrong(key, "a list or a map of conditions");
  for (const [name, value] of entries) {
    const condition = readCondition(`the condition ${name} of ${key}`, value, readers, reading);
    if (condition !== undefined) conditions.set(name, condition);
  }
  const isComplete = conditions.size === entries.length && tree?.kind !== "scalar";
  const isEmpty = entries.length === 0;
  if (text === undefined) {
    const items = [...conditions.values()].map((leaf): BooleanExpression<Condition> => ({ op: "is", leaf }));
    return isComplete ? { expression: { op: operator, items }, isEmpty, negated } : undefined;
  }
  const fail = (message: string): undefined => from.report("pipeline-condition", message, place) as undefined;
  if (hasOperator) return fail(`"${prefix}_cond_expr" and "${prefix}_cond_op" cannot stand together.`);
  if (tree?.kind !== "map") return fail(`"${prefix}_cond_expr" needs "${key}" as a map from names to conditions.`);
  const parsed = parseBooleanExpression(text);
  if ("error" in parsed) return fail(`The expression "${text}" cannot be read. ${parsed.error}`);
  const names = new Set(entries.map(([name]) => name));
  const used = new Set(leavesOf(parsed.expression));
  for (const name of used)
    if (!names.has(name)) {
      const guess = nearest(name, names);
      from.report(
        "pipeline-condition",
        `The expression "${text}" names "${name}", which "${key}" does not define.`,
        place,
        guess === undefined ? undefined : `Did you mean "${guess}"?`,
      );
      return undefined;
    }
  for (const name of names)
    if (!used.has(name)) return fail(`The expression "${text}" does not use the condition "${name}".`);
  return isComplete ? { expression: withLeaves(parsed.expression, conditions), isEmpty, negated } : undefined;
}

function withLeaves<Condition>(
  expression: BooleanExpression<string>,
  conditions: ReadonlyMap<string, Condition>,
): BooleanExpression<Condition> {
  if (expression.op === "not") return { op: "not", item: withLeaves(expression.item, conditions) };
  if (expression.op !== "is")
    return { op: expression.op, items: expression.items.map((item) => withLeaves(item, conditions)) };
  const leaf = conditions.get(expression.leaf);
  return leaf === undefined ? { op: "and", items: [] } : { op: "is", leaf };
}

function readCondition<Condition>(
  what: string,
  tree: Tree,
  readers: Readers<Condition>,
  reading: PipelineReading,
): Condition | undefined {
  if (tree.kind !== "map") {
    reading.reporter.error("pipeline-wrong-type", `${what} must be a map.`, tree.at);
    return undefined;
  }
  const from = new Parameters(tree, what, reading.reporter, reading.text);
  const type = from.choice("type", Object.keys(readers));
  const reader = type === undefined ? undefined : readers[type];
  if (reader === undefined) return undefined;
  const condition = reader(from, reading);
  from.finish();
  return condition;
}
