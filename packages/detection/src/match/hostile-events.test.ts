import { stringify } from "yaml";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../event.ts";
import type { FieldMapping } from "../mapping.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { type RawRule, naiveMatch } from "../testing/naive-matcher.ts";
import { type Detector, createDetector } from "./detector.ts";

/** Every document, fields by their own names, keywords everywhere. */
const plain: FieldMapping = {
  name: "plain",
  accepts: () => true,
  logSources: () => [{ product: "windows" }],
  paths: (field) => [[field]],
  commonFields: ["EventID"],
  time: () => 0,
  entities: () => [],
};

type Detection = Readonly<Record<string, JsonValue>>;

function rulesOf(detections: readonly Detection[]): { readonly detector: Detector; readonly raws: readonly RawRule[] } {
  const raws = detections.map((detection, index) => ({
    title: "Rule",
    id: String(index),
    logsource: { product: "windows" },
    detection: { condition: "s", ...detection },
  }));
  const { rules, problems } = loadRules(raws.map((raw) => ({ path: `${raw.id}.yml`, text: stringify(raw) })));
  // Made up as they are, some have search identifiers that nothing names.
  expect(problems.filter(({ code }) => code !== "rule-unused-search")).toEqual([]);
  return { detector: createDetector(rules, { mappings: [plain] }), raws };
}

const idsOf = (detector: Detector, document: JsonObject): readonly string[] =>
  detector.judge({ id: "e", time: 0, document }).facts.map(({ rule }) => rule.id);

/** The engine and the naive matcher on every rule and document, again and again so that triggers are changed meanwhile. */
function expectSame(detections: readonly Detection[], documents: readonly JsonObject[], rounds = 1): void {
  const { detector, raws } = rulesOf(detections);
  const expected = documents.map((document) =>
    raws.flatMap((raw, index) => (naiveMatch(raw, document, plain) ? [String(index)] : [])),
  );
  for (let round = 0; round < rounds; round++)
    for (const [index, document] of documents.entries())
      expect(idsOf(detector, document), JSON.stringify(document).slice(0, 200)).toEqual(expected[index]);
}

const contains = (field: string, ...values: readonly string[]): Detection => ({
  s: { [field === "" ? "|contains" : `${field}|contains`]: [...values] },
});

describe("texts that are looked for by a part of theirs", () => {
  const alphabet = ["a", "b", "@", "`", "[", "{", "A", "0", " ", "\0", "\u001b", "é", "σ", "ς", "İ", "😀", "K"];
  const texts = [
    ...alphabet,
    ...alphabet.flatMap((one) => alphabet.map((other) => one + other)),
    "aab",
    "@@a",
    "``a",
    "abé",
    "éab",
    "aéb",
    "aaaa",
    "aaaaa",
    "aaaaaa",
    "aaaaaaa",
    "aaaab",
    "baaaa",
    "aaaa@",
    "aaaa`",
    "[[[[",
    "{{{{",
    "\0\0\0a",
    "needle",
    "needles",
    "aneedle",
    "a needle in",
    "in the haystack",
    "σίσυφος",
    "ΣΊΣΥΦΟΣ",
    "straße İ",
    "😀😀",
  ];

  test.each([1, 2, 4, 5, 7])("are found wherever they lie, the shortest of them with %i characters", (least) => {
    const some = texts.filter(({ length }) => length >= least);
    const detections = some.map((text) => contains("f", text.replace(/[\\*?]/g, "\\$&")));
    const values = [...texts, "\ud83d", "x\udc00needle", "\ud83daaaa"].flatMap((text) => [
      text,
      text.toUpperCase(),
      `x${text}`,
      `${text}y`,
      `xyz_xyz ${text} zyxzyx12345`,
    ]);
    expectSame(detections, [
      ...values.map((f): JsonObject => ({ f })),
      {},
      { f: "" },
      { f: null },
      { f: values.slice(0, 50) },
    ]);
  });

  test("are found at every position of a value, at its start and at its end", () => {
    const literals = ["gram", "grams", "grammar", "grammatical"];
    const detections: Detection[] = literals.flatMap((text) =>
      ["contains", "startswith", "endswith"].map((modifier) => ({ s: { [`f|${modifier}`]: text } })),
    );
    const documents = Array.from({ length: 40 }, (_, at) =>
      literals.map((text): JsonObject => ({ f: `${"-".repeat(at)}${text.toUpperCase()}${"-".repeat(40 - at)}` })),
    ).flat();
    expectSame(detections, [...documents, ...literals.map((f) => ({ f: `${"x".repeat(70_000)}${f}` }))]);
  });

  test("are found in long values whose folding is more than ASCII's", () => {
    const long = "ſtraße ".repeat(20_000);
    expectSame(
      [contains("f", "ΝΑΊ Σ"), contains("f", "ß n"), contains("", "kelvin"), contains("", "K")],
      [
        { f: `${long}ναί ς` },
        { f: `${long}n` },
        { f: ["x", { g: `${"é".repeat(30)}Kelvin` }] },
        { f: `${"x".repeat(99)}K` },
      ],
    );
  });
});

test("keywords are searched in each value by itself, also where values of one event touch", () => {
  expectSame(
    [
      contains("", "onetwo"),
      contains("", "twothree"),
      contains("", "12"),
      contains("", "rue"),
      contains("", "threefour"),
    ],
    [
      { a: "one", b: "two", c: "three" },
      { a: "a longer value that ends in one", b: "two", c: "three" },
      { a: "a longer value that ends in 1", b: 2, c: true },
      { a: "a longer value", b: 12, c: true },
      { a: "onetwo", b: "three" },
      { a: ["two", "three"], b: 1, c: 2 },
      { a: { b: [["twothree"]] } },
      { a: 312, b: true },
      { a: "threefoué", b: "ONETWO" },
      { a: "é", b: "one", c: "two" },
      { a: [], b: {}, c: null },
    ],
  );
});

