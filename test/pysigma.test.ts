import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CONFORMANCE } from "../packages/detection/src/testing/conformance/conformance.ts";
import { testNameOf } from "../packages/detection/src/testing/conformance/entry.ts";
import { DIFFERENCES } from "./pysigma/differences.ts";

const here = join(import.meta.dirname, "pysigma");
const VERSION = readFileSync(join(here, "requirements.txt"), "utf8").trim().replace("pysigma==", "");
/** Where `.ci/run` puts it; an installation that Python finds by itself does as well. */
const folder =
  process.env["VEDETTE_PYSIGMA"] ??
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "vedette", `pysigma-${VERSION}`);
const env = { ...process.env, ...(existsSync(folder) ? { PYTHONPATH: folder } : {}), PYTHONDONTWRITEBYTECODE: "1" };
const version = "import importlib.metadata; print(importlib.metadata.version('pysigma'))";
const found = spawnSync("python3", ["-c", version], { env, encoding: "utf8" }).stdout?.trim();
const required = process.env["VEDETTE_TEST_REQUIRE"] === "all";
const isMissing = found !== VERSION;

interface Answer {
  readonly name: string;
  readonly found?: readonly boolean[];
  readonly error?: string;
}

describe.skipIf(isMissing && !required)(
  `pySigma${isMissing ? ` (skipped: pySigma ${VERSION} is not installed)` : ""}`,
  () => {
    const cases = CONFORMANCE.filter(
      ({ refused, matches, misses }) => refused === undefined && (matches ?? misses) !== undefined,
    ).map((entry) => ({
      name: testNameOf(entry),
      yaml: entry.yaml,
      placeholders: entry.placeholders,
      events: [...(entry.matches ?? []), ...(entry.misses ?? [])],
      expected: [...(entry.matches ?? []).map(() => true), ...(entry.misses ?? []).map(() => false)],
    }));

    test("takes the rules of the conformance table to mean what we do, but for differences that have a reason", () => {
      const { status, stdout, stderr } = spawnSync("python3", [join(here, "evaluate.py")], {
        env,
        input: JSON.stringify(
          cases.map(({ name, yaml, placeholders, events }) => ({ name, yaml, placeholders, events })),
        ),
        encoding: "utf8",
        maxBuffer: 64 * 1024 * 1024,
      });
      expect(status, stderr).toBe(0);
      const answers = new Map((JSON.parse(stdout) as readonly Answer[]).map((answer) => [answer.name, answer]));
      expect(cases.length).toBeGreaterThan(150);
      const different = cases.flatMap(({ name, expected }) => {
        const answer = answers.get(name);
        const isEqual = answer?.found !== undefined && JSON.stringify(answer.found) === JSON.stringify(expected);
        return isEqual
          ? []
          : [{ name, expected: JSON.stringify(expected), pySigma: answer?.error ?? JSON.stringify(answer?.found) }];
      });
      expect(different.filter(({ name }) => !Object.hasOwn(DIFFERENCES, name))).toEqual([]);
      // A difference that is gone is no difference to be explained.
      expect(Object.keys(DIFFERENCES).filter((name) => different.every((one) => one.name !== name))).toEqual([]);
    });
  },
);
