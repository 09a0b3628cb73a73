import { describe, expect, test } from "vitest";
import type { JsonObject } from "../event.ts";
import type { Episode } from "../finding.ts";
import type { FieldMapping } from "../mapping.ts";
import { createDetector } from "../match/detector.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { createFollower, standing } from "../testing/correlation-follower.ts";
import { createCorrelator } from "./correlator.ts";

/** Documents with the fields as the rules name them, all of one log source. */
const MAPPING: FieldMapping = {
  name: "specification",
  accepts: () => true,
  logSources: () => [{ product: "windows", service: "security" }],
  paths: (field) => [[field]],
  time: () => 0,
  entities: () => [],
};

/** Time in seconds, and the document. */
type Timed = readonly [number, JsonObject];

/** The episodes of the first correlation of a file that stand in the end. */
function episodesOf(text: string, events: readonly Timed[]): readonly Episode[] {
  const { rules, problems } = loadRules([{ path: "specification.yml", text }]);
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
  const detector = createDetector(rules, { mappings: [MAPPING] });
  const correlator = createCorrelator(rules, { lateness: 0 });
  const seen = createFollower();
  for (const [index, [seconds, document]] of events.entries()) {
    const time = seconds * 1_000;
    for (const fact of detector.judge({ id: `e${index}`, time, document }).facts) correlator.observe(fact);
    correlator.advance(time);
    seen.follow(correlator);
  }
  correlator.advance(Number.MAX_SAFE_INTEGER);
  seen.follow(correlator);
  const first = rules.find(({ kind }) => kind === "correlation");
  return standing(seen.episodes.values()).filter(({ rule }) => rule.id === first?.id);
}

const rule = (reference: string, detection = `{ selection: { kind: ${reference} }, condition: selection }`): string => {
  const identity = /^[0-9a-f-]{36}$/.test(reference) ? `id: ${reference}` : `name: ${reference}`;
  return `title: Rule ${reference}\n${identity}\nlogsource: { product: windows, service: security }\ndetection: ${detection}\n`;
};
const file = (correlation: string, ...references: readonly string[]): string =>
  [correlation.trimStart(), ...references.map((reference) => rule(reference))].join("\n---\n");
const times = (count: number, make: (index: number) => Timed): readonly Timed[] =>
  Array.from({ length: count }, (_, index) => make(index));

const EVENT_COUNT = `
title: Many failed logins
id: 0e95725d-7320-415d-80f7-004da920fc11
correlation:
    type: event_count
    rules:
        - 5638f7c0-ac70-491d-8465-2a65075e0d86
    group-by:
        - ComputerName
    timespan: 1h
    condition:
        gte: 100
`;
const LOGIN = "5638f7c0-ac70-491d-8465-2a65075e0d86";

describe("correlation: event_count", () => {
  const logins = (count: number, host: string, every = 30): readonly Timed[] =>
    times(count, (index) => [index * every, { kind: LOGIN, ComputerName: host }]);

  test("finds 100 or more within an hour on one computer, as the example of the specification says", () => {
    expect(episodesOf(file(EVENT_COUNT, LOGIN), logins(100, "a"))).toMatchObject([
      { from: 0, to: 2_970_000, group: { ComputerName: "a" } },
    ]);
  });

  test.each<[string, readonly Timed[]]>([
    ["fewer", logins(99, "a")],
    ["as many in more than an hour", logins(100, "a", 37)],
    ["as many on two computers", [...logins(60, "a"), ...logins(60, "b")].sort(([a], [b]) => a - b)],
  ])("finds nothing in %s", (_name, events) => {
    expect(episodesOf(file(EVENT_COUNT, LOGIN), events)).toEqual([]);
  });
});

