import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");

interface LockedPackage {
  version?: string;
  link?: boolean;
  optionalDependencies?: Record<string, string>;
}
const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  packages: Record<string, LockedPackage>;
};

/** The place of a dependency as Node would look for it from a package's place. */
const resolveFrom = (place: string, name: string): string | undefined => {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const candidate = `${folder}${folder === "" ? "" : "/"}node_modules/${name}`;
    if (packages[candidate]) return candidate;
    if (folder === "") return undefined;
  }
};

test("the lockfile has every optional platform package, so that a clean clone installs on each platform", () => {
  const missing: string[] = [];
  for (const [place, { optionalDependencies }] of Object.entries(packages))
    for (const name of Object.keys(optionalDependencies ?? {}))
      if (!resolveFrom(place, name)) missing.push(`${place || "root"} → ${name}`);
  expect(missing).toEqual([]);
});

test("the lockfile names no address to download from", () => {
  expect(readFileSync(join(root, "package-lock.json"), "utf8")).not.toMatch(/"resolved": "https?:/);
});
