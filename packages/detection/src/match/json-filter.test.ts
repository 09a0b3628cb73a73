import fc from "fast-check";
import { expect, test } from "vitest";
import { fold } from "../fold.ts";
import { createJsonFilter } from "./json-filter.ts";

const unit = fc.constantFrom(
  "a",
  "B",
  "b",
  "/",
  "\\",
  '"',
  ":",
  ".",
  "\n",
  "\u00e9",
  "\u212a",
  "k",
  "\ud800",
  "1",
  "e",
);
const text = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.array(unit, { minLength, maxLength }).map((units) => units.join(""));

/** Some characters as escapes by code, solidus escaped: other ways to write the same value. */
const WRITERS: readonly ((value: unknown) => string)[] = [
  (value) => JSON.stringify(value),
  (value) => JSON.stringify(value, undefined, 2),
  (value) => JSON.stringify(value).replaceAll("/", "\\/"),
  (value) => JSON.stringify(value).replaceAll("b", "\\u0062"),
];

test("JSON in which no text can lie is told, never one in which a text lies", () => {
  fc.assert(
    fc.property(
      fc.array(text(4, 12), { minLength: 1, maxLength: 4 }),
      text(0, 20),
      text(0, 20),
      fc.nat({ max: 3 }),
      fc.nat({ max: WRITERS.length - 1 }),
      (texts, before, after, which, writer) => {
        const folded = texts.map(fold);
        const filter = createJsonFilter(folded);
        const value = `${before}${(texts[which % texts.length] ?? "").toUpperCase()}${after}`;
        const json = (WRITERS[writer] ?? JSON.stringify)({ a: [{ b: value }], c: "ab" });
        if (filter !== undefined && folded.some((each) => fold(value).includes(each))) expect(filter(json)).toBe(true);
      },
    ),
    { numRuns: 3_000 },
  );
});

test.each<[string, readonly string[], string, boolean | undefined]>([
  ["that is there", ["sekurlsa::"], '{"a":"x SEKURLSA::logonpasswords"}', true],
  ["that is not there", ["sekurlsa::"], '{"a":"x sekurlsa:logonpasswords and more"}', false],
  ["with characters that JSON escapes, by its longest piece", ["\\mimilib.dll"], '{"a":"C:\\\\mimilib.dll"}', true],
  ["in an escape by code", ["sekurlsa::"], '{"a":"\\u0073ekurlsa::"}', true],
  ["in JSON that is not ASCII", ["kerberos::ptt"], '{"a":"\u212aerberos::ptt"}', true],
  ["that is not ASCII, by its longest piece", ["caf\u00e9 noir"], '{"a":"cafe noir"}', true],
  ["that may be a number", ["100000000000"], '{"a":1e11}', undefined],
  ["without a piece that is long enough", ['ab"c/d\\e'], "{}", undefined],
])("a text %s", (_name, texts, json, expected) => {
  expect(createJsonFilter(texts)?.(json)).toBe(expected);
});
