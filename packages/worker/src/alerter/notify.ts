import type { Alert } from "@vedette/api";
import type { EffectDraft } from "../detector/step-draft.ts";
import type { EffectGuarantee } from "../store/store.ts";

/** Somebody who is told of alerts: an executor of that action carries it out. */
export interface Notifier {
  /** E.g. `alertmanager.notify`. */
  readonly action: string;
  /** E.g. the name of the Alertmanager in the configuration. */
  readonly target: string;
  readonly guarantee: EffectGuarantee;
}

/** Why a notification is sent. Each is a generation of its own; `closed` and `merged` end what was opened. */
export type NotificationReason = "opened" | "severity_raised" | "reopened" | "closed" | "merged";

/** What a notification says: the alert as it was when the reason arose. */
export interface NotificationPayload {
  readonly reason: NotificationReason;
  readonly alert: Alert;
}

/** What of an alert's change is worth telling somebody, if anything. */
export function notificationReason(
  before: Alert | undefined,
  after: Alert,
  isRaised: boolean,
): NotificationReason | undefined {
  if (after.mergedInto !== undefined)
    return before?.mergedInto === undefined && before?.status !== "closed" ? "merged" : undefined;
  if (before === undefined) return "opened";
  if (before.status !== "closed" && after.status === "closed") return "closed";
  if (before.status === "closed" && after.status !== "closed") return "reopened";
  return isRaised && after.status !== "closed" ? "severity_raised" : undefined;
}

/** One effect for each notifier. */
export function notifications(
  notifiers: readonly Notifier[],
  reason: NotificationReason,
  alert: Alert,
  generation: number,
): EffectDraft[] {
  const payload: NotificationPayload = { reason, alert };
  return notifiers.map(({ action, target, guarantee }) => ({
    action,
    target,
    guarantee,
    generation,
    subject: alert.id,
    payload,
  }));
}
