import { describe, expect, test } from "vitest";
import { compareAlerts, type OurFinding, type TheirAlert } from "./compare-alerts.ts";
import { ALERT_PRESETS, presetOf, readAlert, valuesAt } from "./their-alerts.ts";

const NOON = Date.UTC(2026, 0, 1, 12);
const span = { from: NOON - 60_000, to: NOON + 3_600_000 };
const options = { map: new Map<string, readonly string[]>(), window: 60_000, span };

const alert = (given: Partial<TheirAlert> = {}): TheirAlert => ({
  place: "a/1",
  rule: "Theirs",
  time: NOON,
  documents: [],
  entities: [],
  ...given,
});
const finding = ({ time = NOON, ...given }: Partial<OurFinding> & { time?: number } = {}): OurFinding => ({
  id: "f1",
  rule: { id: "r1", title: "Ours" },
  shadow: true,
  from: time,
  to: time,
  documents: ["logs/1"],
  entities: [],
  ...given,
});
const mapped = { ...options, map: new Map([["theirs", ["r1"]]]) };

describe("an alert and a finding are the same", () => {
  const cases: readonly (readonly [string, TheirAlert, OurFinding, typeof options, string | undefined])[] = [
    [
      "when they share an event",
      alert({ documents: ["logs/1"] }),
      finding({ time: NOON + 900_000 }),
      options,
      "document",
    ],
    ["when they share an event whose index is not told", alert({ documents: ["/1"] }), finding(), options, "document"],
    [
      "when ids have slashes",
      alert({ documents: ["/a/b"] }),
      finding({ documents: ["logs/a/b"] }),
      options,
      "document",
    ],
    ["not for events of another index with that id", alert({ documents: ["other/1"] }), finding(), options, undefined],
    ["when mapped rules find near each other", alert(), finding({ time: NOON + 60_000 }), mapped, "time"],
    ["not when they are too far apart", alert(), finding({ time: NOON + 60_001 }), mapped, undefined],
    [
      "when an episode goes on at the time of the alert",
      alert(),
      finding({ from: NOON - 900_000, to: NOON + 900_000 }),
      mapped,
      "time",
    ],
    [
      "when mapped rules share an entity",
      alert({ entities: ["ANA"] }),
      finding({ entities: ["ana"] }),
      mapped,
      "entity",
    ],
    ["not when their entities differ", alert({ entities: ["ana"] }), finding({ entities: ["bob"] }), mapped, undefined],
    ["when their rules have the same name", alert({ rule: "ours" }), finding(), options, "time"],
    ["not when nothing connects their rules", alert(), finding(), options, undefined],
  ];
  test.each(cases)("%s", (_, theirs, ours, how, by) => {
    const compared = compareAlerts([theirs], [ours], how);
    expect(compared.theirs[0]?.by).toBe(by);
    expect(compared.ours.map((one) => one.theirs)).toEqual([by === undefined ? 0 : 1]);
  });
});

test("takes the mapped rule where several find an event, and any rule where it does not", () => {
  const both = [finding(), finding({ id: "f2", rule: { id: "r2", title: "Another" } })];
  const ids = (rules: string): readonly string[] | undefined =>
    compareAlerts([alert({ documents: ["logs/1"] })], both, {
      ...options,
      map: new Map([["Theirs", [rules]]]),
    }).theirs[0]?.ours.map(({ id }) => id);
  expect([ids("r2"), ids("r9")]).toEqual([["f2"], ["f1", "f2"]]);
});

test("tells what was told twice, by either", () => {
  const twice = [alert({ documents: ["logs/1"] }), alert({ place: "a/2", documents: ["logs/1"], time: NOON + 1 })];
  const { theirs, ours } = compareAlerts(twice, [finding(), finding({ id: "f1.abc" })], options);
  expect(theirs.map(({ isDouble }) => isDouble)).toEqual([false, true]);
  expect(ours.map(({ isDouble }) => isDouble)).toEqual([false, true]);
});

test("compares with what is outside of the span, and does not tell of it", () => {
  const early = finding({ time: span.from - 1 });
  const { theirs, ours } = compareAlerts([alert({ time: span.from, documents: ["logs/1"] })], [early], options);
  expect([theirs.map(({ by }) => by), ours]).toEqual([["document"], []]);
});

describe("alerts of others", () => {
  test.each([
    ["nested", { a: { b: { c: 1 } } }, [1]],
    ["in one name", { "a.b.c": 1 }, [1]],
    ["in parts of names", { "a.b": [{ c: 1 }, { c: [2, 3] }] }, [1, 2, 3]],
    ["missing", { a: { b: null } }, []],
  ])("are read where values are %s", (_, document, values) => {
    expect(valuesAt(document, "a.b.c")).toEqual(values);
  });

  test("are read from Elastic Security's index", () => {
    const document = {
      "@timestamp": "2026-01-01T12:05:00.000Z",
      "kibana.alert.rule.name": "Whoami",
      "kibana.alert.original_time": "2026-01-01T12:00:00.000Z",
      "kibana.alert.ancestors": [
        { id: "1", type: "event", index: ".ds-logs-windows-default-2026.01.01-000001", depth: 0 },
      ],
      host: { name: "pc" },
    };
    expect(readAlert(document, "a/1", ALERT_PRESETS["elastic-security"])).toEqual(
      alert({ rule: "Whoami", documents: ["logs-windows-default/1"], entities: ["pc"] }),
    );
  });

  test("keep only the ids of events whose index is a pattern", () => {
    const document = {
      "@timestamp": "2026-01-01T12:00:00.000Z",
      "kibana.alert": { rule: { name: "Many" }, ancestors: [{ id: "u", index: "logs-*,winlogbeat-*" }] },
    };
    expect(readAlert(document, "a/1", ALERT_PRESETS["elastic-security"])?.documents).toEqual(["/u"]);
  });

  test.each([
    [".alerts-security.alerts-default", "elastic-security"],
    ["elastalert_status", "elastalert2"],
    ["my-alerts", "ecs"],
  ])("are known by their index %s", (pattern, preset) => expect(presetOf(pattern)).toBe(preset));
});
