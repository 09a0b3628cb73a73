import { type CharSet, NAMED, POSIX, charSet, complement, withOtherCase } from "./charset.ts";

/** Flags that a rule can set (`re|i`, `re|m`, `re|s`) and that `(?ims)` changes inside an expression. */
export interface RegexFlags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
}

/** A regular expression: what it means, without how it was written. `.`, classes and letters with the flag i are sets. */
export type RegexNode =
  | { readonly kind: "set"; readonly set: CharSet }
  | { readonly kind: "concat" | "alternate"; readonly items: readonly RegexNode[] }
  | { readonly kind: "repeat"; readonly item: RegexNode; readonly min: number; readonly max: number }
  | { readonly kind: "assert"; readonly assertion: Assertion };

/** A place in the text. `textEnd` is `\z`; `end` also holds before a final line feed, as PCRE's `$` and `\Z` do. */
export type Assertion = "textStart" | "lineStart" | "end" | "textEnd" | "lineEnd" | "wordBoundary" | "notWordBoundary";

/** Why an expression is refused; `supported` false: it is valid, but cannot be honoured. */
export class RegexError extends Error {
  readonly supported: boolean;
  constructor(message: string, supported: boolean) {
    super(message);
    this.supported = supported;
  }
}

const LIMITS = { characters: 10_000, repeat: 1_000, depth: 60 } as const;

/**
 * Parses a regular expression of the flavour Sigma names: PCRE's wildcards, anchors, quantifiers, classes, alternation and groups, with
 * inline flags and the usual escapes. Look-around, back-references, atomic groups and possessive quantifiers are refused.
 * @throws {RegexError} when it is not valid or cannot be honoured
 */
