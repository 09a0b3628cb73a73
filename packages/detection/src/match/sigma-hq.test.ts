import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { JsonObject } from "../event.ts";
import { DEFAULT_MAPPINGS } from "../mappings/default-mappings.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { type RawRule, naiveMatch } from "../testing/naive-matcher.ts";
import { RULE_SETS, type SharedRule, sharedLines, skipReason, withSharedData } from "../testing/shared-data.ts";
import { createDetector } from "./detector.ts";

interface RegressionCase {
  readonly rule_id: string;
  readonly rule_path: string;
  readonly expected_match_count: number | null;
  readonly events_flat: readonly JsonObject[];
  readonly events_nested: readonly JsonObject[];
}

/** How many events of each file are compared with the naive matcher; all of them with VEDETTE_TEST_LONG=1. */
const SAMPLE = process.env["VEDETTE_TEST_LONG"] === "1" ? Infinity : 10;

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

  test("mean the same to the engine and to the naive matcher", () => {
    const raw = new Map(files.map(({ yaml }) => [(parse(yaml) as { id: string }).id, parse(yaml) as RawRule]));
    const sources: readonly (readonly [string, (line: never) => readonly JsonObject[]])[] = [
      ["sigma-regression.jsonl.gz", (line: RegressionCase) => line.events_flat],
      ["windows-attack.jsonl.gz", (line: { events: readonly JsonObject[] }) => line.events],
      ["otrf-windows.jsonl.gz", (line: { event: JsonObject }) => [line.event]],
      ["windows-background.jsonl.gz", (line: { event: JsonObject }) => [line.event]],
    ];
    let pairs = 0;
    let matches = 0;
    for (const [name, eventsOf] of sources) {
      const events = sharedLines<never>(name).flatMap((line) => eventsOf(line));
      const step = Math.max(1, Math.floor(events.length / SAMPLE));
      for (let index = 0; index < events.length; index += step) {
        const document = events[index] ?? {};
        const mapping = DEFAULT_MAPPINGS.find((candidate) => candidate.accepts(document));
        const fast = detector.judge({ id: "event", time: 0, document }).facts.map(({ rule }) => rule.id);
        const naive =
          mapping === undefined
            ? []
            : rules
                .filter(({ id }) => naiveMatch(raw.get(id) ?? { detection: {}, logsource: {} }, document, mapping))
                .map(({ id }) => id);
        expect(fast, `${name} event ${index}`).toEqual(naive);
        pairs += rules.length;
        matches += fast.length;
      }
    }
    process.stdout.write(`${pairs.toLocaleString("en")} pairs of rule and event compared, ${matches} matches\n`);
    expect(matches).toBeGreaterThan(15);
  }, 3_600_000);
});
