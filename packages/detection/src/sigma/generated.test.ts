import * as fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { createDetector } from "../match/detector.ts";
import { CONFORMANCE_MAPPING } from "../testing/conformance/entry.ts";
import { GENERATED_PLACEHOLDERS, generatedDocument, generatedRule } from "../testing/generated-rules.ts";
import { naiveMatch } from "../testing/naive-matcher.ts";
import { loadRules } from "./load-rules.ts";

/** How many rules are generated; ten times as many with VEDETTE_TEST_LONG=1. */
const RUNS = process.env["VEDETTE_TEST_LONG"] === "1" ? 30_000 : 3_000;

test("rules with modifiers in every combination mean the same to the engine and to the naive matcher", () => {
  const seen = new Set<string>();
  let pairs = 0;
  let matches = 0;
  let refused = 0;
  fc.assert(
    fc.property(generatedRule, fc.array(generatedDocument, { minLength: 1, maxLength: 5 }), (rule, documents) => {
      const options = { placeholders: GENERATED_PLACEHOLDERS };
      const { rules } = loadRules([{ path: "generated.yml", text: stringify(rule) }], options);
      if (rules.length === 0) {
        refused++;
        return;
      }
      for (const [, names = ""] of JSON.stringify(rule.detection).matchAll(/"[^"|]*\|([\w|]+)":/g))
        for (const name of names.split("|")) seen.add(name);
      const detector = createDetector(rules, { mappings: [CONFORMANCE_MAPPING] });
      for (const document of documents) {
        const expected = naiveMatch(rule, document, CONFORMANCE_MAPPING, GENERATED_PLACEHOLDERS);
        expect(detector.judge({ id: "e", time: 0, document }).facts.length > 0).toBe(expected);
        pairs++;
        if (expected) matches++;
      }
    }),
    { numRuns: RUNS },
  );
  process.stdout.write(`${pairs} pairs of generated rule and event, ${matches} matches, ${refused} rules refused\n`);
  expect(pairs).toBeGreaterThan(RUNS);
  expect(matches).toBeGreaterThan(pairs / 10);
  expect(matches).toBeLessThan((pairs * 9) / 10);
  // Every modifier of the appendix has been part of it.
  expect(seen.size).toBe(31);
}, 600_000);
