import type { Transformation } from "./pipeline.ts";
import type { PythonRegex } from "./python-regex.ts";
import { PipelineRefusal } from "./refusal.ts";
import { fillTemplate } from "./text-template.ts";
import { type TextPart, hasPlaceholder, joinLiterals, parseText, printPart, withPlaceholders } from "./value.ts";

const MAX_CHARACTERS = 100_000;

type Replace = Extract<Transformation, { type: "replace_string" }>;

/**
 * Replaces what the expression finds in a text. The expression sees the text with its wildcards, unless `skip_special`; wildcards in what
 * is put in are wildcards, unless `skip_special` without `interpret_special`.
 * @throws {PipelineRefusal} when the result is too long
 */
export function replaceText(replace: Replace, parts: readonly TextPart[], at: number): readonly TextPart[] {
  const result = joinLiterals(replace.skipSpecial ? replaceLiterals(replace, parts) : replacePrinted(replace, parts));
  const length = result.reduce((sum, part) => sum + (typeof part === "string" ? part.length : 1), 0);
  if (length > MAX_CHARACTERS)
    throw new PipelineRefusal(`The replacement makes a value of more than ${MAX_CHARACTERS} characters.`, at);
  return result;
}

function replaceLiterals(replace: Replace, parts: readonly TextPart[]): readonly TextPart[] {
  return parts.flatMap((part): readonly TextPart[] => {
    if (typeof part !== "string") return [part];
    const text = substitute(replace.regex, replace, part);
    return replace.interpretSpecial ? parseText(text) : [text];
  });
}

function substitute(regex: PythonRegex, { replacement }: Replace, text: string): string {
  let result = "";
  let from = 0;
  for (const { start, end, groups } of regex.matchAll(text)) {
    result += text.slice(from, start) + fillTemplate(replacement, groups);
    from = end;
  }
  return result + text.slice(from);
}

/** Replaces in the printed text; what the expression does not touch keeps what it is. */
function replacePrinted({ regex, replacement }: Replace, parts: readonly TextPart[]): readonly TextPart[] {
  const spans: { readonly start: number; readonly end: number; readonly part: TextPart }[] = [];
  let printed = "";
  for (const part of parts) {
    const pieces: readonly TextPart[] = typeof part === "string" ? [...part] : [part];
    for (const piece of pieces) {
      const text = printPart(piece);
      spans.push({ start: printed.length, end: printed.length + text.length, part: piece });
      printed += text;
    }
  }
  const expands = hasPlaceholder(parts);
  const result: TextPart[] = [];
  let pending = "";
  const flush = (): void => {
    // A backslash stands for itself unless it escapes a wildcard.
    const read = parseText(pending.replace(/\\(?![*?])/g, "\\\\"));
    result.push(...(expands ? withPlaceholders(read) : read));
    pending = "";
  };
  let cursor = 0;
  const keep = (from: number, to: number): void => {
    while ((spans[cursor]?.end ?? Infinity) <= from) cursor++;
    for (let index = cursor; index < spans.length; index++) {
      const { start, end, part } = spans[index] ?? { start: to, end: to, part: "" };
      if (start >= to) break;
      if (start >= from && end <= to) {
        flush();
        result.push(part);
      } else pending += printed.slice(Math.max(start, from), Math.min(end, to));
    }
  };
  let position = 0;
  for (const { start, end, groups } of regex.matchAll(printed)) {
    keep(position, start);
    pending += fillTemplate(replacement, groups);
    position = end;
  }
  keep(position, printed.length);
  flush();
  return result;
}
