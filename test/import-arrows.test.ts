import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
let folder: string;

/** One line of source in one room, and the rule of the linter that must refuse it (null: it is allowed). */
const cases: readonly [file: string, source: string, rule: string | null][] = [
  ["packages/semconv/src/x.ts", 'export { z } from "zod";', "no-restricted-imports"],
  ["packages/semconv/src/x.ts", 'export { readFile } from "node:fs";', "no-restricted-imports"],
  ["packages/semconv/src/x.ts", 'export { A } from "./y.ts";', null],
  ["packages/api/src/x.ts", 'export { A } from "@vedette/worker";', "no-restricted-imports"],
  ["packages/api/src/x.ts", 'export { A } from "node:fs";', "no-restricted-imports"],
  ["packages/api/src/x.ts", 'export { A } from "@vedette/semconv";', null],
  ["packages/detection/src/x.ts", 'export { A } from "@vedette/api";', "no-restricted-imports"],
  ["packages/detection/src/x.ts", 'export { readFile } from "node:fs";', "no-restricted-imports"],
  ["packages/detection/src/x.ts", 'export { createHash } from "node:crypto";', null],
  ["packages/detection/src/x.ts", "export const now = () => Date.now();", "no-restricted-properties"],
  ["packages/detection/src/x.ts", "export const draw = () => Math.random();", "no-restricted-properties"],
  ["packages/detection/src/x.ts", "export const later = () => setTimeout(() => {}, 1);", "no-restricted-globals"],
  ["packages/detection/src/x.ts", "export const home = () => process.env.HOME;", "no-restricted-globals"],
  ["packages/detection/src/x.ts", 'export const get = () => fetch("http://localhost");', "no-restricted-globals"],
  ["packages/detection/src/x.ts", 'export { A } from "@vedette/semconv";', null],
  ["packages/instrumentation/src/x.ts", 'export { A } from "@vedette/detection";', "no-restricted-imports"],
  ["packages/instrumentation/src/x.ts", 'export { A } from "@vedette/semconv";', null],
  ["packages/worker/src/x.ts", 'export { A } from "@vedette/instrumentation";', "no-restricted-imports"],
  ["packages/worker/src/x.ts", 'export { A } from "@vedette/detection/src/deep.ts";', "no-restricted-imports"],
  ["packages/worker/src/x.ts", "export const now = () => Date.now();", "no-restricted-properties"],
  ["packages/worker/src/x.ts", "export const draw = () => Math.random();", "no-restricted-properties"],
  ["packages/worker/src/x.ts", "export const later = () => setTimeout(() => {}, 1);", "no-restricted-globals"],
  ["packages/worker/src/x.ts", 'export { setTimeout as wait } from "node:timers/promises";', "no-restricted-imports"],
  ["packages/worker/src/x.ts", "export const soon = () => AbortSignal.timeout(1);", "no-restricted-properties"],
  ["packages/worker/src/x.ts", 'export const get = () => fetch("http://localhost");', "no-restricted-globals"],
  ["packages/worker/src/cli/x.ts", 'export { setTimeout as wait } from "node:timers/promises";', null],
  ["packages/worker/src/cli/x.ts", 'export { A } from "@vedette/instrumentation";', "no-restricted-imports"],
  ["packages/worker/src/x.ts", 'export { A } from "@vedette/detection";', null],
  ["grafana-plugin/src/x.ts", 'export { A } from "@vedette/worker";', "no-restricted-imports"],
  ["grafana-plugin/src/x.ts", 'export { A } from "@vedette/api";', null],
  ["packages/worker/src/x.ts", "export default 1;", "no-default-export"],
];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vedette-arrows-"));
  copyFileSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rules that refuse the file, without the plugin's name. */
function refusedBy(file: string): string[] {
  let output: string;
  try {
    output = execFileSync(process.execPath, [join(root, "node_modules/oxlint/bin/oxlint"), "--format=json", file], {
      cwd: folder,
      encoding: "utf8",
    });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  const { diagnostics } = JSON.parse(output) as { diagnostics: { code: string }[] };
  return diagnostics.map(({ code }) => /\(([^)]+)\)/.exec(code)?.[1] ?? code);
}

test.each(cases)("%s: `%s` → %s", (file, source, rule) => {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${source}\n`);
  const rules = refusedBy(file);
  rmSync(path);
  if (rule) expect(rules).toContain(rule);
  else expect(rules).toEqual([]);
});

test("a cycle of imports is refused", () => {
  const room = join(folder, "packages/detection/src");
  mkdirSync(room, { recursive: true });
  writeFileSync(join(room, "a.ts"), 'import { b } from "./b.ts";\nexport const a = (): number => b();\n');
  writeFileSync(join(room, "b.ts"), 'import { a } from "./a.ts";\nexport const b = (): number => a();\n');
  expect(refusedBy("packages/detection/src")).toContain("no-cycle");
});
