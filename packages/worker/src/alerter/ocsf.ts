import { isIP } from "node:net";
import type { Alert } from "@vedette/api";
import type { Episode, Fact } from "@vedette/detection";
import { OCSF_CLASS, OCSF_VERSION } from "@vedette/semconv";
import type { HistoryEntry } from "../store/store.ts";

/** What of an alert's past and of what is behind it goes into its finding. */
export interface OcsfInput {
  readonly alert: Alert;
  /** In order of time; where not all are given, the finding says how many there are. */
  readonly findings: readonly (Fact | Episode)[];
  readonly history: readonly HistoryEntry[];
  /** Version of Vedette. */
  readonly productVersion: string;
}

const CLASS = OCSF_CLASS.detectionFinding;
/** Events named in one finding at most. */
const EVENTS = 200;

const ACTIVITY = { create: [1, "Create"], update: [2, "Update"], close: [3, "Close"] } as const;
const SEVERITY = {
  informational: [1, "Informational"],
  low: [2, "Low"],
  medium: [3, "Medium"],
  high: [4, "High"],
  critical: [5, "Critical"],
} as const satisfies Record<Alert["severity"], readonly [number, string]>;
/** OCSF's risk levels begin with 0 for the lowest, its severities with 1. */
const RISK_LEVEL = {
  informational: [0, "Info"],
  low: [1, "Low"],
  medium: [2, "Medium"],
  high: [3, "High"],
  critical: [4, "Critical"],
} as const satisfies Record<Alert["severity"], readonly [number, string]>;
const CONFIDENCE = { low: [1, "Low"], medium: [2, "Medium"], high: [3, "High"] } as const;
const NEW = [1, "New"] as const;
const IN_PROGRESS = [2, "In Progress"] as const;
/** Looked at, and nothing that has to be acted on. */
const SUPPRESSED = [3, "Suppressed"] as const;
const RESOLVED = [4, "Resolved"] as const;

/** ATT&CK's enterprise tactics by their short names. */
const TACTICS: Readonly<Record<string, readonly [string, string]>> = {
  reconnaissance: ["TA0043", "Reconnaissance"],
  "resource-development": ["TA0042", "Resource Development"],
  "initial-access": ["TA0001", "Initial Access"],
  execution: ["TA0002", "Execution"],
  persistence: ["TA0003", "Persistence"],
  "privilege-escalation": ["TA0004", "Privilege Escalation"],
  "defense-evasion": ["TA0005", "Defense Evasion"],
  "credential-access": ["TA0006", "Credential Access"],
  discovery: ["TA0007", "Discovery"],
  "lateral-movement": ["TA0008", "Lateral Movement"],
  collection: ["TA0009", "Collection"],
  exfiltration: ["TA0010", "Exfiltration"],
  "command-and-control": ["TA0011", "Command and Control"],
  impact: ["TA0040", "Impact"],
};

type Entity = Alert["entities"][number];

/** What `user.hash` looks like: nobody is called that, and it identifies. */
const PSEUDONYM = /^[0-9a-f]{32}$/;

/** OCSF's times are whole milliseconds. */
const timestamp = (time: number): number => Math.round(time);

const activityOf = ({ status, revision, mergedInto }: Alert): readonly [number, string] => {
  if (status === "closed" || mergedInto !== undefined) return ACTIVITY.close;
  return revision === 1 ? ACTIVITY.create : ACTIVITY.update;
};

const statusOf = ({ status, closeReason, mergedInto }: Alert): readonly [number, string] => {
  if (mergedInto !== undefined) return SUPPRESSED;
  if (status === "open") return NEW;
  if (status === "acknowledged") return IN_PROGRESS;
  return closeReason === "true_positive" || closeReason === "other" || closeReason === undefined
    ? RESOLVED
    : SUPPRESSED;
};

/** How sure the rule is: what its status makes of the points that its severity gives. */
function confidenceOf({ priority }: Alert): number | undefined {
  const points = (name: string): number | undefined => priority.factors.find((factor) => factor.name === name)?.points;
  const [base, change] = [points("severity"), points("confidence")];
  if (base === undefined || change === undefined || base <= 0) return undefined;
  return Math.min(100, Math.max(0, Math.round(((base + change) / base) * 100)));
}

const attacksOf = ({ techniques, tactics }: Alert): object[] => [
  ...techniques.map((id) => {
    const [technique = id] = id.split(".");
    return { technique: { uid: technique }, ...(technique === id ? {} : { sub_technique: { uid: id } }) };
  }),
  ...tactics.map((short) => {
    const [uid, name] = TACTICS[short] ?? [undefined, short];
    return { tactic: { name, ...(uid === undefined ? {} : { uid }) } };
  }),
];

