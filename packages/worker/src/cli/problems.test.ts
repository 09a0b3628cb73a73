import { expect, test } from "vitest";
import { formatProblem } from "./problems.ts";

test("writes place, kind, message, code and cure", () => {
  const text = formatProblem({
    code: "rule-x",
    message: "Wrong.",
    path: "a.yml",
    line: 3,
    column: 5,
    suggestion: "Mend it.",
    severity: "error",
  });
  expect(text).toMatch(/^a\.yml:3:5: .*error.*: Wrong\. \(rule-x\)\n {4}Mend it\.$/);
});

test("leaves out the place that a problem does not have", () => {
  expect(formatProblem({ code: "c", message: "m", path: "p", severity: "warning" })).toMatch(
    /^p: .*warning.*: m \(c\)$/,
  );
});

test("lets nothing in a file move the terminal, and keeps the lines of a message", () => {
  const text = formatProblem({
    code: "c",
    message: "one\u001b[2J\ntwo",
    path: "p\u0007",
    suggestion: "s\u001b",
    severity: "error",
  });
  expect(text).toContain("one\\u001b[2J\n    two");
  expect(text).toContain("p\\u0007");
  expect(text).toContain("s\\u001b");
});
