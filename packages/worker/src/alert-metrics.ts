import type { Clock, Log } from "./ports.ts";
import type { Metrics } from "./server/metrics.ts";
import type { Store } from "./store/store.ts";

/** Counts alerts as they open, and how long after the receipt of the record that opened them; the returned function stops it. */
export function followAlerts(options: {
  readonly store: Store;
  readonly metrics: Pick<Metrics, "alerts" | "eventToAlert">;
  readonly clock: Clock;
  readonly log: Log;
  /** Tells of alerts that this worker opened, where others open some too; by default all changes of the store are followed. */
  readonly onOpened?: ((listener: (alertIds: readonly string[]) => void) => () => void) | undefined;
}): () => void {
  const { store, metrics, clock, log, onOpened } = options;

  const opened = async (id: string, at: number): Promise<void> => {
    const alert = await store.alert(id);
    if (!alert) return;
    metrics.alerts.inc({ severity: alert.severity, kind: alert.kind });
    const members = await store.alertMembers(id, 20);
    const findings = await store.findings(members.map(({ findingId }) => findingId));
    const events = await store.events(
      findings.flatMap((finding) => (finding.kind === "fact" ? [finding.eventId] : finding.eventIds.slice(-20))),
    );
    const received = Math.max(...events.map(({ receivedAt }) => receivedAt));
    if (Number.isFinite(received)) metrics.eventToAlert.observe(Math.max(0, at - received) / 1000);
  };

  const count = (ids: readonly string[]): void => {
    const at = clock.now();
    for (const id of ids)
      opened(id, at).catch((error: unknown) =>
        log.warn({ error, alert: id }, "the time from event to alert was not measured"),
      );
  };

  if (onOpened !== undefined) return onOpened(count);
  return store.onChange((changes) =>
    count(changes.filter(({ kind, revision }) => kind === "alert" && revision === 1).map(({ id }) => id)),
  );
}