test("a field that says what an event is may be anything", () => {
  const detections: Detection[] = [
    { s: { EventID: 1 } },
    { s: { EventID: "2", f: "x" } },
    { s: { EventID: [1, 3] }, t: { f: "x" }, condition: "s and not t" },
    { s: { EventID: 4 }, t: { EventID: null }, condition: "not s and not t" },
    { s: { "EventID|startswith": "1" } },
    { s: { "EventID|exists": false } },
    { s: { EventID: 1 }, t: { EventID: 2 }, u: { f: "x" }, condition: "2 of them" },
  ];
  const ids: (JsonValue | undefined)[] = [
    1,
    "1",
    2,
    3,
    4,
    12,
    "",
    null,
    [],
    [1],
    [1, 2],
    [[2], 1],
    {},
    [{}, 1],
    true,
    "\0absent",
    undefined,
  ];
  const documents = ids.flatMap((EventID) =>
    ["x", "y"].map((f): JsonObject => (EventID === undefined ? { f } : { EventID, f })),
  );
  expectSame(detections, documents, 3);
  // More values than are remembered.
  const { detector } = rulesOf(detections);
  for (let id = 0; id < 10_000; id++) idsOf(detector, { EventID: `v${id}`, f: "x" });
  expect(idsOf(detector, { EventID: 1, f: "x" })).toEqual(["0", "3", "4", "6"]);
});

test("what matches does not depend on what was seen before, though triggers do", () => {
  const detections: Detection[] = Array.from({ length: 30 }, (_, index) => ({
    s: {
      "image|endswith": "\\shell.exe",
      "line|contains|all": [`word${index}`, " -c "],
      "parent|contains": ["common", `p${index}`],
    },
    t: { "line|contains": `safe${index}` },
    u: [{ "line|contains": "word1" }, { "parent|re": `p${index}[0-9]+x`, image: "a" }],
    condition: index % 2 === 0 ? "s and not t" : "(s or u) and not t",
  }));
  const documents = Array.from({ length: 60 }, (_, index): JsonObject => ({
    image: index % 3 === 0 ? "a" : "C:\\Shell.exe",
    line: `x -c word${index % 30} ${index % 7 === 0 ? `safe${index % 30}` : ""}`,
    parent: index % 5 === 0 ? `p${index % 30}77x` : "common",
  }));
  expectSame(detections, documents, 40);
});

/** Milliseconds, the best of three. */
function time(work: () => void): number {
  let best = Infinity;
  for (let round = 0; round < 3; round++) {
    const started = performance.now();
    work();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

describe("time is linear in the event:", () => {
  const { detector } = rulesOf([
    ...Array.from({ length: 200 }, (_, index) => contains("f", `aaaa${"a".repeat(index % 9)}${index}`, `${index}aaaa`)),
    { s: { "f|contains": ["aaaab", "b", "ab", "aab"] } },
    { s: { f: "*aaaaaaaaaaaaaaaa*b?b*aaaaaaaaaaaa?b*" } },
    { s: { f: "*a?a?a?a?a?a?a?b*" } },
    { s: { f: "a*b*a*b*a*b*c" } },
    { s: { "f|re": "a+.*a+b.*c" } },
    { s: { "f|re": "(a|aa)+$" } },
    { s: { "f|fieldref|contains": "g" } },
    { s: { "f|fieldref|endswith": "g" } },
    { s: { "|contains": ["needle in a haystack", "aaaaaaaaaaab"] } },
    { s: { "f|windash|contains": " -aaaa" } },
    { s: { "f|cased|contains": "aaaaB" } },
  ]);
  const deep = (levels: number): JsonValue => {
    let value: JsonValue = "x";
    for (let level = 0; level < levels; level++) value = level % 2 === 0 ? { value } : [value];
    return value;
  };
  const gram = (n: number): JsonObject => ({ f: "a".repeat(n) });
  test.each<[string, (n: number) => JsonObject, number]>([
    ["a text of one gram that many texts share", gram, 200_000],
    ["a text of few characters that is not ASCII", (n) => ({ f: "aaé".repeat(n / 3) }), 200_000],
    ["many short values", (n) => ({ f: Array.from({ length: n }, () => "aaaa a") }), 50_000],
    [
      "many fields",
      (n) => Object.fromEntries(Array.from({ length: n }, (_, index) => [`f${index}`, "aaaaaaaaaaaaaaa"])),
      50_000,
    ],
    ["deep nesting", (n) => ({ f: deep(n) }), 10_000],
    ["two texts that are compared", (n) => ({ f: "a".repeat(n), g: `b${"a".repeat(n / 2)}` }), 100_000],
    [
      "two lists that are compared",
      (n) => ({
        f: Array.from({ length: n }, (_, i) => `${"a".repeat(30)}${i}`),
        g: Array.from({ length: n }, (_, i) => `${"a".repeat(20)}x${i}`),
      }),
      2_000,
    ],
  ])("%s", (_name, make, n) => {
    const [one, two] = [make(n), make(2 * n)];
    idsOf(detector, one);
    const single = time(() => idsOf(detector, one));
    const double = time(() => idsOf(detector, two));
    expect(double / Math.max(single, 5), `${single} ms, then ${double} ms`).toBeLessThan(6);
  });
});
