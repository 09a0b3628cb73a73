import { GUARD_ACTIONS, GUARD_TARGET_KINDS, SEVERITY_LEVELS } from "@vedette/semconv";
import { z } from "zod";

const id = z.string().min(1).max(128);
/** Unix milliseconds. */
const instant = z.number().describe("Unix time in milliseconds");

/** Sigma's five levels. */
export const severitySchema = z.enum(SEVERITY_LEVELS).meta({ id: "Severity" });

/** What a person, machine or program is. */
export const entitySchema = z
  .object({
    kind: z.enum(["address", "user", "host", "service", "session", "api_key", "agent"]),
    value: z.string(),
  })
  .meta({ id: "Entity", description: "A user, host, service, address, session, API key or AI agent." });

/** What an alert or finding tells of its rule. */
export const ruleReferenceSchema = z
  .object({
    id,
    title: z.string(),
    level: severitySchema,
    revision: z.string().describe("Content hash of the rule"),
  })
  .meta({ id: "RuleReference" });

/** A fact or an episode as the API shows it. */
export const findingSchema = z
  .object({
    id,
    kind: z.enum(["fact", "episode"]),
    rule: ruleReferenceSchema,
    eventIds: z.array(z.string()),
    time: instant,
    endTime: instant,
    entities: z.array(entitySchema),
    mergedInto: id.optional(),
    withdrawn: z.boolean().optional().describe("A late event made its condition false: there was no such episode"),
  })
  .meta({ id: "Finding", description: "One rule says yes: a single-event fact or a correlation episode." });

/** Where an alert stands. */
export const alertStatusSchema = z.enum(["open", "acknowledged", "closed"]).meta({ id: "AlertStatus" });
/** Why an alert was closed. */
export const closeReasonSchema = z
  .enum(["true_positive", "benign_positive", "false_positive", "duplicate", "other"])
  .meta({ id: "CloseReason" });

/** An alert without what is behind it. */
export const alertSchema = z
  .object({
    id,
    revision: z.number().int().describe("Grows by one with each change; sent back with a write"),
    tenant: z.string(),
    kind: z.enum(["security", "performance", "resource", "compliance"]),
    title: z.string(),
    description: z.string(),
    rule: ruleReferenceSchema,
    severity: severitySchema,
    priority: z.object({
      score: z.number().min(0).max(100),
      factors: z.array(z.object({ name: z.string(), points: z.number(), reason: z.string() })),
    }),
    status: alertStatusSchema,
    closeReason: closeReasonSchema.optional(),
    assignee: z.string().optional(),
    techniques: z.array(z.string()).describe("ATT&CK technique ids, e.g. T1110.004"),
    tactics: z.array(z.string()).describe("ATT&CK tactic short names, e.g. credential-access"),
    entities: z.array(entitySchema),
    suppressionKey: z.string(),
    firstSeen: instant.describe("Event time of the first finding, Unix milliseconds"),
    lastSeen: instant.describe("Event time of the last finding, Unix milliseconds"),
    openedAt: instant.describe("When the alert was first stored, Unix milliseconds"),
    findingCount: z.number().int(),
    eventCount: z.number().int(),
    incidentId: id.optional(),
    mergedInto: id.optional().describe("The alert that a late event joined this one to"),
  })
  .meta({ id: "Alert", description: "What a person is shown: one finding or several suppressed into one." });

/** An alert with the findings, events and history behind it. */
export const alertDetailSchema = alertSchema
  .extend({
    findings: z.array(findingSchema).describe("The first 200 findings in event-time order"),
    events: z
      .array(z.object({ id: z.string(), time: instant, document: z.record(z.string(), z.unknown()) }))
      .describe("The first 20 events behind the alert, as they were received"),
    history: z.array(z.object({ time: instant, actor: z.string(), change: z.string(), note: z.string().optional() })),
  })
  .meta({ id: "AlertDetail" });

/** Where an incident stands. */
export const incidentStatusSchema = z
  .enum(["new", "triaged", "contained", "eradicated", "recovered", "closed"])
  .meta({ id: "IncidentStatus" });

/** One row of an incident's timeline. */
export const timelineRowSchema = z
  .object({
    time: instant,
    kind: z.enum(["event", "alert", "action", "person"]),
    title: z.string(),
    source: z
      .string()
      .describe(
        "Where the row comes from: the service of an event, the id of an alert's rule, the part of the worker or the person who acted",
      ),
    severity: severitySchema.optional(),
    alertId: id.optional(),
    actionId: id.optional(),
    eventIds: z.array(z.string()).optional(),
  })
  .meta({ id: "TimelineRow" });

