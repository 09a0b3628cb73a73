import type { Alert, AuditEntry, Incident } from "@vedette/api";
import type { SqliteCore } from "../store/sqlite/core.ts";
import type { InboxRow, OutboxRow } from "../store/store.ts";
import { WORLD_ACTIONS } from "./crash-points.ts";
import {
  type ExpectedAlert,
  expectedAlerts,
  expectedFacts,
  expectedIncidents,
  type JudgedEvent,
  uncertainKeys,
} from "./oracle-state.ts";
import type { RunOutcome } from "./simulate-run.ts";
import { RULE_ID } from "./simulated-rules.ts";
import { LAGGING_PARTITION, type PlannedEvent, SIMULATED, START } from "./workload.ts";

/** An event whose receipt is this much later than its date may meet a watermark that has passed it. Leaves room for slow stores. */
const SURELY_IN_TIME = SIMULATED.lateness - 10_000;

/** Holds what a run left behind against DESIGN.md's definitions of facts, state and effects; one sentence for each violation. */
export function checkRun(outcome: RunOutcome): string[] {
  const { core } = outcome;
  const rows = readInbox(core);
  const events = judgedEvents(outcome.events, rows);
  const audit = readAudit(core);
  return [
    ...outcome.defects,
    ...checkInbox(outcome, rows),
    ...checkFacts(core, events),
    ...checkAlerts(core, events),
    ...checkIncidents(core, events),
    ...checkEffects(outcome, audit),
    ...checkNotifications(core, audit),
    ...checkDenyList(core, audit, outcome.end),
    ...checkDecisions(outcome, audit),
    ...(core.verifyAudit().ok ? [] : ["The audit trail does not verify."]),
  ];
}

/** A partition that shows itself at least this often is never idle, whatever the store does. */
const SURELY_ACTIVE = 15_000;

/** The run's events as the inbox holds them, and whether the watermark could have passed them when they came. */
export function judgedEvents(events: readonly PlannedEvent[], rows: readonly InboxRow[]): JudgedEvent[] {
  const planned = new Map(events.map((event) => [event.record.id, event]));
  const last = { receivedAt: START, maxTime: Number.NEGATIVE_INFINITY, isSteady: true };
  return rows.flatMap((row) => {
    const isQuarantined = row.time > row.receivedAt + SIMULATED.futureTolerance;
    const time = isQuarantined ? row.receivedAt : row.time;
    let isInTime = row.receivedAt - time <= SURELY_IN_TIME;
    if (row.partition === LAGGING_PARTITION && !isQuarantined) {
      if (row.receivedAt - last.receivedAt > SURELY_ACTIVE) last.isSteady = false;
      isInTime ||= last.isSteady && row.time > last.maxTime - SURELY_IN_TIME;
      last.receivedAt = row.receivedAt;
      last.maxTime = Math.max(last.maxTime, row.time);
    }
    const event = planned.get(row.id);
    return event === undefined ? [] : [{ planned: event, time, maybeLate: !isInTime }];
  });
}

function checkInbox({ acknowledged }: RunOutcome, rows: readonly InboxRow[]): string[] {
  const stored = new Set(rows.map(({ id }) => id));
  const lost = [...acknowledged].filter((id) => !stored.has(id));
  const doubled = rows.length - stored.size;
  return [
    ...(lost.length > 0 ? [`inbox: ${lost.length} acknowledged records are lost (${lost[0]}).`] : []),
    ...(doubled > 0 ? [`inbox: ${doubled} records stand in it twice.`] : []),
  ];
}

function checkFacts(core: SqliteCore, events: readonly JudgedEvent[]): string[] {
  const expected = expectedFacts(events);
  const counts = core.findingCounts();
  const violations: string[] = [];
  for (const rule of [RULE_ID.injection, RULE_ID.honeytoken, RULE_ID.failure]) {
    const wanted = expected.filter((pair) => pair.startsWith(rule)).length;
    if ((counts.get(rule) ?? 0) !== wanted)
      violations.push(`facts: rule ${rule} has ${counts.get(rule) ?? 0} facts instead of ${wanted}.`);
  }
  return violations;
}

function allAlerts(core: SqliteCore): Alert[] {
  const alerts: Alert[] = [];
  for (let cursor: string | undefined; ;) {
    const page = core.listAlerts({ limit: 500, ...(cursor === undefined ? {} : { cursor }) });
    alerts.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === undefined) return alerts;
  }
}

const nameOf = (alert: Alert): string => `${alert.rule.id} ${alert.suppressionKey}`;

const describe = (rule: string, key: string, from: number, to: number, findings: number, events: number): string =>
  `${rule} ${key} ${from}..${to} ${findings}/${events}`;
const describeAlert = (alert: Alert): string =>
  describe(alert.rule.id, alert.suppressionKey, alert.firstSeen, alert.lastSeen, alert.findingCount, alert.eventCount);
