import { ANY, ONE } from "../sigma/pattern.ts";
import { PipelineRefusal } from "./refusal.ts";
import type { TextPart } from "./value.ts";

/**
 * A text with wildcards as a regular expression of the whole value. It is anchored, and `.` stands for line feeds too: `re` searches
 * anywhere here, and a wildcard stands for any character.
 * @throws {PipelineRefusal} when the text has a placeholder
 */
export function toRegexSource(
  parts: readonly TextPart[],
  method: "plain" | "ignore_case_flag" | "ignore_case_brackets",
  at: number,
): string {
  const source = parts.map((part) => {
    if (part === ANY) return ".*";
    if (part === ONE) return ".";
    if (typeof part === "object")
      throw new PipelineRefusal(`The placeholder %${part.placeholder}% cannot be made a regular expression.`, at);
    return [...part]
      .map((char) => (method === "ignore_case_brackets" && /\p{L}/u.test(char) ? bothCases(char) : escape(char)))
      .join("");
  });
  return `\\A(?s:${source.join("")})\\z`;
}

function bothCases(char: string): string {
  const cases = new Set([char, char.toLowerCase(), char.toUpperCase()]);
  // A case of several characters ("ß" and "SS") is no member of a class.
  const single = [...cases].filter((form) => [...form].length === 1);
  return single.length === 1 ? char : `[${single.toSorted().join("")}]`;
}

const escape = (char: string): string => (/[\\^$.*+?()[\]{}|]/.test(char) ? `\\${char}` : char);