/** An incident without its alerts. */
export const incidentSchema = z
  .object({
    id,
    revision: z.number().int(),
    tenant: z.string(),
    title: z.string(),
    status: incidentStatusSchema,
    severity: severitySchema,
    entities: z.array(entitySchema),
    alertIds: z.array(id),
    techniques: z.array(z.string()),
    tactics: z.array(z.string()),
    firstSeen: instant,
    lastSeen: instant,
    openedAt: instant,
    reasons: z.array(z.string()).describe("Why these alerts are together, one sentence each"),
    mergedInto: id.optional(),
  })
  .meta({ id: "Incident", description: "Alerts that belong together." });

/** What a guard does. `off` switches all guards off for as long as it is in force. */
export const denyActionSchema = z.enum([...GUARD_ACTIONS, "off"]).meta({ id: "DenyAction" });

/** What a decision of the guard is about. */
export const guardTargetSchema = z
  .object({
    kind: z.enum(GUARD_TARGET_KINDS),
    value: z
      .string()
      .min(1)
      .max(512)
      .describe("An address or a CIDR range, a pseudonym as events carry it, or a route pattern"),
  })
  .meta({ id: "GuardTarget" });

/** How much a throttled target may do. */
export const guardRateSchema = z
  .object({
    limit: z.number().int().min(1).max(1_000_000).describe("Requests in the time, on average"),
    seconds: z.number().positive().max(86_400),
    burst: z.number().int().min(1).max(1_000_000).optional().describe("Requests at once; `limit` when absent"),
  })
  .meta({ id: "GuardRate" });

/** What the guard does to somebody, or did. */
export const denyListEntrySchema = z
  .object({
    id: id.describe("Id of the response action"),
    action: denyActionSchema.optional().describe("`block` when absent"),
    address: z.string().optional().describe("The address or CIDR range, where it is about nothing else"),
    targets: z
      .array(guardTargetSchema)
      .optional()
      .describe("What a request must be about, all of them; absent where `address` says it"),
    rate: guardRateSchema.optional().describe("Of a throttle"),
    label: z.string().optional().describe("Whom it is about, as far as a person can recognise that"),
    state: z.enum(["pending", "in_force", "expired", "undone"]),
    reason: z.string(),
    requestedBy: z.string().describe("`responder` or the person"),
    createdAt: instant,
    expiresAt: instant,
    endedAt: instant.optional(),
    endedBy: z.string().optional(),
    alertId: id.optional(),
    incidentId: id.optional(),
  })
  .meta({ id: "DenyListEntry", description: "What the guard does to whom, until when and why." });

/** An incident with alerts, timeline and actions. */
export const incidentDetailSchema = incidentSchema
  .extend({ alerts: z.array(alertSchema), timeline: z.array(timelineRowSchema), actions: z.array(denyListEntrySchema) })
  .meta({ id: "IncidentDetail" });

/** A rule that is loaded. */
export const ruleSummarySchema = z
  .object({
    id,
    title: z.string(),
    description: z.string(),
    level: severitySchema,
    status: z.string(),
    kind: z.enum(["signature", "correlation"]),
    revision: z.string(),
    path: z.string(),
    logSource: z.object({
      product: z.string().optional(),
      category: z.string().optional(),
      service: z.string().optional(),
    }),
    tags: z.array(z.string()),
    findings: z.number().int().describe("Findings since the store was made"),
  })
  .meta({ id: "Rule" });

/** What is wrong with a file that a user wrote. */
export const problemInFileSchema = z
  .object({
    code: z.string(),
    message: z.string(),
    path: z.string(),
    line: z.number().int().optional(),
    column: z.number().int().optional(),
    suggestion: z.string().optional(),
    severity: z.enum(["error", "warning"]),
  })
  .meta({ id: "ProblemInFile" });

/** One entry of the audit trail, chained to the one before by its hash. */
export const auditEntrySchema = z
  .object({
    sequence: z.number().int(),
    time: instant,
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    details: z.record(z.string(), z.unknown()),
    previousHash: z.string(),
    hash: z.string(),
  })
  .meta({ id: "AuditEntry" });

/** What recomputing the hash chain showed. */
export const auditVerificationSchema = z
  .object({
    ok: z.boolean(),
    entries: z.number().int(),
    brokenAt: z.number().int().optional().describe("Sequence number of the first entry that does not hold"),
    reason: z.string().optional(),
  })
  .meta({ id: "AuditVerification" });

