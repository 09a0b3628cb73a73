import { INSTRUMENTATION_METRICS, WORKER_METRICS } from "@vedette/semconv";
import { type Dashboard, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { dashboardBuilder, finished, rate, series, stat } from "./panels.ts";
import { prometheusName } from "./prometheus-name.ts";

const worker = WORKER_METRICS;
const service = INSTRUMENTATION_METRICS;
/** What happened lately and whether the detector itself is well: the first dashboard to open. */
export function overviewDashboard(): Dashboard {
  const dashboard = dashboardBuilder(
    "Vedette overview",
    "vedette-overview",
    "Alerts, what the services see, and the health of the detector.",
  )
    .withRow(new RowBuilder("Alerts"))
    .withPanel(
      stat(
        {
          title: "Open alerts",
          description: "Alerts that nobody has closed.",
          expression: `sum(${worker.alertsOpen.name})`,
          legend: "open",
          unit: "short",
        },
        6,
      ),
    )
    .withPanel(
      stat(
        {
          title: "Open incidents",
          description: "Incidents that are not closed.",
          expression: `sum(${worker.incidentsOpen.name})`,
          legend: "open",
          unit: "short",
        },
        6,
      ),
    )
    .withPanel(
      stat(
        {
          title: "Addresses blocked now",
          description: "Entries of the deny list in force.",
          expression: `sum(${worker.denyListEntries.name})`,
          legend: "blocked",
          unit: "short",
        },
        6,
      ),
    )
    .withPanel(
      stat(
        {
          title: "Event to alert, p99",
          description: "From the receipt of the record that opened an alert to the stored alert, over the last hour.",
          expression: `histogram_quantile(0.99, sum by (le) (rate(${worker.eventToAlert.name}_bucket[1h])))`,
          legend: "p99",
          unit: "s",
        },
        6,
      ),
    )
    .withPanel(
      series(
        {
          title: "Alerts opened",
          description: "New alerts by severity.",
          expression: `sum by (severity) (increase(${worker.alerts.name}[$__rate_interval]))`,
          legend: "{{severity}}",
          unit: "short",
        },
        12,
        true,
      ),
    )
    .withPanel(
      series(
        {
          title: "Findings",
          description: "Rules that said yes, by level, before suppression joins them into alerts.",
          expression: rate(worker.findings.name, "level"),
          legend: "{{level}}",
          unit: "ops",
        },
        12,
      ),
    )

    .withRow(new RowBuilder("What the services see"))
    .withPanel(
      series(
        {
          title: "Sign-ins",
          description: "Authentication attempts by outcome.",
          expression: rate(prometheusName(service.authenticationAttempts), "event_outcome"),
          legend: "{{event_outcome}}",
          unit: "ops",
        },
        12,
      ),
    )
    .withPanel(
      series(
        {
          title: "Suspicious requests",
          description: "Requests that carry what looks like an attack, by class.",
          expression: rate(prometheusName(service.suspiciousRequests), "vedette_request_indicators"),
          legend: "{{vedette_request_indicators}}",
          unit: "ops",
        },
        12,
      ),
    )
    .withPanel(
      series(
        {
          title: "Refused",
          description: "Operations refused to known users, by operation.",
          expression: rate(prometheusName(service.authorizationDenied), "vedette_action"),
          legend: "{{vedette_action}}",
          unit: "ops",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "Rate limited",
          description: "Requests that hit a rate limit, by route.",
          expression: rate(prometheusName(service.rateLimited), "http_route"),
          legend: "{{http_route}}",
          unit: "ops",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "Blocked by the guard",
          description: "Requests answered with 403 by the guard, by service.",
          expression: rate(prometheusName(service.guardBlocked), "job"),
          legend: "{{job}}",
          unit: "ops",
        },
        8,
      ),
    )

    .withRow(new RowBuilder("Detector"))
    .withPanel(
      series(
        {
          title: "Records and events",
          description: "Records taken, by source.",
          expression: rate(worker.recordsReceived.name, "source"),
          legend: "{{source}}",
          unit: "ops",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "Waiting to be judged",
          description: "Acknowledged records that are not judged yet.",
          expression: `sum by (instance) (${worker.inboxPending.name})`,
          legend: "{{instance}}",
          unit: "short",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "Watermark lag",
          description: "Now minus the time up to which everything is known; the allowed lateness is part of it.",
          expression: `max by (instance) (${worker.watermarkLag.name})`,
          legend: "{{instance}}",
          unit: "s",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "Refused and unmatched",
          description: "Records that can never be taken, and their reasons.",
          expression: rate(worker.recordsRefused.name, "source, reason"),
          legend: "{{source}}: {{reason}}",
          unit: "ops",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "No log source",
          description: "Events that no rule looked at.",
          expression: rate(worker.eventsUnmatched.name, "instance"),
          legend: "{{instance}}",
          unit: "ops",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "Notifications and actions waiting",
          description: "Effects in the outbox.",
          expression: `sum by (instance) (${worker.effectsPending.name})`,
          legend: "{{instance}}",
          unit: "short",
        },
        8,
      ),
    );
  return finished(dashboard);
}
