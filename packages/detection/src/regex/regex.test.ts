import * as fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, test } from "vitest";
import { compileRegex, type RegexFlags } from "./compile.ts";
import { parseRegex } from "./parse.ts";
import { isLinear } from "./safety.ts";
import { simplify } from "./simplify.ts";

const PLAIN: RegexFlags = { i: false, m: false, s: false };

function compiled(source: string, flags: Partial<RegexFlags> = {}): ReturnType<typeof must> {
  return must(source, { ...PLAIN, ...flags });
}

function must(source: string, flags: RegexFlags) {
  const result = compileRegex(source, flags);
  if ("error" in result) throw result.error;
  return result.regex;
}

describe("what an expression matches", () => {
  test.each<[string, Partial<RegexFlags>, string, boolean]>([
    ["abc", {}, "xxabcxx", true],
    ["abc", {}, "ABC", false],
    ["abc", { i: true }, "xABCx", true],
    ["(?i)abc", {}, "ABC", true],
    ["a(?i)b", {}, "aB", true],
    ["a(?i)b", {}, "AB", false],
    ["(?i:a)b", {}, "Ab", true],
    ["(?i:a)b", {}, "AB", false],
    ["^b", {}, "a\nb", false],
    ["^b", { m: true }, "a\nb", true],
    ["a$", {}, "a\n", true],
    ["a$", {}, "a\nb", false],
    ["a$", { m: true }, "a\nb", true],
    ["a\\z", {}, "a\n", false],
    ["a.b", {}, "a\nb", false],
    ["a.b", { s: true }, "a\nb", true],
    ["a.b", {}, "a\u2028b", true],
    ["a\\012b", {}, "a\nb", true],
    ["a\\012b", {}, "a\u000012b", false],
    ["a\\07b", {}, "a\u0007b", true],
    ["a\\0b", {}, "a\0b", true],
    ["a\\0128", {}, "a\n8", true],
    ["[\\012]", {}, "\n", true],
    ["^\\v$", {}, "\u2028", true],
    ["a\\vb", {}, "a\nb", true],
    ["a\\Vb", {}, "a\nb", false],
    ["a[\\h]b", {}, "a\u2003b", true],
    ["a\\hb", {}, "a\nb", false],
    ["a\\Hb", {}, "a\u1680b", false],
    ["^.$", {}, "😀", true],
    ["[^a]", { i: true }, "A", false],
    ["[^k]", { i: true }, "\u212a", true],
    ["k", { i: true }, "\u212a", false],
    ["é", { i: true }, "É", true],
    ["[a-z]", { i: true }, "Q", true],
    ["\\w", { i: true }, "ſ", false],
    ["\\d{2,3}", {}, "a12", true],
    ["\\s", {}, "\u00a0", false],
    ["[[:alpha:]]+1", {}, "ab1", true],
    ["[]a]", {}, "]", true],
    ["[a-]", {}, "-", true],
    ["a{,2}", {}, "a{,2}", true],
    ["clip]::", {}, "clip]::", true],
    ["\\x41\\x{42}", {}, "AB", true],
    ["a|b|", {}, "zzz", true],
    ["(?P<name>x)y", {}, "xy", true],
    ["\\bcat\\b", {}, "a cat.", true],
    ["\\bcat\\b", {}, "concat", false],
    [".+a.+", {}, "xay", true],
    [".+a.+", {}, "xa", false],
    ["(.){200,}", {}, "x".repeat(199), false],
    ["(.){200,}", {}, "x".repeat(200), true],
  ])("%s %j in %j: %s", (source, flags, text, expected) => {
    expect(compiled(source, flags).test(text)).toBe(expected);
  });
});

describe("what is refused", () => {
  test.each<[string, boolean, RegExp]>([
    ["(?=a)", false, /Look-around/],
    ["(?<!a)b", false, /Look-around/],
    ["(a)\\1", false, /back-reference/],
    ["a++", false, /possessive/],
    ["(?>a)", false, /not supported/],
    ["\\p{L}", false, /escape/],
    ["a{5000}", false, /above 1000/],
    ["(", true, /"\)" is missing at character 2/],
    ["a)", true, /no "\("/],
    ["*a", true, /nothing to repeat/],
    ["[a", true, /"\]" is missing/],
    ["[z-a]", true, /out of order/],
    ["a{3,2}", true, /below/],
    ["a**", true, /quantifier follows/],
    ["\\", true, /backslash/],
    ["(".repeat(100), false, /Nested/],
  ])("%s", (source, supported, message) => {
    const result = compileRegex(source, PLAIN);
    expect("error" in result && [result.error.supported, result.error.message]).toEqual([
      supported,
      expect.stringMatching(message),
    ]);
  });
});

