import { fold, foldDashes } from "../fold.ts";
import { ANY, ONE, type Pattern, type PatternPart, literalText, mapLiterals } from "../sigma/pattern.ts";
import type { ValueTest } from "../signature.ts";
import { type Bounds, NEVER, UNKNOWN, exactly, some } from "./bounds.ts";
import type { Query } from "./query.ts";

/** A pattern test of a rule. */
export type PatternTest = ValueTest & { readonly kind: "pattern" };

/** Characters of a regular expression that any Elasticsearch takes (`index.max_regex_length` is 1,000 by default). */
const MAX_REGEX = 950;
/** The same of one that begins anywhere: the automaton is made deterministic, which may take no more than 10,000 steps. */
const MAX_SEARCHED = 400;
/** Characters of one literal in an expression. */
const MAX_LITERAL = 180;
/** Wildcards `?` in one pattern; each may double the states of the automaton. */
const MAX_ONES = 6;

const DASHES = ["-", "/", "\u2013", "\u2014", "\u2015"];

let forms: ReadonlyMap<string, readonly string[]> | undefined;

/** Every character that folds to a folded one, where that is another list than its two ASCII cases. */
function formsOf(folded: string): readonly string[] {
  if (forms === undefined) {
    const made = new Map<string, string[]>();
    for (let code = 0; code <= 0x1e9ff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const char = String.fromCodePoint(code);
      const lower = fold(char);
      if (lower === char) continue;
      const known = made.get(lower);
      if (known === undefined) made.set(lower, [lower, char]);
      else known.push(char);
    }
    forms = made;
  }
  return forms.get(folded) ?? [folded];
}

/**
 * Whether Elasticsearch's own `case_insensitive` means of a folded text what rules mean: it knows ASCII's two cases, but not those of other
 * letters, nor that the Kelvin sign is a k.
 */
function isPlain(text: string): boolean {
  for (const char of text) {
    const all = formsOf(char);
    if (all.length > 2 || (all.length === 2 && char > "\u007f")) return false;
  }
  return true;
}

/** A pattern as its test reads it: folded unless cased. */
function readAs({ pattern, cased, dashes }: PatternTest): Pattern {
  if (cased) return pattern;
  return mapLiterals(pattern, (text) => (dashes ? foldDashes(fold(text)) : fold(text)));
}

/** What a keyword's terms can tell of patterns of which one has to match. */
export function termBounds(name: string, tests: readonly PatternTest[]): Bounds {
  const single: Bounds[] = [];
  const together = new Map<string, string[]>();
  for (const test of tests) {
    const pattern = readAs(test);
    if (pattern.length === 1 && pattern[0] === ANY) return anyValue(name);
    const needsRegex =
      !test.cased && (test.dashes || pattern.some((part) => typeof part === "string" && !isPlain(part)));
    const literal = literalOf(pattern);
    const isAlone = tests.length === 1 && !needsRegex;
    if (literal !== undefined && !isAlone && literal.text.length <= MAX_LITERAL) {
      const key = `${literal.before}\0${literal.after}`;
      const known = together.get(key) ?? [];
      known.push(regexOf([literal.text], test));
      together.set(key, known);
      continue;
    }
    const written = regexOf(pattern, test);
    if (needsRegex && written.length <= MAX_REGEX && sizeOf(pattern) <= MAX_LITERAL && onesOf(pattern) <= MAX_ONES)
      single.push(exactly(regexp(name, written)));
    else single.push(wildcardBounds(name, test, pattern, needsRegex));
  }
  const joined = [...together].flatMap(([key, texts]) => {
    const [before = "", after = ""] = key.split("\0");
    return chunks(texts, before === "" ? MAX_REGEX : MAX_SEARCHED).map((part) =>
      exactly(regexp(name, `${before}(${part.join("|")})${after}`)),
    );
  });
  return some([...joined, ...single]);
}

const regexp = (name: string, value: string): Query => ({ regexp: { [name]: { value, flags: "NONE" } } });

const sizeOf = (pattern: Pattern): number =>
  pattern.reduce((sum, part) => sum + (typeof part === "string" ? part.length : 1), 0);

/** The only literal of a pattern, and what may stand around it. */
function literalOf(
  pattern: Pattern,
): { readonly text: string; readonly before: string; readonly after: string } | undefined {
  const before = pattern[0] === ANY ? ".*" : "";
  const after = pattern.length > 1 && pattern.at(-1) === ANY ? ".*" : "";
  const [text, ...others] = pattern.slice(before === "" ? 0 : 1, after === "" ? undefined : -1);
  return typeof text === "string" && others.length === 0 ? { text, before, after } : undefined;
}

const anyValue = (name: string): Bounds => exactly({ exists: { field: name } });

const onesOf = (pattern: Pattern): number => pattern.filter((part) => part === ONE).length;

