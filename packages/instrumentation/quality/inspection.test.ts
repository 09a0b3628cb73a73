import { describe, expect, it } from "vitest";
import { dataFolder, measureInspection, type QualityRow } from "./inspection.ts";

const folder = dataFolder();
const required = process.env["VEDETTE_TEST_REQUIRE"] === "all";

/** Least share detected of each set of attacks. */
const DETECTED: readonly [string, string, number][] = [
  ["web-payloads HttpParamsDataset", "sqli", 0.99],
  ["web-payloads HttpParamsDataset", "xss", 0.95],
  ["web-payloads HttpParamsDataset", "cmdi", 0.85],
  ["web-payloads HttpParamsDataset", "path-traversal", 0.85],
  ["web-payloads libinjection", "sqli", 0.9],
  ["web-payloads libinjection", "xss", 0.9],
];

/** Most values reported of each set without attacks. */
const REPORTED: readonly [string, string, number][] = [
  ["web-payloads HttpParamsDataset", "benign", 1],
  ["web-payloads libinjection", "benign", 3],
  ["web-payloads gotestwaf", "benign", 1],
  ["web-access", "unlabelled", 0],
];

describe.skipIf(folder === undefined && !required)(
  `inspection quality${folder === undefined ? " (skipped: the labelled data is not beside the repository)" : ""}`,
  () => {
    let rows: readonly QualityRow[] = [];
    const row = (set: string, label: string): QualityRow | undefined => {
      if (folder === undefined) throw new Error("The labelled data is not beside the repository.");
      if (rows.length === 0) rows = measureInspection(folder);
      return rows.find((candidate) => candidate.set === set && candidate.label === label);
    };

    it.each(DETECTED)("detects of %s, %s at least %f", (set, label, least) => {
      const { values, detected } = row(set, label) ?? { values: 0, detected: 0 };
      expect(values).toBeGreaterThan(50);
      expect(detected / values).toBeGreaterThanOrEqual(least);
    });

    it.each(REPORTED)("reports of %s, %s at most %i", (set, label, most) => {
      const measured = row(set, label);
      expect(measured?.values).toBeGreaterThan(30);
      expect(measured?.detected, measured?.wrong.join("\n")).toBeLessThanOrEqual(most);
    });
  },
);
