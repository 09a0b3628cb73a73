import type { Alert } from "@vedette/api";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OCSF_VERSION } from "@vedette/semconv";
import { sampleAlert, sampleEpisode, sampleFact } from "../testing/store-samples.ts";
import { toOcsf } from "./ocsf.ts";

/** What OCSF 1.3.0 asks of each object that a Detection Finding is made of here. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  "": ["activity_id", "category_uid", "class_uid", "finding_info", "metadata", "severity_id", "time", "type_uid"],
  finding_info: ["uid", "title"],
  "finding_info.analytic": ["type_id"],
  "finding_info.related_events[]": ["uid"],
  metadata: ["product", "version"],
  "metadata.product": ["vendor_name"],
  "observables[]": ["name", "type_id"],
};
/** At least one of these. */
const ONE_OF: Readonly<Record<string, readonly string[]>> = {
  "finding_info.attacks[]": ["tactic", "technique", "sub_technique"],
  "evidences[]": [
    "actor",
    "api",
    "connection_info",
    "data",
    "dst_endpoint",
    "file",
    "process",
    "query",
    "src_endpoint",
  ],
};
/** Values that OCSF 1.3.0 knows. */
const ENUMS: Readonly<Record<string, readonly number[]>> = {
  activity_id: [0, 1, 2, 3, 99],
  category_uid: [2],
  class_uid: [2004],
  severity_id: [0, 1, 2, 3, 4, 5, 6, 99],
  status_id: [0, 1, 2, 3, 4, 99],
  confidence_id: [0, 1, 2, 3, 99],
  risk_level_id: [0, 1, 2, 3, 4, 99],
  "finding_info.analytic.type_id": [0, 1, 2, 3, 4, 5, 99],
  "observables[].type_id": [...Array.from({ length: 48 }, (_, at) => at), 99],
};
/** Attributes whose name of a value goes with its number: only for 99 it may be any. */
const NAMED: readonly (readonly [id: string, name: string])[] = [
  ["activity_id", "activity_name"],
  ["severity_id", "severity"],
  ["status_id", "status"],
];

/** All objects at a path such as `finding_info.attacks[]`. */
function at(value: unknown, path: string): unknown[] {
  return path === ""
    ? [value]
    : path.split(".").reduce<unknown[]>(
        (found, step) => {
          const name = step.replace("[]", "");
          return found.flatMap((one) => {
            const next = (one as Record<string, unknown>)[name];
            if (next === undefined) return [];
            return step.endsWith("[]") ? next : [next];
          });
        },
        [value],
      );
}

function problemsOf(finding: Readonly<Record<string, unknown>>): string[] {
  const problems: string[] = [];
  for (const [path, names] of Object.entries(REQUIRED))
    for (const one of at(finding, path))
      for (const name of names)
        if ((one as Record<string, unknown>)[name] === undefined) problems.push(`${path}.${name} is missing`);
  for (const [path, names] of Object.entries(ONE_OF))
    for (const one of at(finding, path))
      if (!names.some((name) => (one as Record<string, unknown>)[name] !== undefined))
        problems.push(`${path} has none`);
  for (const [path, values] of Object.entries(ENUMS))
    for (const value of at(finding, path))
      if (!values.includes(value as number)) problems.push(`${path} is ${String(value)}`);
  for (const path of ["time", "start_time", "end_time", "finding_info.created_time", "finding_info.modified_time"])
    for (const value of at(finding, path)) if (!Number.isInteger(value)) problems.push(`${path} is ${String(value)}`);
  if (finding["type_uid"] !== 200_400 + (finding["activity_id"] as number)) problems.push("type_uid does not fit");
  for (const [id, name] of NAMED)
    if (typeof finding[id] !== "number" || !finding[name]) problems.push(`${name} is missing`);
  return problems;
}

const findingOf = (alert: Alert, more: Partial<Parameters<typeof toOcsf>[0]> = {}) =>
  toOcsf({ alert, findings: [sampleFact("f1"), sampleEpisode("p1")], history: [], productVersion: "1.2.3", ...more });

