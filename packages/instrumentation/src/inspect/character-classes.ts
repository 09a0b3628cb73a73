import { TELLING_HASHES, WORD_LETTERS } from "./telling-words.ts";

/**
 * Kinds of characters that mean something to one of the languages that attacks are written in. One pass over a value gives the set of
 * kinds in it, and what a detector needs is compared with that set: most values need no more than this pass.
 */
export const CHARACTERS = {
  space: 1,
  /** `'` and `"`. */
  quote: 1 << 1,
  /** `<` and `>`. */
  angle: 1 << 2,
  /** `;`, `|` and `&`, and line ends. */
  separator: 1 << 3,
  dollar: 1 << 4,
  brace: 1 << 5,
  bracket: 1 << 6,
  parenthesis: 1 << 7,
  /** `/` and `\`. */
  slash: 1 << 8,
  /** `=`, `!`, `*`, `^`, `~`, `?` and `+`. */
  operator: 1 << 9,
  colon: 1 << 10,
  /** Percent signs that are left when the encoding is undone. */
  percent: 1 << 11,
  /** Letters beyond the first 128 that a reader may take for one of them: full-width forms, curly quotes, broken sequences. */
  lookAlike: 1 << 12,
  /** Two dots in a row. */
  step: 1 << 13,
  /** `#`, or two hyphens in a row. */
  comment: 1 << 14,
  control: 1 << 15,
  /** `@`. */
  at: 1 << 16,
  /** Two underscores in a row. */
  underscores: 1 << 17,
  dot: 1 << 18,
  /** `A` to `Z`. */
  upper: 1 << 19,
  underscore: 1 << 20,
  backTick: 1 << 21,
  lineEnd: 1 << 22,
  /** A word that SQL, a shell or code is made of; told by `kindsOfEncoded` only. */
  tellingWord: 1 << 23,
} as const;

const C = CHARACTERS;
const PERCENT = 0x25;
const PLUS = 0x2b;

const TABLE = new Uint32Array(256);
for (const [characters, kind] of [
  [" \t\v\f", C.space],
  ["'\"", C.quote],
  ["`", C.backTick],
  ["<>", C.angle],
  [";|&", C.separator],
  ["\n\r", C.separator | C.lineEnd],
  ["$", C.dollar],
  ["{}", C.brace],
  ["[]", C.bracket],
  ["()", C.parenthesis],
  ["/\\", C.slash],
  ["=!*^~?+", C.operator],
  [":", C.colon],
  ["%", C.percent],
  ["#", C.comment],
  ["@", C.at],
  [".", C.dot],
] as const)
  for (const character of characters) TABLE[character.charCodeAt(0)] = kind;
for (let code = 0x41; code <= 0x5a; code++) TABLE[code] = C.upper;
TABLE[0x5f] = C.underscore;
for (let code = 0; code < 0x20; code++) if (TABLE[code] === 0) TABLE[code] = C.control;
TABLE[0x7f] = C.control;
// As bytes of UTF-8: what begins a two-byte letter is a letter; the three-byte ranges with punctuation and full-width forms are not.
for (const lead of [0xc0, 0xc1, 0xc2, 0xe2, 0xef, ...Array.from({ length: 16 }, (_, index) => 0xf0 + index)])
  TABLE[lead] = C.lookAlike;

const HEX = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** Kinds of a letter beyond the first 128, as it stands in a decoded text. */
function kindsBeyond(code: number): number {
  return (code >= 0x2000 && code <= 0x2fff) || code >= 0xf900 || code < 0xc0 ? C.lookAlike : 0;
}

/**
 * The kinds of characters in a part of a percent-encoded text, as if it were decoded once, without decoding it.
 *
 * @param plusIsSpace True for queries and forms.
 */
export function kindsOfEncoded(text: string, start: number, end: number, plusIsSpace: boolean): number {
  let kinds = 0;
  let before = 0;
  let hash = 0;
  for (let index = start; index < end; index++) {
    let code = text.charCodeAt(index);
    if (code === PERCENT) {
      const high = HEX[text.charCodeAt(index + 1) & 0xff] ?? -1;
      const low = HEX[text.charCodeAt(index + 2) & 0xff] ?? -1;
      if (high >= 0 && low >= 0 && index + 2 < end) {
        code = (high << 4) | low;
        index += 2;
      }
      kinds |= TABLE[code] ?? 0;
    } else if (code === PLUS && plusIsSpace) {
      code = 0x20;
      kinds |= C.space;
    } else kinds |= code < 0x80 ? (TABLE[code] ?? 0) : kindsBeyond(code);
    const letter = code < 0x80 ? (WORD_LETTERS[code] ?? 0) : 0;
    if (letter !== 0) hash = (Math.imul(hash, 31) + letter) | 0;
    else if (hash !== 0) {
      if (TELLING_HASHES.has(hash)) kinds |= C.tellingWord;
      hash = 0;
    }
    if (code === before) kinds |= doubled(code);
    before = code;
  }
  return hash !== 0 && TELLING_HASHES.has(hash) ? kinds | C.tellingWord : kinds;
}

/** The kinds of characters in a decoded text. */
export function kindsOf(text: string): number {
  let kinds = 0;
  let before = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    kinds |= code < 0x80 ? (TABLE[code] ?? 0) : kindsBeyond(code);
    if (code === before) kinds |= doubled(code);
    before = code;
  }
  return kinds;
}

function doubled(code: number): number {
  if (code === 0x2e) return C.step;
  if (code === 0x2d) return C.comment;
  return code === 0x5f ? C.underscores : 0;
}
