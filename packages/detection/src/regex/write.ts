import { type CharSet, LAST } from "./charset.ts";
import type { Assertion, RegexNode } from "./parse.ts";

/** A way of writing regular expressions: V8's with the flag `u`, or RE2's. */
export interface Dialect {
  readonly char: (code: number) => string;
  readonly assertions: Readonly<Record<Assertion, string>>;
  readonly any: string;
}

const hex = (code: number): string => code.toString(16);

/** V8 with the flag `u`; `end` is the text's very end, see {@link compileRegex} for a final line feed. */
export const V8: Dialect = {
  char: (code) => `\\u{${hex(code)}}`,
  assertions: {
    // Within a look-around, because V8 14.6 starts too late where `$` ends an expression (`/[^a]b$/u` misses "😀b"), and as positions,
    // because it takes the middle of a surrogate pair for one where nothing is (`/(?![^])/u` holds there).
    textStart: "^",
    lineStart: "(?<=^|\\n)",
    end: "(?=$)",
    textEnd: "(?=$)",
    lineEnd: "(?=\\n|$)",
    wordBoundary: "\\b",
    notWordBoundary: "\\B",
  },
  any: "[^]",
};

/** RE2. */
export const RE2: Dialect = {
  char: (code) => `\\x{${hex(code)}}`,
  assertions: {
    textStart: "\\A",
    lineStart: "(?m:^)",
    end: "\\z",
    textEnd: "\\z",
    lineEnd: "(?m:$)",
    wordBoundary: "\\b",
    notWordBoundary: "\\B",
  },
  any: "(?s:.)",
};

/** Writes an expression in a dialect. */
export function writeRegex(node: RegexNode, dialect: Dialect): string {
  switch (node.kind) {
    case "assert":
      return dialect.assertions[node.assertion];
    case "set":
      return writeSet(node.set, dialect);
    case "concat":
      return node.items
        .map((item) => (item.kind === "alternate" ? `(?:${writeRegex(item, dialect)})` : writeRegex(item, dialect)))
        .join("");
    case "alternate":
      return node.items.map((item) => writeRegex(item, dialect)).join("|");
    case "repeat": {
      const item = writeRegex(node.item, dialect);
      const range =
        node.max === Infinity
          ? `{${node.min},}`
          : node.min === node.max
            ? `{${node.min}}`
            : `{${node.min},${node.max}}`;
      return `${node.item.kind === "set" ? item : `(?:${item})`}${range}`;
    }
  }
}

function writeSet(set: CharSet, dialect: Dialect): string {
  const [first] = set;
  if (first === undefined) return dialect === V8 ? "[]" : `[^\\x{0}-\\x{${hex(LAST)}}]`;
  if (set.length === 1 && first[0] === 0 && first[1] === LAST) return dialect.any;
  if (set.length === 1 && first[0] === first[1]) return dialect.char(first[0]);
  const ranges = set.map(([from, to]) =>
    from === to ? dialect.char(from) : `${dialect.char(from)}-${dialect.char(to)}`,
  );
  return `[${ranges.join("")}]`;
}
