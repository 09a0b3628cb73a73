import type { Condition, ValueTest } from "../signature.ts";
import type { WrittenItem, WrittenSearch } from "../written.ts";
import { type Wording, wordTest } from "./wording.ts";

/** A field item taken apart. */
export interface ItemValues {
  /** As written; undefined for keywords. */
  readonly field: string | undefined;
  /** The field that is read: a pipeline may have given it another name than the one written. */
  readonly compiledField: string | undefined;
  readonly modifiers: readonly string[];
  /** Whether the opposite is asked for. */
  readonly negated: boolean;
  /** Whether one of the values is enough, or each is needed. */
  readonly needs: "any" | "all";
  /** A condition for each value listed. */
  readonly values: readonly Condition[];
}

/** Takes a field item apart into the values it lists. */
export function itemValues({ key, condition }: WrittenItem): ItemValues {
  const [name = "", ...modifiers] = key.split("|");
  const field = name === "" ? undefined : name;
  const negated = condition.op === "not";
  const asked = negated ? condition.item : condition;
  return {
    field,
    compiledField: fieldIn(condition) ?? field,
    modifiers,
    negated,
    needs: asked.op === "and" ? "all" : "any",
    values: asked.op === "and" || asked.op === "or" ? byEncodedText(asked.items) : [asked],
  };
}

function fieldIn(condition: Condition): string | undefined {
  if (condition.op === "test") return condition.field;
  if (condition.op === "not") return fieldIn(condition.item);
  const [first] = condition.items;
  return first === undefined ? undefined : fieldIn(first);
}

/** Several encodings of one text, such as the three of base64offset, are one value. */
function byEncodedText(items: readonly Condition[]): readonly Condition[] {
  const result: Condition[] = [];
  const groups = new Map<string, Condition[]>();
  for (const item of items) {
    const text = item.op === "test" && item.test.kind === "pattern" ? item.test.encodes : undefined;
    const group = text === undefined ? undefined : groups.get(text);
    if (group !== undefined) {
      group.push(item);
      continue;
    }
    if (text === undefined) {
      result.push(item);
      continue;
    }
    const made = [item];
    groups.set(text, made);
    result.push({ op: "or", items: made });
  }
  return result;
}

/** A value of an item in words. */
export function wordValue(condition: Condition, modifiers: readonly string[]): Wording {
  const inner = condition.op === "not" ? condition.item : condition;
  const tests = testsIn(inner);
  const [first] = tests;
  if (first === undefined) return { relation: "is", denial: "is not", value: "" };
  const { relation, denial, value } = wordTest(first, modifiers);
  const others = tests
    .slice(1)
    .filter((test) => !(test.kind === "pattern" && test.encodes !== undefined))
    .map((test) => wordTest(test, modifiers).value);
  const text = [value, ...others].join(" or ");
  return condition.op === "not"
    ? { relation: denial, denial: relation, value: text }
    : { relation, denial, value: text };
}

/** Every test in a condition. */
export function testsIn(condition: Condition): readonly ValueTest[] {
  if (condition.op === "test") return [condition.test];
  return condition.op === "not" ? testsIn(condition.item) : condition.items.flatMap(testsIn);
}

/** Keywords that follow each other are one item with several values. */
export function joinKeywords(search: WrittenSearch): WrittenSearch {
  const result: (readonly WrittenItem[])[] = [];
  let keywords: Condition[] = [];
  for (const items of search) {
    const [first] = items;
    if (first?.key !== "" || items.length > 1) {
      result.push(items);
      keywords = [];
      continue;
    }
    keywords.push(first.condition);
    if (keywords.length === 1) result.push([{ ...first, condition: { op: "or", items: keywords } }]);
  }
  return result;
}