/** A page of a list: the items, where the next page begins, and how many there are in all. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().optional(), total: z.number().int() });

/** Which page of a list. */
export const pageQuerySchema = z.strictObject({
  cursor: z.string().max(512).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

/** Why events were not judged by a rule as it is now. */
export const coverageReasonSchema = z
  .enum(["before-start", "rule-added-later", "rule-changed", "behind", "no-worker", "deleted", "forgotten"])
  .meta({ id: "CoverageReason" });

/** Events of a shard that some rules did not look at. */
export const coverageGapSchema = z
  .object({
    source: z.string(),
    index: z.string(),
    shard: z.number().int(),
    from: z.number().int().describe("First sequence number of the gap"),
    to: z.number().int().nullable().describe("Last sequence number; null where it is not known"),
    reason: coverageReasonSchema,
    cure: z.enum(["backfill", "wait", "none"]).describe("What can be done about it"),
    ruleCount: z.number().int(),
    rules: z
      .array(z.string())
      .describe("Ids of the rules, the first 20; ask for one rule to see whether it is among them"),
  })
  .meta({ id: "CoverageGap" });

/** Which gaps. */
export const coverageQuerySchema = pageQuerySchema.extend({
  rule: z.string().optional().describe("Rule id: gaps of this rule alone"),
  source: z.string().optional(),
  reason: coverageReasonSchema.optional(),
});

const missedSchema = z
  .record(coverageReasonSchema, z.number().int())
  .describe(
    "Sequence numbers that at least one rule did not look at, by reason; superseded ones count, gaps of unknown size count as 0",
  );

/** A page of the ledger of coverage. */
export const coveragePageSchema = pageOf(coverageGapSchema)
  .extend({
    at: instant.describe("When the ledger was read, Unix milliseconds"),
    missed: missedSchema,
    readByTime: z.array(z.string()).describe("What is read by time only, of which the ledger cannot tell"),
  })
  .meta({ id: "CoveragePage" });

/** How one worker or several do on Elasticsearch. */
export const elasticsearchStatusSchema = z
  .object({
    cluster: z.object({ name: z.string(), uuid: z.string(), version: z.string() }),
    worker: z.string().describe("Name of this worker in leases; another one after each start"),
    sources: z.array(
      z.object({
        name: z.string(),
        start: z
          .string()
          .optional()
          .describe("Where it began in what was there: `now`, `beginning` or a time; absent until that is decided"),
        shards: z.number().int().describe("Shards that are seen, and what is read by time"),
        here: z.number().int().describe("Of these, those that this worker reads"),
        states: z
          .object({
            current: z.number().int(),
            behind: z.number().int(),
            stalled: z.number().int(),
            red: z.number().int(),
            byTime: z.number().int(),
          })
          .describe("How many shards stand how; `byTime` counts what is read by time"),
        lag: z.number().int().describe("Operations that no worker has judged yet, where that is known"),
        newest: instant.optional().describe("Event time of the newest judged event"),
        superseded: z.number().int().describe("Sequence numbers passed that held no document any more"),
        red: z.array(z.string()).describe("Shards without a started copy, which are waited for: `index/shard`"),
        stalled: z
          .array(z.string())
          .describe(
            "Shards with unread documents that nobody has read for `elasticsearch.stalledAfter`: the watermark goes on without them",
          ),
        closed: z.array(z.string()).describe("Indices that are closed and not read while they are"),
        unmatched: z.array(z.string()).describe("Patterns that nothing fits"),
        fallbacks: z
          .array(z.object({ target: z.string(), reason: z.string(), promise: z.string() }))
          .describe("What is read by time, why, and the weaker promise that goes with it"),
        waiting: z
          .array(
            z.object({
              index: z.string(),
              shard: z.number().int(),
              state: z.enum(["red", "stalled", "behind"]),
              lag: z.number().int().optional(),
              owner: z.string().optional().describe("The worker that reads it"),
              trouble: z.string().optional().describe("What keeps this worker from reading it, one sentence"),
            }),
          )
          .describe("Shards that are not read to their end, the first 100, furthest behind first"),
        problem: z.string().optional().describe("Why the shards cannot be looked at now, one sentence"),
      }),
    ),
    leases: z.array(
      z.object({
        kind: z.enum(["source", "correlate", "case"]),
        total: z.number().int().describe("What there is to hold"),
        owners: z.array(z.object({ worker: z.string(), count: z.number().int() })),
        unowned: z.array(z.string()).describe("What nobody holds, the first 100"),
      }),
    ),
    lines: z
      .array(
        z.object({
          line: z
            .string()
            .describe("`case/TENANT`: alerts and incidents; `correlate/N`: a partition of the correlations"),
          owner: z.string().optional(),
          epoch: z.number().int().describe("Grows by one with each owner"),
          here: z.boolean(),
          lag: z
            .number()
            .int()
            .optional()
            .describe("Operations of the stream of findings that it has not taken; known where it runs"),
          problem: z.string().optional(),
        }),
      )
      .describe("What works on the stream of findings"),
    coverage: z
      .object({ at: instant, missed: missedSchema, gaps: z.number().int() })
      .optional()
      .describe(
        "What the ledger of coverage said last; absent where this worker has not read it. `/api/v1/coverage` reads it",
      ),
  })
  .meta({ id: "ElasticsearchStatus" });

/** What the worker is doing and what is wrong. */
export const statusSchema = z
  .object({
    version: z.string(),
    mode: z.enum(["demo", "worker"]),
    startedAt: instant,
    now: instant,
    ready: z.boolean(),
    problems: z.array(z.string()).describe("What is wrong now, one sentence each"),
    sources: z.array(
      z.object({
        name: z.string(),
        kind: z.string(),
        state: z.enum(["running", "waiting", "failed", "stopped"]),
        detail: z.string(),
        received: z.number().int(),
        duplicate: z.number().int(),
        refused: z.number().int(),
      }),
    ),
    inboxPending: z.number().int(),
    eventsJudged: z.number().int(),
    watermark: instant
      .optional()
      .describe(
        "Event time up to which nothing can change any more: the newest event of the source that is furthest behind, less the allowed lateness (`detector.lateness`). It trails the newest event by design; what waits to be judged is `inboxPending`",
      ),
    newestEvent: instant
      .optional()
      .describe(
        "Event time of the newest judged event; events dated in the future do not count. Absent before the first",
      ),
    unmatched: z.object({
      count: z.number().int(),
      examples: z.array(z.record(z.string(), z.unknown())).describe("Up to 5 documents that matched no log source"),
    }),
    rules: z.object({ loaded: z.number().int(), refused: z.number().int(), problems: z.array(problemInFileSchema) }),
    alerts: z.object({ open: z.number().int(), total: z.number().int() }),
    incidents: z.object({ open: z.number().int(), total: z.number().int() }),
    effectsPending: z.number().int(),
    guardClients: z.number().int(),
    elasticsearch: elasticsearchStatusSchema
      .optional()
      .describe("Sources, leases and lines of all workers; absent where the memory is embedded"),
  })
  .meta({ id: "Status" });

/** Input that could not be taken. */
export const refusedRecordSchema = z
  .object({
    sequence: z.number().int(),
    time: instant,
    source: z.string(),
    reason: z.string(),
    detail: z.string(),
    sample: z.string().describe("The first 1,024 bytes, non-printable bytes escaped"),
  })
  .meta({
    id: "RefusedRecord",
    description: "Input that could never be taken, kept so that nothing is lost in silence.",
  });

/** RFC 9457 problem details. */
export const problemDetailsSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    code: z.string().describe("Stable code, listed in docs/errors.md"),
    cure: z.string().optional().describe("What to do next, one sentence"),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    current: z.unknown().optional().describe("With 409: the present state of what could not be changed"),
  })
  .meta({ id: "ProblemDetails", description: "Problem details for HTTP APIs (RFC 9457)." });

