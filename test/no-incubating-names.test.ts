import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const published = ["semconv", "instrumentation", "detection", "api", "worker"];

const sources = globSync(
  published.map((name) => `packages/${name}/src/**/*.ts`),
  { cwd: root },
).filter((file) => !file.endsWith(".test.ts") && !file.includes("/testing/"));

test("names of conventions are copied, never imported: those in development change with minor versions", () => {
  expect(sources.length).toBeGreaterThan(100);
  const importing = sources.filter((file) =>
    /(?:from|import|require)\s*\(?\s*["']@opentelemetry\/semantic-conventions/.test(
      readFileSync(resolve(root, file), "utf8"),
    ),
  );
  expect(importing).toEqual([]);
});

test.each(published)("%s asks for no package of conventions", (name) => {
  const text = readFileSync(resolve(root, "packages", name, "package.json"), "utf8");
  expect(text).not.toContain("semantic-conventions");
});
