import { describe, expect, test } from "vitest";
import { compilePythonRegex } from "./python-regex.ts";
import { PipelineRefusal } from "./refusal.ts";
import { fillTemplate, parseTemplate } from "./text-template.ts";

function compile(source: string): Extract<ReturnType<typeof compilePythonRegex>, { regex: unknown }>["regex"] {
  const result = compilePythonRegex(source);
  if ("error" in result) throw new Error(result.error);
  return result.regex;
}

/** As Python's `re.sub`. */
function substitute(source: string, replacement: string, text: string): string {
  const regex = compile(source);
  const result = parseTemplate(replacement, { count: regex.groupCount, names: regex.names });
  if ("error" in result) throw new Error(result.error);
  let output = "";
  let from = 0;
  for (const { start, end, groups } of regex.matchAll(text)) {
    output += text.slice(from, start) + fillTemplate(result.template, groups);
    from = end;
  }
  return output + text.slice(from);
}

// What CPython 3.11 answers to re.sub(source, replacement, text).
test.each([
  ["x*", "-", "abxd", "-a-b--d-"],
  ["(a)(b)?", "[\\2\\1]", "aab", "[a][ba]"],
  ["(?P<n>\\d+)", "<\\g<n>>", "a12b٣", "a<12>b<٣>"],
  ["\\w+", "\\g<0>!", "é_1 ü", "é_1! ü!"],
  ["[\\w.]+", "W", "a.b é-c", "W W-W"],
  ["\\W", "_", "aé b", "aé_b"],
  ["[]x]", "_", "a]x", "a__"],
  ["[^]x]", "_", "a]x", "_]x"],
  ["b$", "B", "ab", "aB"],
  ["a\\Z", "B", "aa", "aB"],
  ["(?i)ABC", "x", "abC", "x"],
  ["a", "\\n\\t\\\\\\.", "a", "\n\t\\\\."],
  ["\\u0061", "\\101", "a", "A"],
  ["a", "\\0", "a", "\0"],
  ["😀", "x", "a😀b😀", "axbx"],
])("re.sub(%j, %j, %j) is %j", (source, replacement, text, expected) => {
  expect(substitute(source, replacement, text)).toBe(expected);
});

test("a match begins at the start, as Python's match does", () => {
  const regex = compile("b+(?P<rest>.*)");
  expect(regex.matchStart("abb")).toBeUndefined();
  expect(regex.matchStart("bbcd")).toMatchObject({ start: 0, end: 4, groups: ["bbcd", "cd"] });
  expect([...regex.names]).toEqual([["rest", 1]]);
});

describe("an expression that could mean something else in Python is refused", () => {
  test.each([["(?=a)"], ["(a)\\1"], ["(?P=n)"], ["a++"], ["(?x)a"], ["[\\W]"], ["[[:alpha:]]"], ["("], ["\\Q"]])(
    "%s",
    (source) => {
      expect(compilePythonRegex(source)).toHaveProperty("error");
    },
  );

  test.each([
    ["\\bé", "é"],
    ["a$", "a\n"],
  ])("%s on %j", (source, text) => {
    const regex = compile(source);
    expect(() => regex.matchAll(text)).toThrow(PipelineRefusal);
    expect(() => regex.matchStart("a")).not.toThrow();
  });
});

test("matching takes time linear in the text", () => {
  const regex = compile("(a+)+b");
  expect(regex.matchStart("a".repeat(20_000))).toBeUndefined();
});
