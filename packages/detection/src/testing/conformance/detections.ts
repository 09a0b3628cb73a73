import { type ConformanceEntry, detection, item } from "./entry.ts";

const f = (...values: readonly (string | number | boolean | null)[]) => values.map((value) => ({ f: value }));
const none = [{ other: "x" }];

type Short = Omit<ConformanceEntry, "text" | "section">;
const of = (section: string, entries: readonly Short[]): readonly ConformanceEntry[] =>
  entries.map((entry) => ({ text: "rules", section, ...entry }));

const VALUES = [
  ...of("General", [
    {
      feature: "values are compared without regard to case",
      yaml: item("f", "AbC"),
      matches: f("abc", "ABC"),
      misses: f("abcd"),
    },
    {
      feature: "a value is the whole field",
      yaml: item("f", "abc"),
      matches: f("abc"),
      misses: [...f("xabc", "abc "), ...none],
    },
    {
      feature: "a number is compared as it is written",
      yaml: item("f", "4688"),
      matches: f(4688, "4688"),
      misses: f("04688", 46880),
    },
    {
      feature: "a number in quotes is the same text",
      yaml: item("f", "'4688'"),
      matches: f(4688, "4688"),
      misses: f(4689),
    },
    {
      feature: "a boolean is compared as it is written",
      yaml: item("f", "true"),
      matches: f(true, "True"),
      misses: f(false, 1),
    },
    {
      feature: "a number that cannot be compared exactly is refused",
      yaml: item("f", "9007199254740993"),
      refused: "rule-number",
    },
    {
      feature: "a field with several values fulfils a test when one of them does",
      yaml: item("f", "b"),
      matches: [{ f: ["a", "b"] }],
      misses: [{ f: ["a"] }],
    },
  ]),
  ...of("String Wildcard", [
    {
      feature: "`*` is any number of characters",
      yaml: item("f", "'a*c'"),
      matches: f("ac", "abbc", "a\nc"),
      misses: f("acd"),
    },
    { feature: "`?` is one character", yaml: item("f", "'a?c'"), matches: f("abc", "a😀c"), misses: f("ac", "abbc") },
    { feature: "`*` alone asks for a value", yaml: item("f", "'*'"), matches: f("", "x", 1), misses: none },
  ]),
  ...of("Escape Character", [
    {
      feature: "a backslash before anything else is itself",
      yaml: item("f", "'C:\\Windows\\x'"),
      matches: f("c:\\windows\\x"),
      misses: f("C:Windowsx"),
    },
    { feature: "two backslashes are one", yaml: item("f", "'a\\\\b'"), matches: f("a\\b"), misses: f("a\\\\b") },
    { feature: "`\\*` and `\\?` are plain", yaml: item("f", "'a\\*b\\?'"), matches: f("a*b?"), misses: f("axbx") },
    {
      feature: "`\\\\*` is a backslash and a wildcard",
      yaml: item("f", "'a\\\\*'"),
      matches: f("a\\", "a\\xyz"),
      misses: f("a*"),
    },
    {
      feature: "`\\\\\\*` is a backslash and a plain `*`",
      yaml: item("f", "'a\\\\\\*'"),
      matches: f("a\\*"),
      misses: f("a\\x"),
    },
    {
      feature: "three and four backslashes are two",
      yaml: detection("selection:\n    f: 'a\\\\\\b'\n    g: 'a\\\\\\\\b'\ncondition: selection"),
      matches: [{ f: "a\\\\b", g: "a\\\\b" }],
      misses: [{ f: "a\\b", g: "a\\\\b" }],
    },
  ]),
  ...of("Lists", [
    { feature: "a list of values: one of them", yaml: item("f", "[a, b]"), matches: f("a", "B"), misses: f("c", "ab") },
    {
      feature: "a list of maps: one of them",
      yaml: detection("selection:\n    - f|endswith: '\\example.exe'\n    - g|contains: 'Test'\ncondition: selection"),
      matches: [{ f: "c:\\example.exe" }, { g: "a test" }],
      misses: [{ f: "example" }],
    },
    {
      feature: "a list of strings and maps",
      yaml: detection("selection:\n    - needle\n    - f: a\ncondition: selection"),
      matches: [{ f: "a" }, { g: "a needle" }],
      misses: [{ f: "b" }],
    },
    {
      feature: "a list inside a list is refused",
      yaml: detection("selection:\n    - [a]\ncondition: selection"),
      refused: "rule-wrong-type",
    },
    { feature: "an empty list is refused", yaml: item("f", "[]"), refused: "rule-wrong-type" },
  ]),
  ...of("Maps", [
    {
      feature: "all fields of a map",
      yaml: detection("selection:\n    f: Security\n    g:\n        - 517\n        - 1102\ncondition: selection"),
      matches: [{ f: "security", g: 1102 }],
      misses: [{ f: "security" }, { f: "x", g: 517 }],
    },
    { feature: "a map as a value is refused", yaml: item("f", "{ a: b }"), refused: "rule-wrong-type" },
  ]),
  ...of("Search-Identifier", [
    {
      feature: "a map, a list of maps, a list of strings",
      yaml: detection("a: { f: x }\nb: [ { f: y } ]\nc: [ z ]\ncondition: a or b or c"),
      matches: [...f("x", "y"), { g: "z" }],
      misses: f("w"),
    },
    {
      feature: "a detection without one is refused",
      yaml: detection("condition: selection"),
      refused: "rule-missing-key",
    },
  ]),
  ...of("Field Usage", [
    {
      feature: "a field with dots and spaces in its name",
      yaml: item("'a.b c'", "x"),
      matches: [{ "a.b c": "x" }],
      misses: [{ a: { "b c": "x" } }],
    },
    {
      feature: "a name that every object answers to is found only where the event has it",
      yaml: item("constructor|exists", "true"),
      matches: [{ constructor: 1 }],
      misses: none,
    },
  ]),
  ...of("Special Field Values", [
    { feature: "`''` is an empty value", yaml: item("f", "''"), matches: f(""), misses: [...f("a", null), ...none] },
    { feature: "`null` is no value", yaml: item("f", "null"), matches: [...f(null), ...none], misses: f("", "a", 0) },
    {
      feature: "not null",
      yaml: detection("selection:\n    g: 1\nfilter:\n    f: null\ncondition: selection and not filter"),
      matches: [{ g: 1, f: "x" }],
      misses: [{ g: 1 }, { g: 1, f: null }],
    },
    {
      feature: "`null` in a list is warned of and is one of the alternatives",
      yaml: item("f", "['', null]"),
      warns: "rule-null-in-list",
      matches: [...f("", null), ...none],
      misses: f("a"),
    },
    { feature: "`null` with a position is refused", yaml: item("f|contains", "null"), refused: "rule-modifier-misuse" },
  ]),
  ...of("Field Existence", [
    {
      feature: "a field that is there",
      yaml: detection("selection:\n    g: 4738\n    f|exists: true\ncondition: selection"),
      matches: [{ g: 4738, f: null }],
      misses: [{ g: 4738 }],
    },
  ]),
  ...of("Value Modifiers", [
    {
      feature: "modifiers are chained after the field",
      yaml: item("f|base64offset|contains", "foobar"),
      matches: f("xZm9vYmFyx"),
      misses: f("foobar"),
    },
  ]),
  ...of("Modifier Types", [
    {
      feature: "a modifier is refused after a type that it cannot be applied to",
      yaml: item("f|cidr|contains", "10.0.0.0/8"),
      refused: "rule-modifier-misuse",
    },
    {
      feature: "a modifier given twice is refused",
      yaml: item("f|contains|contains", "a"),
      refused: "rule-modifier-misuse",
    },
  ]),
  ...of("Placeholders", [
    {
      feature: "without `expand` it is plain text",
      yaml: item("f", "'%name%'"),
      matches: f("%name%"),
      misses: f("name"),
    },
    {
      feature: "with `expand` it stands for its values",
      yaml: item("f|expand", "'a%name%'"),
      placeholders: { name: ["1", "2*"] },
      matches: f("a1", "a2x"),
      misses: f("a3", "a%name%"),
    },
    {
      feature: "two placeholders in one value",
      yaml: item("f|expand", "'%x%-%y%'"),
      placeholders: { x: ["a", "b"], y: ["c", "d"] },
      matches: f("a-d", "b-c"),
      misses: f("a-a"),
    },
    { feature: "one that has no values is refused", yaml: item("f|expand", "'%name%'"), refused: "rule-placeholder" },
  ]),
  ...of("Standard Placeholders", [
    {
      feature: "are given like any other",
      yaml: item("f|expand", "'%DomainControllers%'"),
      placeholders: { DomainControllers: ["dc1"] },
      matches: f("DC1"),
      misses: f("%DomainControllers%"),
    },
  ]),
  ...of("Keywords search", [
    {
      feature: "a keyword is found in any value",
      yaml: detection("keywords:\n    - 'event::clear'\n    - 'event::drop'\ncondition: keywords"),
      matches: [{ x: "a EVENT::clear b" }, { y: { z: ["event::drop"] } }],
      misses: [{ x: "event" }],
    },
    {
      feature: "`'|all'`: every keyword",
      yaml: detection("keywords:\n    '|all':\n        - 'one'\n        - ' two '\ncondition: keywords"),
      matches: [{ x: "one two three" }, { x: "one", y: "a two b" }],
      misses: [{ x: "one" }],
    },
    {
      feature: "a keyword that is a number",
      yaml: detection("keywords:\n    - 4688\ncondition: keywords"),
      matches: [{ x: 4688 }, { x: "a 4688" }],
      misses: [{ x: 468 }],
    },
    {
      feature: "a keyword with wildcards",
      yaml: detection("keywords:\n    - 'a*b?c'\ncondition: keywords"),
      matches: [{ x: "..a--bxc.." }],
      misses: [{ x: "a b", y: "xc" }],
    },
    {
      feature: "a keyword as regular expression",
      yaml: item("'|re'", "'w.rld$'"),
      matches: [{ x: "hello world" }],
      misses: [{ x: "world!" }],
    },
    {
      feature: "a keyword has no beginning that `startswith` could ask for",
      yaml: item("'|startswith'", "a"),
      refused: "rule-modifier-misuse",
    },
  ]),
];

