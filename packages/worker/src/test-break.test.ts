import { expect, test } from "vitest";
import { testBreakOf } from "./test-break.ts";

test.each([
  [{}, undefined],
  [{ VEDETTE_TEST_BREAK: "" }, undefined],
  [{ NODE_ENV: "test" }, undefined],
  [{ NODE_ENV: "test", VEDETTE_TEST_BREAK: "refresh" }, "refresh"],
  [{ NODE_ENV: "test", VEDETTE_TEST_BREAK: "content-hash" }, "content-hash"],
])("takes from %o that %s is left out", (env, expected) => {
  expect(testBreakOf(env)).toBe(expected);
});

test.each([
  [{ VEDETTE_TEST_BREAK: "refresh" }, /for tests alone/],
  [{ NODE_ENV: "production", VEDETTE_TEST_BREAK: "refresh" }, /for tests alone/],
  [{ NODE_ENV: "test", VEDETTE_TEST_BREAK: "refreh" }, /expected one of refresh, content-hash/],
])("refuses %o", (env, problem) => {
  expect(() => testBreakOf(env)).toThrow(problem);
});
