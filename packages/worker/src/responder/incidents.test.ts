import type { Alert } from "@vedette/api";
import type { Entity } from "@vedette/detection";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AlertFold } from "../alerter/alert-fold.ts";
import type { LineRule, PlacedFinding } from "../detector/line-rule.ts";
import { StepDraft } from "../detector/step-draft.ts";
import { INCIDENT_LIMITS, summarize } from "./incident-document.ts";
import { IncidentFold } from "./incidents.ts";

const WINDOW = 10;
const GAP = 15;

const rule = (id: string, level: LineRule["level"]): LineRule => ({
  id,
  title: `Rule ${id}`,
  description: "",
  status: "stable",
  level,
  tags: [],
  revision: "r",
  extension: { kind: "security", suppression: { by: ["key"], window: WINDOW }, response: [] },
});
const RULES = [rule("a", "low"), rule("b", "medium"), rule("c", "high")];
const rules = new Map(RULES.map((one) => [one.id, one]));

interface Sample {
  readonly id: string;
  readonly rule: string;
  readonly key: string;
  readonly from: number;
  readonly length: number;
  readonly entities: readonly Entity[];
}

const entity = fc.record({
  kind: fc.constantFrom<Entity["kind"]>("address", "user", "service"),
  value: fc.constantFrom("1", "2", "3", "4"),
});
const sample = fc.record({
  rule: fc.constantFrom("a", "b", "c"),
  key: fc.constantFrom("x", "y"),
  from: fc.integer({ min: 0, max: 150 }),
  length: fc.constantFrom(0, 0, 0, 4, 12),
  entities: fc.array(entity, { maxLength: 2 }),
});
const samples = fc
  .array(sample, { minLength: 1, maxLength: 25 })
  .map((list) => list.map((one, index): Sample => ({ ...one, id: `finding-${index}` })));

const placed = ({ id, rule: ruleId, key, from, length, entities }: Sample): PlacedFinding => {
  const { title, level, revision } = rules.get(ruleId) as LineRule;
  return {
    id,
    kind: length === 0 ? "fact" : "episode",
    rule: { id: ruleId, title, level, revision },
    suppressionKey: key,
    from,
    to: from + length,
    eventCount: 1,
    entities,
    values: {},
    final: true,
    merged: false,
  };
};

/** Folds findings in the given order, so many in a step, restarting from the blobs in between when asked. */
function fold(order: readonly Sample[], stepSize: number, restarts: boolean) {
  const blobs = new Map<string, string>();
  const alerts = new Map<string, Alert>();
  const incidents = new Map<string, NonNullable<ReturnType<IncidentFold["incident"]>>>();
  const make = () => {
    const alertFold = new AlertFold({ tenant: "default", rules, window: WINDOW, notifiers: [] });
    const incidentFold = new IncidentFold({
      tenant: "default",
      gap: GAP,
      alert: (id) => alertFold.alert(id),
      replaceAlert: (alert, draft) => alertFold.replace(alert, draft),
    });
    alertFold.restore(blobs, alerts);
    incidentFold.restore(blobs, incidents);
    return { alertFold, incidentFold };
  };
  let folds = make();
  for (let next = 0; next < order.length; next += stepSize) {
    const draft = new StepDraft(1_000 + next);
    for (const one of order.slice(next, next + stepSize)) {
      const finding = placed(one);
      const alertId = folds.alertFold.add(finding, draft);
      if (alertId !== undefined) folds.incidentFold.observe(alertId, finding);
    }
    folds.incidentFold.finish(draft, folds.alertFold.finish(draft));
    const commit = draft.toCommit("step");
    for (const { key, value } of commit.blobs ?? []) {
      if (value === null) blobs.delete(key);
      else blobs.set(key, value);
    }
    for (const alert of commit.alerts ?? []) alerts.set(alert.id, alert);
    for (const incident of commit.incidents ?? []) incidents.set(incident.id, incident);
    if (restarts) folds = make();
  }
  const live = [...alerts.values()].filter(({ mergedInto }) => mergedInto === undefined);
  return {
    alerts,
    live,
    incidents: [...incidents.values()],
    liveIncidents: [...incidents.values()].filter(({ mergedInto }) => mergedInto === undefined),
  };
}

/** Groups in an order that only depends on what is in them. */
const inOrder = (groups: readonly (readonly string[])[]): readonly (readonly string[])[] =>
  [...groups].sort((one, other) => (one.join() < other.join() ? -1 : 1));

const describeAlert = ({ rule: { id }, suppressionKey, firstSeen, lastSeen, findingCount }: Alert): string =>
  [id, suppressionKey, firstSeen, lastSeen, findingCount].join(" ");

/** Components by comparing everything with everything. */
function components<T>(things: readonly T[], isRelated: (a: T, b: T) => boolean): T[][] {
  let groups = things.map((thing) => [thing]);
  for (let joined = true; joined;) {
    joined = false;
    for (const group of groups) {
      const other = groups.find((one) => one !== group && one.some((a) => group.some((b) => isRelated(a, b))));
      if (other === undefined) continue;
      group.push(...other);
      groups = groups.filter((one) => one !== other);
      joined = true;
      break;
    }
  }
  return groups;
}

const distance = (a: Sample, b: Sample): number =>
  Math.max(0, a.from - (b.from + b.length), b.from - (a.from + a.length));

const expectedAlerts = (list: readonly Sample[]): Sample[][] =>
  components(list, (a, b) => a.rule === b.rule && a.key === b.key && distance(a, b) <= WINDOW);

