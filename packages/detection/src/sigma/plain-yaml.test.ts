import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LineCounter, type Node, isMap, isScalar, isSeq, parseAllDocuments } from "yaml";
import { readPlainYaml } from "./plain-yaml.ts";
import type { Tree } from "./tree.ts";

/** What the parser of all of YAML makes of a text, in the same form; undefined when it is not one document without errors. */
function reference(text: string): { readonly tree: Tree; readonly lineStarts: readonly number[] } | undefined {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false, uniqueKeys: false });
  const [document] = documents;
  if (document === undefined || documents.length > 1 || document.errors.length > 0) return undefined;
  return { tree: convert(document.contents), lineStarts: lineCounter.lineStarts };
}

function convert(node: Node | null): Tree {
  const at = node?.range?.[0] ?? -1;
  if (isMap(node))
    return {
      kind: "map",
      at,
      entries: node.items.map(({ key, value }) => ({
        key: String((key as { value: unknown }).value),
        at: (key as Node).range?.[0] ?? -1,
        value: convert(value as Node | null),
      })),
    };
  if (isSeq(node)) return { kind: "list", at, items: node.items.map((item) => convert(item as Node)) };
  return { kind: "scalar", at, value: isScalar(node) ? (node.value as string) : null };
}

const RULE = `# a comment
title: 'It''s a rule'   # another
id: 0b1d1e2f-3c4d-4e5f-8a6b-7c8d9e0f1a2b
description: |
    Two lines,
      the second indented.

    And a third.
tags:
    - attack.t1059
    - attack.execution
date: 2026-01-01
detection:
  selection:
    - Image|endswith: '\\\\a.exe'
      CommandLine|contains|all:
      - ' -c '
      - "\\\\ \\" \\n"
    - '|all': x
      EventID: 4688
      Flag: true
      Nothing: null
  condition: 1 of selection* # why
falsepositives:
  - >-
    folded
    text

    here
level: high
`;

test("reads a rule as the parser does", () => {
  expect(readPlainYaml(RULE)).toEqual(reference(RULE));
});

test.each([
  ["two documents", "a: 1\n---\nb: 2\n"],
  ["an anchor", "a: &x 1\n"],
  ["an alias", "a: *x\n"],
  ["a tag", "a: !!str 1\n"],
  ["a flow list", "a: [1]\n"],
  ["a flow map", "a: {b: 1}\n"],
  ["a text on two lines", "a: one\n  two\n"],
  ["a quoted text on two lines", "a: 'one\n  two'\n"],
  ["a key without a value", "a:\nb: 1\n"],
  ["a repeated key", "a: 1\na: 2\n"],
  ["a number that is not decimal", "a: 0x1f\n"],
  ["a number with a fraction", "a: 1.50\n"],
  ["a tab", "a:\t1\n"],
  ["a carriage return", "a: 1\r\nb: 2\r\n"],
  ["a colon in a plain text", "a: b: c\n"],
  ["a wrong indentation", "a:\n    b: 1\n  c: 2\n"],
  ["a list in a list", "- - a\n"],
  ["a scalar", "text\n"],
  ["nothing", ""],
  [
    "deep nesting",
    Array.from({ length: 40 }, (_, depth) => `${" ".repeat(depth)}a:\n`).join("") + `${" ".repeat(40)}b: 1\n`,
  ],
])("leaves %s to the parser", (_name, text) => {
  expect(readPlainYaml(text)).toBeUndefined();
});

test("reads nothing that the parser reads otherwise or not at all", () => {
  const pieces = fc.constantFrom(
    ..." |  |\n|:|: |- |#| #|'|\"|\\|>|&a|*a|!|0x1F|1e3|.5|~|null|-1|007|[|{|?|%|@|`|é|<<|key: v|\n  x: y|\n- z|\n\n|''|-|\u2028|\u0085|1.|- - a".split(
      "|",
    ),
    "|",
    "|-",
  );
  let read = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(RULE.length), fc.nat(4), pieces), { minLength: 1, maxLength: 3 }), (edits) => {
      let text = RULE;
      for (const [at, removed, piece] of edits) text = text.slice(0, at) + piece + text.slice(at + removed);
      const plain = readPlainYaml(text);
      if (plain === undefined) return;
      read++;
      expect(plain).toEqual(reference(text));
    }),
    { numRuns: 4_000 },
  );
  expect(read).toBeGreaterThan(500);
});

test("takes time linear in the text", () => {
  for (const line of [
    `a: x${" ".repeat(90_000)}y`,
    `a: '${"''".repeat(45_000)}`,
    `a: ${"1".repeat(90_000)}e`,
    "a ".repeat(45_000),
  ]) {
    const started = performance.now();
    readPlainYaml(`${line}\n`);
    expect(performance.now() - started).toBeLessThan(1_000);
  }
});
