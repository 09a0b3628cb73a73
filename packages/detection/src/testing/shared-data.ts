import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const folder =
  process.env["VEDETTE_SHARED"] ??
  join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "..", "..", "shared");
const isThere = existsSync(join(folder, "data"));

/** Whether tests on the labelled data run: without the data they are skipped, unless `VEDETTE_TEST_REQUIRE=all` asks them to fail. */
export const withSharedData: boolean = isThere || process.env["VEDETTE_TEST_REQUIRE"] === "all";

/** Added to the names of such tests, so that a report says why they did not run. */
export const skipReason: string = withSharedData ? "" : " (skipped: the labelled data is not beside the repository)";

/** The lines of a file of the labelled data. */
export function sharedLines<Line>(name: string): Line[] {
  return gunzipSync(readFileSync(join(folder, "data", name)))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

/** A text of the labelled data. */
export function sharedText(name: string): string {
  return readFileSync(join(folder, "data", name), "utf8");
}

/** A rule file of sigma-rules.jsonl.gz. */
export interface SharedRule {
  readonly path: string;
  readonly set: string;
  readonly yaml: string;
}

/** The sets whose rules must load. */
export const RULE_SETS: readonly string[] = ["rules", "rules-emerging-threats", "rules-threat-hunting"];