const describeGroup = (group: readonly Sample[]): string => {
  const [{ rule: id, key }] = group as [Sample];
  return [
    id,
    key,
    Math.min(...group.map(({ from }) => from)),
    Math.max(...group.map(({ from, length }) => from + length)),
    group.length,
  ].join(" ");
};

const areLinked = (a: Sample, b: Sample): boolean =>
  distance(a, b) <= GAP &&
  a.entities.some((x) => x.kind !== "service" && b.entities.some((y) => x.kind === y.kind && x.value === y.value));

const arrivals = samples.chain((list) =>
  fc.record({
    list: fc.constant(list),
    order: fc.shuffledSubarray(list, { minLength: list.length }),
    stepSize: fc.integer({ min: 1, max: 6 }),
    restarts: fc.boolean(),
  }),
);

describe("any order of arrival, any steps, any restarts", () => {
  it("give the alerts that comparing all findings gives", () => {
    fc.assert(
      fc.property(arrivals, ({ list, order, stepSize, restarts }) => {
        const { live } = fold(order, stepSize, restarts);
        expect(live.map(describeAlert).sort()).toEqual(expectedAlerts(list).map(describeGroup).sort());
      }),
      { numRuns: 500 },
    );
  });

  it("give the incidents that comparing all alerts gives", () => {
    fc.assert(
      fc.property(arrivals, ({ list, order, stepSize, restarts }) => {
        const { alerts, liveIncidents } = fold(order, stepSize, restarts);
        const groups = components(expectedAlerts(list), (one, other) =>
          one.some((a) => other.some((b) => areLinked(a, b))),
        );
        const expected = groups.filter((group) => group.length > 1 || group.some(([first]) => first?.rule === "c"));
        const found = liveIncidents.filter(({ alertIds, severity }) => alertIds.length > 1 || severity === "high");
        expect(
          inOrder(found.map(({ alertIds }) => alertIds.map((id) => describeAlert(alerts.get(id) as Alert)).sort())),
        ).toEqual(inOrder(expected.map((group) => group.map(describeGroup).sort())));
      }),
      { numRuns: 500 },
    );
  });

  it("leave every merged alert and incident pointing at one that lives, and every live alert at its incident", () => {
    fc.assert(
      fc.property(arrivals, ({ order, stepSize, restarts }) => {
        const { alerts, live, incidents, liveIncidents } = fold(order, stepSize, restarts);
        const follow = <T extends { id: string; mergedInto?: string | undefined }>(
          one: T | undefined,
          find: (id: string) => T | undefined,
        ): T | undefined => (one?.mergedInto === undefined ? one : follow(find(one.mergedInto), find));
        for (const alert of alerts.values()) expect(live).toContain(follow(alert, (id) => alerts.get(id)));
        for (const incident of incidents)
          expect(liveIncidents).toContain(follow(incident, (id) => incidents.find((one) => one.id === id)));
        for (const incident of liveIncidents) {
          for (const id of incident.alertIds) expect(alerts.get(id)?.incidentId).toBe(incident.id);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("what an incident says of itself", () => {
  const alert = (id: string, more: Partial<Alert> = {}): Alert => ({
    id,
    revision: 1,
    tenant: "default",
    kind: "security",
    title: "SQL injection attempt",
    description: "",
    rule: { id: "sqli", title: "SQL injection attempt", level: "medium", revision: "r" },
    severity: "medium",
    priority: { score: 50, factors: [] },
    status: "open",
    techniques: ["T1190"],
    tactics: ["initial-access"],
    entities: [
      { kind: "address", value: "203.0.113.7" },
      { kind: "service", value: "shop" },
    ],
    suppressionKey: "k",
    firstSeen: 1,
    lastSeen: 2,
    openedAt: 3,
    findingCount: 1,
    eventCount: 1,
    ...more,
  });
  const bruteForce = { id: "brute", title: "Password guessing", level: "high", revision: "r" } as const;

  it("names who it is about and what was tried, first to last", () => {
    const summary = summarize(
      [
        alert("2", {
          rule: bruteForce,
          title: bruteForce.title,
          severity: "high",
          firstSeen: 9,
          lastSeen: 10,
          techniques: ["T1110"],
        }),
        alert("1"),
      ],
      3_600_000,
    );
    expect(summary).toMatchObject({
      title: "203.0.113.7: 2 kinds of attack, SQL injection attempt to password guessing",
      severity: "high",
      alertIds: ["1", "2"],
      techniques: ["T1110", "T1190"],
      firstSeen: 1,
      lastSeen: 10,
      reasons: [
        "Address 203.0.113.7 is in 2 alerts, with no gap longer than 1 h.",
        "One alert is of high or critical severity.",
        "Breadth: 2 different rules in 2 alerts.",
      ],
    });
  });

  it("lists so many alerts and counts the rest", () => {
    const many = Array.from({ length: INCIDENT_LIMITS.alerts + 3 }, (_, index) =>
      alert(`alert-${String(index).padStart(4, "0")}`, { firstSeen: index }),
    );
    const { alertIds, reasons, title } = summarize(many, 3_600_000);
    expect(alertIds).toHaveLength(INCIDENT_LIMITS.alerts);
    expect(reasons).toContain("3 later alerts belong to it but are not listed (limit 500).");
    expect(title).toBe("203.0.113.7: SQL injection attempt, 503 alerts");
  });
});
