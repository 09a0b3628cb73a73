import type { Alert, ApiEntity, Incident } from "@vedette/api";
import { SEVERITY_LEVELS } from "@vedette/semconv";
import { higher } from "../alerter/alert-session.ts";
import { compareText, entityKey } from "../alerter/enrich.ts";

/** Kinds of entity that join alerts. A service or a host is in everybody's alerts and says nothing. */
export const LINKING_KINDS: ReadonlySet<ApiEntity["kind"]> = new Set([
  "address",
  "user",
  "session",
  "api_key",
  "agent",
]);

/** What one incident lists at most; the rest is counted in its reasons. */
export const INCIDENT_LIMITS = { alerts: 500, entities: 100, reasons: 20 } as const;

const KIND_NAMES: Readonly<Record<ApiEntity["kind"], string>> = {
  address: "Address",
  user: "User",
  session: "Session",
  api_key: "API key",
  agent: "Agent",
  host: "Host",
  service: "Service",
};
const KIND_ORDER = Object.keys(KIND_NAMES);

/** What alerts that belong together say of themselves: everything in an incident but its identity, status and times of handling. */
export type IncidentSummary = Pick<
  Incident,
  "title" | "severity" | "entities" | "alertIds" | "techniques" | "tactics" | "firstSeen" | "lastSeen" | "reasons"
>;

/** An incident is made for two alerts or more, or for one that is high or critical. */
export function isWorthAnIncident(alerts: readonly Alert[]): boolean {
  return alerts.length > 1 || alerts.some(({ severity }) => severity === "high" || severity === "critical");
}

/** Describes alerts that belong together; the order in which they are given does not matter. `gap` in milliseconds. */
export function summarize(unordered: readonly Alert[], gap: number): IncidentSummary {
  const alerts = unordered.toSorted((a, b) => a.firstSeen - b.firstSeen || compareText(a.id, b.id));
  const counted = countEntities(alerts);
  const listed = alerts.slice(0, INCIDENT_LIMITS.alerts);
  const distinct = (values: readonly string[]): string[] => [...new Set(values)].sort(compareText);
  return {
    title: titleOf(alerts, counted),
    severity: alerts.reduce<Incident["severity"]>(
      (highest, alert) => higher(highest, alert.severity),
      SEVERITY_LEVELS[0],
    ),
    entities: counted.slice(0, INCIDENT_LIMITS.entities).map(({ entity }) => entity),
    alertIds: listed.map(({ id }) => id),
    techniques: distinct(alerts.flatMap(({ techniques }) => techniques)),
    tactics: distinct(alerts.flatMap(({ tactics }) => tactics)),
    firstSeen: Math.min(...alerts.map(({ firstSeen }) => firstSeen)),
    lastSeen: Math.max(...alerts.map(({ lastSeen }) => lastSeen)),
    reasons: reasonsOf(alerts, counted, gap),
  };
}

interface CountedEntity {
  readonly entity: ApiEntity;
  readonly alerts: number;
}

/** Entities of the alerts: those that join the most alerts first. */
function countEntities(alerts: readonly Alert[]): CountedEntity[] {
  const counted = new Map<string, { entity: ApiEntity; alerts: number }>();
  for (const alert of alerts) {
    for (const entity of alert.entities) {
      const known = counted.get(entityKey(entity));
      if (known === undefined) counted.set(entityKey(entity), { entity, alerts: 1 });
      else known.alerts += 1;
    }
  }
  const isLinking = ({ entity }: CountedEntity): number => (LINKING_KINDS.has(entity.kind) ? 0 : 1);
  const rank = ({ entity }: CountedEntity): number => KIND_ORDER.indexOf(entity.kind);
  return [...counted.values()].sort(
    (a, b) =>
      isLinking(a) - isLinking(b) ||
      b.alerts - a.alerts ||
      rank(a) - rank(b) ||
      compareText(a.entity.value, b.entity.value),
  );
}

function titleOf(alerts: readonly Alert[], entities: readonly CountedEntity[]): string {
  const first = alerts[0];
  const last = alerts.at(-1);
  if (first === undefined || last === undefined) return "No alerts";
  const who = entities.find(({ entity }) => LINKING_KINDS.has(entity.kind))?.entity.value;
  const prefix = who === undefined ? "" : `${who}: `;
  const kinds = new Set(alerts.map(({ rule }) => rule.id)).size;
  if (kinds === 1) return prefix + (alerts.length === 1 ? first.title : `${first.title}, ${alerts.length} alerts`);
  const newest = alerts.findLast(({ rule }) => rule.id !== first.rule.id) ?? last;
  return `${prefix}${kinds} kinds of attack, ${lowerFirst(first.title)} to ${lowerFirst(newest.title)}`;
}

/** "SQL injection" keeps its capitals, "Path traversal" does not. */
const lowerFirst = (text: string): string =>
  /^[A-Z][a-z]/u.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;

function reasonsOf(alerts: readonly Alert[], entities: readonly CountedEntity[], gap: number): string[] {
  const reasons: string[] = [];
  const shared = entities.filter(({ entity, alerts: count }) => count > 1 && LINKING_KINDS.has(entity.kind));
  const shown = shared.slice(0, INCIDENT_LIMITS.reasons);
  for (const { entity, alerts: count } of shown) {
    reasons.push(
      `${KIND_NAMES[entity.kind]} ${entity.value} is in ${count} alerts, with no gap longer than ${duration(gap)}.`,
    );
  }
  if (shared.length > shown.length)
    reasons.push(
      `${shared.length - shown.length} more shared entities are not listed (limit ${INCIDENT_LIMITS.reasons}).`,
    );
  const severe = alerts.filter(({ severity }) => severity === "high" || severity === "critical").length;
  if (severe > 0)
    reasons.push(`${severe === 1 ? "One alert is" : `${severe} alerts are`} of high or critical severity.`);
  const rules = new Set(alerts.map(({ rule }) => rule.id)).size;
  if (rules > 1) reasons.push(`Breadth: ${rules} different rules in ${alerts.length} alerts.`);
  if (alerts.length > INCIDENT_LIMITS.alerts) {
    reasons.push(
      `${alerts.length - INCIDENT_LIMITS.alerts} later alerts belong to it but are not listed (limit ${INCIDENT_LIMITS.alerts}).`,
    );
  }
  if (entities.length > INCIDENT_LIMITS.entities) {
    reasons.push(
      `${entities.length - INCIDENT_LIMITS.entities} more entities are not listed (limit ${INCIDENT_LIMITS.entities}).`,
    );
  }
  return reasons;
}

const duration = (milliseconds: number): string =>
  milliseconds % 3_600_000 === 0 ? `${milliseconds / 3_600_000} h` : `${Math.round(milliseconds / 60_000)} min`;
