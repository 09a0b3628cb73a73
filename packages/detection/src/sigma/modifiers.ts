import { parseNetwork } from "../network.ts";
import { compileRegex, type RegexFlags } from "../regex/compile.ts";
import { type Comparison, type Condition, type Position, type TimePart, type ValueTest, join } from "../signature.ts";
import { base64, base64Offsets, encodable, placed, utf16, utf8, type Utf16 } from "./encoding.ts";
import { nearest } from "./nearest.ts";
import { ANY, ONE, type Pattern, type PatternPart, literalText, normalise, parsePattern } from "./pattern.ts";
import type { Reporter } from "./reporter.ts";
import type { ScalarTree } from "./tree.ts";

/** Every modifier of the specification's appendix, with what it is: which group decides what may follow what. */
const MODIFIERS = {
  contains: "position",
  startswith: "position",
  endswith: "position",
  all: "all",
  neq: "neq",
  cased: "cased",
  exists: "exists",
  re: "re",
  i: "flag",
  m: "flag",
  s: "flag",
  cidr: "cidr",
  base64: "encoding",
  base64offset: "encoding",
  utf16: "utf16",
  utf16le: "utf16",
  utf16be: "utf16",
  wide: "utf16",
  windash: "windash",
  expand: "expand",
  fieldref: "fieldref",
  lt: "compare",
  lte: "compare",
  gt: "compare",
  gte: "compare",
  minute: "time",
  hour: "time",
  day: "time",
  week: "time",
  month: "time",
  year: "time",
} as const;

type Modifier = keyof typeof MODIFIERS;

/** Values of the placeholders that `expand` may put in, by name without percent signs. */
export type Placeholders = Readonly<Record<string, readonly string[]>>;

/** What a chain of modifiers does, put together before any value is looked at. */
interface Chain {
  position: Position;
  all: boolean;
  negate: boolean;
  cased: boolean;
  dashes: boolean;
  expand: boolean;
  type: "text" | "re" | "cidr" | "exists" | "fieldref" | "compare";
  flags: RegexFlags;
  encodings: ("base64" | "base64offset" | Utf16)[];
  comparison: Comparison;
  part: TimePart | undefined;
}

const POSITIONS: Readonly<Record<string, Position>> = { contains: "anywhere", startswith: "start", endswith: "end" };

