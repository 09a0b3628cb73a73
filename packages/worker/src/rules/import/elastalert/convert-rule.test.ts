import { createCorrelator, createDetector, loadRules } from "@vedette/detection";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { convertElastAlertRule } from "./convert-rule.ts";

const rule = (settings: object): string => stringify({ name: "Rule", index: "winlogbeat-*", ...settings });
const queryString = (query: string): object => ({ query_string: { query } });

/** Seconds and documents in, findings of the converted rule out. */
function findingsOf(settings: object, events: readonly (readonly [number, object])[]): number {
  const converted = convertElastAlertRule(rule(settings), "rule.yaml", { product: "windows" });
  if (!converted.ok) throw new Error(converted.reason);
  const { rules, problems } = loadRules([{ path: "rule.yml", text: converted.text }]);
  expect(problems).toEqual([]);
  const detector = createDetector(rules);
  const correlator = createCorrelator(rules, { lateness: 0 });
  let alerts = 0;
  for (const [index, [second, document]] of events.entries()) {
    const { facts } = detector.judge({
      id: String(index),
      time: Date.UTC(2026, 0, 1) + second * 1_000,
      document: document as Parameters<typeof detector.judge>[0]["document"],
      logSource: { product: "windows" },
    });
    for (const fact of facts) {
      alerts += Number(fact.alerts);
      correlator.observe(fact);
    }
  }
  correlator.advance(Date.UTC(2026, 1, 1));
  const ids = new Set(
    correlator
      .takeChanges()
      .episodes.filter(({ alerts: tells }) => tells)
      .map(({ id }) => id),
  );
  return alerts + ids.size;
}

