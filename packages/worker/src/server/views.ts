import type { Alert, AlertDetail, ApiFinding, Incident, IncidentDetail } from "@vedette/api";
import type { Finding } from "@vedette/detection";
import type { InboxRow, Store } from "../store/store.ts";
import { incidentTimeline, type AlertEvents } from "./incident-timeline.ts";

/** What the views are made from: the store of the worker, or a reader of its data folder. */
export type DetailStore = Pick<
  Store,
  "alert" | "alertMembers" | "findings" | "events" | "history" | "denyListOfIncident"
>;

const FINDING_LIMIT = 200;
const EVENT_LIMIT = 20;
/** Alerts of an incident whose first and last events are in its timeline. */
const TIMELINE_ALERT_LIMIT = 50;
/** Events of one alert in an incident's timeline: the first ones, and the last. */
const TIMELINE_EVENT_LIMIT = 4;

function findingView(finding: Finding): ApiFinding {
  const { id, kind, rule } = finding;
  const entities = [...finding.entities];
  if (finding.kind === "fact") {
    return { id, kind, rule, eventIds: [finding.eventId], time: finding.time, endTime: finding.time, entities };
  }
  const { eventIds, from, to, mergedInto, withdrawn } = finding;
  return {
    id,
    kind,
    rule,
    eventIds: [...eventIds],
    time: from,
    endTime: to,
    entities,
    ...(mergedInto === undefined ? {} : { mergedInto }),
    ...(withdrawn === undefined ? {} : { withdrawn }),
  };
}

const byTime = <T extends { readonly time: number; readonly id: string }>(a: T, b: T): number =>
  a.time - b.time || (a.id < b.id ? -1 : 1);

async function findingsOf(store: DetailStore, alertId: string, limit: number): Promise<ApiFinding[]> {
  const members = await store.alertMembers(alertId, limit);
  const findings = await store.findings(members.map((member) => member.findingId));
  return findings.map(findingView).sort(byTime);
}

async function eventsOf(store: DetailStore, ids: readonly string[]): Promise<readonly InboxRow[]> {
  const rows = await store.events([...new Set(ids)]);
  return [...rows].sort(byTime);
}

/** An alert with the findings, events and history behind it. */
export async function alertDetail(store: DetailStore, alert: Alert): Promise<AlertDetail> {
  const [findings, history] = await Promise.all([findingsOf(store, alert.id, FINDING_LIMIT), store.history(alert.id)]);
  const ids = [...new Set(findings.flatMap((finding) => finding.eventIds))];
  const events = await eventsOf(store, ids.slice(0, EVENT_LIMIT));
  return {
    ...alert,
    findings,
    events: events.map(({ id, time, document }) => ({ id, time, document: { ...document } })),
    history: history.map(({ time, actor, change, note }) => ({
      time,
      actor,
      change,
      ...(note === undefined ? {} : { note }),
    })),
  };
}

/** The first and the last events behind an alert. */
async function timelineEvents(store: DetailStore, alert: Alert): Promise<AlertEvents> {
  const findings = await findingsOf(store, alert.id, FINDING_LIMIT);
  const ids = [...new Set(findings.flatMap((finding) => finding.eventIds))];
  const chosen =
    ids.length <= TIMELINE_EVENT_LIMIT ? ids : [...ids.slice(0, TIMELINE_EVENT_LIMIT - 1), ...ids.slice(-1)];
  // Where not every finding was read, only the alert itself knows how many events there are.
  const known = findings.length < FINDING_LIMIT ? ids.length : Math.max(ids.length, alert.eventCount);
  return { alert, events: await eventsOf(store, chosen), omitted: known - chosen.length };
}

/** An incident with alerts, timeline and actions. */
export async function incidentDetail(store: DetailStore, incident: Incident): Promise<IncidentDetail> {
  const found = await Promise.all(incident.alertIds.map((id) => store.alert(id)));
  const alerts = found
    .filter((alert) => alert !== undefined)
    .sort((a, b) => a.firstSeen - b.firstSeen || (a.id < b.id ? -1 : 1));
  const [actions, events, ...histories] = await Promise.all([
    store.denyListOfIncident(incident.id),
    Promise.all(
      alerts.map(async (alert, index) =>
        index < TIMELINE_ALERT_LIMIT ? timelineEvents(store, alert) : { alert, events: [], omitted: alert.eventCount },
      ),
    ),
    store.history(incident.id),
    ...alerts.map((alert) => store.history(alert.id)),
  ]);
  return {
    ...incident,
    alerts,
    actions: [...actions],
    timeline: incidentTimeline({ alerts, events, actions, history: histories.flat() }),
  };
}
