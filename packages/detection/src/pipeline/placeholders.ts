import { ANY } from "../sigma/pattern.ts";
import type { PlaceholderChoice } from "./pipeline.ts";
import { PipelineRefusal } from "./refusal.ts";
import {
  type TextPart,
  type Value,
  hasPlaceholder,
  joinLiterals,
  parseText,
  printText,
  readValue,
  withPlaceholders,
  writeValue,
} from "./value.ts";

/** Values that one value may become. */
const MAX_EXPANSIONS = 200;

/**
 * Puts the values of placeholders, or a wildcard, in; undefined when the value has none that are to be handled. This is done before the
 * other modifiers are applied, so that `expand` goes with `windash` and the encodings too.
 * @throws {PipelineRefusal} when a placeholder has no values
 */
export function replacePlaceholders(
  choice: PlaceholderChoice & { readonly type: "value_placeholders" | "wildcard_placeholders" },
  value: Value,
  vars: ReadonlyMap<string, readonly string[]>,
): readonly Value[] | undefined {
  const { modifiers, tree } = writeValue(value);
  if (!modifiers.includes("expand") || tree.value === null) return undefined;
  const isHandled = (name: string): boolean =>
    (choice.include?.has(name) ?? true) && !(choice.exclude?.has(name) ?? false);
  const isRegex = modifiers.includes("re");
  const text = String(tree.value);
  const parts = isRegex ? withPlaceholders([text]) : withPlaceholders(parseText(text));
  if (!parts.some((part) => typeof part === "object" && isHandled(part.placeholder))) return undefined;
  let results: readonly (readonly TextPart[])[] = [[]];
  for (const part of parts) {
    let variants: readonly (readonly TextPart[])[] = [[part]];
    if (typeof part === "object" && isHandled(part.placeholder)) {
      if (choice.type === "wildcard_placeholders") variants = [[ANY]];
      else {
        const values = vars.get(part.placeholder);
        if (values === undefined)
          throw new PipelineRefusal(`The placeholder %${part.placeholder}% has no values in "vars".`, value.at);
        variants = values.map((entry) => parseText(entry));
      }
    }
    results = results.flatMap((result) => variants.map((variant) => [...result, ...variant]));
    if (results.length > MAX_EXPANSIONS)
      throw new PipelineRefusal(`The placeholders make more than ${MAX_EXPANSIONS} values of one.`, value.at);
  }
  return results.map((result): Value => {
    const left = hasPlaceholder(result);
    const others = left ? modifiers : modifiers.filter((name) => name !== "expand");
    const content = isRegex
      ? printRegex(result, left)
      : writeValue(textValue(joinLiterals(result), value.at)).tree.value;
    return readValue(others, { kind: "scalar", at: value.at, value: content });
  });
}

const textValue = (parts: readonly TextPart[], at: number): Value => ({
  at,
  meaning: { kind: "text", parts, cased: false },
});

/** In a regular expression values stand as they are. */
function printRegex(parts: readonly TextPart[], expands: boolean): string {
  return parts
    .map((part) => (typeof part === "string" ? (expands ? part.replaceAll("%", "\\%") : part) : printText([part])))
    .join("");
}
