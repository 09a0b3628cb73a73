import { fold } from "../fold.ts";

/** A set of code points: sorted, disjoint, non-adjacent ranges, both ends included. */
export type CharSet = readonly (readonly [number, number])[];

/** The last code point of Unicode. */
export const LAST = 0x10ffff;

/** A set of any ranges. */
export function charSet(ranges: readonly (readonly [number, number])[]): CharSet {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const result: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = result.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

/** Everything that is not in the set. */
export function complement(set: CharSet): CharSet {
  const result: [number, number][] = [];
  let next = 0;
  for (const [from, to] of set) {
    if (from > next) result.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= LAST) result.push([next, LAST]);
  return result;
}

/** Whether two sets share a code point. */
export function intersects(a: CharSet, b: CharSet): boolean {
  return a.some(([from, to]) => b.some(([start, end]) => from <= end && start <= to));
}

/** Letters with another case lie below this, but for a few historic scripts, whose case is kept apart. */
const LAST_CASED = 0x24ff;

/**
 * The set with the other case of each of its letters, one character for one. Letters beyond ASCII never become ASCII ones (the Kelvin sign
 * is not a k), so that what is ASCII means the same to every engine.
 */
export function withOtherCase(set: CharSet): CharSet {
  const ranges: (readonly [number, number])[] = [...set];
  for (const [from, to] of set) {
    for (let code = from; code <= Math.min(to, LAST_CASED); code++) {
      const char = String.fromCodePoint(code);
      for (const other of [char.toLowerCase(), char.toUpperCase()]) {
        const twin = other.codePointAt(0) ?? code;
        if (other.length === 1 && twin !== code && twin > 0x7f === code > 0x7f) ranges.push([twin, twin]);
      }
    }
  }
  return charSet(ranges);
}

/** The folded form (fold.ts) that all characters of the set have in common; undefined when they have several. */
export function singleFolded(set: CharSet): string | undefined {
  let folded: string | undefined;
  for (const [from, to] of set) {
    if (to - from > 1) return undefined;
    for (let code = from; code <= to; code++) {
      const char = fold(String.fromCodePoint(code));
      if (folded !== undefined && folded !== char) return undefined;
      folded = char;
    }
  }
  return folded;
}

const DIGIT: CharSet = [[0x30, 0x39]];
const WORD: CharSet = charSet([
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]);
const SPACE: CharSet = charSet([
  [0x09, 0x0d],
  [0x20, 0x20],
]);

/** Named sets: `\d`, `\w`, `\s` are ASCII, as in PCRE without UCP; `.` is everything but the line feed. */
export const NAMED = {
  digit: DIGIT,
  word: WORD,
  space: SPACE,
  any: [[0, LAST]] as CharSet,
  notNewline: complement([[0x0a, 0x0a]]),
} as const;

/** POSIX classes that may stand inside brackets, such as `[[:alpha:]]`. */
export const POSIX: Readonly<Record<string, CharSet>> = {
  alnum: charSet([
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x61, 0x7a],
  ]),
  alpha: charSet([
    [0x41, 0x5a],
    [0x61, 0x7a],
  ]),
  ascii: [[0, 0x7f]],
  blank: charSet([
    [0x09, 0x09],
    [0x20, 0x20],
  ]),
  cntrl: charSet([
    [0, 0x1f],
    [0x7f, 0x7f],
  ]),
  digit: DIGIT,
  graph: [[0x21, 0x7e]],
  lower: [[0x61, 0x7a]],
  print: [[0x20, 0x7e]],
  punct: charSet([
    [0x21, 0x2f],
    [0x3a, 0x40],
    [0x5b, 0x60],
    [0x7b, 0x7e],
  ]),
  space: SPACE,
  upper: [[0x41, 0x5a]],
  word: WORD,
  xdigit: charSet([
    [0x30, 0x39],
    [0x41, 0x46],
    [0x61, 0x66],
  ]),
};
