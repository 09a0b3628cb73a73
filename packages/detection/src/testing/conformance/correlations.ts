import type { JsonObject } from "../../event.ts";
import type { ConformanceEntry, ConformanceTimeline } from "./entry.ts";

const rule = (name: string): string =>
  `title: Rule ${name}\nid: rule-${name}\nname: ${name}\nlogsource: { product: windows }\ndetection: { selection: { kind: ${name} }, condition: selection }\n`;
const RULES = ["a", "b", "c"].map(rule).join("---\n");
/** A file of three rules and a correlation around the lines below `correlation:`. */
const file = (lines: string, attributes = ""): string =>
  `title: Correlation\nid: correlation\n${attributes}correlation:\n${lines
    .trim()
    .split("\n")
    .map((line) => `    ${line.trim()}`)
    .join("\n")}\n---\n${RULES}`;
const section = (type: string, condition: string, rules = "[a]", groupBy = "[user]", timespan = "1m"): string =>
  `type: ${type}\nrules: ${rules}\ngroup-by: ${groupBy}\ntimespan: ${timespan}${condition === "" ? "" : `\ncondition: ${condition}`}`;

type Timed = readonly [number, JsonObject];
const one = (seconds: number, kind = "a", more: JsonObject = {}): Timed => [seconds, { kind, user: "eve", ...more }];
const every = (seconds: readonly number[]): readonly Timed[] => seconds.map((second) => one(second));
const found = (...events: readonly Timed[]): ConformanceTimeline => ({ events, episodes: 1 });
const none = (...events: readonly Timed[]): ConformanceTimeline => ({ events, episodes: 0 });
const bytes = (...numbers: readonly number[]): readonly Timed[] =>
  numbers.map((number, index) => one(index * 5, "a", { bytes: number }));

type Short = Omit<ConformanceEntry, "text" | "section">;
const of = (heading: string, entries: readonly Short[]): readonly ConformanceEntry[] =>
  entries.map((entry) => ({ text: "correlations", section: heading, ...entry }));

const attribute = (heading: string, feature: string, text: string): readonly ConformanceEntry[] =>
  of(heading, [
    { feature, yaml: file(section("event_count", "{ gte: 2 }"), text), timelines: [found(...every([0, 1]))] },
  ]);

const ATTRIBUTES = [
  ...of("Expression of Relationships In The Condition of Sigma Rules", [
    {
      feature: "the obsolete aggregations in conditions are refused",
      yaml: rule("a").replace("condition: selection", "'condition': 'selection | count() > 5'"),
      refused: "rule-condition-aggregation",
    },
  ]),
  ...of("Schema", [
    {
      feature: "an unknown key of the section is refused",
      yaml: file(`${section("event_count", "{ gte: 2 }")}\nwindow: 5m`),
      refused: "rule-unknown-value",
    },
  ]),
  ...of("Syntax", [
    {
      feature: "a correlation is a document of its own, before or after its rules",
      yaml: file(section("event_count", "{ gte: 2 }")).split("---\n").toReversed().join("---\n"),
      timelines: [found(...every([0, 1]))],
    },
  ]),
  ...of("Title", [
    {
      feature: "is mandatory",
      yaml: file(section("event_count", "{ gte: 2 }")).replace("title: Correlation\n", ""),
      refused: "rule-missing-key",
    },
  ]),
  ...attribute("Identification", "`name`", "name: many\n"),
  ...attribute("Status", "`status`", "status: test\n"),
  ...attribute("Description", "`description`", "description: Many.\n"),
  ...attribute("Author", "`author`", "author: A\n"),
  ...attribute("References", "`references`", "references: [https://example.com/]\n"),
  ...attribute("Date", "`date`", "date: 2026-11-21\n"),
  ...attribute("Modified", "`modified`", "modified: 2026-11-21\n"),
  ...attribute("Taxonomy", "`taxonomy`", "taxonomy: ecs\n"),
  ...attribute("FalsePositives", "`falsepositives`", "falsepositives: [Unknown]\n"),
  ...attribute("Level", "`level`", "level: high\n"),
  ...attribute("Generate", "`generate`", "generate: true\n"),
];

