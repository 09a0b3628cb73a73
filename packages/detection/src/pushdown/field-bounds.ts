import { globMatcher } from "../match/glob.ts";
import { contains, parseAddress } from "../network.ts";
import { ANY, literalText } from "../sigma/pattern.ts";
import type { ValueTest } from "../signature.ts";
import { toNumber } from "../match/value-test.ts";
import { type Bounds, NEVER, UNKNOWN, atLeast, atMost, exactly, some } from "./bounds.ts";
import type { IndexField } from "./index-fields.ts";
import { NONE, type Query, allOf, anyOf } from "./query.ts";
import {
  type PatternTest,
  flattenedBounds,
  longestRun,
  matchesText,
  termBounds,
  wordBounds,
  wordQuery,
} from "./term-patterns.ts";

/** Where a test is asked, and who is told when the answer cannot be exact. */
export interface FieldContext {
  readonly name: string;
  readonly field: IndexField;
  readonly tell: (reason: string) => void;
}

const exists = (name: string): Query => ({ exists: { field: name } });
const ignored = (name: string): Query => ({ term: { _ignored: name } });

/** Whether the field has a value. */
export function valuedBounds({ name, field, tell }: FieldContext): Bounds {
  if (field.kind === "opaque") {
    tell(`${name}: what the index holds of it says nothing about the document`);
    return UNKNOWN;
  }
  const { name: asked, field: own } = field.whole ?? { name, field };
  const found = field.whole === undefined ? exists(name) : anyOf([exists(name), exists(asked)]);
  if (field.foreign || own.foreign) {
    tell(`${name}: the index may hold values that the document does not have`);
    return atMost(own.ignorable ? anyOf([found, ignored(asked)]) : found);
  }
  if (field.kind === "text" && field.norms !== true && field.whole === undefined) {
    tell(`${name}: a text without words does not exist for the index`);
    return atLeast(found);
  }
  if (field.kind === "decimal" && field.coerces !== false) {
    tell(`${name}: an empty text is no number for the index`);
    return atLeast(found);
  }
  if (!own.ignorable) return exactly(found);
  // A number or date that was malformed is in the document and noted; so is a text that was too long.
  return exactly(anyOf([found, ignored(asked)]));
}

/** Whether one of the field's values fulfils one of the tests. */
export function testBounds(context: FieldContext, tests: readonly ValueTest[]): Bounds {
  const { name, field, tell } = context;
  if (field.kind === "opaque" || field.kind === "object") return field.kind === "object" ? NEVER : UNKNOWN;
  const whole = field.whole;
  const narrow = (bounds: Bounds): Bounds => ({ upper: bounds.upper, lower: NONE });
  if (whole !== undefined) {
    const own = testBounds({ name: whole.name, field: { ...whole.field, ignorable: false }, tell }, tests);
    if (!whole.field.ignorable) return own;
    tell(`${name}: longer values are not in ${whole.name}`);
    const words = ofKind({ ...context, field: { ...field, whole: undefined } }, tests);
    return some([own, atMost(allOf([ignored(whole.name), words.upper]))]);
  }
  let found = ofKind(context, tests);
  if (field.foreign) {
    tell(`${name}: the index may hold values that the document does not have`);
    found = narrow(found);
  }
  if (field.ignorable) {
    tell(`${name}: some values are too long or malformed and not in the index`);
    found = some([found, atMost(ignored(name))]);
  }
  return found;
}

function ofKind(context: FieldContext, tests: readonly ValueTest[]): Bounds {
  const { tell } = context;
  const patterns = tests.filter((test) => test.kind === "pattern");
  const others = tests.filter((test) => test.kind !== "pattern");
  const parts = others.map((test) => ofOther(context, test));
  if (patterns.length > 0) parts.push(ofPatterns(context, patterns));
  const result = some(parts);
  if (result.upper !== result.lower && context.field.kind === "text")
    tell(`${context.name}: its text is taken apart into words`);
  return result;
}