describe("an alert as an OCSF Detection Finding", () => {
  test("has what the class requires, and values that it knows, whatever the alert", () => {
    fc.assert(
      fc.property(
        fc.record({
          severity: fc.constantFrom("informational", "low", "medium", "high", "critical" as const),
          status: fc.constantFrom("open", "acknowledged", "closed" as const),
          revision: fc.integer({ min: 1, max: 9 }),
          openedAt: fc.double({ min: 0, max: 1e13, noNaN: true }),
          techniques: fc.uniqueArray(fc.constantFrom("T1110", "T1110.004")),
          tactics: fc.uniqueArray(fc.constantFrom("credential-access", "something-new")),
          entities: fc.array(
            fc.record({
              kind: fc.constantFrom("address", "user", "host", "service", "session", "api_key", "agent" as const),
              value: fc.constantFrom("203.0.113.7", "2001:db8::1", "x"),
            }),
          ),
        }),
        fc.option(
          fc.constantFrom("true_positive", "benign_positive", "false_positive", "duplicate", "other" as const),
          {
            nil: undefined,
          },
        ),
        (more, closeReason) => {
          const alert = sampleAlert("a1", { ...more, ...(closeReason === undefined ? {} : { closeReason }) });
          expect(problemsOf(findingOf(alert))).toEqual([]);
          expect(problemsOf(findingOf(alert, { findings: [] }))).toEqual([]);
        },
      ),
    );
  });

  test("notices what is missing", () => {
    const { time: _, ...rest } = findingOf(sampleAlert("a1"));
    expect(problemsOf({ ...rest, severity_id: 7, evidences: [{}] })).toEqual([
      ".time is missing",
      "evidences[] has none",
      "severity_id is 7",
    ]);
  });

  test.each<[string, Partial<Alert>, Record<string, unknown>]>([
    ["new", {}, { activity_id: 1, type_uid: 200_401, status_id: 1, status: "New", time: 3_000 }],
    ["changed", { revision: 2 }, { activity_id: 2, type_uid: 200_402, status_id: 1, time: 9_000 }],
    ["looked at", { revision: 2, status: "acknowledged" }, { activity_id: 2, status_id: 2 }],
    [
      "resolved",
      { revision: 3, status: "closed", closeReason: "true_positive" },
      { activity_id: 3, type_uid: 200_403, status_id: 4, status_detail: "true_positive" },
    ],
    ["a mistake", { revision: 3, status: "closed", closeReason: "false_positive" }, { activity_id: 3, status_id: 3 }],
    ["merged", { revision: 3, mergedInto: "a0" }, { activity_id: 3, status_id: 3 }],
    ["critical", { severity: "critical" }, { severity_id: 5, severity: "Critical", risk_level_id: 4 }],
    ["informational", { severity: "informational" }, { severity_id: 1, risk_level_id: 0 }],
  ])("tells of one that is %s", (_name, more, expected) => {
    const history = [{ subject: "a1", time: 8_999.6, actor: "ann", change: "status" }];
    expect(findingOf(sampleAlert("a1", more), { history })).toMatchObject(expected);
  });

  test("names rule, techniques, events, entities and confidence", () => {
    const priority = {
      score: 56.4,
      factors: [
        { name: "severity", points: 70, reason: "" },
        { name: "confidence", points: -14, reason: "" },
      ],
    };
    const entities: Alert["entities"] = [
      { kind: "address", value: "203.0.113.7" },
      { kind: "user", value: "ann" },
      { kind: "service", value: "shop" },
    ];
    const finding = findingOf(sampleAlert("a1", { priority, entities, techniques: ["T1110", "T1110.004"] }));
    expect(finding).toMatchObject({
      confidence_id: 2,
      confidence: "Medium",
      confidence_score: 80,
      risk_score: 56,
      metadata: {
        version: OCSF_VERSION,
        uid: "a1.1",
        product: { name: "Vedette", vendor_name: "Vedette", version: "1.2.3" },
      },
      finding_info: {
        uid: "a1",
        title: "An alert",
        analytic: { type_id: 1, uid: "rule-1", name: "A rule" },
        attacks: [
          { technique: { uid: "T1110" } },
          { technique: { uid: "T1110" }, sub_technique: { uid: "T1110.004" } },
          { tactic: { uid: "TA0006", name: "Credential Access" } },
        ],
        related_events: [{ uid: "event-f1" }, { uid: "e1" }, { uid: "e2" }],
      },
      observables: [
        { name: "evidences[].src_endpoint.ip", type_id: 2, value: "203.0.113.7" },
        { name: "evidences[].actor.user.name", type_id: 4, value: "ann" },
        { name: "evidences[].data.service", type_id: 99, type: "service", value: "shop" },
      ],
    });
    const hash = "0123456789abcdef0123456789abcdef";
    expect(findingOf(sampleAlert("a2", { entities: [{ kind: "user", value: hash }] }))).toMatchObject({
      observables: [{ name: "evidences[].actor.user.uid", type_id: 99, type: "user", value: hash }],
    });
    for (const { name, value } of finding["observables"] as { name: string; value: string }[])
      expect(at(finding, name), name).toContain(value);
    expect(JSON.stringify(finding["evidences"])).toContain('"finding_uid":"f1"');
  });
});