describe("correlation: condition", () => {
  const text = (condition: string): string =>
    file(
      `title: Count\ncorrelation: { type: event_count, rules: [a], group-by: [host], timespan: 1h, condition: { ${condition} } }`,
      "a",
    );
  test.each<[string, readonly number[]]>([
    ["gt: 2", [3, 4, 5]],
    ["gte: 2", [2, 3, 4, 5]],
    ["lt: 2", [1]],
    ["lte: 2", [1, 2]],
    ["eq: 2", [2]],
    ["neq: 2", [1, 3, 4, 5]],
    ["gt: 2, lte: 4", [3, 4]],
  ])("%s holds for the counts it says", (condition, counts) => {
    const found = [1, 2, 3, 4, 5].filter(
      (count) =>
        episodesOf(
          text(condition),
          times(count, (index) => [index, { kind: "a", host: "h" }]),
        ).length > 0,
    );
    expect(found).toEqual(counts);
  });

  test("lt is not fulfilled by the end of a burst that is larger", () => {
    const burst = times(50, (index): Timed => [index, { kind: "a", host: "h" }]);
    expect(episodesOf(text("lt: 5"), burst)).toEqual([]);
  });
});

describe("correlation: value_count", () => {
  const text = file(
    `
title: Failed login
id: 0e95725d-7320-415d-80f7-004da920fc12
correlation:
    type: value_count
    rules:
        - 5638f7c0-ac70-491d-8465-2a65075e0d86
    group-by:
        - ComputerName
        - WorkstationName
    timespan: 1d
    condition:
        field: User
        gte: 100
`,
    LOGIN,
  );
  const logins = (users: number, more: JsonObject = {}): readonly Timed[] =>
    times(200, (index) => [
      index * 400,
      { kind: LOGIN, ComputerName: "a", WorkstationName: "w", User: `u${index % users}`, ...more },
    ]);

  test("finds 100 different users per source and destination in a day, as the example of the specification says", () => {
    expect(episodesOf(text, logins(100))).toMatchObject([{ group: { ComputerName: "a", WorkstationName: "w" } }]);
  });

  test("finds nothing in fewer users, however often they come", () => {
    expect(episodesOf(text, logins(99))).toEqual([]);
  });

  test("counts the values of several fields together", () => {
    const pairs = file(
      `title: Pairs\ncorrelation: { type: value_count, rules: [a], group-by: [host], timespan: 1h, condition: { field: [user, domain], gte: 3 } }`,
      "a",
    );
    const at = (second: number, user: string, domain?: string): Timed => [
      second,
      { kind: "a", host: "h", user, ...(domain === undefined ? {} : { domain }) },
    ];
    expect(episodesOf(pairs, [at(1, "u", "x"), at(2, "u", "y"), at(3, "v", "x")])).toHaveLength(1);
    expect(episodesOf(pairs, [at(1, "u", "x"), at(2, "u", "y"), at(3, "u", "x")])).toEqual([]);
    expect(episodesOf(pairs, [at(1, "u", "x"), at(2, "u", "y"), at(3, "v")])).toEqual([]);
  });
});

const recon = (type: string): string => `
title: Reconnaissance
correlation:
    type: ${type}
    rules:
        - recon_cmd_a
        - recon_cmd_b
        - recon_cmd_c
    group-by:
        - ComputerName
        - User
    timespan: 5m
`;
const RECON = ["recon_cmd_a", "recon_cmd_b", "recon_cmd_c"];
const commands = (...list: readonly (readonly [number, string, string?])[]): readonly Timed[] =>
  list.map(([second, letter, user = "u"]) => [second, { kind: `recon_cmd_${letter}`, ComputerName: "c", User: user }]);