/** Where an entity stands in a finding, as an observable names it, and of which type that is. */
function placeOf({ kind, value }: Entity): {
  readonly evidence: object;
  readonly name: string;
  readonly type: readonly [number, string];
} {
  switch (kind) {
    case "address":
      return isIP(value) === 0
        ? {
            evidence: { src_endpoint: { name: value } },
            name: "evidences[].src_endpoint.name",
            type: [99, "address"],
          }
        : {
            evidence: { src_endpoint: { ip: value } },
            name: "evidences[].src_endpoint.ip",
            type: [2, "IP Address"],
          };
    case "user":
      if (PSEUDONYM.test(value))
        return { evidence: { actor: { user: { uid: value } } }, name: "evidences[].actor.user.uid", type: [99, kind] };
      return {
        evidence: { actor: { user: { name: value } } },
        name: "evidences[].actor.user.name",
        type: [4, "User Name"],
      };
    case "host":
      return {
        evidence: { src_endpoint: { hostname: value } },
        name: "evidences[].src_endpoint.hostname",
        type: [1, "Hostname"],
      };
    case "session":
      return {
        evidence: { actor: { session: { uid: value } } },
        name: "evidences[].actor.session.uid",
        type: [99, kind],
      };
    case "service":
    case "api_key":
    case "agent":
      return { evidence: { data: { [kind]: value } }, name: `evidences[].data.${kind}`, type: [99, kind] };
  }
}

const idsOf = (finding: Fact | Episode): readonly string[] =>
  finding.kind === "fact" ? [finding.eventId] : finding.eventIds;

/**
 * An alert as an OCSF Detection Finding (class 2004). What is behind it is named by ids; no event is copied. Whether it is new, changed or closed is told by `activity_id`, and findings of one alert have one
 * `finding_info.uid`.
 * @see https://schema.ocsf.io/1.3.0/classes/detection_finding
 */
export function toOcsf({ alert, findings, history, productVersion }: OcsfInput): Readonly<Record<string, unknown>> {
  const [activityId, activity] = activityOf(alert);
  const [severityId, severity] = SEVERITY[alert.severity];
  const [riskLevelId, riskLevel] = RISK_LEVEL[alert.severity];
  const [statusId, status] = statusOf(alert);
  const confidence = confidenceOf(alert);
  const [confidenceId, confidenceName] =
    confidence === undefined
      ? [0, "Unknown"]
      : CONFIDENCE[confidence >= 90 ? "high" : confidence >= 70 ? "medium" : "low"];
  const opened = timestamp(alert.openedAt);
  const modified = Math.max(opened, ...history.map(({ time }) => timestamp(time)));
  const places = alert.entities.map((entity) => ({ entity, ...placeOf(entity) }));
  const eventIds = [...new Set(findings.flatMap(idsOf))];
  const attacks = attacksOf(alert);
  return {
    activity_id: activityId,
    activity_name: activity,
    category_uid: CLASS.category,
    category_name: CLASS.categoryName,
    class_uid: CLASS.uid,
    class_name: CLASS.name,
    type_uid: CLASS.uid * 100 + activityId,
    type_name: `${CLASS.name}: ${activity}`,
    time: activityId === ACTIVITY.create[0] ? opened : modified,
    start_time: timestamp(alert.firstSeen),
    end_time: timestamp(alert.lastSeen),
    severity_id: severityId,
    severity,
    status_id: statusId,
    status,
    ...(alert.closeReason === undefined ? {} : { status_detail: alert.closeReason }),
    message: alert.title,
    count: Math.max(1, alert.eventCount),
    confidence_id: confidenceId,
    confidence: confidenceName,
    ...(confidence === undefined ? {} : { confidence_score: confidence }),
    risk_level_id: riskLevelId,
    risk_level: riskLevel,
    risk_score: Math.round(alert.priority.score),
    metadata: {
      version: OCSF_VERSION,
      uid: `${alert.id}.${alert.revision}`,
      tenant_uid: alert.tenant,
      product: { name: "Vedette", vendor_name: "Vedette", version: productVersion },
    },
    finding_info: {
      uid: alert.id,
      title: alert.title,
      ...(alert.description === "" ? {} : { desc: alert.description }),
      created_time: opened,
      modified_time: modified,
      first_seen_time: timestamp(alert.firstSeen),
      last_seen_time: timestamp(alert.lastSeen),
      types: [alert.kind],
      analytic: {
        type_id: 1,
        type: "Rule",
        uid: alert.rule.id,
        name: alert.rule.title,
        version: alert.rule.revision,
      },
      ...(attacks.length === 0 ? {} : { attacks }),
      ...(eventIds.length === 0 ? {} : { related_events: eventIds.slice(0, EVENTS).map((uid) => ({ uid })) }),
    },
    evidences: [
      ...places.map(({ evidence }) => evidence),
      ...findings.map((finding) => ({
        data: {
          finding_uid: finding.id,
          rule_uid: finding.rule.id,
          event_uids: idsOf(finding).slice(0, EVENTS),
        },
      })),
    ],
    observables: places.map(({ entity: { value }, name, type: [type_id, type] }) => ({ name, type_id, type, value })),
    unmapped: {
      vedette: {
        finding_count: alert.findingCount,
        event_count: alert.eventCount,
        ...(alert.assignee === undefined ? {} : { assignee: alert.assignee }),
        ...(alert.incidentId === undefined ? {} : { incident_id: alert.incidentId }),
        ...(alert.mergedInto === undefined ? {} : { merged_into: alert.mergedInto }),
      },
    },
  };
}
