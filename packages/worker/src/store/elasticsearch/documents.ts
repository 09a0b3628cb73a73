import { isIP } from "node:net";
import type { Alert, DenyListEntry, Incident } from "@vedette/api";
import type { Episode, Fact } from "@vedette/detection";
import { canonicalJson } from "../../audit/canonical-json.ts";
import { type ChainRow, sha256 } from "../../audit/chain.ts";
import type { EventPosition, FindingDocument } from "../../detector/findings/finding-document.ts";
import type { AlertMember, HistoryEntry, OutboxRow } from "../store.ts";
import { dateOf, keywordOf } from "./names.ts";

/** Sigma's levels as numbers for `event.severity`. */
const SEVERITY_NUMBER: Readonly<Record<string, number>> = {
  informational: 1,
  low: 21,
  medium: 47,
  high: 73,
  critical: 99,
};

type Entities = readonly { readonly kind: string; readonly value: string }[];

const valuesOf = (entities: Entities, ...kinds: readonly string[]): string[] => [
  ...new Set(entities.filter(({ kind }) => kinds.includes(kind)).map(({ value }) => keywordOf(value))),
];

const present = (name: string, values: readonly string[], field: string): object =>
  values.length === 0 ? {} : { [name]: { [field]: values } };

/** ECS fields for the entities of an alert or incident. An address that is no IP address stands in `source.address` alone. */
function ecsEntities(entities: Entities): object {
  const addresses = valuesOf(entities, "address");
  const ips = addresses.filter((address) => isIP(address) !== 0);
  const users = valuesOf(entities, "user");
  const hosts = valuesOf(entities, "host");
  const related = {
    ...(ips.length === 0 ? {} : { ip: ips }),
    ...(users.length === 0 ? {} : { user: users }),
    ...(hosts.length === 0 ? {} : { hosts }),
  };
  return {
    ...(addresses.length === 0 ? {} : { source: { address: addresses, ...(ips.length === 0 ? {} : { ip: ips }) } }),
    ...present("user", users, "name"),
    ...present("host", hosts, "name"),
    ...present("service", valuesOf(entities, "service"), "name"),
    ...(Object.keys(related).length === 0 ? {} : { related }),
  };
}

const ecsThreat = (techniques: readonly string[], tactics: readonly string[]): object =>
  techniques.length + tactics.length === 0
    ? {}
    : {
        threat: {
          framework: "MITRE ATT&CK",
          technique: {
            id: [...new Set(techniques.map((id) => id.split(".")[0] ?? id))],
            subtechnique: { id: techniques.filter((id) => id.includes(".")) },
          },
          tactic: { name: tactics },
        },
      };

/** Fields that every document has which a line's steps write. */
export interface Written {
  /** Whose steps these are. */
  readonly line: string;
}

/** An alert as it stands in Elasticsearch: ECS, our own fields under `vedette`, and the whole alert un-indexed. */
export const alertDocument = (alert: Alert, { line }: Written): object => ({
  "@timestamp": dateOf(alert.openedAt),
  ecs: { version: "8.17.0" },
  message: alert.title,
  event: {
    kind: "alert",
    id: alert.id,
    created: dateOf(alert.openedAt),
    start: dateOf(alert.firstSeen),
    end: dateOf(alert.lastSeen),
    severity: SEVERITY_NUMBER[alert.severity] ?? 0,
    risk_score: alert.priority.score,
  },
  rule: { id: alert.rule.id, name: alert.rule.title, version: alert.rule.revision },
  ...ecsThreat(alert.techniques, alert.tactics),
  ...ecsEntities(alert.entities),
  vedette: {
    line,
    id: keywordOf(alert.id),
    tenant: alert.tenant,
    kind: alert.kind,
    severity: alert.severity,
    status: alert.status,
    close_reason: alert.closeReason,
    assignee: alert.assignee,
    incident_id: alert.incidentId,
    merged: alert.mergedInto !== undefined,
    revision: alert.revision,
    opened_at: alert.openedAt,
    first_seen: alert.firstSeen,
    last_seen: alert.lastSeen,
    finding_count: alert.findingCount,
    event_count: alert.eventCount,
    entities: valuesOf(alert.entities, ...alert.entities.map(({ kind }) => kind)),
    body: alert,
  },
});