describe("time is linear in the input", () => {
  const CATASTROPHIC = [
    "(a+)+$",
    "(a|a)*$",
    "(a|aa)+$",
    "(.*a){12}b",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "a*a*a*a*a*b",
    "(x+x+)+y",
    ".*.*=.*;",
    "([a-z]+)*=",
    "\\s+$",
    ".+foo.+bar.+baz",
    "^a*a*b",
    "x[ab]*[ab]*y",
    "x\\w+\\w+=",
  ];

  test.each(CATASTROPHIC)("%s is left to automata", (source) => {
    expect(isLinear(parseRegex(source, PLAIN))).toBe(false);
  });

  test.each([...CATASTROPHIC, "net\\s+user", "[^/]{100,}$", "a.{0,5}b", "^\\w+:\\w+$"])(
    "%s on long input",
    (source) => {
      const { test: matches } = compiled(source);
      const cost = (length: number): number => {
        const text = `${"a".repeat(length)}!`;
        const started = performance.now();
        matches(text);
        return performance.now() - started;
      };
      cost(20_000);
      // A quadratic engine needs minutes for this, an exponential one for ever.
      expect(cost(200_000)).toBeLessThan(5_000);
    },
  );

  test.each([
    "net\\s+user",
    "abc",
    "^[Cc]:\\\\.{1,9}\\.exe",
    "\\s[a-f0-9]{64}\\s",
    "HostId=[a-z-]{36}\\s+EngineVersion=",
    "-k\\s\\w{1,64}(?:\\s?(?:-p|-s))?",
    "^\\d+$",
    "net\\s+user.*",
  ])("%s is proven safe for backtracking", (source) => {
    expect(compiled(source).engine).toBe("v8");
  });
});

test.each<[string, readonly string[] | undefined]>([
  ["net\\s+user", ["user"]],
  ["[Rr][Uu][Nn]\\d", ["run"]],
  ["(foo|barn)x*", ["foo", "barn"]],
  ["a?b*", undefined],
  [".{5}", undefined],
  ["(?i)FOO", ["foo"]],
])("the texts that %s needs are %j", (source, required) => {
  expect(compiled(source).required[0]).toEqual(required);
});

const letters = fc.constantFrom("a", "b", "A", "1", " ", "\n", "-", "k", "é");
const atom: fc.Arbitrary<string> = fc.constantFrom(
  "a",
  "b",
  "A",
  ".",
  "\\d",
  "\\w",
  "\\s",
  "[ab]",
  "[^a]",
  "[a-c1]",
  "-",
  "k",
  "\\W",
  "[^\\s]",
);
const expression: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.tuple(tie("node"), tie("node")).map(([a, b]) => a + b),
    fc.tuple(tie("node"), tie("node")).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie("node"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{2,}"))
      .map(([a, quantifier]) => `(?:${a})${quantifier}`),
    fc
      .tuple(fc.constantFrom("^", ""), tie("node"), fc.constantFrom("$", "", "\\b"))
      .map(([start, a, end]) => `(?:${start}${a}${end})`),
  ),
})).node;

test("both engines mean the same, simplified or not, and needed texts are needed", () => {
  fc.assert(
    fc.property(
      expression,
      fc.boolean(),
      fc.array(
        fc.array(letters, { maxLength: 12 }).map((parts) => parts.join("")),
        { minLength: 1, maxLength: 8 },
      ),
      (source, i, texts) => {
        const regex = compiled(source, { i });
        const reference = RE2JS.compile(source, i ? RE2JS.CASE_INSENSITIVE : 0);
        for (const text of texts) {
          const expected =
            reference.test(text) || (text.endsWith("\n") && source.includes("$") && reference.test(text.slice(0, -1)));
          expect(regex.test(text), `${source} ${JSON.stringify(text)} by ${regex.engine}`).toBe(expected);
          if (!expected) continue;
          expect(text.length).toBeGreaterThanOrEqual(regex.leastLength);
          expect(regex.mayMatch(text.toLowerCase()), `${source} ${JSON.stringify(text)} passes the gate`).toBe(true);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test("an expression that the analysis calls safe takes no more than linear steps", () => {
  fc.assert(
    fc.property(expression, (source) => {
      const node = simplify(parseRegex(source, PLAIN));
      if (!isLinear(node)) return;
      const { test: matches } = compiled(source);
      for (const unit of ["a", "ab", "1", " ", "-a", "k"]) {
        const text = `${unit.repeat(30_000)}\n!`;
        const started = performance.now();
        matches(text);
        expect(performance.now() - started, `${source} on ${unit}`).toBeLessThan(1_000);
      }
    }),
    { numRuns: 300 },
  );
});

test.each<[string, string, boolean]>([
  ["[^a]b$", "😀b", true],
  ["(?:[^a]b)\\z", "x😀b", true],
  ["^.b$", "😀b", true],
  ["[^a]b$", "ab", false],
  ["[^a]b\\z", "😀b\n", false],
  ["(?m)^$", "😀", false],
  ["(?m)^$", "😀\n", true],
  ["(?m)^$", "a\n\n😀", true],
  ["(?m)[^a]$", "ab\n😀\nc", true],
])("the ends of a text with characters beyond the basic plane are found: %s on %j", (source, text, expected) => {
  const compiled = compileRegex(source, { i: false, m: false, s: false });
  if ("error" in compiled) throw compiled.error;
  expect([compiled.regex.engine, compiled.regex.test(text)]).toEqual(["v8", expected]);
});