const describeExpected = (alert: ExpectedAlert): string =>
  describe(alert.rule, alert.key, alert.firstSeen, alert.lastSeen, alert.findings, alert.events);

function checkAlerts(core: SqliteCore, events: readonly JudgedEvent[]): string[] {
  const uncertain = uncertainKeys(events);
  const found = allAlerts(core);
  const expected = expectedAlerts(events).filter(({ rule, key }) => !uncertain.has(`${rule} ${key}`));
  const violations = differences(
    "alerts",
    found.filter((alert) => !uncertain.has(nameOf(alert))).map(describeAlert),
    expected.map(describeExpected),
  );
  const memberships = new Map<string, string>();
  for (const alert of found) {
    const members = core.alertMembers(alert.id, 10_000);
    for (const { findingId, kind } of members) {
      if (kind === "fact" && memberships.has(findingId))
        violations.push(`alerts: finding ${findingId} is in two alerts.`);
      memberships.set(findingId, alert.id);
    }
    const facts = members.filter(({ kind }) => kind === "fact").length;
    if (alert.rule.id !== RULE_ID.guessing && facts !== alert.findingCount)
      violations.push(`alerts: ${alert.id} says ${alert.findingCount} findings and has ${facts}.`);
  }
  // Late findings may stand in an alert of their own, but each stands in one.
  for (const rule of [RULE_ID.injection, RULE_ID.honeytoken]) {
    const wanted = expectedFacts(events).filter((pair) => pair.startsWith(rule)).length;
    const sum = found
      .filter((alert) => alert.rule.id === rule)
      .reduce((total, { findingCount }) => total + findingCount, 0);
    if (sum !== wanted) violations.push(`alerts: those of rule ${rule} count ${sum} findings instead of ${wanted}.`);
  }
  return violations;
}

function checkIncidents(core: SqliteCore, events: readonly JudgedEvent[]): string[] {
  const alerts = new Map(allAlerts(core).map((alert) => [alert.id, alert]));
  const incidents = core.listIncidents({ limit: 500 }).items;
  const violations: string[] = [];
  const seen = new Set<string>();
  for (const incident of incidents) {
    for (const id of incident.alertIds) {
      if (seen.has(id)) violations.push(`incidents: alert ${id} is in two.`);
      seen.add(id);
      if (alerts.get(id)?.incidentId !== incident.id)
        violations.push(`incidents: alert ${id} does not name its incident ${incident.id}.`);
    }
  }
  for (const { id, severity } of alerts.values()) {
    if (severity === "high" && !seen.has(id)) violations.push(`incidents: alert ${id} of high severity is in none.`);
  }
  if (events.some(({ maybeLate }) => maybeLate)) return violations;
  // One that lost its second alert to a merge stays, although a calm look would not have made it.
  const isOneThatStays = (incident: Incident): boolean =>
    incident.alertIds.length === 1 && incident.severity !== "high";
  const found = incidents
    .filter((incident) => !isOneThatStays(incident))
    .map(({ alertIds }) =>
      alertIds
        .map((id) => describeAlert(alerts.get(id) as Alert))
        .sort()
        .join(" | "),
    );
  const expected = expectedIncidents(expectedAlerts(events)).map((group) =>
    group.map(describeExpected).sort().join(" | "),
  );
  return [...violations, ...differences("incidents", found, expected)];
}

function checkEffects({ core, world }: RunOutcome, audit: readonly AuditEntry[]): string[] {
  const violations: string[] = [];
  const requested = new Set<string>();
  const attempted = new Set<string>();
  for (const { action, details } of audit) {
    const id = String(details["effect"] ?? "");
    if (action === "effect.requested") {
      if (requested.has(id)) violations.push(`effects: ${id} was asked for twice.`);
      requested.add(id);
    }
    if (action === "effect.attempt") attempted.add(id);
  }
  for (const id of world.happened.keys()) {
    if (!requested.has(id) || !attempted.has(id))
      violations.push(`effects: ${id} happened and the trail does not say so before.`);
  }
  for (const id of requested) violations.push(...checkEffect(core.effect(id), world.happened.get(id) ?? 0));
  return violations;
}

function checkEffect(effect: OutboxRow | undefined, happened: number): string[] {
  if (effect === undefined) return ["effects: one that was asked for is not in the outbox."];
  const { id, action, guarantee, state } = effect;
  const wrong = (what: string): string[] => [
    `effects: ${action} ${id} (${guarantee}) ${what}; state ${state}, happened ${happened} times.`,
  ];
  if (guarantee === "idempotent") return state === "done" && happened >= 1 ? [] : wrong("was not carried out");
  if (guarantee === "checkable")
    return state === "done" && happened === 1 ? [] : wrong("was not carried out exactly once");
  if (happened > 1) return wrong("was carried out again although nobody could know");
  if (state === "escalated") return [];
  return state === "done" && happened === 1 ? [] : wrong("is neither done once nor escalated");
}