/** Reads the modifiers after a field name; undefined (and a problem) when they cannot be honoured. */
function readChain(names: readonly string[], at: number, reporter: Reporter): Chain | undefined {
  const chain: Chain = {
    position: "whole",
    all: false,
    negate: false,
    cased: false,
    dashes: false,
    expand: false,
    type: "text",
    flags: { i: false, m: false, s: false },
    encodings: [],
    comparison: "eq",
    part: undefined,
  };
  const misuse = (message: string): undefined => {
    reporter.error("rule-modifier-misuse", message, at);
    return undefined;
  };
  const seen = new Set<string>();
  let previous: string | undefined;
  for (const name of names) {
    if (!Object.hasOwn(MODIFIERS, name)) {
      const guess = nearest(name, Object.keys(MODIFIERS));
      reporter.error(
        "rule-unknown-modifier",
        `Unknown modifier "${name}".`,
        at,
        guess === undefined ? `The modifiers are: ${Object.keys(MODIFIERS).join(", ")}.` : `Did you mean "${guess}"?`,
      );
      return undefined;
    }
    if (seen.has(name)) return misuse(`The modifier "${name}" is given twice.`);
    seen.add(name);
    const modifier = name as Modifier;
    const typed = chain.type !== "text";
    switch (MODIFIERS[modifier]) {
      case "position":
        if (chain.position !== "whole")
          return misuse(`"${name}" cannot follow another of contains, startswith and endswith.`);
        if (typed && chain.type !== "fieldref" && chain.type !== "re")
          return misuse(`"${name}" cannot be applied after "${chain.type}".`);
        chain.position = POSITIONS[name] ?? "whole";
        break;
      case "all":
        chain.all = true;
        break;
      case "neq":
        chain.negate = true;
        break;
      case "cased":
        if (typed && chain.type !== "fieldref") return misuse(`"cased" cannot be applied after "${chain.type}".`);
        chain.cased = true;
        break;
      case "windash":
        if (typed || chain.encodings.length > 0)
          return misuse('"windash" applies to plain text only, before any encoding.');
        chain.dashes = true;
        break;
      case "expand":
        if ((typed && chain.type !== "re") || chain.encodings.length > 0)
          return misuse('"expand" applies to plain text and to regular expressions, before any encoding.');
        chain.expand = true;
        break;
      case "encoding":
      case "utf16":
        if (typed || chain.position !== "whole")
          return misuse(
            `"${name}" must come before contains, startswith and endswith, and applies to plain text only.`,
          );
        if (chain.encodings.some((encoding) => encoding.startsWith("base64")))
          return misuse(`"${name}" cannot follow a Base64 modifier.`);
        if (MODIFIERS[modifier] === "utf16" && chain.encodings.length > 0)
          return misuse(`"${name}" cannot follow another UTF-16 modifier.`);
        chain.encodings.push(name === "wide" ? "utf16le" : (name as "base64" | "base64offset" | Utf16));
        break;
      case "flag":
        if (previous !== "re" && !(previous !== undefined && MODIFIERS[previous as Modifier] === "flag"))
          return misuse(`"${name}" is a part of "re" and must follow it.`);
        chain.flags = { ...chain.flags, [name]: true };
        break;
      case "re":
      case "cidr":
      case "exists":
      case "fieldref": {
        const positioned = chain.position !== "whole" && name !== "fieldref";
        const plain = chain.encodings.length === 0 && !chain.dashes && !chain.expand;
        if (typed || positioned || !plain || (chain.cased && name !== "fieldref"))
          return misuse(`"${name}" cannot be combined with ${[...seen].filter((other) => other !== name).join(", ")}.`);
        chain.type = name as Chain["type"];
        break;
      }
      case "compare":
        if (typed && !(chain.type === "compare" && chain.comparison === "eq"))
          return misuse(`"${name}" cannot follow "${previous ?? ""}".`);
        if (chain.position !== "whole" || chain.encodings.length > 0 || chain.dashes || chain.cased || chain.expand)
          return misuse(`"${name}" applies to numbers and cannot be combined with text modifiers.`);
        chain.type = "compare";
        chain.comparison = name as Comparison;
        break;
      case "time":
        if (
          typed ||
          chain.position !== "whole" ||
          chain.encodings.length > 0 ||
          chain.dashes ||
          chain.cased ||
          chain.expand
        )
          return misuse(`"${name}" applies to dates and cannot be combined with other kinds of modifier.`);
        chain.type = "compare";
        chain.part = name as TimePart;
        break;
    }
    previous = name;
  }
  return chain;
}

/** Builds the condition of one field with its modifiers and values (specification: "Value Modifiers"). */
export function readFieldItem(
  field: string | undefined,
  modifiers: readonly string[],
  at: number,
  values: readonly ScalarTree[],
  isList: boolean,
  placeholders: Placeholders,
  reporter: Reporter,
): Condition | undefined {
  const chain = readChain(modifiers, at, reporter);
  if (chain === undefined) return undefined;
  if (values.length === 0) {
    reporter.error("rule-wrong-type", `${field ?? "The keyword list"} has an empty list of values.`, at);
    return undefined;
  }
  if (chain.all && !isList)
    reporter.warning("rule-all-single-value", "The modifier `all` has no effect on a single value.", at);
  const items: Condition[] = [];
  let complete = true;
  const nothing = isList ? values.find(({ value }) => value === null) : undefined;
  if (nothing !== undefined && chain.type === "text")
    reporter.warning("rule-null-in-list", "null stands in a list of values.", nothing.at);
  for (const value of values) {
    const item = readValue(field, chain, value, placeholders, reporter);
    if (item === undefined) complete = false;
    else items.push(item);
  }
  if (!complete) return undefined;
  const joined = join(chain.all ? "and" : "or", items);
  return chain.negate ? { op: "not", item: joined } : joined;
}

