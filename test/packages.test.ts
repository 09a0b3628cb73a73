import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const read = (...path: string[]): string => readFileSync(join(root, ...path), "utf8");

interface Manifest {
  readonly license?: string;
  readonly files?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
}

test.each(readdirSync(join(root, "packages")))(
  "packages/%s brings its licence, its README and what else it lists",
  (name) => {
    const { license, files = [], bin = {} } = JSON.parse(read("packages", name, "package.json")) as Manifest;
    expect(license).toBe("Apache-2.0");
    expect(read("packages", name, "LICENSE")).toBe(read("LICENSE"));
    expect(read("packages", name, "README.md")).toContain(`# @vedette/${name}\n`);
    // What the build makes need not be there yet.
    const listed = [...files, ...Object.values(bin)].filter(
      (file) => !file.startsWith("!") && !file.startsWith("dist"),
    );
    for (const file of listed) expect([file, existsSync(join(root, "packages", name, file))]).toEqual([file, true]);
  },
);

test("the worker's README names commands that there are", () => {
  const commands = [...read("packages/worker/README.md").matchAll(/^npx vedette ([a-z]+)/gm)].map(
    ([, command]) => command,
  );
  expect(commands.length).toBeGreaterThan(5);
  for (const command of commands)
    expect(existsSync(join(root, `packages/worker/src/cli/${command}.ts`)), command).toBe(true);
});