/** Every alert is announced once to everybody, and its announcements are counted without a gap. */
function checkNotifications(core: SqliteCore, audit: readonly AuditEntry[]): string[] {
  const violations: string[] = [];
  const generations = new Map<string, number[]>();
  for (const { action, subject, details } of audit) {
    if (action !== "effect.requested" || details["action"] === "guard.publish") continue;
    const key = `${subject} ${String(details["action"])}`;
    generations.set(key, [...(generations.get(key) ?? []), Number(details["generation"])]);
  }
  for (const [key, numbers] of generations) {
    const live = numbers.filter((number) => number < 1_000);
    if (live.some((number, index) => number !== index + 1))
      violations.push(`notifications: ${key} has generations ${numbers.join(", ")}.`);
  }
  for (const { id } of allAlerts(core)) {
    for (const action of Object.keys(WORLD_ACTIONS)) {
      if (action !== "guard.publish" && !generations.has(`${id} ${action}`))
        violations.push(`notifications: ${action} was never asked for alert ${id}.`);
    }
  }
  return violations;
}

function checkDenyList(core: SqliteCore, audit: readonly AuditEntry[], end: number): string[] {
  const violations: string[] = [];
  const entries = core.listDenyList(undefined, 500).items;
  const decided = new Set(audit.filter(({ action }) => action === "deny.decided").map(({ subject }) => subject));
  for (const entry of entries) {
    const { id, address, state, expiresAt, endedAt } = entry;
    if (address?.startsWith("198.51.100.") === true) violations.push(`deny list: ${address} is never to be blocked.`);
    if (!decided.has(id)) violations.push(`deny list: ${id} was not audited.`);
    if ((state === "pending" || state === "in_force") && expiresAt <= end - 5_000)
      violations.push(`deny list: ${id} is ${state} after its end.`);
    if (endedAt !== undefined && state === "expired" && endedAt < expiresAt)
      violations.push(`deny list: ${id} ended before its time.`);
    for (const other of entries) {
      if (
        other.id < id &&
        other.address === address &&
        entry.createdAt < (other.endedAt ?? end) &&
        other.createdAt < (endedAt ?? end)
      ) {
        violations.push(`deny list: ${address} is blocked by two entries at once.`);
      }
    }
  }
  return violations;
}

/** A decision that a person was told of is made exactly once; one that was refused, never. */
function checkDecisions({ core, decisions }: RunOutcome, audit: readonly AuditEntry[]): string[] {
  return decisions.flatMap(({ key, kind, subject, answer }) => {
    const notes =
      kind === "alert" || kind === "incident"
        ? core.history(subject).filter(({ note }) => note === key).length
        : undefined;
    const entries = audit.filter(
      ({ action, subject: of, details }) =>
        details["note"] === key ||
        (details["reason"] === key && action === "deny.requested") ||
        (kind === "undo" && action === "deny.undone" && of === subject),
    ).length;
    const wanted = answer === "made" ? 1 : 0;
    if (answer === "waiting") return [`decisions: ${key} (${kind}) was never answered.`];
    if (kind === "undo")
      return entries >= wanted && entries <= 1
        ? []
        : [`decisions: ${key} (${kind}, ${answer}) stands ${entries} times in the trail.`];
    return entries === wanted && (notes ?? wanted) === wanted
      ? []
      : [
          `decisions: ${key} (${kind}, ${answer}) stands ${entries} times in the trail and ${notes} times in the history.`,
        ];
  });
}

function readInbox(core: SqliteCore): InboxRow[] {
  const rows: InboxRow[] = [];
  for (let after = 0; ;) {
    const page = core.readInbox(after, 500);
    rows.push(...page);
    const last = page.at(-1);
    if (last === undefined) return rows;
    after = last.sequence;
  }
}

function readAudit(core: SqliteCore): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let cursor: string | undefined; ;) {
    const page = core.listAudit(cursor, 500);
    entries.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === undefined) return entries.sort((a, b) => a.sequence - b.sequence);
  }
}

/** Compares two collections as bags and names the first differences. */
export function differences(what: string, found: readonly string[], expected: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const one of found) counts.set(one, (counts.get(one) ?? 0) + 1);
  for (const one of expected) counts.set(one, (counts.get(one) ?? 0) - 1);
  const surplus = [...counts].filter(([, count]) => count > 0).map(([one]) => one);
  const missing = [...counts].filter(([, count]) => count < 0).map(([one]) => one);
  if (surplus.length + missing.length === 0) return [];
  const sample = ([first = "-"]: readonly string[]): string => (first.length > 400 ? `${first.slice(0, 400)}…` : first);
  return [`${what}: ${surplus.length} too many (${sample(surplus)}), ${missing.length} missing (${sample(missing)}).`];
}