function ofPatterns(context: FieldContext, tests: readonly PatternTest[]): Bounds {
  const { name, field, tell } = context;
  const matches = (text: string): boolean => matchesText(tests, globMatcher, text);
  switch (field.kind) {
    case "keyword": {
      if (field.normalizer === "other") {
        tell(`${name}: its values are changed by a normalizer`);
        return UNKNOWN;
      }
      if (field.normalizer === undefined) {
        const found = termBounds(name, tests);
        if (found.upper !== found.lower) tell(`${name}: a pattern is too large to be asked for exactly`);
        return found;
      }
      tell(`${name}: its values are in lower case`);
      const isAscii = tests.every(({ pattern }) =>
        // oxlint-disable-next-line no-control-regex
        pattern.every((part) => typeof part !== "string" || /^[\u0000-\u007f]*$/.test(part)),
      );
      return isAscii
        ? atMost(
            termBounds(
              name,
              tests.map((test) => ({ ...test, cased: false })),
            ).upper,
          )
        : UNKNOWN;
    }
    case "text":
      return field.standard === true ? wordBounds(name, tests) : UNKNOWN;
    case "flattened": {
      const found = flattenedBounds(name, tests);
      if (found.upper !== found.lower) tell(`${name}: a flattened field knows whole values and beginnings only`);
      return found;
    }
    case "integer":
      return some(tests.map((test) => wholeBounds(context, test)));
    case "decimal":
      tell(`${name}: a number may be written in several ways`);
      // An empty text is taken for no number at all.
      if (matches("")) return UNKNOWN;
      return some(tests.map(({ pattern }) => numberBounds(name, pattern)));
    case "boolean": {
      const upper: Query[] = [];
      if (matches("true")) upper.push({ term: { [name]: true } });
      // An empty text is false.
      if (matches("false") || matches("")) upper.push({ term: { [name]: false } });
      const lower = upper.filter((_, index) => index === 0 && matches("true"));
      if (matches("false") && matches("")) lower.push({ term: { [name]: false } });
      return upper.length === lower.length ? exactly(anyOf(upper)) : { upper: anyOf(upper), lower: anyOf(lower) };
    }
    case "ip":
      tell(`${name}: an address may be written in several ways`);
      return some(
        tests.map(({ pattern }) => {
          const text = literalText(pattern);
          if (text === undefined) return atMost(exists(name));
          return parseAddress(text) === undefined ? NEVER : atMost({ term: { [name]: text.split("%")[0] } });
        }),
      );
    default:
      tell(`${name}: a date may be written in several ways`);
      return atMost(exists(name));
  }
}

/** Whole numbers that JSON's numbers hold exactly. */
const isSafe = (number: number): boolean => Number.isSafeInteger(number);

/** Whole numbers are in documents as JSON or the same digits as a text have them; docs/push-down.md says that this is taken for granted. */
function wholeBounds({ name, tell }: FieldContext, { pattern }: PatternTest): Bounds {
  const text = literalText(pattern);
  if (pattern.length === 1 && pattern[0] === ANY) return exactly(exists(name));
  const number = text === undefined ? undefined : toNumber(text);
  // No number has a letter, nor white space.
  const isForeign = pattern.some((part) => typeof part === "string" && /[^-0-9.e+]/i.test(part));
  if (isForeign || (text !== undefined && number === undefined)) return NEVER;
  if (text === undefined || number === undefined || !isSafe(number)) {
    tell(`${name}: a number is asked for like a text`);
    return atMost(exists(name));
  }
  const query: Query = { term: { [name]: number } };
  if (String(number) === text) return exactly(query);
  tell(`${name}: a number may be written in several ways`);
  return atMost(query);
}

function numberBounds(name: string, pattern: PatternTest["pattern"]): Bounds {
  const text = literalText(pattern);
  if (text === undefined) return atMost(exists(name));
  return toNumber(text) === undefined ? NEVER : atMost(exists(name));
}