describe("correlation: temporal", () => {
  test.each<[string, readonly Timed[], number]>([
    ["all three in another order", commands([0, "c"], [100, "a"], [300, "b"]), 1],
    ["two of the three", commands([0, "c"], [100, "a"], [300, "a"]), 0],
    ["all three in more than five minutes", commands([0, "c"], [100, "a"], [301, "b"]), 0],
    ["all three by two users", commands([0, "c"], [100, "a"], [200, "b", "v"]), 0],
  ])("the example of the specification: %s", (_name, events, found) => {
    expect(episodesOf(file(recon("temporal"), ...RECON), events)).toHaveLength(found);
  });

  test.each<[string, string, readonly Timed[], number]>([
    ["gte: 2", "{ gte: 2 }", commands([0, "c"], [100, "a"]), 1],
    ["gte: 2 of one rule", "{ gte: 2 }", commands([0, "c"], [100, "c"]), 0],
    ["eq: 2 where there are three", "{ eq: 2 }", commands([0, "a"], [1, "b"], [2, "c"]), 0],
  ])("counts different rules: %s", (_name, condition, events, found) => {
    expect(episodesOf(file(`${recon("temporal")}    condition: ${condition}`, ...RECON), events)).toHaveLength(found);
  });

  test.each<[string, readonly Timed[], number]>([
    ["a and b", commands([0, "a"], [1, "b"]), 1],
    ["a without c", commands([0, "a"]), 1],
    ["a and c without b", commands([0, "a"], [1, "c"]), 0],
    ["c alone", commands([0, "c"]), 0],
    ["a, and c only later", commands([0, "a"], [301, "c"]), 1],
  ])("takes expressions over rules, a and (b or not c): %s", (_name, events, found) => {
    const condition = "recon_cmd_a and (recon_cmd_b or not recon_cmd_c)";
    expect(episodesOf(file(`${recon("temporal")}    condition: ${condition}`, ...RECON), events)).toHaveLength(found);
  });
});

describe("correlation: temporal_ordered", () => {
  test.each<[string, readonly Timed[], number]>([
    ["in order", commands([0, "a"], [100, "b"], [300, "c"]), 1],
    ["in another order", commands([0, "b"], [100, "a"], [300, "c"]), 0],
    ["in order with others between", commands([0, "c"], [1, "a"], [2, "a"], [3, "b"], [4, "a"], [5, "c"]), 1],
    ["at one moment", commands([7, "c"], [7, "b"], [7, "a"]), 1],
    ["in order in more than five minutes", commands([0, "a"], [100, "b"], [301, "c"]), 0],
  ])("the example of the specification: %s", (_name, events, found) => {
    expect(episodesOf(file(recon("temporal_ordered"), ...RECON), events)).toHaveLength(found);
  });

  test.each<[string, string, readonly Timed[], number]>([
    ["two of three in order", "{ gte: 2 }", commands([0, "a"], [1, "c"]), 1],
    ["two of three in another order", "{ gte: 2 }", commands([0, "c"], [1, "a"]), 0],
    ["an expression in order", "recon_cmd_a and recon_cmd_b and not recon_cmd_c", commands([0, "a"], [1, "b"]), 1],
    ["an expression in another order", "recon_cmd_a and recon_cmd_b", commands([0, "b"], [1, "a"]), 0],
    ["what must not occur", "recon_cmd_a and not recon_cmd_c", commands([0, "a"], [1, "c"]), 0],
  ])("takes conditions: %s", (_name, condition, events, found) => {
    const text = file(`${recon("temporal_ordered")}    condition: ${condition}`, ...RECON);
    expect(episodesOf(text, events)).toHaveLength(found);
  });
});