/** A change on `/api/v1/stream`. The data tells what to fetch again, not the thing itself. */
export const changeSchema = z
  .object({
    sequence: z.number().int(),
    kind: z.enum(["alert", "incident", "deny_list", "status"]),
    id: z.string(),
    revision: z.number().int(),
  })
  .meta({ id: "Change" });

/** Which alerts. */
export const alertQuerySchema = pageQuerySchema.extend({
  status: alertStatusSchema.optional(),
  severity: severitySchema.optional(),
  rule: z.string().optional().describe("Rule id"),
  entity: z.string().optional().describe("Value of an entity, e.g. an address"),
  from: z.coerce.number().optional().describe("lastSeen at or after, Unix milliseconds"),
  to: z.coerce.number().optional().describe("firstSeen at or before, Unix milliseconds"),
});

/** Which incidents. */
export const incidentQuerySchema = pageQuerySchema.extend({
  status: incidentStatusSchema.optional(),
  entity: z.string().optional(),
});

/** A change of an alert. */
export const alertChangeSchema = z
  .strictObject({
    revision: z.number().int().describe("The revision that was read; another one now gives 409"),
    status: alertStatusSchema.optional(),
    closeReason: closeReasonSchema.optional(),
    assignee: z.string().max(200).nullable().optional(),
    note: z.string().max(4000).optional(),
  })
  .meta({ id: "AlertChange" });