const abc = "a: { f: 1 }\nb: { g: 1 }\nc: { h: 1 }\n_d: { i: 1 }\n";
const condition = (text: string): string => detection(`${abc}condition: ${text}`);
const [A, B, C, D] = [{ f: 1 }, { g: 1 }, { h: 1 }, { i: 1 }];

const CONDITIONS = of("Condition", [
  {
    feature: "`and`",
    topics: ["condition Logical AND/OR"],
    yaml: condition("a and b"),
    matches: [{ ...A, ...B }],
    misses: [A, B],
  },
  { feature: "`or`", topics: ["condition Logical AND/OR"], yaml: condition("a or b"), matches: [A, B], misses: [C] },
  {
    feature: "`1 of them` leaves out names that begin with `_`",
    topics: ["condition 1/all of them"],
    yaml: condition("1 of them"),
    matches: [A, B, C],
    misses: [D],
  },
  {
    feature: "`all of them`",
    topics: ["condition 1/all of them"],
    yaml: condition("all of them"),
    matches: [{ ...A, ...B, ...C }],
    misses: [{ ...A, ...B, ...D }],
  },
  {
    feature: "`any of them` is `1 of them`",
    topics: ["condition 1/all of them"],
    yaml: condition("any of them"),
    matches: [B],
    misses: [D],
  },
  {
    feature: "`1 of pattern`",
    topics: ["condition 1/all of search-identifier-pattern"],
    yaml: detection("sel_a: { f: 1 }\nsel_b: { g: 1 }\nother: { h: 1 }\ncondition: 1 of sel_*"),
    matches: [A, B],
    misses: [C],
  },
  {
    feature: "`all of pattern`, the wildcard anywhere in it",
    topics: ["condition 1/all of search-identifier-pattern"],
    yaml: detection("a_sel: { f: 1 }\nb_sel: { g: 1 }\nother: { h: 1 }\ncondition: all of *_sel"),
    matches: [{ ...A, ...B }],
    misses: [A, C],
  },
  {
    feature: "a pattern leaves out names that begin with `_` unless it does so itself",
    topics: ["condition 1/all of search-identifier-pattern"],
    yaml: detection("x_d: { f: 1 }\n_d: { g: 1 }\n_e: { h: 1 }\ncondition: 1 of *_d or 1 of _e*"),
    matches: [A, C],
    misses: [B],
  },
  {
    feature: "`2 of pattern`",
    topics: ["condition 1/all of search-identifier-pattern"],
    yaml: condition("2 of them"),
    matches: [{ ...A, ...C }],
    misses: [A, { ...A, ...D }],
  },
  {
    feature: "`not`",
    topics: ["condition Negation with 'not'"],
    yaml: condition("a and not b"),
    matches: [A],
    misses: [B, { ...A, ...B }],
  },
  {
    feature: "`not 1 of pattern`",
    topics: ["condition Negation with 'not'"],
    yaml: detection("sel: { f: 1 }\nfilter_a: { g: 1 }\nfilter_b: { h: 1 }\ncondition: sel and not 1 of filter_*"),
    matches: [A],
    misses: [{ ...A, ...C }],
  },
  {
    feature: "brackets",
    topics: ["condition Brackets"],
    yaml: condition("a and (b or c)"),
    matches: [{ ...A, ...C }],
    misses: [A, C],
  },
  {
    feature: "nested brackets",
    topics: ["condition Brackets"],
    yaml: condition("not (a and not (b or c))"),
    matches: [B, { ...A, ...B }, { other: 1 }],
    misses: [A],
  },
  {
    feature: "`not` binds before `and`, `and` before `or`",
    yaml: condition("a or b and not c"),
    matches: [A, B],
    misses: [{ ...B, ...C }],
  },
  {
    feature: "a list of conditions: one of them",
    yaml: condition("[a and b, c]"),
    matches: [C, { ...A, ...B }],
    misses: [A],
  },
  { feature: "a detection without one is refused", yaml: detection("a: { f: 1 }"), refused: "rule-missing-key" },
  { feature: "an unknown name is refused", yaml: condition("a and x"), refused: "rule-condition-unknown-name" },
  {
    feature: "a pattern without a name is refused",
    yaml: condition("1 of x*"),
    refused: "rule-condition-unknown-name",
  },
  { feature: "an open bracket is refused", yaml: condition("(a or b"), refused: "rule-condition-syntax" },
  {
    feature: "the obsolete aggregations are refused",
    yaml: condition("a | count() > 5"),
    refused: "rule-condition-aggregation",
  },
  {
    feature: "the obsolete `timeframe` is refused",
    yaml: detection("a: { f: 1 }\ntimeframe: 5m\ncondition: a"),
    refused: "rule-condition-aggregation",
  },
]);

/** Values, search identifiers and conditions of the rules specification. */
export const DETECTION_ENTRIES: readonly ConformanceEntry[] = [...VALUES, ...CONDITIONS];