function ofOther(context: FieldContext, test: ValueTest): Bounds {
  const { name, field, tell } = context;
  switch (test.kind) {
    case "regex": {
      if (field.kind === "keyword" && field.normalizer === undefined) {
        tell(`${name}: of a regular expression only the texts that it needs are asked for`);
        return atMost(
          allOf(test.regex.required.map((texts) => termBounds(name, texts.map(contained)).upper).concat(exists(name))),
        );
      }
      if (field.kind === "text" && field.standard === true) {
        const runs = test.regex.required.map((texts) => texts.map((text) => longestRun([text])));
        const usable = runs.filter((texts) => texts.every((run) => run !== ""));
        return atMost(allOf(usable.map((texts) => anyOf(texts.map((run) => wordQuery(name, run))))));
      }
      tell(`${name}: a regular expression is left to be tried in process`);
      // What is no text may be written in several ways, and an empty text may not be there at all.
      return field.kind === "flattened" ? atMost(exists(name)) : UNKNOWN;
    }
    case "cidr":
      return networkBounds(context, test);
    case "compare":
      return compareBounds(context, test);
    case "fieldref":
      tell(`${name}: two fields are compared`);
      return valuedUpper(context);
    default:
      return UNKNOWN;
  }
}

const contained = (text: string): PatternTest => ({
  kind: "pattern",
  pattern: [ANY, text, ANY],
  cased: false,
  dashes: false,
});

const valuedUpper = (context: FieldContext): Bounds =>
  atMost(valuedBounds({ ...context, field: { ...context.field, ignorable: false } }).upper);

/** Prefixes of octets that one network is written as; one with more is widened. */
const MAX_PREFIXES = 64;

function networkBounds(context: FieldContext, { network }: ValueTest & { kind: "cidr" }): Bounds {
  const { name, field, tell } = context;
  const { words, bits, isV4 } = network;
  const last = words[3] ?? 0;
  const octets = [last >>> 24, (last >>> 16) & 255, (last >>> 8) & 255, last & 255];
  if (field.kind === "ip") {
    if (isV4) return exactly({ term: { [name]: `${octets.join(".")}/${bits - 96}` } });
    const mapped = contains(network, [0, 0, 0xffff, 0]);
    const found: Query = { term: { [name]: `${v6(words)}/${bits}` } };
    if (mapped) tell(`${name}: an IPv4 address may be written as an IPv6 one`);
    return mapped ? atMost(found) : exactly(found);
  }
  tell(`${name}: an address is a text here`);
  if (field.kind !== "keyword" || field.normalizer !== undefined) return valuedUpper(context);
  // An IPv4 address may be written as an IPv6 one, which has colons.
  const colon: Query = { wildcard: { [name]: { value: "*:*" } } };
  if (!isV4) return atMost(colon);
  const whole = Math.floor((bits - 96) / 8);
  const spread = 2 ** (8 - ((bits - 96) % 8));
  const head = octets
    .slice(0, whole)
    .map((octet) => `${octet}.`)
    .join("");
  const at = octets[whole] ?? 0;
  const start = at - (at % spread);
  const starts =
    (bits - 96) % 8 === 0 || spread > MAX_PREFIXES
      ? [head]
      : Array.from({ length: spread }, (_, index) => `${head}${start + index}${whole === 3 ? "" : "."}`);
  const prefixes = starts.map((text) => (whole === 4 ? text.slice(0, -1) : text));
  return atMost(anyOf([colon, ...prefixes.map((text) => ({ wildcard: { [name]: { value: `*${text}*` } } }))]));
}

const v6 = (words: readonly number[]): string =>
  words.flatMap((word) => [(word >>> 16).toString(16), (word & 0xffff).toString(16)]).join(":");

function compareBounds(context: FieldContext, test: ValueTest & { kind: "compare" }): Bounds {
  const { name, field, tell } = context;
  const { comparison, value } = test;
  if (test.part !== undefined || comparison === "eq") {
    tell(`${name}: a part of a date is read from the document`);
    return valuedUpper(context);
  }
  const range = (order: string, limit: number): Query => ({ range: { [name]: { [order]: limit } } });
  if (field.kind === "integer" && isSafe(Math.trunc(value))) {
    if (field.coerces === false && Number.isInteger(value)) return exactly(range(comparison, value));
    tell(`${name}: fractions are cut off before they are indexed`);
    return atMost(
      comparison === "gt" || comparison === "gte" ? range("gte", Math.floor(value)) : range("lte", Math.ceil(value)),
    );
  }
  tell(`${name}: values are compared as numbers`);
  return valuedUpper(context);
}
