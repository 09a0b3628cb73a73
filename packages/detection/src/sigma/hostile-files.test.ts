import { expect, test } from "vitest";
import { loadRules } from "./load-rules.ts";

const rule = (detection: string): string =>
  `title: x\nid: y\nlogsource: { product: windows }\ndetection:\n${detection}\n  condition: s\n`;
const many = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join("");
const bomb = (levels: number): string =>
  `a0: &a0 [${"x,".repeat(10)}]\n${many(levels, (index) => `a${index + 1}: &a${index + 1} [${`*a${index},`.repeat(10)}]\n`)}`;

/** Files that would cost a naive reader everything, and what is said of them; without a code they are loaded. */
test.each<[string, string, string | undefined]>([
  ["lists in lists", "[".repeat(100_000), "rule-too-large"],
  ["sequences in sequences", "- ".repeat(50_000), "rule-too-large"],
  ["maps in maps", `a: ${"{a: ".repeat(20_000)}`, "rule-too-large"],
  ["an alias of itself", "title: x\na: &a [*a, *a]\n", "rule-too-large"],
  ["aliases of aliases", bomb(8), "rule-too-large"],
  ["bombs in each of many documents", many(300, () => `---\n${bomb(3)}`), "rule-too-large"],
  ["an alias of nothing", rule("  s: { a: *nothing }"), "rule-yaml-syntax"],
  ["100,000 aliases", `a: &a x\nb: [${"*a,".repeat(100_000)}]\n`, "rule-too-large"],
  [
    "20,000 anchors",
    rule(`  s:\n    a: [${many(20_000, (index) => `&a${index} x,`)}${many(20_000, (index) => `*a${index},`)}]`),
    undefined,
  ],
  ["50,000 keys", rule(`  s:\n${many(50_000, (index) => `    f${index}: a\n`)}`), undefined],
  [
    "a key twice among 50,000",
    rule(`  s:\n${many(50_000, (index) => `    f${index}: a\n`)}    f0: b\n`),
    "rule-yaml-syntax",
  ],
  ["100,000 values", rule(`  s:\n    f:\n${many(100_000, (index) => `      - value${index}\n`)}`), undefined],
  [
    "searches times conditions",
    rule(`${many(10_000, (index) => `  s${index}: { f: a }\n`)}  s: { f: a }`).replace(
      "condition: s\n",
      `condition: [${"1 of s*,".repeat(500)}]\n`,
    ),
    "rule-too-large",
  ],
  [
    "values times names in a condition",
    rule(`  s:\n    f: [${many(5_000, (index) => `v${index},`)}]`).replace(
      "condition: s\n",
      `condition: ${"s or ".repeat(900)}s\n`,
    ),
    "rule-too-large",
  ],
  ["placeholders times placeholders", rule(`  s: { f|expand: '${"%p%".repeat(12)}' }`), "rule-too-large"],
  ["dashes times dashes before an encoding", rule(`  s: { f|windash|base64: '${"-a".repeat(12)}' }`), "rule-too-large"],
  ["thousands of dashes", rule(`  s: { f|windash: '${" -a".repeat(3_000)}' }`), undefined],
  ["thousands of wildcards", rule(`  s: { f: '${"*a?".repeat(100_000)}' }`), undefined],
  ["an expression of quantifiers", rule(`  s: { f|re: '${"(a*)*".repeat(100_000)}' }`), "rule-regex-unsupported"],
  ["NUL and other control characters in quotes", rule("  s: { f: \"a\\0b\\x07\", g: 'a\0b' }"), undefined],
  ["a byte order mark", `\uFEFF${rule("  s: { f: a }")}`, undefined],
  ["tabs for indentation", rule("\ts: { f: a }"), "rule-yaml-syntax"],
  [
    "names of every object",
    `__proto__: { title: z }\nconstructor: 1\n${rule("  s: { __proto__: a, constructor: b, toString|contains: c }")}`,
    undefined,
  ],
  ["a tag of a language", rule("  s: { a: !!js/function 'x' }"), "rule-yaml-syntax"],
  ["a tag of its own", rule("  s: { a: !secret x }"), "rule-yaml-syntax"],
  ["bytes", rule("  s: { a: !!binary aGk= }"), "rule-yaml-syntax"],
  ["a text by its tag", rule("  s: { a: !!str 5 }"), undefined],
  ["half of a surrogate pair", rule('  s: { a: "\\ud83d" }'), "rule-modifier-misuse"],
  ["an empty file", "", "none"],
  ["comments alone", "# nothing\n---\n# nothing\n", "none"],
  ["more than four million characters", "#".repeat(4_000_001), "rule-too-large"],
])(
  "%s",
  (_name, text, code) => {
    const { rules, problems } = loadRules([{ path: "hostile.yml", text }], {
      placeholders: {
        p: many(10, (index) => `v${index} `)
          .trim()
          .split(" "),
      },
    });
    const codes = problems.filter(({ severity }) => severity === "error").map((problem) => problem.code);
    if (code === undefined) expect([codes, rules.length]).toEqual([[], 1]);
    else if (code === "none") expect([codes, rules.length]).toEqual([[], 0]);
    else expect([codes.includes(code), rules.length]).toEqual([true, 0]);
    expect(({} as { title?: string }).title).toBeUndefined();
  },
  60_000,
);
