import type { Alert } from "@vedette/api";
import type { Ports } from "../ports.ts";
import type { ExecutionResult, Executor } from "../responder/executor.ts";
import type { Store } from "../store/store.ts";

/** An alert as Alertmanager's API v2 takes it (`postableAlert`). */
export interface PostableAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
}

/** Keeps the Alertmanagers informed of what is open. */
export interface AlertmanagerNotifier {
  /** The executor of `alertmanager.notify` effects, whose subject is an alert's id. */
  readonly executor: Executor;
  /** Sends every open alert once more; resolves with how many. */
  refresh(): Promise<number>;
  close(): Promise<void>;
}

/** What the notifier needs. */
export interface AlertmanagerOptions {
  /** Base addresses of the Alertmanagers; every one of them is told. */
  readonly urls: readonly string[];
  readonly token?: string | undefined;
  /** Milliseconds an Alertmanager has to answer. */
  readonly timeout: number;
  /** Milliseconds between two refreshes. */
  readonly refreshInterval?: number;
  readonly store: Pick<Store, "alert" | "listAlerts">;
  readonly ports: Pick<Ports, "clock" | "timers" | "network" | "log">;
  /** Where a person sees an alert in the console: an absolute address. */
  readonly alertUrl: (alertId: string) => string;
}

/** The action of effects that the notifier carries out. */
export const ALERTMANAGER_NOTIFY = "alertmanager.notify";

const PAGE = 100;

/** Whether Alertmanager should see the alert as firing. */
const isFiring = (alert: Alert): boolean => alert.status !== "closed" && alert.mergedInto === undefined;

/**
 * The alert as Alertmanager takes it. Labels are what does not change in an alert's life, because they are its identity there;
 * everything else is annotations. No label name has a dot: versions before 0.26 refuse them.
 *
 * @param endsAt Unix milliseconds: in the future for a firing alert, which is resolved by itself when nobody repeats it until then.
 */
export function postableAlert(alert: Alert, endsAt: number, generatorUrl: string): PostableAlert {
  const text = (values: readonly string[]): string => values.join(", ");
  const annotations: Record<string, string> = {
    summary: alert.title,
    description: alert.description,
    status: alert.status,
    priority: String(Math.round(alert.priority.score)),
    entities: text(alert.entities.map((entity) => `${entity.kind} ${entity.value}`)),
    techniques: text(alert.techniques),
    tactics: text(alert.tactics),
    findings: String(alert.findingCount),
    ...(alert.incidentId === undefined ? {} : { incident: alert.incidentId }),
    ...(alert.assignee === undefined ? {} : { assignee: alert.assignee }),
  };
  return {
    labels: {
      alertname: alert.rule.title,
      severity: alert.severity,
      vedette_alert_id: alert.id,
      vedette_kind: alert.kind,
      vedette_rule: alert.rule.id,
      vedette_tenant: alert.tenant,
    },
    annotations: Object.fromEntries(Object.entries(annotations).filter(([, value]) => value !== "")),
    startsAt: new Date(alert.openedAt).toISOString(),
    // Alertmanager refuses an alert that ends before it starts.
    endsAt: new Date(Math.max(endsAt, alert.openedAt)).toISOString(),
    generatorURL: generatorUrl,
  };
}

/** One outcome of several: a single Alertmanager that took the alert is enough, the refresh catches up with the others. */
function combine(results: readonly ExecutionResult[]): ExecutionResult {
  const detail = results.map((result) => result.detail).join("; ");
  const outcome = (["done", "unknown", "failed"] as const).find((wanted) =>
    results.some((result) => result.outcome === wanted),
  );
  return { outcome: outcome ?? "failed", detail: detail === "" ? "no Alertmanager is configured" : detail };
}

/** Makes the notifier and begins to refresh. */
export function createAlertmanagerNotifier(options: AlertmanagerOptions): AlertmanagerNotifier {
  const { urls, token, timeout, store, ports, alertUrl, refreshInterval = 60_000 } = options;
  const { clock, timers, network, log } = ports;
  const stop = new AbortController();
  // Three refreshes may fail in a row before an open alert would be taken for resolved.
  const validity = Math.max(5 * 60_000, 4 * refreshInterval);
  let line: Promise<unknown> = Promise.resolve();

  /** One after the other: an older state must never reach an Alertmanager after a newer one. */
  const inLine = <T>(task: () => Promise<T>): Promise<T> => {
    const turn = line.then(task);
    line = turn.catch(() => {});
    return turn;
  };

  const postable = (alert: Alert): PostableAlert =>
    postableAlert(alert, isFiring(alert) ? clock.now() + validity : clock.now(), alertUrl(alert.id));

  const post = async (url: string, body: string): Promise<ExecutionResult> => {
    const { host } = new URL(url);
    try {
      const answer = await network.request(
        {
          method: "POST",
          url: `${url.replace(/\/+$/, "")}/api/v2/alerts`,
          headers: {
            "content-type": "application/json",
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          },
          body,
          timeout,
        },
        stop.signal,
      );
      if (answer.status >= 200 && answer.status < 300) return { outcome: "done", detail: `${host} took it` };
      return { outcome: "failed", detail: `${host} answered ${answer.status}: ${answer.body.trim().slice(0, 200)}` };
    } catch (error) {
      return {
        outcome: "unknown",
        detail: `${host} did not answer: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
  };

  const send = async (alerts: readonly Alert[]): Promise<ExecutionResult> => {
    const body = JSON.stringify(alerts.map(postable));
    return combine(await Promise.all(urls.map((url) => post(url, body))));
  };

  const refreshStatus = async (status: "open" | "acknowledged"): Promise<number> => {
    let sent = 0;
    let cursor: string | undefined;
    do {
      // Read and sent in one turn, so that a page read before an alert was closed cannot be sent after its resolution.
      cursor = await inLine(async () => {
        const page = await store.listAlerts({ status, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
        const firing = page.items.filter(isFiring);
        if (firing.length > 0) {
          const { outcome, detail } = await send(firing);
          if (outcome !== "done")
            log.warn({ detail, alerts: firing.length }, "could not refresh alerts at any Alertmanager");
        }
        sent += firing.length;
        return page.nextCursor;
      });
    } while (cursor !== undefined && !stop.signal.aborted);
    return sent;
  };

  const refresh = async (): Promise<number> => (await refreshStatus("open")) + (await refreshStatus("acknowledged"));

  const refreshForEver = async (): Promise<void> => {
    for (;;) {
      await timers.sleep(refreshInterval, stop.signal);
      if (stop.signal.aborted) return;
      await refresh().catch((error: unknown) => log.warn({ error }, "could not read the open alerts to refresh them"));
    }
  };
  const refreshing = urls.length > 0 ? refreshForEver() : Promise.resolve();

  const executor: Executor = {
    action: ALERTMANAGER_NOTIFY,
    guarantee: "idempotent",
    execute: (effect) =>
      inLine(async () => {
        try {
          // The alert as it is now, not as it was: a later state has already justified itself, and an older one must not follow it.
          const alert = await store.alert(effect.subject);
          if (alert === undefined) return { outcome: "failed", detail: `there is no alert ${effect.subject}` };
          return await send([alert]);
        } catch (error) {
          return { outcome: "failed", detail: error instanceof Error ? error.message : String(error) };
        }
      }),
  };

  return {
    executor,
    refresh,
    async close() {
      stop.abort();
      await Promise.all([refreshing, line]);
    },
  };
}
