import type { Context } from "./context.ts";
import type { DetectionItem } from "./detection.ts";
import type { Transformation } from "./pipeline.ts";
import { replacePlaceholders } from "./placeholders.ts";
import { PipelineRefusal } from "./refusal.ts";
import { replaceText } from "./replace-text.ts";
import { toRegexSource } from "./text-to-regex.ts";
import { type Meaning, type TextPart, type Value, parseText, plainMeaning, printText } from "./value.ts";

/** Transformations that change values one by one. */
export type ValueTransformation = Extract<
  Transformation,
  {
    type:
      | "replace_string"
      | "map_string"
      | "regex"
      | "set_value"
      | "convert_type"
      | "case"
      | "value_placeholders"
      | "wildcard_placeholders";
  }
>;

/** Changes the values of an item; whether the transformation had anything to do with one of them. */
export function changeValues(transformation: ValueTransformation, item: DetectionItem, context: Context): boolean {
  let isApplied = false;
  item.values = item.values.flatMap((value) => {
    const result = changeValue(transformation, value, context);
    if (result === undefined) return [value];
    isApplied = true;
    return result.map((entry) => ("at" in entry ? entry : { at: value.at, meaning: entry }));
  });
  return isApplied;
}

/** What a value becomes, or undefined when the transformation leaves values of its kind alone. */
function changeValue(
  transformation: ValueTransformation,
  value: Value,
  context: Context,
): readonly (Meaning | Value)[] | undefined {
  const { meaning, at } = value;
  switch (transformation.type) {
    case "value_placeholders":
    case "wildcard_placeholders":
      return replacePlaceholders(transformation, value, context.vars);
    case "set_value":
      return [plainMeaning(transformation.value)];
    case "convert_type":
      return convert(transformation.target, meaning, at);
    case "replace_string":
      if (meaning.kind === "number")
        return [
          { kind: "text", cased: false, parts: replaceText(transformation, parseText(String(meaning.value)), at) },
        ];
      return meaning.kind === "text" ? [unlessSame(value, replaceText(transformation, meaning.parts, at))] : undefined;
    case "map_string": {
      if (meaning.kind !== "text") return undefined;
      const mapped = transformation.mapping.get(printText(meaning.parts));
      return mapped?.map((text) => ({ kind: "text", parts: parseText(text), cased: meaning.cased }));
    }
    case "regex":
      if (meaning.kind !== "text") return undefined;
      if (meaning.parts.length === 0) return [value];
      return [
        {
          kind: "regex",
          source: toRegexSource(meaning.parts, transformation.method, at),
          flags: transformation.method === "ignore_case_flag" ? ["i"] : [],
        },
      ];
    case "case":
      if (meaning.kind !== "text") return undefined;
      return [
        unlessSame(
          value,
          meaning.parts.map((part) => (typeof part === "string" ? recase(part, transformation.method) : part)),
        ),
      ];
  }
}

/** The value with other text; a value that stays the same keeps how it was written. */
function unlessSame(value: Value, parts: readonly TextPart[]): Value {
  const { meaning } = value;
  if (meaning.kind !== "text") return value;
  const isSame = parts.length === meaning.parts.length && parts.every((part, index) => part === meaning.parts[index]);
  return isSame ? value : { at: value.at, meaning: { ...meaning, parts } };
}

function recase(text: string, method: "lower" | "upper" | "snake_case"): string {
  if (method === "lower") return text.toLowerCase();
  return method === "upper" ? text.toUpperCase() : text.replace(/(?<!^)(?=[A-Z])/g, "_").toLowerCase();
}

function convert(target: "str" | "num", meaning: Meaning, at: number): readonly Meaning[] | undefined {
  if (target === "str")
    return meaning.kind === "number" ? [{ kind: "text", parts: [String(meaning.value)], cased: false }] : undefined;
  if (meaning.kind === "several") throw new PipelineRefusal("A value with windash or base64offset is no number.", at);
  if (meaning.kind !== "text") return undefined;
  const text = printText(meaning.parts);
  if (!/^\s*[+-]?\d+(?:_\d+)*\s*$/.test(text))
    throw new PipelineRefusal(`"${text}" cannot be converted to a number.`, at);
  return [{ kind: "number", value: Number(text.replaceAll("_", "")) }];
}
