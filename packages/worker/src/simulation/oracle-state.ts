import { RULE_ID } from "./simulated-rules.ts";
import { SIMULATED, type PlannedEvent } from "./workload.ts";

/**
 * What the simulation's rules, windows and incidents mean, written down once more in the plainest way: everything is compared with
 * everything, again and again until nothing changes. It shares no code with the worker.
 */

/** An event as the inbox holds it: with the time at which it stands. */
export interface JudgedEvent {
  readonly planned: PlannedEvent;
  /** Its own time, or its time of receipt when it is dated in the future. */
  readonly time: number;
  /** It came so late that the watermark may have passed it. */
  readonly maybeLate: boolean;
}

/** One finding that alerts. */
interface Finding {
  readonly rule: string;
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly events: readonly string[];
  readonly entities: readonly string[];
}

/** An alert as it should be. */
export interface ExpectedAlert {
  readonly rule: string;
  readonly key: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly findings: number;
  readonly events: number;
  readonly severity: string;
  readonly sightings: readonly { readonly entity: string; readonly from: number; readonly to: number }[];
}

const WINDOW = { [RULE_ID.injection]: 30_000, [RULE_ID.honeytoken]: 60_000, [RULE_ID.guessing]: 25_000 } as Readonly<
  Record<string, number>
>;
const SEVERITY = { [RULE_ID.injection]: "high", [RULE_ID.honeytoken]: "low", [RULE_ID.guessing]: "medium" } as Readonly<
  Record<string, string>
>;
const THRESHOLD = 3;
const TIMESPAN = 20_000;

/** Every (rule, event) pair that must be a fact. */
export function expectedFacts(events: readonly JudgedEvent[]): string[] {
  const pairs: string[] = [];
  for (const { planned } of events) {
    if (planned.kind === "injection") pairs.push(`${RULE_ID.injection} ${planned.record.id}`);
    if (planned.kind === "honeytoken") pairs.push(`${RULE_ID.honeytoken} ${planned.record.id}`);
    if (planned.kind === "login_failed") pairs.push(`${RULE_ID.failure} ${planned.record.id}`);
  }
  return pairs.sort();
}

const keyOf = (field: string, value: string): string => `${field}=${value}`;

/** Keys of alerts that a late event may have touched: what they should be depends on when it came. */
export function uncertainKeys(events: readonly JudgedEvent[]): Set<string> {
  const keys = new Set<string>();
  for (const { planned, maybeLate } of events) {
    if (!maybeLate) continue;
    if (planned.kind === "injection") keys.add(`${RULE_ID.injection} ${keyOf("client.address", planned.address)}`);
    if (planned.kind === "honeytoken") keys.add(`${RULE_ID.honeytoken} ${keyOf("user.name", planned.user)}`);
    if (planned.kind === "login_failed") keys.add(`${RULE_ID.guessing} ${keyOf("user.name", planned.user)}`);
  }
  return keys;
}

/** The alerts that a calm look at all events gives. */
export function expectedAlerts(events: readonly JudgedEvent[]): ExpectedAlert[] {
  const findings = [...singleFindings(events), ...guessingFindings(events)];
  const groups = components(
    findings,
    (a, b) => a.rule === b.rule && a.key === b.key && gapBetween(a, b) <= (WINDOW[a.rule] ?? 0),
  );
  return groups.map((group) => {
    const [first] = group as [Finding];
    return {
      rule: first.rule,
      key: first.key,
      firstSeen: Math.min(...group.map(({ from }) => from)),
      lastSeen: Math.max(...group.map(({ to }) => to)),
      findings: group.length,
      events: new Set(group.flatMap(({ events: ids }) => ids)).size,
      severity: SEVERITY[first.rule] ?? "",
      sightings: group.flatMap(({ entities, from, to }) => entities.map((entity) => ({ entity, from, to }))),
    };
  });
}

/** Which alerts belong together; groups that are not worth an incident are left out. */
export function expectedIncidents(alerts: readonly ExpectedAlert[]): ExpectedAlert[][] {
  // An alert, and every sighting in it, and every two sightings of one entity that are near enough.
  const points = alerts.flatMap((alert) =>
    alert.sightings.length === 0
      ? [{ alert, entity: "", from: 0, to: 0 }]
      : alert.sightings.map((sighting) => ({ alert, ...sighting })),
  );
  const groups = components(
    points,
    (a, b) =>
      a.alert === b.alert || (a.entity === b.entity && a.entity !== "" && gapBetween(a, b) <= SIMULATED.incidentGap),
  );
  return groups
    .map((group) => [...new Set(group.map(({ alert }) => alert))])
    .filter((group) => group.length > 1 || group.some(({ severity }) => severity === "high"));
}

function singleFindings(events: readonly JudgedEvent[]): Finding[] {
  return events.flatMap(({ planned, time }): Finding[] => {
    const entities = [`address:${planned.address}`, `user:${planned.user}`];
    const finding = { from: time, to: time, events: [planned.record.id], entities };
    if (planned.kind === "injection")
      return [{ rule: RULE_ID.injection, key: keyOf("client.address", planned.address), ...finding }];
    if (planned.kind === "honeytoken")
      return [{ rule: RULE_ID.honeytoken, key: keyOf("user.name", planned.user), ...finding }];
    return [];
  });
}

/** Windows of the timespan that hold enough failures of one user; windows that share a failure are one episode. */
function guessingFindings(events: readonly JudgedEvent[]): Finding[] {
  const failures = events.filter(({ planned }) => planned.kind === "login_failed");
  const windows: JudgedEvent[][] = [];
  for (const start of failures) {
    const inside = failures.filter(
      ({ planned, time }) => planned.user === start.planned.user && time >= start.time && time <= start.time + TIMESPAN,
    );
    if (inside.length >= THRESHOLD) windows.push(inside);
  }
  return components(windows, (a, b) => a.some((failure) => b.includes(failure))).map((group) => {
    const members = [...new Set(group.flat())];
    return {
      rule: RULE_ID.guessing,
      key: keyOf("user.name", members[0]?.planned.user ?? ""),
      from: Math.min(...members.map(({ time }) => time)),
      to: Math.max(...members.map(({ time }) => time)),
      events: members.map(({ planned }) => planned.record.id),
      entities: [...new Set(members.flatMap(({ planned }) => [`address:${planned.address}`, `user:${planned.user}`]))],
    };
  });
}

const gapBetween = (a: { from: number; to: number }, b: { from: number; to: number }): number =>
  Math.max(0, a.from - b.to, b.from - a.to);

/** Groups things that are related, directly or over others. */
export function components<T>(things: readonly T[], isRelated: (a: T, b: T) => boolean): T[][] {
  const left = new Set(things);
  const groups: T[][] = [];
  for (const thing of things) {
    if (!left.delete(thing)) continue;
    const group = [thing];
    for (const member of group) {
      for (const other of left) {
        if (!isRelated(member, other)) continue;
        left.delete(other);
        group.push(other);
      }
    }
    groups.push(group);
  }
  return groups;
}