describe("filters", () => {
  const cases: readonly (readonly [string, object, object, object])[] = [
    ["a term", { term: { a: "X" } }, { a: "X" }, { a: "x" }],
    ["a term with a wildcard in it", { term: { a: "x*" } }, { a: "x*" }, { a: "xy" }],
    ["a term with a value below", { term: { "a.keyword": { value: 3 } } }, { a: 3 }, { a: 4 }],
    ["terms", { terms: { a: ["x", "y"] } }, { a: "y" }, { a: "z" }],
    ["a range", { range: { a: { gte: 3, lt: 7 } } }, { a: 3 }, { a: 7 }],
    ["a wildcard", { wildcard: { a: "x?z*" } }, { a: "xyz" }, { a: "xz" }],
    ["a prefix", { prefix: { a: "x?" } }, { a: "x?y" }, { a: "xyz" }],
    ["exists", { exists: { field: "a" } }, { a: 0 }, { b: 0 }],
    ["a wrapped query", { query: queryString("a:x") }, { a: "x" }, { a: "y" }],
    [
      "a bool",
      { bool: { must: [{ term: { a: 1 } }], must_not: { term: { b: 2 } }, should: [{ term: { c: 9 } }] } },
      { a: 1, b: 3 },
      { a: 1, b: 2 },
    ],
    ["a bool with choices only", { bool: { should: [{ term: { a: 1 } }, { term: { b: 1 } }] } }, { b: 1 }, { c: 1 }],
    ["words", queryString("a:x AND b:y"), { a: "x", b: "y" }, { a: "x" }],
    ["words side by side, of which one is enough", queryString("a:x b:y"), { b: "y" }, { c: "y" }],
    ["a phrase", queryString(String.raw`a:"x y*"`), { a: "x y*" }, { a: "x yz" }],
    ["a group of a field", queryString("a:(x OR y)"), { a: "y" }, { a: "z" }],
    ["not, and parentheses", queryString("a:x AND NOT (b:y OR b:z)"), { a: "x", b: "w" }, { a: "x", b: "z" }],
    ["an escaped mark", queryString(String.raw`a:C\:\\x\*`), { a: String.raw`C:\x*` }, { a: String.raw`C:\xy` }],
    ["wildcards", queryString("a:x*z"), { a: "xyz" }, { a: "xy" }],
    ["ranges", queryString("a:[3 TO 7} AND b:>=2"), { a: 3, b: 2 }, { a: 7, b: 2 }],
    ["that a field is there", queryString("_exists_:a AND NOT _exists_:b"), { a: 1 }, { a: 1, b: 1 }],
    ["any value", queryString("a:*"), { a: 1 }, { b: 1 }],
  ];
  test.each(cases)("takes %s", (_, filter, yes, no) => {
    const settings = { type: "any", filter: [filter] };
    expect([findingsOf(settings, [[0, yes]]), findingsOf(settings, [[0, no]])]).toEqual([1, 0]);
  });

  test("asks for every entry of the list", () => {
    const settings = { type: "any", filter: [{ term: { a: 1 } }, { term: { b: 1 } }] };
    expect([findingsOf(settings, [[0, { a: 1, b: 1 }]]), findingsOf(settings, [[0, { a: 1 }]])]).toEqual([1, 0]);
  });

  test.each([
    [queryString("error"), /names no field/],
    [queryString("a:x AND b:y OR c:z"), /AND beside OR/],
    [queryString("a:x OR NOT b:y"), /NOT beside OR/],
    [queryString("a:/x.*/"), /regular expression/],
    [queryString("a:x~2"), /fuzziness/],
    [queryString('a:"x y"~2'), /the mark "~"/],
    [queryString("+a:x"), /the mark "\+"/],
    [queryString("a:[now-1d TO now]"), /is no number/],
    [queryString("*"), /every document/],
    [queryString("(a:x"), /open parenthesis/],
    [queryString("a:x)"), /too many/],
    [queryString("us*r:x"), /several fields/],
    [{ query_string: { query: "a:x", default_field: "b" } }, /default_field/],
    [{ match: { a: "x" } }, /how the field is analysed/],
    [{ script: {} }, /kind "script"/],
    [{ bool: { should: [{ term: { a: 1 } }], minimum_should_match: 2 } }, /minimum_should_match/],
  ])("names why %j cannot be taken", (filter, reason) => {
    const result = convertElastAlertRule(rule({ type: "any", filter: [filter] }), "rule.yaml");
    expect(result).toEqual({ ok: false, reason: expect.stringMatching(reason) as string });
  });
});