/** An incident, in the same form. */
export const incidentDocument = (incident: Incident, { line }: Written): object => ({
  "@timestamp": dateOf(incident.openedAt),
  message: incident.title,
  event: { start: dateOf(incident.firstSeen), end: dateOf(incident.lastSeen), created: dateOf(incident.openedAt) },
  ...ecsThreat(incident.techniques, incident.tactics),
  ...ecsEntities(incident.entities),
  vedette: {
    line,
    id: keywordOf(incident.id),
    tenant: incident.tenant,
    severity: incident.severity,
    status: incident.status,
    merged: incident.mergedInto !== undefined,
    revision: incident.revision,
    opened_at: incident.openedAt,
    last_seen: incident.lastSeen,
    alert_ids: incident.alertIds.map(keywordOf),
    entities: valuesOf(incident.entities, ...incident.entities.map(({ kind }) => kind)),
    body: incident,
  },
});

/** An entry of the deny list; its revision is counted here. */
export const denyDocument = (entry: DenyListEntry, revision: number, { line }: Written): object => ({
  "@timestamp": dateOf(entry.createdAt),
  vedette: {
    line,
    id: keywordOf(entry.id),
    revision,
    state: entry.state,
    active: entry.state === "pending" || entry.state === "in_force",
    created_at: entry.createdAt,
    ended_at: entry.endedAt ?? entry.expiresAt,
    alert_id: entry.alertId === undefined ? undefined : keywordOf(entry.alertId),
    incident_id: entry.incidentId === undefined ? undefined : keywordOf(entry.incidentId),
    body: entry,
  },
});

/** An effect in the outbox. @param order grows with each effect of the line */
export const effectDocument = (row: OutboxRow, order: number, { line }: Written): object => ({
  "@timestamp": dateOf(row.createdAt),
  vedette: {
    line,
    order,
    action: row.action,
    state: row.state,
    subject: keywordOf(row.subject),
    not_before: row.notBefore,
    body: row,
  },
});

/** A finding's place in an alert. */
export const memberDocument = (member: AlertMember, { line }: Written): object => ({
  vedette: {
    line,
    alert_id: keywordOf(member.alertId),
    finding_id: keywordOf(member.findingId),
    from: member.from,
    body: member,
  },
});

/** An entry of a history. */
export const historyDocument = (entry: HistoryEntry, order: number, { line }: Written): object => ({
  "@timestamp": dateOf(entry.time),
  vedette: { line, order, subject: keywordOf(entry.subject), body: entry },
});

/** An entry of the audit trail with its place in the chain. `entry` is the exact text that the hash covers. */
export const auditDocument = (row: ChainRow, time: number, { line }: Written): object => {
  const { actor, action, subject } = JSON.parse(row.entry) as Readonly<Record<"actor" | "action" | "subject", string>>;
  return {
    "@timestamp": dateOf(time),
    event: { kind: "event", action: keywordOf(action) },
    vedette: {
      line,
      sequence: row.sequence,
      actor: keywordOf(actor),
      subject: keywordOf(subject),
      body: { entry: row.entry, hash: row.hash },
    },
  };
};

/** The newest revision of an episode. */
export const episodeDocument = (episode: Episode, { line }: Written): object => ({
  "@timestamp": dateOf(episode.to),
  vedette: {
    line,
    id: keywordOf(episode.id),
    rule_id: keywordOf(episode.rule.id),
    revision: episode.revision,
    merged: episode.mergedInto !== undefined || episode.withdrawn === true,
    body: episode,
  },
});

/** A blob of a line's fold; a null value is a removed one. */
export const blobDocument = (
  blob: { readonly key: string; readonly value: string | null },
  step: number,
  now: number,
  { line }: Written,
): object => ({
  "@timestamp": dateOf(now),
  line,
  kind: "blob",
  step,
  removed: blob.value === null,
  body: blob,
});

/** Hash that tells whether two facts with one id are the same judgement (`FindingDocument`). */
const contentHash = ({ id: _id, time, ...content }: Fact, undated: boolean): string =>
  sha256(canonicalJson(undated ? content : { ...content, time }));

/** A fact in the form of the findings indices, with what is known of where it comes from. */
export const factDocument = (
  fact: Fact,
  {
    shadow,
    undated,
    source,
    received,
    position,
  }: {
    readonly shadow?: boolean | undefined;
    readonly undated?: boolean | undefined;
    readonly source?: string | undefined;
    readonly received?: number | undefined;
    readonly position?: EventPosition | undefined;
  } = {},
): FindingDocument => ({
  "@timestamp": dateOf(fact.time),
  event: { kind: "signal", id: keywordOf(fact.eventId) },
  rule: { id: fact.rule.id, name: fact.rule.title, version: fact.rule.revision },
  vedette: {
    finding: {
      id: fact.id,
      kind: "fact",
      revision: 0,
      level: fact.rule.level,
      alerts: fact.alerts,
      shadow: shadow === true,
      content_hash: contentHash(fact, undated === true),
      source: source ?? "",
      ...(received === undefined ? {} : { received }),
      ...(position === undefined ? {} : { position }),
      body: fact,
    },
  },
});
