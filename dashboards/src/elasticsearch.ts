import { WORKER_METRICS } from "@vedette/semconv";
import { type Dashboard, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { dashboardBuilder, finished, rate, series, stat } from "./panels.ts";

const worker = WORKER_METRICS;

/** Workers that live on Elasticsearch: whether all is read, judged by all rules, and worked on by somebody. What each worker tells of all is taken once. */
export function elasticsearchDashboard(): Dashboard {
  const dashboard = dashboardBuilder(
    "Vedette on Elasticsearch",
    "vedette-elasticsearch",
    "Sources and shards, who holds what, coverage, and how the cluster answers.",
  )
    .withRow(new RowBuilder("At a glance"))
    .withPanel(
      stat(
        {
          title: "Not judged yet",
          description: "Operations in the shards of all sources that no worker has judged.",
          expression: `sum(max by (source) (${worker.sourceLag.name}))`,
          legend: "operations",
          unit: "short",
        },
        4,
      ),
    )
    .withPanel(
      stat(
        {
          title: "Red shards",
          description: "Shards without a started copy, which are waited for.",
          expression: `sum(max by (source) (${worker.sourceShardsSeen.name}{state="red"}))`,
          legend: "shards",
          unit: "short",
        },
        4,
      ),
    )
    .withPanel(
      stat(
        {
          title: "Stalled shards",
          description: "Shards with unread documents that nobody has read for long (`elasticsearch.stalledAfter`).",
          expression: `sum(max by (source) (${worker.sourceShardsSeen.name}{state="stalled"}))`,
          legend: "shards",
          unit: "short",
        },
        4,
      ),
    )
    .withPanel(
      stat(
        {
          title: "Events with gaps",
          description:
            "Events that at least one rule has not looked at as it is now; what lies before the start of a source does not count.",
          expression: `sum(max by (reason) (${worker.ruleCoverageGap.name}{reason!="before-start"}))`,
          legend: "events",
          unit: "short",
        },
        4,
      ),
    )
    .withPanel(
      stat(
        {
          title: "Workers",
          description: "Workers that hold a lease.",
          expression: `count(sum by (instance) (${worker.leasesHeld.name}) > 0)`,
          legend: "workers",
          unit: "short",
        },
        4,
      ),
    )
    .withPanel(
      stat(
        {
          title: "Line of alerts",
          description: "Workers that run the line that makes alerts: one.",
          expression: `sum(${worker.leasesHeld.name}{kind="case"})`,
          legend: "workers",
          unit: "short",
        },
        4,
      ),
    )

    .withRow(new RowBuilder("Sources"))
    .withPanel(
      series(
        {
          title: "Lag",
          description: "Operations that no worker has judged yet, by source.",
          expression: `max by (source) (${worker.sourceLag.name})`,
          legend: "{{source}}",
          unit: "short",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "Read",
          description: "Documents read a second, by source.",
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
          title: "Shards by state",
          description: "All shards of all sources.",
          expression: `sum by (state) (max by (source, state) (${worker.sourceShardsSeen.name}))`,
          legend: "{{state}}",
          unit: "short",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "Shards by worker",
          description: "How the shards are shared out.",
          expression: `sum by (instance) (${worker.sourceShards.name})`,
          legend: "{{instance}}",
          unit: "short",
        },
        8,
        true,
      ),
    )
    .withPanel(
      series(
        {
          title: "Superseded",
          description: "Sequence numbers passed that held no document any more: updates and deletes.",
          expression: rate(worker.sourceSuperseded.name, "source"),
          legend: "{{source}}",
          unit: "ops",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "Refreshes asked for",
          description: "Refreshes so that nothing is passed unseen, by source.",
          expression: rate(worker.sourceRefreshes.name, "source"),
          legend: "{{source}}",
          unit: "ops",
        },
        8,
      ),
    )

    .withRow(new RowBuilder("Lines and leases"))
    .withPanel(
      series(
        {
          title: "Findings that wait",
          description: "Operations of the stream of findings that a line has not taken.",
          expression: `max by (line) (${worker.lineLag.name})`,
          legend: "{{line}}",
          unit: "short",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "Steps",
          description: "Steps committed to the journals, by line.",
          expression: rate(worker.journalSteps.name, "line"),
          legend: "{{line}}",
          unit: "ops",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "Leases without a holder",
          description: "What there is to hold less what workers hold, by kind.",
          expression: `clamp_min(max by (kind) (${worker.leasesOffered.name}) - sum by (kind) (${worker.leasesHeld.name}), 0)`,
          legend: "{{kind}}",
          unit: "short",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "Leases lost",
          description: "Leases that could not be renewed in time or were taken, by worker.",
          expression: `sum by (instance) (increase(${worker.leasesLost.name}[$__rate_interval]))`,
          legend: "{{instance}}",
          unit: "short",
        },
        8,
        true,
      ),
    )
    .withPanel(
      series(
        {
          title: "Fenced",
          description: "Steps refused because another worker had gone on with the line.",
          expression: `sum by (line) (increase(${worker.journalFenced.name}[$__rate_interval]))`,
          legend: "{{line}}",
          unit: "short",
        },
        8,
        true,
      ),
    )
    .withPanel(
      series(
        {
          title: "Shadow findings",
          description: "Findings of rules on trial, which alert nobody.",
          expression: rate(worker.findingsShadow.name, "level"),
          legend: "{{level}}",
          unit: "ops",
        },
        8,
      ),
    )

    .withRow(new RowBuilder("Cluster and coverage"))
    .withPanel(
      series(
        {
          title: "Requests",
          description: "Requests to Elasticsearch by outcome.",
          expression: rate(worker.elasticsearchRequests.name, "outcome"),
          legend: "{{outcome}}",
          unit: "ops",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "Written once more",
          description: "Documents sent again, and why.",
          expression: rate(worker.elasticsearchRewrites.name, "reason"),
          legend: "{{reason}}",
          unit: "ops",
        },
        8,
      ),
    )
    .withPanel(
      series(
        {
          title: "Dead letters",
          description: "Documents that Elasticsearch refused for good, by type of refusal.",
          expression: `sum by (type) (increase(${worker.elasticsearchRefused.name}[$__rate_interval]))`,
          legend: "{{type}}",
          unit: "short",
        },
        8,
        true,
      ),
    )
    .withPanel(
      series(
        {
          title: "Gaps of coverage",
          description: "Events that at least one rule has not looked at, by reason.",
          expression: `max by (reason) (${worker.ruleCoverageGap.name})`,
          legend: "{{reason}}",
          unit: "short",
        },
        12,
      ),
    )
    .withPanel(
      series(
        {
          title: "Late and from the future",
          description: "Findings too late to be correlated, and events dated in the future.",
          expression: `label_replace(sum(rate(${worker.correlationDropped.name}{reason="late"}[$__rate_interval])), "what", "late", "", "") or label_replace(sum(rate(${worker.eventsQuarantined.name}[$__rate_interval])), "what", "future", "", "")`,
          legend: "{{what}}",
          unit: "ops",
        },
        12,
      ),
    );
  return finished(dashboard);
}