describe("correlation: value_sum", () => {
  const text = file(
    `
title: Possible Exfiltration to Website
correlation:
    type: value_sum
    rules:
        - website_access
    group-by:
        - SourceIP
        - User
    timespan: 1h
    condition:
        field: bytes_sent
        gt: 1000000
`,
    "website_access",
  );
  const sent = (...list: readonly (readonly [number, number | string])[]): readonly Timed[] =>
    list.map(([minute, bytes]) => [
      minute * 60,
      { kind: "website_access", SourceIP: "192.0.2.1", User: "u", bytes_sent: bytes },
    ]);

  test.each<[string, readonly Timed[], number]>([
    ["more than a million in an hour", sent([0, 600_000], [30, 300_000], [60, 100_001]), 1],
    ["a million", sent([0, 600_000], [30, 300_000], [60, 100_000]), 0],
    ["more than a million in more than an hour", sent([0, 600_000], [61, 600_000]), 0],
    ["numbers written as text", sent([0, "600000"], [1, "600000"]), 1],
    ["what is no number", sent([0, "a lot"], [1, "9e9 bytes"], [2, 1_000_000]), 0],
  ])("the example of the specification: %s", (_name, events, found) => {
    expect(episodesOf(text, events)).toHaveLength(found);
  });

  test("is the sum without rounding on the way", () => {
    const tenths = file(
      "title: Sum\ncorrelation: { type: value_sum, rules: [a], group-by: [h], timespan: 1h, condition: { field: n, eq: 1 } }",
      "a",
    );
    expect(
      episodesOf(
        tenths,
        times(10, (index) => [index, { kind: "a", h: "h", n: 0.1 }]),
      ),
    ).toHaveLength(1);
  });
});

describe("correlation: value_avg", () => {
  const text = file(
    `
title: Suspicious average network traffic
correlation:
    type: value_avg
    rules:
        - rule_a_id
    group-by:
        - SourceIP
        - User
    timespan: 24h
    condition:
        field: BytesOut
        gt: 500
`,
    "rule_a_id",
  );
  const out = (...list: readonly number[]): readonly Timed[] =>
    list.map((bytes, index) => [index * 60, { kind: "rule_a_id", SourceIP: "192.0.2.1", User: "u", BytesOut: bytes }]);

  test.each<[string, readonly Timed[], number]>([
    ["an average above 500", out(100, 900, 501), 1],
    ["an average of 500", out(100, 900, 500), 0],
    ["a large value that is made up for", out(1_000, 1, 1), 0],
  ])("the example of the specification: %s", (_name, events, found) => {
    expect(episodesOf(text, events)).toHaveLength(found);
  });
});

describe("correlation: value_percentile", () => {
  const shares = file(
    `
title: A computer spawned a processes name in the last 24h than 1% of all the processes.
correlation:
    type: value_percentile
    rules:
        - process_creation
    group-by:
        - ComputerName
    timespan: 24h
    condition:
        field: image
        lte: 1
`,
    "process_creation",
  );
  const processes = (count: number, rare: number): readonly Timed[] =>
    times(count, (index) => [
      index * 60,
      { kind: "process_creation", ComputerName: "c", image: index < rare ? "rare.exe" : "usual.exe" },
    ]);

  test.each<[string, readonly Timed[], number]>([
    ["a process that is 1 % of all", processes(100, 1), 1],
    ["a process that is more than 1 % of all", processes(99, 1), 0],
    ["two of 200", processes(200, 2), 1],
    ["one process only", processes(100, 0), 0],
  ])("the example of the specification: %s", (_name, events, found) => {
    expect(episodesOf(shares, events)).toHaveLength(found);
  });

  test.each<[number, string, number]>([
    [90, "eq: 9.1", 1],
    [0, "eq: 1", 1],
    [100, "eq: 10", 1],
    [50, "eq: 5.5", 1],
    [90, "gt: 9.1", 0],
  ])("takes percentile %d of numbers by linear interpolation: %s", (percentile, comparison, found) => {
    const text = file(
      `title: P\ncorrelation: { type: value_percentile, rules: [a], group-by: [h], timespan: 1h, condition: { field: n, percentile: ${percentile}, ${comparison} } }`,
      "a",
    );
    const events = times(10, (index): Timed => [index, { kind: "a", h: "h", n: 10 - index }]);
    expect(episodesOf(text, events)).toHaveLength(found);
  });
});

