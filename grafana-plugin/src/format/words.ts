import type {
  AlertStatus,
  ApiEntity,
  CloseReason,
  DenyListEntry,
  IncidentStatus,
  CoverageGap,
  Severity,
  TimelineRow,
} from "@vedette/api";

/** What the pages call an alert's status. */
export const ALERT_STATUS: Record<AlertStatus, string> = {
  open: "Open",
  acknowledged: "Acknowledged",
  closed: "Closed",
};

/** Why an alert can be closed, in words. */
export const CLOSE_REASON: Record<CloseReason, { readonly label: string; readonly description: string }> = {
  true_positive: { label: "True positive", description: "It was an attack or a breach of policy." },
  benign_positive: {
    label: "Benign positive",
    description: "The rule is right, but this was allowed: a test, a scan of ours.",
  },
  false_positive: { label: "False positive", description: "The rule is wrong about this." },
  duplicate: { label: "Duplicate", description: "Another alert tells the same." },
  other: { label: "Other", description: "The note says why." },
};

/** What the pages call an incident's status. */
export const INCIDENT_STATUS: Record<IncidentStatus, { readonly label: string; readonly description: string }> = {
  new: { label: "New", description: "Nobody has looked yet." },
  triaged: { label: "Triaged", description: "Somebody has looked: it is real and has an owner." },
  contained: { label: "Contained", description: "It cannot spread any more." },
  eradicated: { label: "Eradicated", description: "The cause is gone." },
  recovered: { label: "Recovered", description: "Everything works as before." },
  closed: { label: "Closed", description: "Nothing is left to do." },
};

/** What the pages call a severity. */
export const SEVERITY: Record<Severity, string> = {
  informational: "Info",
  low: "Low",
  medium: "Medium",
  high: "High",
  critical: "Critical",
};

/** What the pages call a kind of entity. */
export const ENTITY_KIND: Record<ApiEntity["kind"], string> = {
  address: "Address",
  user: "User",
  host: "Host",
  service: "Service",
  session: "Session",
  api_key: "API key",
  agent: "AI agent",
};

/** What the pages call the state of an address on the deny list. */
export const DENY_STATE: Record<DenyListEntry["state"], string> = {
  pending: "Being put in force",
  in_force: "In force",
  expired: "Expired",
  undone: "Undone",
};

/** Why rules did not look at events, in words that follow a number of events. */
export const COVERAGE_REASON: Record<CoverageGap["reason"], string> = {
  "before-start": "from before the source began",
  "rule-added-later": "older than a rule",
  "rule-changed": "judged before a rule was changed",
  behind: "about to be read",
  "no-worker": "that no worker reads",
  deleted: "deleted before they were read",
  forgotten: "judged by rules that are not remembered",
};

/** What the pages call a kind of row in a timeline. */
export const TIMELINE_KIND: Record<TimelineRow["kind"], string> = {
  event: "Events",
  alert: "Alerts",
  action: "Actions",
  person: "People",
};

/** `1 alert`, `2 alerts`, `1,204 alerts`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en-US")} ${number === 1 ? one : many}`;
}

/** A short name in words: the tactic `credential-access` is `Credential access`. */
export function sentenceCase(shortName: string): string {
  const words = shortName.replaceAll(/[-_]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