const SECTION = [
  ...of("Correlation type", [
    {
      feature: "another type is refused",
      yaml: file(section("evnt_count", "{ gte: 2 }")),
      refused: "rule-correlation-type",
    },
  ]),
  ...of("Related rules", [
    {
      feature: "by name and by id",
      yaml: file(section("event_count", "{ gte: 2 }", "[a, rule-b]")),
      timelines: [found(one(0), one(1, "b")), none(one(0), one(1, "c"))],
    },
    {
      feature: "a rule that is not loaded is refused",
      yaml: file(section("event_count", "{ gte: 2 }", "[nobody]")),
      refused: "rule-correlation-reference",
    },
    {
      feature: "a chain of correlations",
      yaml: `${file(section("temporal_ordered", "", "[many, b]", "[user]", "10m"))}---\ntitle: Many\nid: many-id\nname: many\ncorrelation: { type: event_count, rules: [a], group-by: [user], timespan: 1m, condition: { gte: 3 } }\n`,
      timelines: [
        found(...every([0, 1, 2]), one(100, "b")),
        none(...every([0, 1]), one(100, "b")),
        none(one(0, "b"), ...every([100, 101, 102])),
      ],
    },
  ]),
  ...of("Aliases", [
    {
      feature: "a name stands for another field in each rule",
      yaml: file(
        `${section("temporal", "", "[a, b]", "[address]")}\naliases: { address: { a: source, b: destination } }`,
      ),
      timelines: [
        found(one(0, "a", { source: "x" }), one(1, "b", { destination: "x" })),
        none(one(0, "a", { source: "x" }), one(1, "b", { source: "x" })),
      ],
    },
    {
      feature: "an alias of a rule that is not listed is refused",
      yaml: file(`${section("event_count", "{ gte: 2 }", "[a]", "[x]")}\naliases: { x: { b: y } }`),
      refused: "rule-correlation-reference",
    },
  ]),
  ...of("Grouping", [
    {
      feature: "events of one value of the field",
      yaml: file(section("event_count", "{ gte: 2 }")),
      timelines: [found(...every([0, 1])), none(one(0), one(1, "a", { user: "bob" }))],
    },
    {
      feature: "several fields together",
      yaml: file(section("event_count", "{ gte: 2 }", "[a]", "[user, host]")),
      timelines: [
        found(one(0, "a", { host: 1 }), one(1, "a", { host: 1 })),
        none(one(0, "a", { host: 1 }), one(1, "a", { host: 2 })),
      ],
    },
  ]),
  ...of("Time Selection", [
    {
      feature: "`s`",
      yaml: file(section("event_count", "{ gte: 2 }", "[a]", "[user]", "30s")),
      timelines: [found(...every([0, 30])), none(...every([0, 31]))],
    },
    {
      feature: "`m`",
      yaml: file(section("event_count", "{ gte: 2 }", "[a]", "[user]", "90m")),
      timelines: [found(...every([0, 5_400])), none(...every([0, 5_401]))],
    },
    {
      feature: "`h`",
      yaml: file(section("event_count", "{ gte: 2 }", "[a]", "[user]", "1h")),
      timelines: [found(...every([0, 3_600])), none(...every([0, 3_601]))],
    },
    {
      feature: "`d`",
      yaml: file(section("event_count", "{ gte: 2 }", "[a]", "[user]", "1d")),
      timelines: [found(...every([0, 86_400])), none(...every([0, 86_401]))],
    },
    {
      feature: "an upper-case unit is refused",
      yaml: file(section("event_count", "{ gte: 2 }", "[a]", "[user]", "5M")),
      refused: "rule-correlation-timespan",
    },
  ]),
  ...of("Condition", [
    {
      feature: "`gt`",
      yaml: file(section("event_count", "{ gt: 2 }")),
      timelines: [found(...every([0, 1, 2])), none(...every([0, 1]))],
    },
    {
      feature: "`gte`",
      yaml: file(section("event_count", "{ gte: 2 }")),
      timelines: [found(...every([0, 1])), none(one(0))],
    },
    { feature: "`lt`", yaml: file(section("event_count", "{ lt: 2 }")), timelines: [found(one(0)), none()] },
    { feature: "`lte`", yaml: file(section("event_count", "{ lte: 1 }")), timelines: [found(one(0)), none()] },
    { feature: "`eq`", yaml: file(section("event_count", "{ eq: 1 }")), timelines: [found(one(0)), none()] },
    {
      feature: "`neq`",
      yaml: file(section("event_count", "{ neq: 1 }")),
      timelines: [found(...every([0, 1])), none(one(0))],
    },
    {
      feature: "a range",
      yaml: file(section("event_count", "{ gt: 1, lte: 3 }")),
      timelines: [found(...every([0, 1])), none(one(0))],
    },
    {
      feature: "a count that is no number is refused",
      yaml: file(section("event_count", "{ gte: many }")),
      refused: "rule-correlation-condition",
    },
    {
      feature: "an expression over rules",
      yaml: file(section("temporal", "a and (b or c)", "[a, b, c]")),
      timelines: [found(one(0), one(1, "c")), none(one(0, "b"), one(1, "c"))],
    },
  ]),
];

