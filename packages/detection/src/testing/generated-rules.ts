import * as fc from "fast-check";
import type { JsonObject, JsonValue } from "../event.ts";
import type { RawRule } from "./naive-matcher.ts";

/** Values of the placeholders that generated rules name. */
export const GENERATED_PLACEHOLDERS = { p: ["a", "b*"], q: ["-a"] } as const;

const FIELDS = ["f", "g", "h.i"] as const;
const PIECES = ["a", "A", "b", "*", "?", "\\", "-", "/", "–", " ", "é", "😀", "\n"] as const;
const PLAIN = ["a", "ab", "abc", "-a", "/a b", "a\\b", "é", "Ab -c", "aaa"] as const;
const EXPRESSIONS = [
  "a",
  "^a",
  "b$",
  "a.b",
  "^a+$",
  "[^a]b",
  "(a|b)c?",
  "a{2}",
  "\\\\",
  "é",
  "^$",
  "A",
  "\\bb",
  "^.b.$",
] as const;
const NETWORKS = [
  "10.0.0.0/8",
  "192.168.1.0/24",
  "10.1.2.3",
  "2001:db8::/32",
  "::/0",
  "0.0.0.0/0",
  "fe80::/10",
  "::ffff:10.0.0.0/104",
] as const;
const ADDRESSES = [
  "10.1.2.3",
  "192.168.1.255",
  "8.8.8.8",
  "2001:db8::1",
  "::ffff:10.1.2.3",
  "fe80::1%eth0",
  "::ffff:a01:203",
  "010.1.2.3",
  "10.1.2",
  "::",
] as const;
const DATES = [
  "2026-11-21T23:59:01Z",
  "2026-01-01",
  "2024-12-30 00:00:00",
  "2027-01-01T12:30:00+05:00",
  "not a date",
  "2026-02-29T00:00:00Z",
] as const;

const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 5 }).map((parts) => parts.join(""));
const scalar = fc.oneof(
  { weight: 5, arbitrary: text },
  { weight: 3, arbitrary: fc.constantFrom(...PLAIN) },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom(true, false, 1.5, "5", "05", " 7 ", "1e3") },
);
const some = <Value extends JsonValue>(value: fc.Arbitrary<Value>): fc.Arbitrary<JsonValue> =>
  fc.oneof({ weight: 2, arbitrary: value }, { weight: 1, arbitrary: fc.array(value, { minLength: 1, maxLength: 3 }) });