function readValue(
  field: string | undefined,
  chain: Chain,
  { value, at }: ScalarTree,
  placeholders: Placeholders,
  reporter: Reporter,
): Condition | undefined {
  const test = (valueTest: ValueTest): Condition => ({ op: "test", field, test: valueTest });
  const wrong = (message: string, suggestion?: string): undefined => {
    reporter.error("rule-modifier-misuse", message, at, suggestion);
    return undefined;
  };
  if (field === undefined && (chain.type === "exists" || chain.type === "fieldref" || chain.type === "compare"))
    return wrong(`A keyword has no field that "${chain.type}" could look at.`);
  // A keyword has no beginning and no end of its own: it is searched for anywhere in a value.
  if (field === undefined && (chain.position === "start" || chain.position === "end"))
    return wrong("A keyword is found anywhere: startswith and endswith need a field.");
  if (typeof value === "number" && !(Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value))) {
    reporter.error("rule-number", "The number is too large to be compared exactly.", at, "Put it in quotes.");
    return undefined;
  }
  if (chain.type === "exists") {
    if (typeof value !== "boolean") return wrong('"exists" takes true or false.');
    return value ? test({ kind: "exists" }) : { op: "not", item: test({ kind: "exists" }) };
  }
  if (chain.type === "compare") {
    // `hour: 08` is a number here; anywhere else the zero counts (tree.ts).
    const number = typeof value === "string" && /^[-+]?0\d+$/.test(value) ? Number(value) : value;
    if (typeof number !== "number" || Number.isNaN(number))
      return wrong("The value must be a number.", "Remove the quotes around the number.");
    return test({ kind: "compare", comparison: chain.comparison, value: number, part: chain.part });
  }
  if (value === null) {
    if (field === undefined) return wrong("A keyword cannot be null.");
    if (chain.type !== "text" || chain.position !== "whole" || chain.encodings.length > 0 || chain.dashes)
      return wrong("null takes no modifiers but neq and all.");
    return test({ kind: "null" });
  }
  const text = String(value);
  if (!text.isWellFormed()) return wrong("The value holds half of a surrogate pair, which no text in UTF-8 has.");
  if (chain.type === "re") {
    const source = chain.expand ? expandRegex(text, placeholders, at, reporter) : text;
    if (source === undefined) return undefined;
    let regex = compileRegex(source, chain.flags);
    // Only what is an expression by itself may be put into a group.
    if ("regex" in regex && chain.position === "start") regex = compileRegex(`\\A(?:${source})`, chain.flags);
    else if ("regex" in regex && chain.position === "end") regex = compileRegex(`(?:${source})\\z`, chain.flags);
    if ("error" in regex) {
      reporter.error(
        regex.error.supported ? "rule-regex-syntax" : "rule-regex-unsupported",
        `${regex.error.message} in the regular expression ${quote(source)}.`,
        at,
      );
      return undefined;
    }
    return test({ kind: "regex", regex: regex.regex });
  }
  if (chain.type === "cidr") {
    const network = parseNetwork(text.trim());
    if (network === undefined) {
      reporter.error("rule-cidr", `${quote(text)} is not a network.`, at);
      return undefined;
    }
    return test({ kind: "cidr", network });
  }
  if (chain.type === "fieldref") {
    const name = literalText(parsePattern(text));
    if (name === undefined || name === "") return wrong('"fieldref" takes the name of a field, without wildcards.');
    return test({ kind: "fieldref", field: name, position: chain.position, cased: chain.cased });
  }
  const plain = chain.expand ? expand(text, placeholders, at, reporter) : [parsePattern(text)];
  if (plain === undefined) return undefined;
  const isEncoded = chain.encodings.length > 0;
  // What stands in an encoded text cannot be found as one of five dashes afterwards: each is encoded by itself.
  const patterns = isEncoded && chain.dashes ? plain.flatMap((pattern) => dashVariants(pattern)) : plain;
  if (patterns.length > MAX_VARIANTS) {
    reporter.error("rule-too-large", `The value stands for more than ${MAX_VARIANTS} values.`, at);
    return undefined;
  }
  const encoded: Pattern[] = [];
  for (const pattern of patterns) {
    const variants = encode(pattern, chain, at, reporter);
    if (variants === undefined) return undefined;
    encoded.push(...variants);
  }
  const position: Position = field === undefined ? "anywhere" : chain.position;
  return join(
    "or",
    encoded.map((pattern) =>
      test({
        kind: "pattern",
        pattern: placed(pattern, position),
        cased: chain.cased,
        dashes: chain.dashes && !isEncoded,
        ...(isEncoded ? { encodes: text } : {}),
      }),
    ),
  );
}

