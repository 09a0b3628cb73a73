import { type Alert, type DenyListEntry, describeEntry, nameEntry, type TimelineRow } from "@vedette/api";
import type { JsonObject, JsonValue } from "@vedette/detection";
import { ATTR } from "@vedette/semconv";
import { BLOCK_EXTENDED, BLOCK_REFUSED } from "../responder/deny-list.ts";
import type { HistoryEntry, InboxRow } from "../store/store.ts";

/** Some of the events behind an alert, in the order of their times. */
export interface AlertEvents {
  readonly alert: Alert;
  readonly events: readonly InboxRow[];
  /** Further events of the alert that are not among them. */
  readonly omitted: number;
}

/** What an incident's timeline is made from. */
export interface TimelineParts {
  readonly alerts: readonly Alert[];
  readonly events: readonly AlertEvents[];
  readonly actions: readonly DenyListEntry[];
  readonly history: readonly HistoryEntry[];
}

/** Rows at the same instant stand in the order of cause and effect. */
const ORDER: Readonly<Record<TimelineRow["kind"], number>> = { event: 0, alert: 1, action: 2, person: 3 };

/** Who makes changes without being a person. */
const PARTS_OF_THE_WORKER: ReadonlySet<string> = new Set([
  "worker",
  "vedette",
  "detector",
  "analyzer",
  "alerter",
  "responder",
]);

const kindOf = (actor: string): "action" | "person" => (PARTS_OF_THE_WORKER.has(actor) ? "action" : "person");

const objectAt = (document: JsonObject, key: string): JsonObject => {
  const value = document[key];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
};

const textOf = (value: JsonValue | undefined): string => {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return [...new Set(value.map(String))].join(", ");
  return typeof value === "object" ? "" : String(value);
};

/** Attributes that say in a few words what an event was, in the order of a sentence. */
const TELLING = [
  ATTR.eventOutcome,
  ATTR.authFailureReason,
  ATTR.requestIndicators,
  ATTR.httpRequestMethod,
  ATTR.urlPath,
  ATTR.httpResponseStatusCode,
  ATTR.action,
  ATTR.genAiToolName,
  ATTR.outboundAddressClass,
  ATTR.honeytokenName,
  ATTR.businessRuleName,
  ATTR.inputRule,
] as const;
/** Characters of a pseudonym that are enough to tell the users of one incident apart. */
const HASH_CHARACTERS = 8;

/** By name where the service says it, else by the beginning of the pseudonym. */
function userOf(attributes: JsonObject): string {
  const name = textOf(attributes[ATTR.userName]) || textOf(attributes[ATTR.userId]);
  const hash = textOf(attributes[ATTR.userHash]);
  if (name !== "" || hash === "") return name;
  return `user ${hash.slice(0, HASH_CHARACTERS)}`;
}

const TITLE_LIMIT = 200;

/** One line about an event: its name and the attributes that tell most. */
function eventTitle(document: JsonObject): string {
  const attributes = objectAt(document, "attributes");
  const name =
    textOf(document["event_name"]).replace(/^vedette\./, "") || textOf(objectAt(document, "body")["text"]) || "event";
  const words = [
    name,
    ...TELLING.map((attribute) => textOf(attributes[attribute])),
    userOf(attributes),
    textOf(attributes[ATTR.clientAddress]),
  ].filter((word) => word !== "");
  const title = words.join(" · ");
  return title.length <= TITLE_LIMIT ? title : `${title.slice(0, TITLE_LIMIT - 1)}…`;
}

const serviceOf = (document: JsonObject): string =>
  textOf(objectAt(objectAt(document, "resource"), "attributes")[ATTR.serviceName]) || "event";

