/** What a metric is: its kind, unit, description and the attributes its points may carry. */
export interface MetricDefinition {
  /** Name: dotted (OTel) for what the instrumentation emits, `vedette_…` (Prometheus) for what the worker serves. */
  readonly name: string;
  readonly kind: "counter" | "updowncounter" | "gauge" | "histogram";
  /** UCUM unit, as OpenTelemetry writes it. */
  readonly unit: string;
  readonly description: string;
  /** Attribute (OTel) or label (Prometheus) names: low-cardinality ones only. */
  readonly attributes: readonly string[];
}

/** Metrics that `@vedette/instrumentation` emits through OpenTelemetry. */
export const INSTRUMENTATION_METRICS = {
  authenticationAttempts: {
    name: "vedette.authentication.attempts",
    kind: "counter",
    unit: "{attempt}",
    description: "Authentication attempts by outcome.",
    attributes: ["event.outcome", "vedette.auth.method"],
  },
  passwordVerifications: {
    name: "vedette.password.verifications",
    kind: "counter",
    unit: "{verification}",
    description: "Passwords compared with a stored hash, by algorithm and outcome.",
    attributes: ["vedette.auth.algorithm", "event.outcome"],
  },
  sessionEvents: {
    name: "vedette.session.events",
    kind: "counter",
    unit: "{event}",
    description: "What happened to sessions, those of nobody that is known included.",
    attributes: ["vedette.session.action"],
  },
  authorizationDenied: {
    name: "vedette.authorization.denied",
    kind: "counter",
    unit: "{denial}",
    description: "Operations refused to a known user.",
    attributes: ["vedette.action"],
  },
  inputRejected: {
    name: "vedette.input.rejected",
    kind: "counter",
    unit: "{rejection}",
    description: "Inputs refused by the application's own validation.",
    attributes: ["vedette.input.rule"],
  },
  rateLimited: {
    name: "vedette.rate.limited",
    kind: "counter",
    unit: "{request}",
    description: "Requests that hit a rate limit.",
    attributes: ["http.route"],
  },
  suspiciousRequests: {
    name: "vedette.requests.suspicious",
    kind: "counter",
    unit: "{request}",
    description: "Requests that carry what looks like an attack, by class.",
    attributes: ["vedette.request.indicators"],
  },
  requestAnomalies: {
    name: "vedette.requests.anomalous",
    kind: "counter",
    unit: "{request}",
    description: "Requests that break the protocol or are like none that people send, by how.",
    attributes: ["vedette.request.anomaly"],
  },
  responseWeaknesses: {
    name: "vedette.responses.weak",
    kind: "counter",
    unit: "{route}",
    description: "Routes whose answers showed a weakness in this process, by weakness.",
    attributes: ["vedette.response.weakness"],
  },
  serviceDegradations: {
    name: "vedette.service.degradations",
    kind: "counter",
    unit: "{occurrence}",
    description: "Times that the process stood still or grew, by which of both.",
    attributes: ["vedette.service.degradation"],
  },
  inspectionDuration: {
    name: "vedette.inspection.duration",
    kind: "histogram",
    unit: "s",
    description: "Time spent inspecting the head of one request, taken of one request in sixteen.",
    attributes: [],
  },
  guardBlocked: {
    name: "vedette.guard.blocked",
    kind: "counter",
    unit: "{request}",
    description:
      "Requests that the guard answered in the application's place, by action (block, end_session, step_up, throttle, fail_closed).",
    attributes: ["vedette.guard.action"],
  },
  guardObserved: {
    name: "vedette.guard.observed",
    kind: "counter",
    unit: "{request}",
    description: "Requests that the guard let through although a decision holds of them, by the decision's action.",
    attributes: ["vedette.guard.action"],
  },
  guardUninformed: {
    name: "vedette.guard.uninformed",
    kind: "counter",
    unit: "{request}",
    description: "Requests that came while the guard had not heard from the worker since the process began.",
    attributes: [],
  },
  guardOff: {
    name: "vedette.guard.off",
    kind: "updowncounter",
    unit: "{guard}",
    description: "1 while the guard is switched off, by its settings, by a file or by the worker.",
    attributes: [],
  },
  guardDecisions: {
    name: "vedette.guard.decisions",
    kind: "updowncounter",
    unit: "{decision}",
    description: "Guard decisions in force.",
    attributes: [],
  },
  guardConnected: {
    name: "vedette.guard.connected",
    kind: "updowncounter",
    unit: "{stream}",
    description:
      "1 while the guard hears from the worker, by a stream or by polling; 0 means that it works from what it last heard.",
    attributes: [],
  },
  guardSnapshotsRefused: {
    name: "vedette.guard.snapshots.refused",
    kind: "counter",
    unit: "{snapshot}",
    description: "Snapshots that the guard did not apply, by reason (signature, replay, malformed, unknown_key).",
    attributes: ["error.type"],
  },
  eventsEmitted: {
    name: "vedette.events.emitted",
    kind: "counter",
    unit: "{event}",
    description: "Security events emitted, by event name.",
    attributes: ["vedette.event.name"],
  },
  eventsDropped: {
    name: "vedette.events.dropped",
    kind: "counter",
    unit: "{event}",
    description:
      "Security events that were not emitted because their name had used up its events of that second, by event name.",
    attributes: ["vedette.event.name"],
  },
  inspectionsTruncated: {
    name: "vedette.inspections.truncated",
    kind: "counter",
    unit: "{request}",
    description:
      "Requests of which only a part was inspected, by the limit that was reached (bytes, parameters, findings, time), or whose body was not, by its encoding.",
    attributes: ["vedette.inspection.limit"],
  },
  instrumentationErrors: {
    name: "vedette.instrumentation.errors",
    kind: "counter",
    unit: "{error}",
    description: "Exceptions caught inside the instrumentation; the application never sees them.",
    attributes: ["error.type"],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Metrics that the worker serves on `/metrics` (prom-client). */
export const WORKER_METRICS = {
  recordsReceived: {
    name: "vedette_records_received_total",
    kind: "counter",
    unit: "{record}",
    description: "Records taken from a source and stored, by source.",
    attributes: ["source"],
  },
  recordsDuplicate: {
    name: "vedette_records_duplicate_total",
    kind: "counter",
    unit: "{record}",
    description: "Records that had been received before and are counted once, by source.",
    attributes: ["source"],
  },
  recordsRefused: {
    name: "vedette_records_refused_total",
    kind: "counter",
    unit: "{record}",
    description: "Records that can never be taken, by source and reason.",
    attributes: ["source", "reason"],
  },
  requestsRefused: {
    name: "vedette_otlp_requests_refused_total",
    kind: "counter",
    unit: "{request}",
    description:
      "OTLP requests refused whole, by reason (too_large, malformed, unavailable, overloaded, unauthorized …).",
    attributes: ["reason"],
  },
  eventsJudged: {
    name: "vedette_events_judged_total",
    kind: "counter",
    unit: "{event}",
    description: "Events judged by the detector.",
    attributes: [],
  },
  eventsUnmatched: {
    name: "vedette_events_unmatched_total",
    kind: "counter",
    unit: "{event}",
    description: "Events that match no log source, so that no rule looked at them.",
    attributes: [],
  },
  findingsExcepted: {
    name: "vedette_findings_excepted_total",
    kind: "counter",
    unit: "{finding}",
    description: "Findings that were not made because an exception of the rule accepts the event.",
    attributes: [],
  },
  eventsFiltered: {
    name: "vedette_events_filtered_total",
    kind: "counter",
    unit: "{event}",
    description: "Events dropped by a filter processor, by processor.",
    attributes: ["processor"],
  },
  eventsLate: {
    name: "vedette_events_late_total",
    kind: "counter",
    unit: "{event}",
    description: "Events older than the allowed lateness when they arrived; still judged as facts.",
    attributes: [],
  },
  eventsQuarantined: {
    name: "vedette_events_quarantined_total",
    kind: "counter",
    unit: "{event}",
    description: "Events dated too far in the future to move the watermark.",
    attributes: [],
  },
  spansReceived: {
    name: "vedette_spans_received_total",
    kind: "counter",
    unit: "{span}",
    description: "Spans accepted by OTLP and not judged.",
    attributes: [],
  },
  metricPointsReceived: {
    name: "vedette_metric_points_received_total",
    kind: "counter",
    unit: "{point}",
    description: "Metric data points accepted by OTLP.",
    attributes: [],
  },
  metricPointsDropped: {
    name: "vedette_metric_points_dropped_total",
    kind: "counter",
    unit: "{point}",
    description: "Metric data points received by OTLP that a limit kept from being shown.",
    attributes: [],
  },
  valuesRedacted: {
    name: "vedette_values_redacted_total",
    kind: "counter",
    unit: "{value}",
    description: "Values replaced by `[redacted]` before they were stored, by processor.",
    attributes: ["processor"],
  },
  processorFailures: {
    name: "vedette_processor_failures_total",
    kind: "counter",
    unit: "{failure}",
    description:
      "Failures inside a processor, by processor; the event goes on unchanged, or, where the processor redacts, with its values withheld.",
    attributes: ["processor"],
  },
  findings: {
    name: "vedette_findings_total",
    kind: "counter",
    unit: "{finding}",
    description: "Findings by rule level.",
    attributes: ["level"],
  },
  alerts: {
    name: "vedette_alerts_total",
    kind: "counter",
    unit: "{alert}",
    description: "Alerts opened, by severity and kind.",
    attributes: ["severity", "kind"],
  },
  alertsOpen: {
    name: "vedette_alerts_open",
    kind: "gauge",
    unit: "{alert}",
    description: "Alerts that are not closed, by severity.",
    attributes: ["severity"],
  },
  incidentsOpen: {
    name: "vedette_incidents_open",
    kind: "gauge",
    unit: "{incident}",
    description: "Incidents that are not closed.",
    attributes: [],
  },
  rulesLoaded: {
    name: "vedette_rules_loaded",
    kind: "gauge",
    unit: "{rule}",
    description: "Rules loaded.",
    attributes: [],
  },
  rulesRefused: {
    name: "vedette_rules_refused",
    kind: "gauge",
    unit: "{rule}",
    description: "Rules refused at load.",
    attributes: [],
  },
  effectsDelivered: {
    name: "vedette_effects_delivered_total",
    kind: "counter",
    unit: "{effect}",
    description: "Notifications and response actions carried out, by action.",
    attributes: ["action"],
  },
  effectsFailed: {
    name: "vedette_effects_failed_total",
    kind: "counter",
    unit: "{attempt}",
    description: "Failed attempts at a notification or response action, by action.",
    attributes: ["action"],
  },
  effectsPending: {
    name: "vedette_effects_pending",
    kind: "gauge",
    unit: "{effect}",
    description: "Notifications and response actions that wait in the outbox.",
    attributes: [],
  },
  denyListEntries: {
    name: "vedette_deny_list_entries",
    kind: "gauge",
    unit: "{entry}",
    description: "Entries that the guards apply now: blocks, throttles and so on.",
    attributes: [],
  },
  guardClients: {
    name: "vedette_guard_clients",
    kind: "gauge",
    unit: "{client}",
    description: "Guards that hear of decisions, by the stream or by polls.",
    attributes: [],
  },
  streamClientsDropped: {
    name: "vedette_stream_clients_dropped_total",
    kind: "counter",
    unit: "{client}",
    description:
      "Clients of a server-sent event stream dropped because they read too slowly, by stream (changes, guard).",
    attributes: ["stream"],
  },
  inboxPending: {
    name: "vedette_inbox_pending",
    kind: "gauge",
    unit: "{record}",
    description: "Acknowledged records that are not judged yet.",
    attributes: [],
  },
  watermarkLag: {
    name: "vedette_watermark_lag_seconds",
    kind: "gauge",
    unit: "s",
    description:
      "Now minus the watermark, the event time up to which nothing can change any more. It includes the allowed lateness (one hour by default), so it is no backlog: that is vedette_inbox_pending.",
    attributes: [],
  },
  eventToAlert: {
    name: "vedette_event_to_alert_seconds",
    kind: "histogram",
    unit: "s",
    description: "From the receipt of the record that opened an alert to the stored alert.",
    attributes: [],
  },
  stepDuration: {
    name: "vedette_step_duration_seconds",
    kind: "histogram",
    unit: "s",
    description: "Time of one detector step: read, judge, commit.",
    attributes: [],
  },
  stepRetries: {
    name: "vedette_step_retries_total",
    kind: "counter",
    unit: "{retry}",
    description:
      "Steps made again, by reason: commit (the store did not take it) or rebuild (the state was read from the store again).",
    attributes: ["reason"],
  },
  detectorFailures: {
    name: "vedette_detector_failures_total",
    kind: "counter",
    unit: "{event}",
    description: "Events that the detector failed on or that were set aside: a defect; the worker's log names them.",
    attributes: [],
  },
  correlationDropped: {
    name: "vedette_correlation_dropped_total",
    kind: "counter",
    unit: "{item}",
    description:
      "What correlation left out, by reason: late findings, findings without a group or a value, groups evicted (for their number or for memory) or orphaned, members omitted from or dropped outside episodes, entities omitted.",
    attributes: ["reason"],
  },
  incidentSightingsDropped: {
    name: "vedette_incident_sightings_dropped_total",
    kind: "counter",
    unit: "{sighting}",
    description: "Sightings of entities that were not kept because their cluster of alerts had its fill.",
    attributes: [],
  },
  denyRefused: {
    name: "vedette_deny_refused_total",
    kind: "counter",
    unit: "{block}",
    description:
      "Blocks and other measures that a rule asked for and that were not taken, by reason (never_block, not_an_address, no_target, over, limit).",
    attributes: ["reason"],
  },
  storeErrors: {
    name: "vedette_store_errors_total",
    kind: "counter",
    unit: "{error}",
    description: "Failed store operations, by operation.",
    attributes: ["operation"],
  },
  contentLost: {
    name: "vedette_source_content_lost_total",
    kind: "counter",
    unit: "{file}",
    description:
      "Files that were replaced, truncated or removed before their end was surely read (while nobody looked, or with content known to be unread), by source.",
    attributes: ["source"],
  },
  sourceErrors: {
    name: "vedette_source_errors_total",
    kind: "counter",
    unit: "{error}",
    description: "Failures of a source, by source; the other sources go on.",
    attributes: ["source"],
  },
  auditEntries: {
    name: "vedette_audit_entries_total",
    kind: "counter",
    unit: "{entry}",
    description: "Entries written to the audit trail.",
    attributes: [],
  },
  up: {
    name: "vedette_worker_ready",
    kind: "gauge",
    unit: "1",
    description: "1 when the worker is ready to take and judge records.",
    attributes: [],
  },
  elasticsearchRequests: {
    name: "vedette_elasticsearch_requests_total",
    kind: "counter",
    unit: "{request}",
    description: "Requests to Elasticsearch by outcome (ok, timeout, unavailable, overloaded, conflict, not-found …).",
    attributes: ["outcome"],
  },
  elasticsearchRewrites: {
    name: "vedette_elasticsearch_rewrites_total",
    kind: "counter",
    unit: "{document}",
    description: "Documents sent to Elasticsearch once more, by why (overloaded, unavailable, timeout, blocked …).",
    attributes: ["reason"],
  },
  elasticsearchRefused: {
    name: "vedette_elasticsearch_documents_refused_total",
    kind: "counter",
    unit: "{document}",
    description: "Documents that Elasticsearch refused and that went to the dead-letter index, by type of refusal.",
    attributes: ["type"],
  },
  ruleCoverageGap: {
    name: "vedette_rule_coverage_gap_events",
    kind: "gauge",
    unit: "{event}",
    description:
      "Events of source shards that at least one loaded rule did not look at as it is now, by reason (before-start, rule-added-later, rule-changed, behind, no-worker, deleted, forgotten); superseded ones count.",
    attributes: ["reason"],
  },
  sourceShards: {
    name: "vedette_source_shards",
    kind: "gauge",
    unit: "{shard}",
    description: "Shards of a source that this worker reads, by source.",
    attributes: ["source"],
  },
  sourceShardsSeen: {
    name: "vedette_source_shards_seen",
    kind: "gauge",
    unit: "{shard}",
    description:
      "Shards of a source in the cluster, whoever reads them, by state (current, behind, stalled, red) and, as by_time, what can be read by time only. Each worker tells of all: take the largest.",
    attributes: ["source", "state"],
  },
  sourceLag: {
    name: "vedette_source_lag_operations",
    kind: "gauge",
    unit: "{operation}",
    description:
      "Operations that the shards of a source have taken and that no worker has judged yet, by source. Each worker tells of all shards: take the largest.",
    attributes: ["source"],
  },
  sourceSuperseded: {
    name: "vedette_source_superseded_total",
    kind: "counter",
    unit: "{operation}",
    description:
      "Sequence numbers that were passed and held no document any more (updates, deletes, no-ops), by source.",
    attributes: ["source"],
  },
  sourceRefreshes: {
    name: "vedette_source_refreshes_total",
    kind: "counter",
    unit: "{refresh}",
    description: "Refreshes that were asked of the cluster so that nothing is passed unseen, by source.",
    attributes: ["source"],
  },
  leasesOffered: {
    name: "vedette_leases_offered",
    kind: "gauge",
    unit: "{lease}",
    description:
      "What this worker knows that some worker has to hold, by kind (source, correlate, case). Each worker tells of all: take the largest.",
    attributes: ["kind"],
  },
  leasesHeld: {
    name: "vedette_leases_held",
    kind: "gauge",
    unit: "{lease}",
    description: "Leases that this worker holds, by kind (source, correlate, case).",
    attributes: ["kind"],
  },
  leasesLost: {
    name: "vedette_leases_lost_total",
    kind: "counter",
    unit: "{lease}",
    description:
      "Leases that this worker lost because it could not renew them in time or another one had taken them, by kind.",
    attributes: ["kind"],
  },
  journalSteps: {
    name: "vedette_journal_steps_total",
    kind: "counter",
    unit: "{step}",
    description: "Steps that were committed to the journals in Elasticsearch, by line (case/default, correlate/0 …).",
    attributes: ["line"],
  },
  journalFenced: {
    name: "vedette_journal_fenced_total",
    kind: "counter",
    unit: "{step}",
    description:
      "Steps that were refused because another worker had gone on with the line, by line (case/default, correlate/0 …). Nothing is lost: the worker builds its state anew or leaves the line to the other.",
    attributes: ["line"],
  },
  lineLag: {
    name: "vedette_line_lag_operations",
    kind: "gauge",
    unit: "{operation}",
    description:
      "Operations of the stream of findings that a line which runs in this worker has not taken yet, by line (case/default, correlate/0 …).",
    attributes: ["line"],
  },
  findingsShadow: {
    name: "vedette_findings_shadow_total",
    kind: "counter",
    unit: "{finding}",
    description: "Findings of rules on trial that were recorded and alert nobody, by rule level.",
    attributes: ["level"],
  },
  retentionDeleted: {
    name: "vedette_retention_deleted_total",
    kind: "counter",
    unit: "{document}",
    description:
      "Documents in Elasticsearch that this worker deleted because they were older than they are to be kept or had served their time, by kind.",
    attributes: ["kind"],
  },
} as const satisfies Record<string, MetricDefinition>;
