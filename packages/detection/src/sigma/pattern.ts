/** Any number of characters, none included (Sigma `*`). */
export const ANY = Symbol("*");
/** Exactly one character (Sigma `?`). */
export const ONE = Symbol("?");

/** A piece of a pattern: literal text or a wildcard. */
export type PatternPart = string | typeof ANY | typeof ONE;

/** A string with wildcards: literals and wildcards in order, no two literals and no two `ANY` side by side. */
export type Pattern = readonly PatternPart[];

/**
 * Reads a Sigma string (specification: "String Wildcard", "Escape Character"): a backslash escapes a wildcard or a backslash and is
 * itself before anything else.
 */
export function parsePattern(text: string): Pattern {
  const parts: PatternPart[] = [];
  let escaped = false;
  for (const char of text) {
    if (escaped) {
      parts.push(char === "*" || char === "?" || char === "\\" ? char : `\\${char}`);
      escaped = false;
    } else if (char === "\\") escaped = true;
    else if (char === "*") parts.push(ANY);
    else if (char === "?") parts.push(ONE);
    else parts.push(char);
  }
  if (escaped) parts.push("\\");
  return normalise(parts);
}

/** Joins neighbouring literals and drops repeated `ANY` and empty literals; `ANY ONE` becomes `ONE ANY`, which is the same. */
export function normalise(parts: readonly PatternPart[]): Pattern {
  const result: PatternPart[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part === "") continue;
    if (typeof part === "string" && typeof last === "string") result[result.length - 1] = last + part;
    else if (part === ANY && last === ANY) continue;
    else if (part === ONE && last === ANY) result.splice(-1, 1, ONE, ANY);
    else result.push(part);
  }
  return result;
}

/** The text of a pattern without wildcards, or undefined when it has one. */
export function literalText(pattern: Pattern): string | undefined {
  if (pattern.length === 0) return "";
  const [only] = pattern;
  return pattern.length === 1 && typeof only === "string" ? only : undefined;
}

/** The pattern with each literal mapped. */
export function mapLiterals(pattern: Pattern, change: (text: string) => string): Pattern {
  return normalise(pattern.map((part) => (typeof part === "string" ? change(part) : part)));
}

/** Text that is equal for equal patterns and different for different ones. */
export function patternKey(pattern: Pattern): string {
  return pattern.map((part) => (part === ANY ? "*" : part === ONE ? "?" : part.replace(/[*?\\]/g, "\\$&"))).join("");
}
