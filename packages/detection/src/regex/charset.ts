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

/** The set with the other case of every letter that takes part in simple case folding with ASCII letters (so also `ſ` and the Kelvin sign). */
export function closeOverCase(set: CharSet): CharSet {
  const extra: [number, number][] = [];
  for (let code = 0x41; code <= 0x5a; code++) {
    const twins = [code, code + 32, ...(code === 0x4b ? [0x212a] : []), ...(code === 0x53 ? [0x17f] : [])];
    if (twins.some((twin) => has(set, twin))) for (const twin of twins) extra.push([twin, twin]);
  }
  return charSet([...set, ...extra]);
}

/** Whether a code point is in the set. */
export function has(set: CharSet, code: number): boolean {
  return set.some(([from, to]) => from <= code && code <= to);
}

/** The lower-case form of the one character that the set stands for, case aside; undefined when it stands for several. */
export function singleFolded(set: CharSet): string | undefined {
  let folded: string | undefined;
  for (const [from, to] of set) {
    if (to - from > 1) return undefined;
    for (let code = from; code <= to; code++) {
      const char = code === 0x212a ? "k" : code === 0x17f ? "s" : String.fromCodePoint(code).toLowerCase();
      if (folded !== undefined && folded !== char) return undefined;
      folded = char;
    }
  }
  return folded;
}

const DIGIT: CharSet = [[0x30, 0x39]];
const WORD: CharSet = charSet([[0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]);
const SPACE: CharSet = charSet([[0x09, 0x0d], [0x20, 0x20]]);

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
  alnum: charSet([[0x30, 0x39], [0x41, 0x5a], [0x61, 0x7a]]),
  alpha: charSet([[0x41, 0x5a], [0x61, 0x7a]]),
  ascii: [[0, 0x7f]],
  blank: charSet([[0x09, 0x09], [0x20, 0x20]]),
  cntrl: charSet([[0, 0x1f], [0x7f, 0x7f]]),
  digit: DIGIT,
  graph: [[0x21, 0x7e]],
  lower: [[0x61, 0x7a]],
  print: [[0x20, 0x7e]],
  punct: charSet([[0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e]]),
  space: SPACE,
  upper: [[0x41, 0x5a]],
  word: WORD,
  xdigit: charSet([[0x30, 0x39], [0x41, 0x46], [0x61, 0x66]]),
};
