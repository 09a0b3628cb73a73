import type { LogSource } from "../event.ts";
import { holds } from "./boolean-expression.ts";
import type { Context, LogSourceLike } from "./context.ts";
import { type DetectionItem, itemsOf } from "./detection.ts";
import type {
  ConditionGroup,
  FieldCondition,
  ItemCondition,
  PipelineItem,
  Plain,
  RuleCondition,
  StateCondition,
} from "./pipeline.ts";
import { relates } from "./relates.ts";
import { SIDE } from "./side-sections.ts";
import { checkAttribute } from "./rule-attribute.ts";
import { type RuleDraft, textsOf } from "./rule-draft.ts";
import { type Meaning, hasPlaceholder, parseText, plainMeaning, printText } from "./value.ts";
import { ANY, ONE } from "../sigma/pattern.ts";

/** pySigma knows no exceptions: they do not decide what is done to a rule. */
const EXCEPTION = `${SIDE}exception `;

/** Whether a pipeline item is to be applied to a rule. */
export function ruleMatches(item: PipelineItem, draft: RuleDraft, context: Context): boolean {
  const { expression, isEmpty, negated } = item.ruleConditions;
  return isEmpty || holds(expression, (condition) => checkRule(condition, draft, context)) !== negated;
}

function checkRule(condition: RuleCondition, draft: RuleDraft, context: Context): boolean {
  const anyItem = (test: (item: DetectionItem) => boolean): boolean =>
    [...draft.detections].some(
      ([name, detection]) => !name.startsWith(EXCEPTION) && [...itemsOf(detection)].some(test),
    );
  switch (condition.type) {
    case "logsource":
      return (draft.isCorrelation ? context.logSourcesOf() : [draft.logSource]).some((source) =>
        covers(condition.logSource, source),
      );
    case "contains_field":
      return anyItem(({ field }) => field === condition.field);
    case "contains_detection_item": {
      const wanted = plainMeaning(condition.value);
      return anyItem(
        ({ field, values }) =>
          field === condition.field &&
          values.some(({ meaning }) => !(meaning.kind === "text" && meaning.cased) && isSame(meaning, wanted)),
      );
    }
    case "is_sigma_rule":
      return !draft.isCorrelation;
    case "is_sigma_correlation_rule":
      return draft.isCorrelation;
    case "rule_attribute":
      return checkAttribute(condition, draft);
    case "tag":
      return textsOf(draft.tree, "tags").includes(condition.tag);
    case "processing_item_applied":
      return draft.applied.has(condition.id);
    case "processing_state":
      return checkState(condition, context);
  }
}

/** Whether a log source has everything that is asked for. */
function covers(asked: LogSource, source: LogSourceLike): boolean {
  return (["product", "category", "service"] as const).every(
    (key) => asked[key] === undefined || asked[key] === source[key],
  );
}

/** Whether a pipeline item is to be applied to a detection item. */
export function itemMatches(pipelineItem: PipelineItem, item: DetectionItem, context: Context): boolean {
  return (
    groupHolds(pipelineItem.itemConditions, (condition) => checkItem(condition, item, context)) &&
    groupHolds(pipelineItem.fieldConditions, (condition) => {
      if (condition.type === "processing_item_applied") return item.applied.has(condition.id);
      return (
        checkField(condition, item.field, context) ||
        item.values.some(({ meaning }) => meaning.kind === "fieldref" && checkField(condition, meaning.field, context))
      );
    })
  );
}

/** Whether the conditions on fields allow a field; undefined stands for keywords. */
export function fieldMatches(pipelineItem: PipelineItem, field: string | undefined, context: Context): boolean {
  return groupHolds(pipelineItem.fieldConditions, (condition) => checkField(condition, field, context));
}

function groupHolds<Condition>(group: ConditionGroup<Condition>, test: (condition: Condition) => boolean): boolean {
  return holds(group.expression, test) !== group.negated;
}

function checkItem(condition: ItemCondition, item: DetectionItem, context: Context): boolean {
  if (condition.type === "processing_item_applied") return item.applied.has(condition.id);
  if (condition.type === "processing_state") return checkState(condition, context);
  const meanings = item.values.map(({ meaning }) => meaning);
  const test = (meaning: Meaning): boolean => checkValue(condition, meaning);
  return condition.every ? meanings.every(test) : meanings.some(test);
}

type ValueCondition = Exclude<ItemCondition, { type: "processing_item_applied" | "processing_state" }>;

function checkValue(condition: ValueCondition, meaning: Meaning): boolean {
  switch (condition.type) {
    case "match_string": {
      const matched = meaning.kind === "text" && condition.regex.matchStart(printText(meaning.parts)) !== undefined;
      return matched !== condition.negated;
    }
    case "match_value":
      return isEqual(meaning, condition.value);
    case "contains_wildcard":
      return meaning.kind === "text" && meaning.parts.some((part) => part === ANY || part === ONE);
    case "is_null":
      return meaning.kind === "null";
  }
}

/** Whether a value equals a plain one, of the same type; null equals nothing. */
function isEqual(meaning: Meaning, value: Plain): boolean {
  if (meaning.kind === "text")
    return typeof value === "string" && !hasPlaceholder(meaning.parts) && sameText(meaning, value);
  if (meaning.kind === "number") return meaning.value === (typeof value === "boolean" ? Number(value) : value);
  return meaning.kind === "boolean" && meaning.value === value;
}

function sameText(meaning: Meaning & { kind: "text" }, value: string): boolean {
  return printExactly(meaning.parts) === printExactly(parseText(value));
}

/** Text that differs where the meaning does: backslashes are escaped too. */
function printExactly(parts: Parameters<typeof printText>[0]): string {
  return printText(parts.map((part) => (typeof part === "string" ? part.replaceAll("\\", "\\\\") : part)));
}

function isSame(meaning: Meaning, wanted: Meaning): boolean {
  if (meaning.kind !== wanted.kind) return false;
  if (meaning.kind === "text" && wanted.kind === "text")
    return printExactly(meaning.parts) === printExactly(wanted.parts);
  if (meaning.kind === "number" || meaning.kind === "boolean")
    return "value" in wanted && meaning.value === wanted.value;
  return meaning.kind === "null";
}

function checkField(condition: FieldCondition, field: string | undefined, context: Context): boolean {
  switch (condition.type) {
    case "processing_item_applied":
      return field !== undefined && (context.fieldsApplied.get(field)?.has(condition.id) ?? false);
    case "processing_state":
      return checkState(condition, context);
    case "include_fields":
    case "exclude_fields": {
      const isListed =
        field !== undefined &&
        (condition.fields.has(field) || condition.patterns.some((pattern) => pattern.matchStart(field) !== undefined));
      return isListed === (condition.type === "include_fields");
    }
  }
}

function checkState(condition: StateCondition, context: Context): boolean {
  const state = context.state.get(condition.key);
  if (state === undefined) return false;
  return relates(state, condition.relation, condition.value, `the state "${condition.key}"`);
}