/** A change of an incident. */
export const incidentChangeSchema = z
  .strictObject({
    revision: z.number().int(),
    status: incidentStatusSchema.optional(),
    note: z.string().max(4000).optional(),
  })
  .meta({ id: "IncidentChange" });

/** What the guard is to do, to whom, for how long and why. */
export const denyRequestSchema = z
  .strictObject({
    action: denyActionSchema.optional().describe("`block` when absent"),
    address: z.string().min(2).max(64).optional().describe("An address or a CIDR range; short for one target"),
    targets: z.array(guardTargetSchema).min(1).max(GUARD_TARGET_KINDS.length).optional(),
    rate: guardRateSchema.optional().describe("Of a throttle"),
    label: z.string().min(1).max(200).optional().describe("Whom it is about, for people"),
    seconds: z
      .number()
      .int()
      .min(10)
      .max(30 * 24 * 3600),
    reason: z.string().min(1).max(500),
    incidentId: id.optional(),
  })
  .meta({ id: "DenyRequest" });

/** Who the caller is. */
export const sessionSchema = z
  .object({ actor: z.string(), role: z.enum(["reader", "responder", "admin"]) })
  .meta({ id: "Session" });

/** One of Sigma's five levels. */
export type Severity = z.infer<typeof severitySchema>;
/** An entity as the API shows it. */
export type ApiEntity = z.infer<typeof entitySchema>;
/** A finding as the API shows it. */
export type ApiFinding = z.infer<typeof findingSchema>;
/** An alert. */
export type Alert = z.infer<typeof alertSchema>;
/** An alert with what is behind it. */
export type AlertDetail = z.infer<typeof alertDetailSchema>;
/** Where an alert stands. */
export type AlertStatus = z.infer<typeof alertStatusSchema>;
/** Which alerts, after parsing. */
export type AlertQuery = z.infer<typeof alertQuerySchema>;
/** A change of an alert. */
export type AlertChange = z.infer<typeof alertChangeSchema>;
/** Why an alert was closed. */
export type CloseReason = z.infer<typeof closeReasonSchema>;
/** An incident. */
export type Incident = z.infer<typeof incidentSchema>;
/** An incident with alerts, timeline and actions. */
export type IncidentDetail = z.infer<typeof incidentDetailSchema>;
/** Where an incident stands. */
export type IncidentStatus = z.infer<typeof incidentStatusSchema>;
/** Which incidents, after parsing. */
export type IncidentQuery = z.infer<typeof incidentQuerySchema>;
/** A change of an incident. */
export type IncidentChange = z.infer<typeof incidentChangeSchema>;
/** One row of an incident's timeline. */
export type TimelineRow = z.infer<typeof timelineRowSchema>;
/** What the guard does to somebody, or did. */
export type DenyListEntry = z.infer<typeof denyListEntrySchema>;
/** What the guard is to do. */
export type DenyRequest = z.infer<typeof denyRequestSchema>;
/** A rule that is loaded. */
export type RuleSummary = z.infer<typeof ruleSummarySchema>;
/** What is wrong with a file that a user wrote. */
export type ProblemInFile = z.infer<typeof problemInFileSchema>;
/** One entry of the audit trail. */
export type AuditEntry = z.infer<typeof auditEntrySchema>;
/** What recomputing the hash chain showed. */
export type AuditVerification = z.infer<typeof auditVerificationSchema>;
/** What the worker is doing and what is wrong. */
export type Status = z.infer<typeof statusSchema>;
/** How workers do on Elasticsearch. */
export type ElasticsearchStatus = z.infer<typeof elasticsearchStatusSchema>;
/** Events of a shard that some rules did not look at. */
export type CoverageGap = z.infer<typeof coverageGapSchema>;
/** Which gaps, after parsing. */
export type CoverageQuery = z.infer<typeof coverageQuerySchema>;
/** A page of the ledger of coverage. */
export type CoveragePage = z.infer<typeof coveragePageSchema>;
/** Input that could not be taken. */
export type RefusedRecord = z.infer<typeof refusedRecordSchema>;
/** An error as the API answers it (RFC 9457). */
export type ProblemDetails = z.infer<typeof problemDetailsSchema>;
/** A change on the stream. */
export type Change = z.infer<typeof changeSchema>;
/** Who the caller is. */
export type Session = z.infer<typeof sessionSchema>;
/** A page of a list. */
export type Page<T> = { items: T[]; nextCursor?: string | undefined; total: number };
