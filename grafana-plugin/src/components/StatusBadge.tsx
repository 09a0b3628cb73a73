import { Badge, type BadgeColor, type IconName } from "@grafana/ui";
import type { Alert, DenyListEntry, IncidentStatus } from "@vedette/api";
import { ALERT_STATUS, CLOSE_REASON, DENY_STATE, INCIDENT_STATUS } from "../format/words.ts";

type Look = readonly [BadgeColor, IconName];

const alertLook: Record<Alert["status"], Look> = {
  open: ["orange", "bell"],
  acknowledged: ["blue", "eye"],
  closed: ["darkgrey", "check"],
};

const incidentLook: Record<IncidentStatus, Look> = {
  new: ["orange", "bell"],
  triaged: ["purple", "eye"],
  contained: ["blue", "shield"],
  eradicated: ["blue", "check"],
  recovered: ["green", "check"],
  closed: ["darkgrey", "check-circle"],
};

const denyLook: Record<DenyListEntry["state"], Look> = {
  pending: ["blue", "hourglass"],
  in_force: ["red", "ban"],
  expired: ["darkgrey", "clock-nine"],
  undone: ["darkgrey", "history"],
};

/** Where an alert stands; a closed one says why when pointed at. */
export function AlertStatusBadge({ alert }: { readonly alert: Pick<Alert, "status" | "closeReason"> }) {
  const [color, icon] = alertLook[alert.status];
  const reason = alert.closeReason === undefined ? undefined : CLOSE_REASON[alert.closeReason].label;
  return <Badge color={color} icon={icon} text={ALERT_STATUS[alert.status]} {...(reason ? { tooltip: reason } : {})} />;
}

/** Where an incident stands. */
export function IncidentStatusBadge({ status }: { readonly status: IncidentStatus }) {
  const [color, icon] = incidentLook[status];
  return <Badge color={color} icon={icon} text={INCIDENT_STATUS[status].label} />;
}

/** Whether a block is in force. */
export function DenyStateBadge({ state }: { readonly state: DenyListEntry["state"] }) {
  const [color, icon] = denyLook[state];
  return <Badge color={color} icon={icon} text={DENY_STATE[state]} />;
}
