import { SEVERITY_LEVELS } from "@vedette/semconv";
import type { JsonValue } from "../event.ts";
import type { RuleCondition } from "./pipeline.ts";
import { PipelineRefusal } from "./refusal.ts";
import { relates } from "./relates.ts";
import { type RuleDraft, attributeOf, textsOf } from "./rule-draft.ts";

const TEXTS = ["title", "id", "name", "taxonomy", "description", "license", "author"];
const LISTS = ["references", "tags", "fields", "falsepositives", "scope"];
const DATES = ["date", "modified"];
/** In rising order, as are the levels. */
const STATUSES = ["unsupported", "deprecated", "experimental", "test", "stable"];
const PARTS = ["logsource", "detection", "correlation", "related", "vedette"];

/**
 * Whether an attribute of the rule relates to a value as the condition says: texts are equal or not, lists hold a value, numbers,
 * dates, levels and statuses have an order. An attribute of the author's own that is missing gives false.
 * @throws {PipelineRefusal} when the attribute and the value cannot be compared
 */
export function checkAttribute(condition: RuleCondition & { type: "rule_attribute" }, draft: RuleDraft): boolean {
  const { attribute, relation, value } = condition;
  const refuse = (why: string): never => {
    throw new PipelineRefusal(`The condition "rule_attribute" cannot compare "${attribute}": ${why}.`);
  };
  if (LISTS.includes(attribute)) {
    const list = attribute === "fields" ? draft.fields : textsOf(draft.tree, attribute);
    return checkList(list, condition);
  }
  if (PARTS.includes(attribute)) return refuse("it is neither a text, a list, a number nor a date");
  const written = attributeOf(draft, attribute);
  const builtin = [...TEXTS, ...DATES, "level", "status"].includes(attribute);
  const content = attribute === "taxonomy" ? (written ?? "sigma") : written;
  if (content === undefined && !builtin) return false;
  if (content === undefined || content === null) return refuse("the rule does not have it");
  if (Array.isArray(content)) return checkList(content, condition);
  if (typeof content === "object") return refuse("it is a map");
  if (relation === "in" || relation === "not_in") return refuse(`"${relation}" is for lists`);
  const what = `the attribute "${attribute}"`;
  if (attribute === "level")
    return relates(rank(content, SEVERITY_LEVELS), relation, rank(value, SEVERITY_LEVELS), what);
  if (attribute === "status") return relates(rank(content, STATUSES), relation, rank(value, STATUSES), what);
  if (DATES.includes(attribute)) {
    const date = isoDate(content);
    const other = isoDate(value);
    return date === undefined || other === undefined
      ? refuse("dates are written as YYYY-MM-DD")
      : relates(date, relation, other, what);
  }
  if (typeof content === "string") {
    const text = attribute === "id" ? content.toLowerCase() : content;
    if (relation !== "eq" && relation !== "ne") return refuse(`"${relation}" is not for texts`);
    return relates(text, relation, value, what);
  }
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "string" || Number.isNaN(number)
    ? refuse(`${JSON.stringify(value)} is not a number`)
    : relates(content, relation, number, what);

  function rank(level: JsonValue, order: readonly string[]): number {
    const index = order.indexOf(String(level).toLowerCase());
    return index < 0 ? refuse(`${JSON.stringify(level)} is none of ${order.join(", ")}`) : index;
  }
}

function checkList(
  list: readonly JsonValue[],
  { relation, value }: RuleCondition & { type: "rule_attribute" },
): boolean {
  if (relation === "in") return list.includes(value);
  if (relation === "not_in") return !list.includes(value);
  return relation === "ne";
}

function isoDate(value: JsonValue): string | undefined {
  const text = typeof value === "string" ? value.replaceAll("/", "-") : "";
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : undefined;
}
