import { RE2JS } from "re2js";
import { RegexError, parseRegex } from "../regex/parse.ts";
import { PipelineRefusal } from "./refusal.ts";

/** A match: where it lies, and the text of each group, the whole one first. */
export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | undefined)[];
}

/** A regular expression in Python's syntax, matched in time linear in the input. */
export interface PythonRegex {
  readonly source: string;
  readonly groupCount: number;
  /** Numbers of groups by name, in the order of the groups. */
  readonly names: ReadonlyMap<string, number>;
  /**
   * The match at the text's start (Python's `match`).
   * @throws {PipelineRefusal} when the expression could mean something else in Python on this text
   */
  matchStart(text: string): RegexMatch | undefined;
  /**
   * Every match from left to right, none overlapping (Python's `finditer`).
   * @throws {PipelineRefusal} when the expression could mean something else in Python on this text
   */
  matchAll(text: string): readonly RegexMatch[];
}

const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}";
const CLASSES: Readonly<Record<string, string>> = { d: "\\p{Nd}", w: "\\p{L}\\p{N}_", s: SPACE };

/** Compiles an expression, or says why it cannot be honoured: look-around and back-references need more than linear time. */
export function compilePythonRegex(source: string): { readonly regex: PythonRegex } | { readonly error: string } {
  let expression: RE2JS;
  let translated: Translated;
  try {
    parseRegex(source, { i: false, m: false, s: false });
    translated = translate(source);
    expression = RE2JS.compile(translated.text);
  } catch (error) {
    if (error instanceof RegexError || error instanceof Error) return { error: error.message };
    throw error;
  }
  const names = new Map(
    Object.entries(expression.namedGroups())
      .map(([name, number]): [string, number] => [name, number])
      .toSorted(([, a], [, b]) => a - b),
  );
  const check = (text: string): void => {
    if (translated.hasBoundary && /[^\0-\x7f]/.test(text))
      throw new PipelineRefusal(`The word boundary in "${source}" is not supported on text beyond ASCII ("${text}").`);
    if (translated.hasEnd && text.endsWith("\n"))
      throw new PipelineRefusal(`The "$" in "${source}" is not supported on text that ends with a line feed.`);
  };
  const groupCount = expression.groupCount();
  const matchOf = (matcher: ReturnType<RE2JS["matcher"]>): RegexMatch => ({
    start: matcher.start(),
    end: matcher.end(),
    groups: Array.from({ length: groupCount + 1 }, (_, group) => matcher.group(group) ?? undefined),
  });
  return {
    regex: {
      source,
      groupCount,
      names,
      matchStart: (text) => {
        check(text);
        const matcher = expression.matcher(text);
        return matcher.lookingAt() ? matchOf(matcher) : undefined;
      },
      matchAll: (text) => {
        check(text);
        const matcher = expression.matcher(text);
        const matches: RegexMatch[] = [];
        while (matcher.find()) matches.push(matchOf(matcher));
        return matches;
      },
    },
  };
}

interface Translated {
  readonly text: string;
  readonly hasBoundary: boolean;
  readonly hasEnd: boolean;
}

/** Python's syntax in RE2's where the two differ: classes cover all of Unicode, `\Z`, `\uXXXX`. */
function translate(source: string): Translated {
  let text = "";
  let inClass = false;
  let hasBoundary = false;
  let hasEnd = false;
  for (let position = 0; position < source.length; position++) {
    const char = source.charAt(position);
    if (char === "[" && inClass && source.charAt(position + 1) === ":")
      throw new RegexError('A class inside a class ("[:") is not supported', false);
    if (char === "[" && !inClass) {
      inClass = true;
      const opening = /^\[\^?\]?/.exec(source.slice(position))?.[0] ?? "[";
      text += opening.endsWith("]") ? `${opening.slice(0, -1)}\\]` : opening;
      position += opening.length - 1;
      continue;
    }
    if (char === "]") inClass = false;
    if (char === "$" && !inClass) hasEnd = true;
    if (char !== "\\") {
      text += char;
      continue;
    }
    const next = source.charAt(++position);
    const set = CLASSES[next.toLowerCase()];
    if (next === "Z" && !inClass) text += "\\z";
    else if ((next === "b" || next === "B") && !inClass) {
      hasBoundary = true;
      text += `\\${next}`;
    } else if (next === "b") text += "\\x08";
    else if (next === "u") {
      text += `\\x{${source.slice(position + 1, position + 5)}}`;
      position += 4;
    } else if (set === undefined || !/[dwsDWS]/.test(next)) text += `\\${next}`;
    else if (next === next.toLowerCase()) text += inClass ? set : `[${set}]`;
    else if (inClass) throw new RegexError(`"\\${next}" inside a class is not supported`, false);
    else text += `[^${set}]`;
  }
  return { text, hasBoundary, hasEnd };
}
