import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { lineTime } from "./line-time.ts";
import { parseLine } from "./parse-line.ts";
import { createScenarioRunner, scenarioCases, scenarioRules } from "./run.ts";
import { LEFT_OUT, RULE_OF } from "./scenarios.ts";

const shared =
  process.env["VEDETTE_SHARED"] ?? join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "shared");
const withData = existsSync(join(shared, "data")) || process.env["VEDETTE_TEST_REQUIRE"] === "all";

test.each([
  ["2024-02-18T02:29:57.5+08:00 host", "2024-02-17T18:29:57.500Z"],
  ["2021-11-09  5:13:11 8 [Warning]", "2021-11-09T05:13:11.000Z"],
  ["[GIN] 2022/02/07 - 10:49:33 | 401", "2022-02-07T10:49:33.000Z"],
  ["date=2024-10-14 time=13:46:40", "2024-10-14T13:46:40.000Z"],
  ["[21/Mar/2023:01:10:52 -0500]", "2023-03-21T06:10:52.000Z"],
  ["19-Oct-2022 05:34:02.425 client", "2022-10-19T05:34:02.425Z"],
  ["[Fri Oct 08 17:08:41.203277 2021]", "2021-10-08T17:08:41.203Z"],
  ["08/02/2023, 7:32:47 PM", "2023-08-02T19:32:47.000Z"],
  ["01/25/22 16:08:02.393003 web_php", "2022-01-25T16:08:02.393Z"],
  ["Jan  4 17:34:01 host", "2000-01-04T17:34:01.000Z"],
])("the time of %s is %s", (line, expected) => {
  expect(new Date(lineTime(line) ?? 0).toISOString()).toBe(expected);
});

test.each([
  ["nothing of interest", undefined],
  [
    "Feb 12 14:10:21 host sshd[1]: Invalid user eve from 192.0.2.1 port 53502",
    { source: { ip: "192.0.2.1" }, user: { name: "eve" }, event: { dataset: "sshd", action: "login_failed" } },
  ],
  [
    'shop.example 192.0.2.1 - - [04/Jan/2020:08:41:43 +0000] "GET /a/b.css?c=%2e HTTP/1.1" 404 550 "-" "agent"',
    {
      source: { ip: "192.0.2.1" },
      url: { path: "/a/b.css", query: "c=%2e", unescaped: "/a/b.css?c=.", domain: "shop.example" },
      file: { name: "b.css", is_static: true },
      user_agent: { original: "agent" },
    },
  ],
])("the line %s is read", (line, expected) => {
  const event = parseLine(line);
  if (expected === undefined) expect(event).toBeUndefined();
  else expect(event?.document).toMatchObject(expected);
});

describe.skipIf(!withData)(`the log scenarios${withData ? "" : " (skipped: the labelled data is not there)"}`, () => {
  const cases = withData ? scenarioCases() : [];
  const { rules, problems } = scenarioRules();
  const results = withData ? cases.map(createScenarioRunner(rules)) : [];

  test("have rules that load, one for each scenario, or a reason", () => {
    expect(problems).toEqual([]);
    const names = rules.map(({ name }) => name);
    expect(Object.values(RULE_OF).filter((name) => !names.includes(name))).toEqual([]);
    expect(Object.keys(RULE_OF).filter((scenario) => Object.hasOwn(LEFT_OUT, scenario))).toEqual([]);
    const defined = [...new Set(cases.flatMap(({ scenario_defs }) => Object.keys(scenario_defs)))];
    expect(defined.filter((name) => !Object.hasOwn(RULE_OF, name) && !Object.hasOwn(LEFT_OUT, name))).toEqual([]);
  });

  test("give exactly their number of alerts", () => {
    const claimed = results.filter(({ got }) => got !== undefined);
    expect([claimed.length, results.length]).toEqual([143, 159]);
    expect(claimed.filter(({ got, expected }) => got !== expected)).toEqual([]);
  });

  test("give them scenario by scenario, not in sum alone", () => {
    const wrong = results.filter(
      ({ got, byScenario, expectedByScenario }) =>
        got !== undefined && JSON.stringify(sorted(byScenario)) !== JSON.stringify(sorted(expectedByScenario)),
    );
    expect(wrong).toEqual([]);
  });
});

const sorted = (counts: Readonly<Record<string, number>>): readonly (readonly [string, number])[] =>
  Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
