import type { Change } from "@vedette/api";
import type { Clock, Log } from "./ports.ts";
import type { Metrics } from "./server/metrics.ts";
import type { Store } from "./store/store.ts";

/** Counts alerts as they open, and how long after the receipt of the record that opened them; the returned function stops it. */
export function followAlerts(options: {
  readonly store: Store;
  readonly metrics: Pick<Metrics, "alerts" | "eventToAlert">;
  readonly clock: Clock;
  readonly log: Log;
}): () => void {
  const { store, metrics, clock, log } = options;

  const opened = async ({ id }: Change, at: number): Promise<void> => {
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

  return store.onChange((changes) => {
    const at = clock.now();
    for (const change of changes)
      if (change.kind === "alert" && change.revision === 1)
        opened(change, at).catch((error: unknown) =>
          log.warn({ error, alert: change.id }, "the time from event to alert was not measured"),
        );
  });
}