describe("correlation: value_median", () => {
  const text = file(
    "title: M\ncorrelation: { type: value_median, rules: [a], group-by: [h], timespan: 1h, condition: { field: n, eq: 2.5 } }",
    "a",
  );
  test.each<[string, readonly number[], number]>([
    ["lies between the two in the middle", [9, 1, 2, 3], 1],
    ["is the one in the middle", [9, 1, 2], 0],
  ])("%s", (_name, numbers, found) => {
    expect(
      episodesOf(
        text,
        numbers.map((n, index): Timed => [index, { kind: "a", h: "h", n }]),
      ),
    ).toHaveLength(found);
  });
});

describe("correlation: aliases", () => {
  const text = `
title: Internal error and connection
correlation:
    type: temporal
    rules:
        - internal_error
        - new_network_connection
    group-by:
        - internal_ip
        - remote_ip
    timespan: 10s
    aliases:
        internal_ip:
            internal_error: destination.ip
            new_network_connection: source.ip
        remote_ip:
            internal_error: source.ip
            new_network_connection: destination.ip
---
${rule("internal_error", "{ selection: { http.response.status_code: 500 }, condition: selection }")}
---
${rule(
  "new_network_connection",
  "{ selection: { event.category: network, event.type: connection, event.outcome: success }, condition: selection }",
)}`;
  const error: JsonObject = {
    "http.response.status_code": 500,
    "source.ip": "198.51.100.1",
    "destination.ip": "10.0.0.1",
  };
  const connection = (source: string, destination: string): JsonObject => ({
    "event.category": "network",
    "event.type": "connection",
    "event.outcome": "success",
    "source.ip": source,
    "destination.ip": destination,
  });

  test("group by one address in different fields, as the example of the specification says", () => {
    expect(
      episodesOf(text, [
        [0, error],
        [10, connection("10.0.0.1", "198.51.100.1")],
      ]),
    ).toMatchObject([{ group: { internal_ip: "10.0.0.1", remote_ip: "198.51.100.1" } }]);
  });

  test("find nothing in the addresses the other way round", () => {
    expect(
      episodesOf(text, [
        [0, error],
        [10, connection("198.51.100.1", "10.0.0.1")],
      ]),
    ).toEqual([]);
  });
});

const CHAIN = `
title: Correlation - Multiple Failed Logins Followed by Successful Login
id: b180ead8-d58f-40b2-ae54-c8940995b9b6
status: experimental
description: Detects multiple failed logins by a single user followed by a successful login of that user
references:
    - https://reference.com
author: Florian Roth (Nextron Systems)
date: 2023-06-16
correlation:
    type: temporal_ordered
    rules:
        - multiple_failed_login
        - successful_login
    group-by:
        - User
    timespan: 10m
falsepositives:
    - Unlikely
level: high
---
title: Multiple failed logons
id: a8418a5a-5fc4-46b5-b23b-6c73beb19d41
description: Detects multiple failed logins within a certain amount of time
name: multiple_failed_login
correlation:
    type: event_count
    rules:
        - failed_login
    group-by:
        - User
    timespan: 10m
    condition:
        gte: 10
---
title: Single failed login
id: 53ba33fd-3a50-4468-a5ef-c583635cfa92
name: failed_login
logsource:
    product: windows
    service: security
detection:
    selection:
        EventID:
            - 529
            - 4625
    condition: selection
---
title: Successful login
id: 4d0a2c83-c62c-4ed4-b475-c7e23a9269b8
description: Detects a successful login
name: successful_login
logsource:
    product: windows
    service: security
detection:
    selection:
        EventID:
            - 528
            - 4624
    condition: selection
`;