function wildcardBounds(name: string, test: PatternTest, pattern: Pattern, isWider: boolean): Bounds {
  const insensitive = test.cased ? {} : { case_insensitive: true };
  const text = literalText(pattern);
  if (onesOf(pattern) > MAX_ONES) {
    // Too many states: only the longest literal is asked for.
    const literal = longest(pattern);
    if (literal === "") return { upper: { exists: { field: name } }, lower: NEVER.lower };
    const wide: PatternTest = { ...test, pattern: [ANY, literal, ANY] };
    return { upper: termBounds(name, [wide]).upper, lower: NEVER.lower };
  }
  const own: Query =
    text === undefined
      ? { wildcard: { [name]: { value: wildcardOf(pattern), ...insensitive } } }
      : { term: { [name]: { value: text, ...insensitive } } };
  if (!isWider) return exactly(own);
  // Too long for an expression: what has other forms becomes a wildcard.
  const wider = pattern.flatMap((part): readonly PatternPart[] =>
    typeof part === "string"
      ? [...part].map((char) => (isPlain(char) && !(test.dashes && DASHES.includes(char)) ? char : ONE))
      : [part],
  );
  const ones = wider.filter((part) => part === ONE).length;
  const upper: Query =
    ones > MAX_ONES * 2 && text === undefined
      ? { exists: { field: name } }
      : { wildcard: { [name]: { value: wildcardOf(wider), ...insensitive } } };
  return { upper, lower: own };
}

function longest(pattern: Pattern): string {
  return pattern.reduce<string>(
    (best, part) => (typeof part === "string" && part.length > best.length ? part : best),
    "",
  );
}

const wildcardOf = (parts: Pattern): string =>
  parts.map((part) => (part === ANY ? "*" : part === ONE ? "?" : part.replace(/[*?\\]/g, "\\$&"))).join("");

const escaped = (char: string): string => (/[^\p{L}\p{N}\s]/u.test(char) ? `\\${char}` : char);

/** The pattern in Lucene's regular expressions, each letter with all its forms. */
function regexOf(pattern: Pattern, { cased, dashes }: PatternTest): string {
  let result = "";
  for (const part of pattern) {
    if (part === ANY) result += ".*";
    else if (part === ONE) result += ".";
    else
      for (const char of part) {
        const all = cased ? [char] : dashes && char === "-" ? DASHES : formsOf(char);
        result += all.length === 1 ? escaped(char) : `[${all.map(escaped).join("")}]`;
      }
  }
  return result;
}

function chunks(texts: readonly string[], size: number): readonly (readonly string[])[] {
  const result: string[][] = [];
  let length = Infinity;
  for (const text of texts) {
    const last = result.at(-1);
    if (last === undefined || length + text.length + 1 > size) {
      result.push([text]);
      length = text.length;
    } else {
      last.push(text);
      length += text.length + 1;
    }
  }
  return result;
}

/** What the keys of a flattened field can tell: whole values and beginnings. */
export function flattenedBounds(name: string, tests: readonly PatternTest[]): Bounds {
  return some(
    tests.map((test) => {
      const pattern = readAs(test);
      const text = literalText(pattern);
      const insensitive = test.cased ? {} : { case_insensitive: true };
      const [start] = pattern;
      const isExact =
        !test.dashes && (test.cased || pattern.every((part) => typeof part !== "string" || isPlain(part)));
      if (text !== undefined && isExact) return exactly({ term: { [name]: { value: text, ...insensitive } } });
      if (typeof start === "string" && isExact) {
        const prefix: Query = { prefix: { [name]: { value: start, ...insensitive } } };
        return pattern.length === 2 && pattern[1] === ANY ? exactly(prefix) : { upper: prefix, lower: NEVER.lower };
      }
      if (pattern.length === 1 && start === ANY) return anyValue(name);
      return { upper: { exists: { field: name } }, lower: NEVER.lower };
    }),
  );
}

/** Whatever a word is cut at, no word that the standard analyzer makes is longer than 255 units of UTF-16: longer ones are cut there. */
const CUT_WORD = ".{128}.*";

/** Texts that have to be in a value, in the words of an analysed field: a superset, because where words begin and end is lost. */
export function wordBounds(name: string, tests: readonly PatternTest[]): Bounds {
  return some(
    tests.map((test) => {
      const run = longestRun(test.pattern);
      return run === "" ? UNKNOWN : { upper: wordQuery(name, run), lower: NEVER.lower };
    }),
  );
}

/** Documents with a word that a run of ASCII letters and digits may lie in. */
export function wordQuery(name: string, run: string): Query {
  return {
    bool: {
      should: [
        { wildcard: { [name]: { value: `*${fold(run)}*` } } },
        { regexp: { [name]: { value: CUT_WORD, flags: "NONE" } } },
      ],
      minimum_should_match: 1,
    },
  };
}

/** The longest run of ASCII letters and digits, which no word ends within. */
export function longestRun(pattern: Pattern): string {
  return pattern
    .flatMap((part) => (typeof part === "string" ? (part.match(/[a-z0-9]+/gi) ?? []) : []))
    .reduce((best, run) => (run.length > best.length ? run : best), "");
}

/** Whether a text is found by one of the patterns; what that says of values that are known. */
export function matchesText(
  tests: readonly PatternTest[],
  matcher: (pattern: Pattern) => (text: string) => boolean,
  text: string,
): boolean {
  return tests.some((test) => {
    const pattern = readAs(test);
    const folded = test.cased ? text : test.dashes ? foldDashes(fold(text)) : fold(text);
    return matcher(pattern)(folded);
  });
}
