import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readExpression } from "./correlation-expression.ts";

const NAMES = ["a", "b", "c", "d"];

type Expression = { readonly text: string; readonly holds: (there: ReadonlySet<string>) => boolean };

const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...NAMES).map((name) => ({ text: name, holds: (there: ReadonlySet<string>) => there.has(name) })),
    tie("expression").map(({ text, holds }) => ({
      text: `not (${text})`,
      holds: (there: ReadonlySet<string>) => !holds(there),
    })),
    fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => ({
      text: `(${a.text}) and (${b.text})`,
      holds: (there: ReadonlySet<string>) => a.holds(there) && b.holds(there),
    })),
    fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => ({
      text: `(${a.text}) or (${b.text})`,
      holds: (there: ReadonlySet<string>) => a.holds(there) || b.holds(there),
    })),
  ),
}));

test("the ways in which an expression holds are those in which it is true", () => {
  const all = NAMES.reduce<readonly (readonly string[])[]>(
    (sets, name) => [...sets, ...sets.map((set) => [...set, name])],
    [[]],
  );
  fc.assert(
    fc.property(expression, ({ text, holds }) => {
      const read = readExpression(text, NAMES);
      const truths = all.map((names) => holds(new Set(names)));
      if ("problem" in read) {
        // Refused is only what is true without any rule, or of no rules at all.
        expect(truths[0] === true || !truths.includes(true)).toBe(true);
        return;
      }
      const found = all.map((names) =>
        read.terms.some(
          ({ present, absent }) =>
            present.every((name) => names.includes(name)) && !absent.some((name) => names.includes(name)),
        ),
      );
      expect(found).toEqual(truths);
    }),
    { numRuns: 1_000 },
  );
});