const maybe = (...names: readonly string[]): fc.Arbitrary<string> => fc.constantFrom("", ...names);
const position = maybe("contains", "startswith", "endswith");
const list = maybe("all", "neq");
/** Modifiers in order, those left out left out. */
const chain = (...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<readonly string[]> =>
  fc.tuple(...parts).map((names) => names.filter((name) => name !== ""));
const shuffled = (...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<readonly string[]> =>
  chain(...parts).chain((names) => fc.shuffledSubarray([...names], { minLength: names.length }));
const fixed = (name: string): fc.Arbitrary<string> => fc.constant(name);

type Item = readonly [string, JsonValue];
const keyed = (
  fields: readonly string[],
  modifiers: fc.Arbitrary<readonly string[]>,
  value: fc.Arbitrary<JsonValue>,
): fc.Arbitrary<Item> =>
  fc
    .tuple(fc.constantFrom(...fields), modifiers, value)
    .map(([field, names, wanted]) => [[field, ...names].join("|"), wanted]);

const comparisons = maybe("lt", "lte", "gt", "gte");
const part = fc.constantFrom("minute", "hour", "day", "week", "month", "year");
const encoded = fc.oneof(
  chain(
    maybe("windash"),
    maybe("wide", "utf16le", "utf16be", "utf16"),
    fc.constantFrom("base64", "base64offset"),
    position,
    maybe("cased"),
    list,
  ),
  chain(fc.constantFrom("wide", "utf16le", "utf16be"), position, maybe("cased"), list),
);

/** A field or keyword with modifiers in every combination that is allowed, and its values. */
const item: fc.Arbitrary<Item> = fc.oneof(
  { weight: 5, arbitrary: keyed(FIELDS, shuffled(position, maybe("windash"), maybe("cased"), list), some(scalar)) },
  { weight: 2, arbitrary: keyed(FIELDS, encoded, some(fc.constantFrom(...PLAIN))) },
  {
    weight: 2,
    arbitrary: keyed(
      FIELDS,
      chain(fixed("expand"), maybe("windash"), position, maybe("cased"), list),
      some(fc.constantFrom("%p%", "x%p%", "%p%%q%", "\\%p%", "%q% b", "\\\\%p%")),
    ),
  },
  {
    weight: 2,
    arbitrary: keyed(
      FIELDS,
      chain(fixed("re"), maybe("i"), maybe("m"), maybe("s"), maybe("expand"), position, list),
      some(fc.constantFrom(...EXPRESSIONS, "^%p%$", "%q%")),
    ),
  },
  { weight: 1, arbitrary: keyed(FIELDS, chain(fixed("cidr"), list), some(fc.constantFrom(...NETWORKS))) },
  { weight: 1, arbitrary: keyed(FIELDS, chain(comparisons, list), some(fc.constantFrom(-1, 0, 1.5, 5, 7, 1000))) },
  {
    weight: 1,
    arbitrary: keyed(FIELDS, chain(part, comparisons, list), some(fc.constantFrom(0, 1, 12, 21, 23, 47, 59, 2026))),
  },
  { weight: 1, arbitrary: keyed(FIELDS, chain(fixed("exists"), maybe("neq")), fc.boolean()) },
  { weight: 1, arbitrary: keyed(FIELDS, chain(maybe("neq")), fc.constant(null)) },
  {
    weight: 2,
    arbitrary: keyed(FIELDS, shuffled(fixed("fieldref"), position, maybe("neq")), fc.constantFrom(...FIELDS)),
  },
  {
    weight: 1,
    arbitrary: keyed(FIELDS, chain(fixed("fieldref"), position, maybe("cased")), fc.constantFrom(...FIELDS)),
  },
  {
    weight: 1,
    arbitrary: keyed(
      [""],
      shuffled(maybe("contains"), maybe("windash"), maybe("cased"), list),
      some(text.filter((word) => word !== "")),
    ),
  },
  { weight: 1, arbitrary: keyed([""], chain(fixed("re"), maybe("i"), list), some(fc.constantFrom(...EXPRESSIONS))) },
);

const map = fc.array(item, { minLength: 1, maxLength: 2 }).map((items) => Object.fromEntries(items));
const search: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 4, arbitrary: map },
  { weight: 1, arbitrary: fc.array(map, { minLength: 1, maxLength: 2 }) },
  { weight: 1, arbitrary: fc.array(fc.oneof(fc.constantFrom(...PLAIN), map), { minLength: 1, maxLength: 2 }) },
);
const NAMES = ["s1", "s2", "filter_a", "_x"] as const;
const operand = fc.constantFrom(
  ...NAMES,
  "1 of s*",
  "all of s*",
  "1 of them",
  "all of them",
  "any of *a",
  "2 of them",
  "1 of _*",
);
const condition: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    operand,
    tie("node").map((a) => `not ${a}`),
    fc.tuple(tie("node"), fc.constantFrom("and", "or"), tie("node")).map(([a, operator, b]) => `${a} ${operator} ${b}`),
    tie("node").map((a) => `(${a})`),
  ),
})).node;

/** A rule with every search identifier that its condition may name. */
export const generatedRule: fc.Arbitrary<RawRule> = fc
  .tuple(search, search, search, search, fc.oneof(condition, fc.array(condition, { minLength: 1, maxLength: 2 })))
  .map(([s1, s2, a, x, text]) => ({
    title: "Generated",
    id: "generated",
    logsource: { product: "windows" },
    detection: { s1, s2, filter_a: a, _x: x, condition: text },
  }));

const base64 = (value: string): string => Buffer.from(value).toString("base64");
const wide = (value: string): string => Buffer.from(value, "utf16le").toString("latin1");
const eventText = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 3, arbitrary: fc.constantFrom(...PLAIN, "xa", "xb1", "%p%", "b*a", "—a", "a-a") },
  { weight: 2, arbitrary: fc.constantFrom(...PLAIN).map(base64) },
  { weight: 1, arbitrary: fc.constantFrom(...PLAIN).map((value) => base64(`x${value}y`)) },
  { weight: 1, arbitrary: fc.constantFrom(...PLAIN).map(wide) },
  { weight: 1, arbitrary: fc.constantFrom(...PLAIN).map((value) => base64(wide(value))) },
  { weight: 1, arbitrary: fc.constantFrom(...ADDRESSES) },
  { weight: 1, arbitrary: fc.constantFrom(...DATES) },
  { weight: 1, arbitrary: fc.constantFrom("5", " 7 ", "-1", "1.5", "1000", "1e3", "") },
);
const eventValue: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 6, arbitrary: eventText },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, true, false, 1.5) },
  { weight: 1, arbitrary: fc.array(fc.oneof(eventText, fc.constant(null)), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.record({ inner: eventText }) },
);

/** A document with some of the fields that generated rules read. */
export const generatedDocument: fc.Arbitrary<JsonObject> = fc.dictionary(fc.constantFrom(...FIELDS), eventValue);