/** The rows of an event that several alerts share are one row. */
function eventRows(parts: readonly AlertEvents[]): TimelineRow[] {
  const rows = new Map<string, TimelineRow>();
  for (const { alert, events, omitted } of parts) {
    for (const { id, time, document } of events) {
      if (rows.has(id)) continue;
      rows.set(id, {
        time,
        kind: "event",
        title: eventTitle(document),
        source: serviceOf(document),
        alertId: alert.id,
        eventIds: [id],
      });
    }
    if (omitted > 0) {
      // They lie between the last two events shown: the first ones of an alert are, and its last.
      const time = events.at(-2)?.time ?? events.at(-1)?.time ?? alert.firstSeen;
      const title = `… ${omitted} more ${omitted === 1 ? "event" : "events"} of this alert`;
      rows.set(`omitted ${alert.id}`, { time, kind: "event", title, source: "detector", alertId: alert.id });
    }
  }
  return [...rows.values()];
}

const alertRow = (alert: Alert): TimelineRow => ({
  // When its rule was satisfied, in event time: the events begin earlier. While events come in that is when it was opened; of events that
  // were read long after they happened, no later than the last one; and where clocks disagree, not before the first one.
  time: Math.max(alert.firstSeen, Math.min(alert.openedAt, alert.lastSeen)),
  kind: "alert",
  title: alert.title,
  source: alert.rule.id,
  severity: alert.severity,
  alertId: alert.id,
});

function actionRows(entry: DenyListEntry): TimelineRow[] {
  const ids = { actionId: entry.id, ...(entry.alertId === undefined ? {} : { alertId: entry.alertId }) };
  const until = new Date(entry.expiresAt).toISOString();
  const begun: TimelineRow = {
    time: entry.createdAt,
    kind: kindOf(entry.requestedBy),
    title: `${describeEntry(entry)} until ${until}: ${entry.reason}`,
    source: entry.requestedBy,
    ...ids,
  };
  if (entry.endedAt === undefined) return [begun];
  const undone = entry.state === "undone";
  const endedBy = entry.endedBy ?? "responder";
  return [
    begun,
    {
      time: entry.endedAt,
      kind: undone ? kindOf(endedBy) : "action",
      title: undone ? `Undid the ${nameEntry(entry)}` : `The ${nameEntry(entry)} expired`,
      source: endedBy,
      ...ids,
    },
  ];
}

/** What the history says of blocks, in words. Without a refused one a reader would take the address for blocked. */
const BLOCK_CHANGES: ReadonlyMap<string, string> = new Map([
  [BLOCK_REFUSED, "Did not block: "],
  [BLOCK_EXTENDED, "Extended the block of "],
]);

const blockRows = (history: readonly HistoryEntry[], alerts: ReadonlySet<string>): TimelineRow[] =>
  history.flatMap(({ time, subject, actor, change, note }) => {
    const words = BLOCK_CHANGES.get(change);
    if (words === undefined) return [];
    const alert = alerts.has(subject) ? { alertId: subject } : {};
    return [{ time, kind: kindOf(actor), title: `${words}${note ?? ""}`, source: actor, ...alert }];
  });

const personRows = (history: readonly HistoryEntry[], alerts: ReadonlySet<string>): TimelineRow[] =>
  history
    .filter(({ actor, change }) => !PARTS_OF_THE_WORKER.has(actor) && !BLOCK_CHANGES.has(change))
    .map((entry) => ({
      time: entry.time,
      kind: "person",
      title: entry.note === undefined ? entry.change : `${entry.change}: ${entry.note}`,
      source: entry.actor,
      ...(alerts.has(entry.subject) ? { alertId: entry.subject } : {}),
    }));

/** The timeline of an incident: what happened, what alerted, what was done by the worker and by people, in the order of time. */
export function incidentTimeline(parts: TimelineParts): TimelineRow[] {
  const alerts = new Set(parts.alerts.map(({ id }) => id));
  const rows = [
    ...eventRows(parts.events),
    ...parts.alerts.map(alertRow),
    ...parts.actions.flatMap(actionRows),
    ...blockRows(parts.history, alerts),
    ...personRows(parts.history, alerts),
  ];
  return rows.sort((a, b) => a.time - b.time || ORDER[a.kind] - ORDER[b.kind]);
}