describe("correlation: chains", () => {
  const failed = (count: number, from: number, more: JsonObject = {}): readonly Timed[] =>
    times(count, (index) => [from + index * 10, { EventID: 4625, User: "u", ...more }]);
  const success = (second: number, user = "u"): Timed => [second, { EventID: 4624, User: user }];

  test.each<[string, readonly Timed[], number]>([
    ["ten failures and then a success", [...failed(10, 0), success(300)], 1],
    ["nine failures and then a success", [...failed(9, 0), success(300)], 0],
    ["a success before the tenth failure", [...failed(9, 0), success(85), ...failed(1, 90)], 0],
    ["a success of another user", [...failed(10, 0), success(300, "v")], 0],
    ["a success too late", [...failed(10, 0), success(691)], 0],
    ["failures that go on after the success", [...failed(10, 0), success(95), ...failed(5, 100)], 1],
    ["a success after hours of guessing", [...failed(1_000, 0), success(10_100)], 1],
  ])("the example of the specification: %s", (_name, events, found) => {
    const episodes = episodesOf(CHAIN, events);
    expect(episodes).toHaveLength(found);
    expect(episodes.every(({ alerts, rule: { level } }) => alerts && level === "high")).toBe(true);
  });

  test("group by what the inner correlation does not group by, as the note in the specification says", () => {
    const byComputer = CHAIN.replace(/(failed_login\n {4}group-by:\n {8}- )User/, "$1ComputerName");
    const spread = times(10, (index): Timed => [
      index,
      { EventID: 4625, User: index < 9 ? "v" : "u", ComputerName: "c" },
    ]);
    expect(episodesOf(byComputer, [...spread, success(60, "u")])).toHaveLength(1);
    expect(episodesOf(byComputer, [...spread, success(60, "v")])).toEqual([]);
  });

  test("count each episode of the inner correlation once", () => {
    const twice = CHAIN.replace("temporal_ordered", "event_count").replace(
      /rules:\n {8}- multiple_failed_login\n {8}- successful_login\n {4}group-by:\n {8}- User\n {4}timespan: 10m/,
      "rules: [multiple_failed_login]\n    group-by: [User]\n    timespan: 1d\n    condition: { gte: 2 }",
    );
    expect(episodesOf(twice, failed(50, 0))).toEqual([]);
    const [episode] = episodesOf(twice, [...failed(10, 0), ...failed(10, 4_000)]);
    expect(episode?.factIds).toHaveLength(2);
  });
});

describe("correlation: generate", () => {
  test.each([
    [false, [false, true]],
    [true, [true, true]],
  ])("%s decides whether the rules listed make alerts of their own", (generate, alerts) => {
    const text = file(
      `title: G\nid: g\ngenerate: ${generate}\ncorrelation: { type: event_count, rules: [a], group-by: [h], timespan: 1m, condition: { gte: 1 } }`,
      "a",
    );
    const { rules } = loadRules([{ path: "g.yml", text }]);
    const { facts } = createDetector(rules, { mappings: [MAPPING] }).judge({
      id: "e",
      time: 0,
      document: { kind: "a", h: "h" },
    });
    const correlator = createCorrelator(rules, { lateness: 0 });
    for (const fact of facts) correlator.observe(fact);
    expect([...facts, ...correlator.takeChanges().episodes].map((finding) => finding.alerts)).toEqual(alerts);
  });
});

describe("correlation: withdrawal", () => {
  test("reports the end of an episode that a late event made untrue, and a new one under an id of its own", () => {
    const { rules } = loadRules([
      {
        path: "w.yml",
        text: file(
          "title: W\nid: w\ncorrelation: { type: event_count, rules: [a], group-by: [h], timespan: 1m, condition: { lt: 2 } }",
          "a",
        ),
      },
    ]);
    const detector = createDetector(rules, { mappings: [MAPPING] });
    const correlator = createCorrelator(rules, { lateness: 3_600_000 });
    const take = (id: string, time: number): readonly Episode[] => {
      for (const fact of detector.judge({ id, time, document: { kind: "a", h: "h" } }).facts) correlator.observe(fact);
      return correlator.takeChanges().episodes;
    };
    const [before] = take("first", 10_000);
    expect(before).toMatchObject({ revision: 1, final: false });
    expect(take("second", 5_000)).toMatchObject([{ id: before?.id, revision: 2, final: true, withdrawn: true }]);
    expect(take("third", 200_000)).toMatchObject([{ revision: 1, final: false, from: 200_000 }]);
  });
});
