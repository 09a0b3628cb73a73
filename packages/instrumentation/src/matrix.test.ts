import { createRequire } from "node:module";
import { resolve } from "node:path";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COVERED_LIBRARIES, INSTRUMENTED_LIBRARIES } from "./instrumentations.ts";
import { readSettings } from "./settings.ts";
import { MATRIX_FOLDER, entriesOf, startMatrixApp, triedVersion } from "./testing/matrix-app.ts";

/** What is a part of node has its version. */
const libraries = [...INSTRUMENTED_LIBRARIES, ...COVERED_LIBRARIES].filter(({ versions }) => versions !== "*");
const tried = libraries.flatMap(({ library, versions, triedOn }) =>
  triedOn.map((folder) => ({ library, versions, folder })),
);

/** First and last major of a range such as `>=4.0.0 <6`; a minor counts as one below 1.0. */
function majorsOf(range: string): readonly [number, number] {
  const match = /^>=(\d+)\.(\d+)\.\d+ <(\d+)(?:\.(\d+)(?:\.\d+)?)?$/.exec(range);
  if (match === null) throw new Error(`Write the range "${range}" as ">=4.0.0 <6".`);
  const [, from = "", fromMinor = "", to = "", toMinor] = match;
  if (from === "0" && to === "0") return [Number(fromMinor), Number(toMinor) - 1];
  return [Number(from), toMinor === undefined || toMinor === "0" ? Number(to) - 1 : Number(to)];
}

function majorOf(version: string, range: string): number {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const match = /<0\./.test(range);
  return match ? minor : major;
}

describe.each(tried)("$folder, for $library", ({ library, versions, folder }) => {
  it("has the version that it says, and one of those that are supported", () => {
    const version = triedVersion(folder, library);
    const require = createRequire(resolve(MATRIX_FOLDER, folder, "package.json"));
    const paths = require.resolve.paths(library) ?? [];
    const installed = paths
      .map((path) => resolve(path, library, "package.json"))
      .find((path) => {
        try {
          return readFileSync(path, "utf8") !== "";
        } catch {
          return false;
        }
      });
    expect(JSON.parse(readFileSync(installed ?? "", "utf8"))).toMatchObject({ version });
    const [first, last] = majorsOf(versions);
    expect(majorOf(version, versions)).toBeGreaterThanOrEqual(first);
    expect(majorOf(version, versions)).toBeLessThanOrEqual(last);
  });
});

it.each(libraries)(
  "$library is tried on the last major version that is supported",
  ({ library, versions, triedOn }) => {
    const majors = triedOn.map((folder) => majorOf(triedVersion(folder, library), versions));
    expect(Math.max(...majors)).toBe(majorsOf(versions)[1]);
  },
);

it.each(INSTRUMENTED_LIBRARIES)(
  "$library says the same supported versions to module hooks",
  ({ library, versions, create }) => {
    const instrumentation = create({ settings: readSettings({}).settings, enabled: false }) as Partial<{
      getModuleDefinitions(): { name: string; supportedVersions: string[]; files: { supportedVersions: string[] }[] }[];
    }>;
    const ranges = (instrumentation.getModuleDefinitions?.() ?? [])
      .filter(({ name }) => name === library)
      .flatMap(({ supportedVersions, files }) => [
        ...supportedVersions,
        ...files.flatMap((file) => file.supportedVersions),
      ])
      .toSorted((one, other) => majorsOf(one)[0] - majorsOf(other)[0]);
    // Some are reached without module hooks, or through another package of theirs; some have a file for each major version.
    if (ranges.length === 0) expect(["fastify", "koa", "scrypt"]).toContain(library);
    else expect(`${ranges[0]?.split(" ")[0]} ${ranges.at(-1)?.split(" ")[1]}`).toBe(versions);
  },
);

/** Applications that need more to start than themselves, and the test that starts them with it. */
const STARTED_WITH_MORE = { "openid-client": "authentication/openid-client.test.ts" } as const;

it.each(Object.entries(STARTED_WITH_MORE))("%s is started by its own test, with what it needs", (library, test) => {
  const text = readFileSync(resolve(import.meta.dirname, test), "utf8");
  expect(text).toContain("startMatrixApp");
  expect(text).toContain(library);
});

const started = INSTRUMENTED_LIBRARIES.filter(({ library }) => !(library in STARTED_WITH_MORE)).flatMap(({ triedOn }) =>
  triedOn.flatMap((folder) => entriesOf(folder).map((entry) => `${folder} ${entry}`)),
);

it("has an application for every instrumented library and version", () => {
  const without = INSTRUMENTED_LIBRARIES.flatMap(({ triedOn }) => triedOn).filter(
    (folder) => entriesOf(folder).length === 0,
  );
  expect(without).toEqual([]);
});

describe.each([...new Set(started)])("%s", (name) => {
  const [folder = "", entry = ""] = name.split(" ");
  it("starts and ends with the instrumentation as it does without, and reports no exception of ours", async () => {
    await using app = await startMatrixApp(folder, entry);
    expect(await app.stop()).toEqual({ code: null, signal: "SIGTERM" });
    expect(app.metrics("vedette.instrumentation.errors")).toEqual([]);
    expect(app.errors().replaceAll(/^vedette: VEDETTE_HASH_KEY is not set.*\n/gm, "")).toBe("");
  });
});