const shown = (type: string, heading: string, entries: readonly Short[]): readonly ConformanceEntry[] =>
  of(heading, entries).map((entry) => ({ ...entry, topics: [`correlation ${type}`] }));

const TYPES = [
  ...shown("event_count", "Event Count (event_count)", [
    {
      feature: "counts events",
      yaml: file(section("event_count", "{ gte: 3 }")),
      timelines: [
        found(...every([0, 30, 60])),
        none(...every([0, 30, 61])),
        { events: every([0, 1, 2, 500, 501, 502]), episodes: 2 },
      ],
    },
    { feature: "needs a condition", yaml: file(section("event_count", "")), refused: "rule-missing-key" },
  ]),
  ...shown("value_count", "Value Count (value_count)", [
    {
      feature: "counts different values of a field",
      yaml: file(section("value_count", "{ field: ip, gte: 2 }")),
      timelines: [
        found(one(0, "a", { ip: 1 }), one(1, "a", { ip: 2 })),
        none(one(0, "a", { ip: 1 }), one(1, "a", { ip: 1 })),
      ],
    },
    {
      feature: "counts values of several fields together",
      yaml: file(section("value_count", "{ field: [ip, port], gte: 2 }")),
      timelines: [
        found(one(0, "a", { ip: 1, port: 1 }), one(1, "a", { ip: 1, port: 2 })),
        none(one(0, "a", { ip: 1, port: 1 }), one(1, "a", { ip: 1, port: 1 })),
      ],
    },
    {
      feature: "needs a field",
      yaml: file(section("value_count", "{ gte: 2 }")),
      refused: "rule-correlation-condition",
    },
  ]),
  ...shown("temporal", "Temporal Proximity (temporal)", [
    {
      feature: "all rules in any order",
      yaml: file(section("temporal", "", "[a, b, c]")),
      timelines: [
        found(one(0, "c"), one(1), one(60, "b")),
        none(one(0, "c"), one(1), one(61, "b")),
        none(one(0), one(1, "b")),
      ],
    },
  ]),
  ...shown("temporal_ordered", "Ordered Temporal Proximity (temporal_ordered)", [
    {
      feature: "all rules in their order",
      yaml: file(section("temporal_ordered", "", "[a, b, c]")),
      timelines: [found(one(0), one(1, "b"), one(2, "c")), none(one(0), one(1, "c"), one(2, "b"))],
    },
  ]),
  ...shown("value_sum", "Value Sum (value_sum)", [
    {
      feature: "compares the sum of a field",
      yaml: file(section("value_sum", "{ field: bytes, gt: 10 }")),
      timelines: [found(...bytes(5, 6)), none(...bytes(5, 5))],
    },
  ]),
  ...shown("value_avg", "Value Average (value_avg)", [
    {
      feature: "compares the average of a field",
      yaml: file(section("value_avg", "{ field: bytes, gt: 5 }")),
      timelines: [found(...bytes(6)), none(...bytes(5, 5))],
    },
  ]),
  ...shown("value_percentile", "Value Percentile (value_percentile)", [
    {
      feature: "compares a percentile of a field",
      yaml: file(section("value_percentile", "{ field: bytes, percentile: 50, gt: 5 }")),
      timelines: [found(...bytes(6, 7, 8)), none(...bytes(1, 2, 3))],
    },
    {
      feature: "compares the share that a value has",
      yaml: file(section("value_percentile", "{ field: bytes, gt: 60 }")),
      timelines: [found(...bytes(1, 1, 1, 2)), none()],
    },
  ]),
  ...shown("value_median", "Value Percentile (value_percentile)", [
    {
      feature: "`value_median` is the percentile 50",
      yaml: file(section("value_median", "{ field: bytes, gt: 5 }")),
      timelines: [found(...bytes(6, 7, 8)), none(...bytes(1, 2, 3))],
    },
  ]),
  ...of("Field Name Aliases", [
    {
      feature: "aliases of several rules",
      yaml: file(`${section("temporal", "", "[a, b]", "[ip]")}\naliases: { ip: { a: source.ip, b: destination.ip } }`),
      timelines: [
        found(one(0, "a", { "source.ip": "x" }), one(1, "b", { "destination.ip": "x" })),
        none(one(0, "a", { "source.ip": "x" }), one(1, "b", { "destination.ip": "y" })),
      ],
    },
  ]),
];

/** The correlation specification; docs/correlation.md says more of what a window and an episode are. */
export const CORRELATION_ENTRIES: readonly ConformanceEntry[] = [...ATTRIBUTES, ...SECTION, ...TYPES];
