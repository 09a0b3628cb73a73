import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { qualityTables, sumOf } from "./figures.ts";
import { indicatorsInProcess } from "./in-process.ts";
import type { QualityRow } from "./inspection.ts";
import { dataFolder } from "./labelled-data.ts";
import { measureInProcess, requestsOf } from "./measure.ts";
import { sendAll } from "./over-the-wire.ts";

const folder = dataFolder();
const required = process.env["VEDETTE_TEST_REQUIRE"] === "all";

/** Least share detected of each class, over all sources. */
const DETECTED: readonly [string, number][] = [
  ["sqli", 0.999],
  ["xss", 0.99],
  ["cmdi", 0.95],
  ["path-traversal", 0.97],
];

/** Most values reported of each set without attacks. */
const REPORTED: readonly [string, string, number][] = [
  ["web-payloads HttpParamsDataset", "benign", 1],
  ["web-payloads libinjection", "benign", 11],
  ["web-payloads gotestwaf", "benign", 1],
  ["web-access", "unlabelled", 0],
];

describe.skipIf(folder === undefined && !required)(
  `inspection quality${folder === undefined ? " (skipped: the labelled data is not beside the repository)" : ""}`,
  () => {
    let rows: readonly QualityRow[] = [];
    beforeAll(() => {
      if (folder === undefined) throw new Error("The labelled data is not beside the repository.");
      rows = measureInProcess(folder);
    }, 60_000);

    it.each(DETECTED)("detects of %s at least %f", (label, least) => {
      const { requests, detected } = sumOf(rows, (row) => row.set.startsWith("web-payloads") && row.label === label);
      expect(requests).toBeGreaterThan(50);
      expect(detected / requests).toBeGreaterThanOrEqual(least);
    });

    it.each(REPORTED)("reports of %s, %s at most %i", (set, label, most) => {
      const measured = rows.find((row) => row.set === set && row.label === label);
      expect(measured?.requests).toBeGreaterThan(30);
      expect(measured?.reported, measured?.wrong.join("\n")).toBeLessThanOrEqual(most);
    });

    it("detects nine in ten of what the core rule set must match, and reports one in twenty of what it must not", () => {
      const must = sumOf(rows, (row) => row.label === "must_match");
      const not = sumOf(rows, (row) => row.label === "must_not_match");
      expect(must.requests).toBeGreaterThan(2000);
      expect(must.detected / must.requests).toBeGreaterThanOrEqual(0.9);
      expect(not.requests).toBeGreaterThan(400);
      expect(not.reported / not.requests).toBeLessThanOrEqual(0.05);
    });

    it("is what the README says of single values (npm run quality -w @vedette/instrumentation -- --write writes it)", () => {
      const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
      for (const line of qualityTables(rows).split("\n\n")[0]?.split("\n") ?? []) expect(readme).toContain(line);
    });

    it("is the same over the wire", async () => {
      // Every eleventh, so that each set is in it.
      const requests = requestsOf(folder ?? "").filter((_request, index) => index % 11 === 0);
      const seen = await sendAll(requests);
      let compared = 0;
      for (const [index, request] of requests.entries()) {
        const sent = seen[index];
        if (sent === undefined) continue;
        compared++;
        expect([...sent].toSorted(), request.text).toEqual([...indicatorsInProcess(request)].toSorted());
      }
      expect(compared).toBeGreaterThan(requests.length * 0.98);
    }, 60_000);
  },
);
