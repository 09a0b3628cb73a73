import type { Alert, AlertChange, Incident, IncidentChange, IncidentStatus } from "@vedette/api";
import { OperationError } from "./operations.ts";

const INCIDENT_ORDER: readonly IncidentStatus[] = ["new", "triaged", "contained", "eradicated", "recovered", "closed"];

/** Whether an incident may go from one status to another: forward by any number of steps, back to `triaged` from anywhere later. */
export function mayFollow(from: IncidentStatus, to: IncidentStatus): boolean {
  if (from === to) return false;
  return INCIDENT_ORDER.indexOf(to) > INCIDENT_ORDER.indexOf(from) || to === "triaged";
}

/** The alert after a person's change, without a new revision.
 * @throws OperationError `conflict`, `invalid`
 */
export function decideAlert(alert: Alert, change: AlertChange): Alert {
  if (alert.mergedInto !== undefined)
    throw new OperationError("conflict", `The alert was joined with ${alert.mergedInto}; change that one.`);
  if (change.revision !== alert.revision) {
    throw new OperationError(
      "conflict",
      `The alert has revision ${alert.revision} now, the change was made for ${change.revision}. Read it again.`,
    );
  }
  const status = change.status ?? alert.status;
  if (change.closeReason !== undefined && status !== "closed")
    throw new OperationError("invalid", "A close reason is for an alert that is closed.");
  if (change.status === "closed" && alert.status !== "closed" && change.closeReason === undefined) {
    throw new OperationError("invalid", "Closing an alert needs a close reason.");
  }
  const { closeReason, assignee, ...rest } = alert;
  const reason = status === "closed" ? (change.closeReason ?? closeReason) : undefined;
  const who = change.assignee === null ? undefined : (change.assignee ?? assignee);
  return {
    ...rest,
    status,
    ...(reason === undefined ? {} : { closeReason: reason }),
    ...(who === undefined ? {} : { assignee: who }),
  };
}

/** True when new findings reopen an alert closed for that reason: the matter was real, so its going on is news. */
export const reopens = (reason: Alert["closeReason"]): boolean => reason === "true_positive" || reason === "other";

/** The incident after a person's change, without a new revision.
 * @throws OperationError `conflict`, `invalid`
 */
export function decideIncident(incident: Incident, change: IncidentChange): Incident {
  if (incident.mergedInto !== undefined)
    throw new OperationError("conflict", `The incident was joined with ${incident.mergedInto}; change that one.`);
  if (change.revision !== incident.revision) {
    throw new OperationError(
      "conflict",
      `The incident has revision ${incident.revision} now, the change was made for ${change.revision}. Read it again.`,
    );
  }
  const status = change.status ?? incident.status;
  if (status !== incident.status && !mayFollow(incident.status, status)) {
    throw new OperationError("invalid", `An incident that is ${incident.status} cannot become ${status}.`);
  }
  return { ...incident, status };
}
