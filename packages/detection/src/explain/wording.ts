import { ANY, ONE, type Pattern } from "../sigma/pattern.ts";
import type { Comparison, Position, ValueTest } from "../signature.ts";

/** A test in words: what must be true, the same denied, and with what. */
export interface Wording {
  readonly relation: string;
  readonly denial: string;
  readonly value: string;
}

const COMPARED: Readonly<Record<Comparison, string>> = {
  lt: "less than",
  lte: "at most",
  gt: "greater than",
  gte: "at least",
  eq: "equal to",
};

const PLACED: Readonly<Record<Position, readonly [string, string]>> = {
  whole: ["is", "is not"],
  start: ["starts with", "does not start with"],
  end: ["ends with", "does not end with"],
  anywhere: ["contains", "does not contain"],
};

/** Texts longer than this are shortened in explanations. */
const LONGEST = 160;

/** Says a test in words. */
export function wordTest(test: ValueTest, modifiers: readonly string[]): Wording {
  switch (test.kind) {
    case "exists":
      return { relation: "is there", denial: "is absent", value: "" };
    case "null":
      return { relation: "has no value", denial: "has a value", value: "" };
    case "cidr":
      return { relation: "is in the network", denial: "is not in the network", value: test.network.text };
    case "compare": {
      const part = test.part === undefined ? "" : `in its ${test.part} `;
      return {
        relation: `is ${part}${COMPARED[test.comparison]}`,
        denial: `is not ${part}${COMPARED[test.comparison]}`,
        value: String(test.value),
      };
    }
    case "regex":
      return {
        relation: "matches the regular expression",
        denial: "does not match the regular expression",
        value: regexText(test.regex.key),
      };
    case "fieldref": {
      const [relation, denial] = PLACED[test.position];
      return { relation, denial, value: `the value of ${test.field}${test.cased ? " (exact case)" : ""}` };
    }
    case "pattern":
      return wordPattern(test, modifiers);
  }
}

function wordPattern(test: ValueTest & { kind: "pattern" }, modifiers: readonly string[]): Wording {
  const { pattern, encodes } = test;
  const notes = [
    ...(test.cased ? ["exact case"] : []),
    ...(test.dashes ? ["with any dash"] : []),
    ...(encodes === undefined ? [] : encodings(modifiers)),
  ];
  const note = notes.length === 0 ? "" : ` (${notes.join(", ")})`;
  if (pattern.length === 0) return { relation: "is empty", denial: "is not empty", value: "" };
  if (pattern.length === 1 && pattern[0] === ANY) return { relation: "has a value", denial: "has no value", value: "" };
  const { position, inner } = placeOf(pattern);
  if (position === undefined)
    return {
      relation: "is like",
      denial: "is not like",
      value: `${quote(patternText(pattern))}${note}`,
    };
  const [relation, denial] = PLACED[position];
  return { relation, denial, value: `${quote(encodes ?? inner)}${note}` };
}

/** Where the one literal of a pattern must lie; without position when wildcards are elsewhere than at its ends. */
export function placeOf(pattern: Pattern): { readonly position: Position | undefined; readonly inner: string } {
  const before = pattern[0] === ANY;
  const after = pattern.length > 1 && pattern.at(-1) === ANY;
  const [inner, ...more] = pattern.slice(before ? 1 : 0, after ? -1 : undefined);
  if (typeof inner !== "string" || more.length > 0) return { position: undefined, inner: "" };
  return { position: before ? (after ? "anywhere" : "end") : after ? "start" : "whole", inner };
}

function encodings(modifiers: readonly string[]): readonly string[] {
  const names: Readonly<Record<string, string>> = {
    base64: "as Base64",
    base64offset: "as Base64 at any offset",
    wide: "as UTF-16",
    utf16: "as UTF-16 with a byte order mark",
    utf16le: "as UTF-16",
    utf16be: "as big-endian UTF-16",
  };
  return modifiers.flatMap((name) => (Object.hasOwn(names, name) ? (names[name] ?? []) : []));
}

/** A pattern as Sigma writes it. */
const patternText = (pattern: Pattern): string =>
  pattern
    .map((part) => (part === ANY ? "*" : part === ONE ? "?" : part.replaceAll(/[*?]|\\(?=[*?\\])/g, "\\$&")))
    .join("");

/** An expression between slashes, with its flags; a key has three digits for i, m and s in front. */
function regexText(key: string): string {
  const flags = ["i", "m", "s"].filter((_, index) => key[index] === "1").join("");
  return `/${shortened(key.slice(3))}/${flags}`;
}

/** A text between quotation marks, shortened. */
export const quote = (text: string): string => `"${shortened(text)}"`;

/** A text without its end, when it is long; or, around `at`, without both ends. */
export function shortened(text: string, at = 0, length = LONGEST): string {
  if (text.length <= length) return text;
  const start = Math.max(0, Math.min(at - Math.floor(length / 3), text.length - length));
  const end = Math.min(text.length, start + length);
  return `${start > 0 ? "…" : ""}${text.slice(start, end)}${end < text.length ? "…" : ""}`;
}