function encode(pattern: Pattern, chain: Chain, at: number, reporter: Reporter): readonly Pattern[] | undefined {
  if (chain.encodings.length === 0) return [pattern];
  const text = encodable(pattern);
  const names = chain.encodings.join(" and ");
  if (text === undefined) {
    reporter.error(
      "rule-modifier-misuse",
      `A value with wildcards cannot be encoded (${names}).`,
      at,
      "Escape the wildcard with a backslash if it is meant as it stands.",
    );
    return undefined;
  }
  const [first, second] = chain.encodings;
  const wide = first === "base64" || first === "base64offset" ? undefined : first;
  const outer = wide === undefined ? first : second;
  const bytes = wide === undefined ? utf8(text) : utf16(text, wide);
  if (outer === "base64") return [literal(base64(bytes))];
  if (outer === "base64offset") {
    const offsets = base64Offsets(bytes);
    if (offsets.some((offset) => offset === "")) {
      reporter.error(
        "rule-modifier-misuse",
        "The value is too short for base64offset: some alignment leaves nothing to look for.",
        at,
      );
      return undefined;
    }
    return offsets.map(literal);
  }
  if (bytes.some((byte) => byte > 127)) {
    reporter.error(
      "rule-modifier-misuse",
      `${names} gives bytes that are not text here.`,
      at,
      "Add base64 or base64offset after it.",
    );
    return undefined;
  }
  return [literal(String.fromCharCode(...bytes))];
}

const literal = (text: string): Pattern => (text === "" ? [] : [text]);

/** The pattern with each of its dashes as each of the five that `windash` knows. */
function dashVariants(pattern: Pattern): readonly Pattern[] {
  let variants: Pattern[] = [[]];
  for (const part of pattern) {
    const pieces: readonly PatternPart[] = typeof part === "string" ? part.split(/([-/\u2013\u2014\u2015])/) : [part];
    for (const [index, piece] of pieces.entries()) {
      const forms: readonly PatternPart[] = index % 2 === 1 ? DASHES : [piece];
      variants = variants.flatMap((variant) => forms.map((form): Pattern => [...variant, form]));
      if (variants.length > MAX_VARIANTS) return variants;
    }
  }
  return variants.map((variant) => normalise(variant));
}

const DASHES = ["-", "/", "\u2013", "\u2014", "\u2015"];
/** Values that one value with placeholders or dashes may stand for. */
const MAX_VARIANTS = 10_000;

/** A text cut into what is plain and the values of its placeholders; undefined (and a problem) when one has none. */
function cut(
  text: string,
  placeholders: Placeholders,
  at: number,
  reporter: Reporter,
): readonly (string | readonly string[])[] | undefined {
  const pieces: (string | readonly string[])[] = [];
  // A percent sign after a backslash stands for itself, unless that backslash is itself escaped.
  const placeholder = /(?<!\\)((?:\\\\)*)%([^%\\]+)%/g;
  let variants = 1;
  let end = 0;
  for (const match of text.matchAll(placeholder)) {
    const [whole, escapes = "", name = ""] = match;
    const values = Object.hasOwn(placeholders, name) ? placeholders[name] : undefined;
    if (values === undefined || values.length === 0) {
      reporter.error("rule-placeholder", `The placeholder %${name}% has no values.`, at);
      return undefined;
    }
    variants *= values.length;
    if (variants > MAX_VARIANTS) {
      reporter.error("rule-too-large", `The placeholders stand for more than ${MAX_VARIANTS} values together.`, at);
      return undefined;
    }
    pieces.push(text.slice(end, match.index) + escapes, values);
    end = match.index + whole.length;
  }
  pieces.push(text.slice(end));
  return pieces;
}

/** Puts the values of `%name%` in; wildcards in them are wildcards. */
function expand(
  text: string,
  placeholders: Placeholders,
  at: number,
  reporter: Reporter,
): readonly Pattern[] | undefined {
  const pieces = cut(text, placeholders, at, reporter);
  if (pieces === undefined) return undefined;
  let patterns: Pattern[] = [[]];
  for (const piece of pieces) {
    const variants = typeof piece === "string" ? [parsePattern(piece.replaceAll("\\%", "%"))] : piece.map(parsePattern);
    patterns = patterns.flatMap((pattern) => variants.map((variant) => [...pattern, ...variant]));
  }
  return patterns.map((pattern) => normalise(pattern));
}

/** Puts the values of `%name%` into a regular expression, as the texts they are: only their wildcards are more than themselves. */
function expandRegex(text: string, placeholders: Placeholders, at: number, reporter: Reporter): string | undefined {
  const write = (value: string): string =>
    parsePattern(value)
      .map((part) =>
        part === ANY ? "[\\s\\S]*" : part === ONE ? "[\\s\\S]" : part.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&"),
      )
      .join("");
  return cut(text, placeholders, at, reporter)
    ?.map((piece) => (typeof piece === "string" ? piece : `(?:${piece.map(write).join("|")})`))
    .join("");
}

const quote = (text: string): string => (text.length > 80 ? `"${text.slice(0, 77)}…"` : `"${text}"`);