export function parseRegex(source: string, initial: RegexFlags): RegexNode {
  if (source.length > LIMITS.characters) throw new RegexError(`More than ${LIMITS.characters} characters`, false);
  const chars = [...source];
  let position = 0;
  let flags = initial;
  let depth = 0;
  const peek = (offset = 0): string | undefined => chars[position + offset];
  const startsWith = (text: string): boolean => chars.slice(position, position + text.length).join("") === text;
  const fail = (message: string, supported = true): never => {
    throw new RegexError(`${message} at character ${position + 1}`, supported);
  };
  const set = (value: CharSet): RegexNode => ({ kind: "set", set: flags.i ? withOtherCase(value) : value });
  const one = (char: string): RegexNode => {
    const code = char.codePointAt(0) ?? 0;
    return set([[code, code]]);
  };

  const readAlternation = (): RegexNode => {
    if (++depth > LIMITS.depth) fail(`Nested more than ${LIMITS.depth} levels`, false);
    const outer = flags;
    const items = [readConcat()];
    while (peek() === "|") {
      position++;
      items.push(readConcat());
    }
    flags = outer;
    depth--;
    const [only] = items;
    return items.length === 1 && only !== undefined ? only : { kind: "alternate", items };
  };

  const readConcat = (): RegexNode => {
    const items: RegexNode[] = [];
    for (let char = peek(); char !== undefined && char !== "|" && char !== ")"; char = peek()) {
      const item = readAtom();
      if (item !== undefined) items.push(readQuantifiers(item));
    }
    return { kind: "concat", items };
  };

  const readQuantifiers = (atom: RegexNode): RegexNode => {
    const range = readQuantifier();
    if (range === undefined) return atom;
    const [min, max] = range;
    if (peek() === "?") position++;
    else if (peek() === "+") fail("A possessive quantifier is not supported", false);
    if (readQuantifier() !== undefined) fail("A quantifier follows a quantifier");
    return { kind: "repeat", item: atom, min, max };
  };

  const readQuantifier = (): readonly [number, number] | undefined => {
    const char = peek();
    if (char === "*" || char === "+" || char === "?") {
      position++;
      return char === "*" ? [0, Infinity] : char === "+" ? [1, Infinity] : [0, 1];
    }
    const match =
      char === "{" ? /^\{(\d{1,5})(?:(,)(\d{0,5}))?\}/.exec(chars.slice(position, position + 14).join("")) : null;
    if (match === null) return undefined;
    const [whole, low = "", comma, high = ""] = match;
    const min = Number(low);
    const max = comma === undefined ? min : high === "" ? Infinity : Number(high);
    if (max < min) fail("A quantifier's upper bound is below its lower");
    if (min > LIMITS.repeat || (max !== Infinity && max > LIMITS.repeat))
      fail(`A quantifier above ${LIMITS.repeat}`, false);
    position += whole.length;
    return [min, max];
  };

  const readAtom = (): RegexNode | undefined => {
    const char = peek() ?? "";
    position++;
    if (char === "(") return readGroup();
    if (char === "[") return readClass();
    if (char === ".") return { kind: "set", set: flags.s ? NAMED.any : NAMED.notNewline };
    if (char === "^") return { kind: "assert", assertion: flags.m ? "lineStart" : "textStart" };
    if (char === "$") return { kind: "assert", assertion: flags.m ? "lineEnd" : "end" };
    if (char === "\\") return readEscape();
    if (char === "*" || char === "+" || char === "?") {
      position--;
      fail("A quantifier has nothing to repeat");
    }
    return one(char);
  };

  const readGroup = (): RegexNode | undefined => {
    const outer = flags;
    if (peek() === "?") {
      const kind = /^\?(?:(:)|(P?<[A-Za-z_]\w*>)|([imsx-]*)([:)])|(.{1,2}))/s.exec(
        chars.slice(position, position + 80).join(""),
      );
      const [whole = "", plain, named, letters, ending, other] = kind ?? [];
      if (plain !== undefined || named !== undefined) position += whole.length;
      else if (ending !== undefined) {
        flags = changeFlags(letters ?? "");
        position += whole.length;
        if (ending === ")") return undefined;
      } else if (/^(?:=|!|<=|<!)/.test(other ?? "")) fail("Look-around is not supported", false);
      else fail(`The group "(?${other ?? ""}" is not supported`, false);
    }
    const inner = readAlternation();
    if (peek() !== ")") fail('A ")" is missing');
    position++;
    flags = outer;
    return inner;
  };

  const changeFlags = (letters: string): RegexFlags => {
    const [on = "", off = ""] = letters.split("-");
    if ((on + off).includes("x")) fail("The flag x is not supported", false);
    const value = (letter: "i" | "m" | "s"): boolean =>
      off.includes(letter) ? false : on.includes(letter) || flags[letter];
    return { i: value("i"), m: value("m"), s: value("s") };
  };

  const readEscape = (): RegexNode => {
    const char = peek();
    if (char === undefined) return fail("A backslash ends the expression");
    const named = namedSet(char);
    if (named !== undefined) {
      position++;
      return { kind: "set", set: named };
    }
    const assertions: Readonly<Record<string, Assertion>> = {
      b: "wordBoundary",
      B: "notWordBoundary",
      A: "textStart",
      z: "textEnd",
      Z: "end",
    };
    const assertion = Object.hasOwn(assertions, char) ? assertions[char] : undefined;
    if (assertion !== undefined) {
      position++;
      return { kind: "assert", assertion };
    }
    if (/[1-9]/.test(char) || char === "k" || char === "g") fail("A back-reference is not supported", false);
    const code = readCharEscape();
    return set([[code, code]]);
  };

  /** The code point of an escape that stands for one character; position is after the backslash. */
  const readCharEscape = (): number => {
    const char = peek() ?? "";
    position++;
    const simple: Readonly<Record<string, number>> = { t: 9, n: 10, f: 12, r: 13, a: 7, e: 27 };
    if (Object.hasOwn(simple, char)) return simple[char] ?? 0;
    if (char === "0") {
      const digits = /^[0-7]{0,2}/.exec(chars.slice(position, position + 2).join(""))?.[0] ?? "";
      position += digits.length;
      return Number.parseInt(`0${digits}`, 8);
    }
    if (char === "x" || char === "u") {
      const match = /^(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2})([0-9a-fA-F]{2})?)/.exec(
        chars.slice(position, position + 8).join(""),
      );
      const digits =
        char === "x"
          ? (match?.[1] ?? match?.[2])
          : match?.[3] === undefined
            ? undefined
            : `${match[2] ?? ""}${match[3]}`;
      if (digits === undefined) return fail(`"\\${char}" needs hexadecimal digits`);
      position += char === "x" && match?.[1] !== undefined ? digits.length + 2 : digits.length;
      const code = Number.parseInt(digits, 16);
      return code > 0x10ffff ? fail("A character beyond Unicode") : code;
    }
    if (/[A-Za-z0-9]/.test(char)) fail(`The escape "\\${char}" is not supported`, false);
    return char.codePointAt(0) ?? 0;
  };

  const readClass = (): RegexNode => {
    const negated = peek() === "^";
    if (negated) position++;
    const ranges: (readonly [number, number])[] = [];
    for (let first = true; first || peek() !== "]"; first = false) {
      if (peek() === undefined) fail('A "]" is missing');
      if (startsWith("[:")) {
        const match = /^\[:(\^?)(\w+):\]/.exec(chars.slice(position, position + 16).join(""));
        const posix =
          match?.[2] === undefined ? undefined : Object.hasOwn(POSIX, match[2]) ? POSIX[match[2]] : undefined;
        if (match !== null && posix !== undefined) {
          ranges.push(...(match[1] === "^" ? complement(posix) : posix));
          position += match[0].length;
          continue;
        }
      }
      const low = readClassItem();
      if (typeof low !== "number") {
        ranges.push(...low);
        continue;
      }
      if (peek() === "-" && peek(1) !== "]" && peek(1) !== undefined) {
        position++;
        const high = readClassItem();
        if (typeof high !== "number") ranges.push([low, low], [0x2d, 0x2d], ...high);
        else if (high < low) fail("A range in a class is out of order");
        else ranges.push([low, high]);
      } else ranges.push([low, low]);
    }
    position++;
    const result = charSet(ranges);
    if (!negated) return set(result);
    // `[^k]` with the flag i excludes both cases.
    return { kind: "set", set: complement(flags.i ? withOtherCase(result) : result) };
  };

  const readClassItem = (): number | CharSet => {
    const char = peek() ?? "";
    position++;
    if (char !== "\\") return char.codePointAt(0) ?? 0;
    const escape = peek();
    if (escape === undefined) return fail("A backslash ends the expression");
    const named = namedSet(escape);
    if (named !== undefined) {
      position++;
      return named;
    }
    if (escape === "b") {
      position++;
      return 8;
    }
    return readCharEscape();
  };

  const result = readAlternation();
  if (position < chars.length) fail('A ")" has no "("');
  return result;
}

/** PCRE's horizontal white space. */
const HORIZONTAL = charSet([
  [0x09, 0x09],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x180e, 0x180e],
  [0x2000, 0x200a],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
]);

/** PCRE's vertical white space. */
const VERTICAL = charSet([
  [0x0a, 0x0d],
  [0x85, 0x85],
  [0x2028, 0x2029],
]);

function namedSet(letter: string): CharSet | undefined {
  if (letter === "d") return NAMED.digit;
  if (letter === "D") return complement(NAMED.digit);
  if (letter === "w") return NAMED.word;
  if (letter === "W") return complement(NAMED.word);
  if (letter === "s") return NAMED.space;
  if (letter === "S") return complement(NAMED.space);
  if (letter === "N") return NAMED.notNewline;
  if (letter === "h") return HORIZONTAL;
  if (letter === "H") return complement(HORIZONTAL);
  if (letter === "v") return VERTICAL;
  if (letter === "V") return complement(VERTICAL);
  return undefined;
}
