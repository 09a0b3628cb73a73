import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");

interface LockedPackage {
  version?: string;
  link?: boolean;
  optionalDependencies?: Record<string, string>;
}
/** Every lockfile of the repository. */
const LOCKFILES = ["package-lock.json", "packages/instrumentation/matrix/package-lock.json"];

const packagesOf = (lockfile: string): Record<string, LockedPackage> =>
  (JSON.parse(readFileSync(join(root, lockfile), "utf8")) as { packages: Record<string, LockedPackage> }).packages;

/** The place of a dependency as Node would look for it from a package's place. */
const resolveFrom = (packages: Record<string, LockedPackage>, place: string, name: string): string | undefined => {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const candidate = `${folder}${folder === "" ? "" : "/"}node_modules/${name}`;
    if (packages[candidate]) return candidate;
    if (folder === "") return undefined;
  }
};

test.each(LOCKFILES)(
  "%s has every optional platform package, so that a clean clone installs on each platform",
  (lockfile) => {
    const packages = packagesOf(lockfile);
    const missing: string[] = [];
    for (const [place, { optionalDependencies }] of Object.entries(packages))
      for (const name of Object.keys(optionalDependencies ?? {}))
        if (!resolveFrom(packages, place, name)) missing.push(`${place || "root"} → ${name}`);
    expect(missing).toEqual([]);
  },
);

test.each(LOCKFILES)("%s names no address to download from", (lockfile) => {
  expect(readFileSync(join(root, lockfile), "utf8")).not.toMatch(/"resolved": "https?:/);
});
