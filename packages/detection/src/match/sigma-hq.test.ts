import { describe, expect, test } from "vitest";
import type { JsonObject } from "../event.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { createComparison } from "../testing/differential.ts";
import { EVENT_SETS } from "../testing/event-sets.ts";
import { RULE_SETS, type SharedRule, sharedLines, skipReason, withSharedData } from "../testing/shared-data.ts";
import { createDetector } from "./detector.ts";

interface RegressionCase {
  readonly rule_id: string;
  readonly rule_path: string;
  readonly expected_match_count: number | null;
  readonly events_flat: readonly JsonObject[];
  readonly events_nested: readonly JsonObject[];
}

/** How many events of each set are compared with the naive matcher, with every rule a fifth of them; `npm run quality -- differential` takes all. */
const SAMPLE = process.env["VEDETTE_TEST_LONG"] === "1" ? 200 : 10;

describe.skipIf(!withSharedData)(`SigmaHQ's rules${skipReason}`, () => {
  const files = withSharedData
    ? sharedLines<SharedRule>("sigma-rules.jsonl.gz").filter(({ set }) => RULE_SETS.includes(set))
    : [];
  const { rules, problems } = loadRules(files.map(({ path, yaml }) => ({ path, text: yaml })));
  const detector = createDetector(rules);

  test("load, but for placeholders without values", () => {
    expect(files).toHaveLength(3_754);
    expect(rules).toHaveLength(3_752);
    expect(problems.map(({ code, line }) => [code, line !== undefined])).toEqual([
      ["rule-placeholder", true],
      ["rule-placeholder", true],
    ]);
  });

  test("load whole when the placeholders have values", () => {
    const refused = new Set(problems.map(({ path }) => path));
    const again = files.filter(({ path }) => refused.has(path)).map(({ path, yaml }) => ({ path, text: yaml }));
    const loaded = loadRules(again, { placeholders: { known_cdcs: ["dc01"] } });
    expect([loaded.rules.length, loaded.problems]).toEqual([2, []]);
  });

  test("find the events recorded for them, flat and nested", () => {
    const misses = (key: "events_flat" | "events_nested"): readonly string[] =>
      sharedLines<RegressionCase>("sigma-regression.jsonl.gz").flatMap((one) => {
        const count = one[key]
          .flatMap((document, index) => detector.judge({ id: String(index), time: 0, document }).facts)
          .filter(({ rule }) => rule.id === one.rule_id).length;
        const wanted = one.expected_match_count;
        return (wanted === null ? count > 0 : count === wanted) ? [] : [`${one.rule_path}: ${count} of ${wanted}`];
      });
    // The source counts one event where its recording has more that fulfil the rule word for word.
    const counted = [
      "rules/windows/file/file_event/file_event_win_anydesk_artefact.yml: 3 of 1",
      "rules/windows/registry/registry_set/registry_set_disable_administrative_share.yml: 2 of 1",
    ];
    expect(misses("events_flat")).toEqual(counted);
    expect(misses("events_nested")).toEqual(counted);
  });

  test.each([
    ["events of their log source", true],
    ["every event, whatever its log source", false],
  ])(
    "mean the same to the engine and to the naive matcher on %s",
    (_name, gate) => {
      const { compare } = createComparison(
        files.map(({ path, yaml }) => ({ path, text: yaml })),
        { gate },
      );
      const totals = { pairs: 0, gated: 0, matches: 0 };
      for (const { name, documents } of EVENT_SETS) {
        const events = documents();
        const step = Math.max(1, Math.floor(events.length / (gate ? SAMPLE : SAMPLE / 5)));
        for (let index = 0; index < events.length; index += step) {
          const { document, logSource } = events[index] ?? { document: {} };
          const { pairs, gated, matches, disagreements } = compare(document, logSource);
          expect(disagreements, `${name}, event ${index}`).toEqual([]);
          totals.pairs += pairs;
          totals.gated += gated;
          totals.matches += matches;
        }
      }
      process.stdout.write(
        `${totals.pairs.toLocaleString("en")} pairs of rule and event compared, ${totals.gated.toLocaleString("en")} by condition, ${totals.matches} matches\n`,
      );
      expect(totals.matches).toBeGreaterThan(30);
    },
    3_600_000,
  );
});