describe("types", () => {
  const failed = { filter: [{ term: { a: "x" } }], timeframe: { minutes: 1 } };
  const x = { a: "x", user: "u", ip: "1" };
  const cases: readonly (readonly [string, object, readonly (readonly [number, object])[], number])[] = [
    [
      "frequency, reached",
      { ...failed, type: "frequency", num_events: 3 },
      [
        [0, x],
        [30, x],
        [60, x],
      ],
      1,
    ],
    [
      "frequency again and again, as one episode",
      { ...failed, type: "frequency", num_events: 3 },
      [0, 1, 2, 3, 4, 5].map((second) => [second, x] as const),
      1,
    ],
    [
      "cardinality, exactly the timeframe apart",
      { ...failed, type: "cardinality", cardinality_field: "ip", max_cardinality: 1 },
      [
        [0, x],
        [60, { ...x, ip: "2" }],
      ],
      1,
    ],
    [
      "cardinality, farther apart",
      { ...failed, type: "cardinality", cardinality_field: "ip", max_cardinality: 1 },
      [
        [0, x],
        [61, { ...x, ip: "2" }],
      ],
      0,
    ],
    [
      "change, by way of the same value",
      { ...failed, type: "change", compare_key: "ip", query_key: "user", ignore_null: true },
      [
        [0, x],
        [50, x],
        [100, { ...x, ip: "2" }],
      ],
      1,
    ],
    [
      "change, exactly the timeframe apart",
      { ...failed, type: "change", compare_key: "ip", query_key: "user", ignore_null: true },
      [
        [0, x],
        [60, { ...x, ip: "2" }],
      ],
      1,
    ],
    [
      "no change to an empty text",
      { ...failed, type: "change", compare_key: "ip", query_key: "user", ignore_null: true },
      [
        [0, x],
        [1, { ...x, ip: "" }],
      ],
      0,
    ],
    [
      "change of one of two fields",
      { ...failed, type: "change", compare_key: ["ip", "b"], query_key: "user", ignore_null: true },
      [
        [0, { ...x, b: "1" }],
        [1, { ...x, b: "2" }],
      ],
      1,
    ],
    [
      "blacklist in exact case",
      { type: "blacklist", compare_key: "ip", blacklist: ["A"], filter_by_list: false },
      [
        [0, { ip: "a" }],
        [1, { ip: "A" }],
      ],
      1,
    ],
    [
      "whitelist and an empty text",
      { type: "whitelist", compare_key: "ip", whitelist: ["A"], ignore_null: true },
      [
        [0, { ip: "" }],
        [1, { ip: "a" }],
        [2, { a: 1 }],
      ],
      2,
    ],
    [
      "frequency, too slow",
      { ...failed, type: "frequency", num_events: 3 },
      [
        [0, x],
        [30, x],
        [61, x],
      ],
      0,
    ],
    [
      "frequency by key",
      { ...failed, type: "frequency", num_events: 2, query_key: "user" },
      [
        [0, x],
        [1, { ...x, user: "v" }],
        [100, x],
      ],
      0,
    ],
    [
      "cardinality above its bound",
      { ...failed, type: "cardinality", cardinality_field: "ip", max_cardinality: 1, query_key: ["user"] },
      [
        [0, x],
        [1, { ...x, ip: "2" }],
      ],
      1,
    ],
    [
      "cardinality at its bound",
      { ...failed, type: "cardinality", cardinality_field: "ip", max_cardinality: 2 },
      [
        [0, x],
        [1, { ...x, ip: "2" }],
      ],
      0,
    ],
    [
      "change",
      { ...failed, type: "change", compare_key: "ip", query_key: "user", ignore_null: true },
      [
        [0, x],
        [1, x],
        [2, { a: "x", user: "u" }],
        [3, { ...x, ip: "2" }],
      ],
      1,
    ],
    [
      "no change",
      { ...failed, type: "change", compare_key: "ip", query_key: "user", ignore_null: true },
      [
        [0, x],
        [1, x],
        [62, { ...x, ip: "2" }],
        [3, { ...x, user: "v", ip: "2" }],
      ],
      0,
    ],
    [
      "blacklist",
      { type: "blacklist", compare_key: "ip", blacklist: ["1", "2"] },
      [
        [0, x],
        [1, { ip: "3" }],
      ],
      1,
    ],
    [
      "whitelist",
      { type: "whitelist", compare_key: "ip", whitelist: ["1"], ignore_null: true },
      [
        [0, x],
        [1, { ip: "3" }],
        [2, { a: 1 }],
      ],
      1,
    ],
    [
      "whitelist that minds what is missing",
      { type: "whitelist", compare_key: "ip", whitelist: ["1"], ignore_null: false },
      [
        [0, x],
        [1, { ip: "3" }],
        [2, { a: 1 }],
      ],
      2,
    ],
  ];
  test.each(cases)("%s", (_, settings, events, expected) => {
    expect(findingsOf(settings, events)).toBe(expected);
  });

  test.each([
    [{ type: "new_term", fields: ["a"] }, /type new_term: it learns/],
    [{ type: "flatline", threshold: 1 }, /type flatline: it is about what does not happen/],
    [{ type: "spike" }, /type spike/],
    [{ type: "metric_aggregation" }, /value_avg/],
    [{ type: "percentage_match" }, /value_percentile/],
    [{ type: "my_module.MyRule" }, /not known here/],
    [{ ...failed, type: "cardinality", cardinality_field: "a", min_cardinality: 2 }, /min_cardinality/],
    [{ type: "change", compare_key: "a", query_key: "b" }, /without a timeframe/],
    [{ ...failed, type: "frequency", num_events: 2, timeframe: { days: 40 } }, /more than 31 days/],
    [{ ...failed, type: "any", filters: [] }, /option filters/],
    [{ ...failed, type: "any", import: "base.yaml" }, /import of another file/],
    [{ type: "blacklist", compare_key: "a", blacklist: ["/x.*/"] }, /regular expression in a blacklist/],
    [{ ...failed, type: "any", index: "logs-*" }, /--logsource/],
    [{ type: "any" }, /without a filter/],
  ])("names why %j cannot be converted", (settings, reason) => {
    expect(convertElastAlertRule(rule(settings), "rule.yaml")).toEqual({
      ok: false,
      reason: expect.stringMatching(reason) as string,
    });
  });

  test.each([
    [{ realert: { minutes: 0 } }, 1],
    [{ aggregation: { hours: 1 } }, 1],
    [{}, 60_000],
    [{ realert: { hours: 2 } }, 7_200_000],
  ])("keeps the silence of %j", (settings, window) => {
    const converted = convertElastAlertRule(rule({ ...failed, type: "any", ...settings }), "rule.yaml");
    if (!converted.ok) throw new Error(converted.reason);
    const { rules } = loadRules([{ path: "rule.yml", text: converted.text }]);
    expect(rules[0]?.extension.suppression?.window).toBe(window);
  });

  // Each was seen in ElastAlert 2.19's own rule types.
  test.each([
    [{ type: "frequency", num_events: 2 }, /exactly the timeframe apart/],
    [{ type: "frequency", num_events: 2, query_key: "user" }, /without the query_key/],
    [{ type: "frequency", num_events: 2, use_count_query: true }, /counted by query/],
    [{ type: "cardinality", cardinality_field: "ip", max_cardinality: 1 }, /each event above the bound/],
    [{ type: "change", compare_key: "ip", query_key: "user", ignore_null: true }, /The number 0/],
    [{ type: "change", compare_key: "ip", query_key: "user" }, /without the compare_key/],
    [{ type: "blacklist", compare_key: "ip", blacklist: ["A"] }, /several values/],
    [{ type: "any", priority: 9 }, /priority 9.*level critical/],
    [{ type: "any" }, /no priority.*level medium/],
    [{ type: "any", is_enabled: false }, /switched off/],
    [{ type: "any", timestamp_field: "event.created" }, /time from event\.created/],
    [{ type: "any", match_enhancements: ["x"] }, /drop matches/],
    [{ type: "any", limit_execution: "* 9-17 * * *" }, /certain times/],
    [{ type: "any", realert: { minutes: 5 } }, /silent for 300 s/],
  ])("says in what %j differs", (settings, note) => {
    const converted = convertElastAlertRule(rule({ ...failed, ...settings }), "rule.yaml");
    if (!converted.ok) throw new Error(converted.reason);
    expect(converted.notes).toContainEqual(expect.stringMatching(note));
  });

  test("says in what the rule differs, and keeps level, author, licence and silence", () => {
    const converted = convertElastAlertRule(
      rule({
        ...failed,
        type: "any",
        alert: ["email"],
        priority: 4,
        author: "A",
        license: "MIT",
        realert: { hours: 1 },
        query_key: "user",
      }),
      "rule.yaml",
    );
    if (!converted.ok) throw new Error(converted.reason);
    expect(converted.notes).toContainEqual("Not taken: alert.");
    expect(converted.text).toContain(`# ${converted.notes[0] ?? ""}`);
    const { rules } = loadRules([{ path: "rule.yml", text: converted.text }]);
    expect(rules).toMatchObject([
      {
        level: "critical",
        author: "A",
        license: "MIT",
        extension: { suppression: { by: ["user"], window: 3_600_000 } },
      },
    ]);
  });
});
