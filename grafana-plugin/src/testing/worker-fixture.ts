import type {
  Alert,
  AlertDetail,
  ApiEntity,
  DenyListEntry,
  IncidentDetail,
  RefusedRecord,
  RuleSummary,
  Severity,
  Status,
  TimelineRow,
} from "@vedette/api";
import { ATTR, EVENT } from "@vedette/semconv";

const second = 1_000;
const minute = 60 * second;

const attacker: ApiEntity = { kind: "address", value: "203.0.113.66" };
const shop: ApiEntity = { kind: "service", value: "shop" };
const user = (value: string): ApiEntity => ({ kind: "user", value });

/** What a worker knows, as its API answers it. */
export interface WorkerFixture {
  readonly alerts: AlertDetail[];
  readonly incidents: IncidentDetail[];
  readonly denyList: DenyListEntry[];
  readonly rules: RuleSummary[];
  readonly refused: RefusedRecord[];
  readonly status: Status;
}

interface AlertOutline {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly status?: Alert["status"];
  readonly technique: string;
  readonly tactic: string;
  readonly entities: readonly ApiEntity[];
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly events: number;
  readonly event: { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> };
  readonly incidentId?: string;
}

const points: Record<Severity, number> = { informational: 5, low: 15, medium: 35, high: 55, critical: 70 };

function alertOf(outline: AlertOutline): AlertDetail {
  const { id, title, severity, firstSeen, lastSeen, events, incidentId } = outline;
  const rule = { id: outline.rule, title, level: severity, revision: "9f2c4b7d1a6e8053" };
  const episode = events > 1;
  const status = outline.status ?? "open";
  const factors = [
    { name: "severity", points: points[severity], reason: `The rule's level is ${severity}.` },
    { name: "repetition", points: Math.min(15, events / 10), reason: `${events} events are behind it.` },
    ...(incidentId === undefined
      ? []
      : [{ name: "incident", points: 12, reason: "The same attacker sets off other rules." }]),
  ];
  return {
    id,
    revision: status === "open" ? 1 : 2,
    tenant: "default",
    kind: "security",
    title,
    description: outline.description,
    rule,
    severity,
    priority: { score: factors.reduce((sum, factor) => sum + factor.points, 0), factors },
    status,
    ...(status === "closed" ? { closeReason: "benign_positive" as const } : {}),
    ...(status === "open" ? {} : { assignee: "ada" }),
    techniques: [outline.technique],
    tactics: [outline.tactic],
    entities: [...outline.entities],
    suppressionKey: `${ATTR.clientAddress}=${outline.entities[0]?.value ?? ""}`,
    firstSeen,
    lastSeen,
    openedAt: firstSeen + 400,
    findingCount: 1,
    eventCount: events,
    ...(incidentId === undefined ? {} : { incidentId }),
    findings: [
      {
        id: `${id}-finding`,
        kind: episode ? "episode" : "fact",
        rule,
        eventIds: Array.from({ length: events }, (_, index) => `${id}-event-${index}`),
        time: firstSeen,
        endTime: lastSeen,
        entities: [...outline.entities],
      },
    ],
    events: Array.from({ length: Math.min(20, events) }, (_, index) => {
      const time = firstSeen + Math.round(((lastSeen - firstSeen) * index) / Math.max(1, events - 1));
      return {
        id: `${id}-event-${index}`,
        time,
        document: {
          "@timestamp": new Date(time).toISOString(),
          event_name: outline.event.name,
          severity_text: "WARN",
          severity_number: 13,
          body: {},
          attributes: { [ATTR.clientAddress]: outline.entities[0]?.value ?? "", ...outline.event.attributes },
          resource: { attributes: { "service.name": "shop", "telemetry.sdk.language": "nodejs" } },
          scope: { name: "@vedette/instrumentation", version: "0.1.0" },
        },
      };
    }),
    history: [
      { time: firstSeen + 400, actor: "alerter", change: "Opened" },
      ...(status === "open"
        ? []
        : [
            {
              time: lastSeen + minute,
              actor: "ada",
              change: status === "closed" ? "Closed as benign positive" : "Acknowledged",
              note: "Our own scanner, see the change calendar.",
            },
          ]),
    ],
  };
}

function attackAlerts(start: number, incidentId: string): AlertDetail[] {
  return [
    alertOf({
      id: "alert-scan",
      title: "Forced browsing for hidden files",
      description:
        "One address asked for many paths that do not exist, as a scanner that looks for backups and admin pages does.",
      rule: "vedette-forced-browsing",
      severity: "low",
      technique: "T1595.003",
      tactic: "reconnaissance",
      entities: [attacker, shop],
      firstSeen: start,
      lastSeen: start + 42 * second,
      events: 61,
      event: {
        name: EVENT.requestRefused,
        attributes: { "url.path": "/.git/config", "http.response.status_code": 404 },
      },
      incidentId,
    }),
    alertOf({
      id: "alert-sqli",
      title: "SQL injection attempt in a request",
      description:
        "A request carries SQL where a value belongs. The application may be made to read or change data it should not.",
      rule: "vedette-sql-injection",
      severity: "high",
      technique: "T1190",
      tactic: "initial-access",
      entities: [attacker, shop],
      firstSeen: start + 50 * second,
      lastSeen: start + 71 * second,
      events: 14,
      event: {
        name: EVENT.requestSuspicious,
        attributes: {
          "url.path": "/search",
          [ATTR.requestIndicators]: ["sql_injection"],
          [ATTR.requestSample]: "' UNION SELECT name, hash FROM accounts --",
        },
      },
      incidentId,
    }),
    alertOf({
      id: "alert-brute",
      title: "Password guessing against one account, then success",
      description:
        "Many failed logins on one account and then a successful one, all from one address: the password was probably found.",
      rule: "vedette-brute-force-success",
      severity: "critical",
      technique: "T1110.001",
      tactic: "credential-access",
      entities: [attacker, user("marie.o'brien"), shop],
      firstSeen: start + 80 * second,
      lastSeen: start + 140 * second,
      events: 58,
      event: {
        name: EVENT.authentication,
        attributes: {
          "user.name": "marie.o'brien",
          "event.outcome": "failure",
          [ATTR.authFailureReason]: "bad_password",
        },
      },
      incidentId,
    }),
  ];
}

function loneAlerts(start: number): AlertDetail[] {
  return [
    alertOf({
      id: "alert-agent",
      title: "AI agent called a tool outside its scope",
      description:
        "An agent that declared which tools it needs called another one, as it does when it follows planted instructions.",
      rule: "vedette-agent-out-of-scope",
      severity: "medium",
      status: "acknowledged",
      technique: "T1059",
      tactic: "execution",
      entities: [{ kind: "agent", value: "support-bot" }],
      firstSeen: start - 50 * minute,
      lastSeen: start - 50 * minute,
      events: 1,
      event: {
        name: EVENT.agentToolCall,
        attributes: { "gen_ai.agent.name": "support-bot", "gen_ai.tool.name": "delete_account" },
      },
    }),
    alertOf({
      id: "alert-ssrf",
      title: "Outbound request to a metadata address",
      description: "The service was made to ask the cloud's metadata address, which hands out credentials.",
      rule: "vedette-ssrf-metadata",
      severity: "high",
      status: "closed",
      technique: "T1552.005",
      tactic: "credential-access",
      entities: [{ kind: "address", value: "198.51.100.23" }, shop],
      firstSeen: start - 26 * 60 * minute,
      lastSeen: start - 26 * 60 * minute,
      events: 2,
      event: { name: EVENT.outboundRequest, attributes: { [ATTR.outboundAddressClass]: "metadata" } },
    }),
  ];
}

function timelineOf(start: number, alerts: readonly AlertDetail[], block: DenyListEntry): TimelineRow[] {
  const events = alerts.flatMap((alert) =>
    alert.events.map(({ id, time, document }): TimelineRow => ({
      time,
      kind: "event",
      title: String(document["event_name"]),
      source: alert.rule.title,
      severity: alert.severity,
      alertId: alert.id,
      eventIds: [id],
    })),
  );
  const raised = alerts.map(({ id, title, severity, lastSeen }): TimelineRow => ({
    time: lastSeen,
    kind: "alert",
    title,
    source: "Alerter",
    severity,
    alertId: id,
  }));
  return [
    // As a store may return them: not in order.
    {
      time: block.createdAt,
      kind: "action",
      title: `Blocked ${block.address} for 15 min`,
      source: "Responder",
      actionId: block.id,
    },
    { time: start + 9 * minute, kind: "person", title: "Triaged: real, the account's owner is told", source: "ada" },
    ...raised,
    ...events,
  ];
}

/**
 * A shop in the middle of an attack: one attacker who looks around, tries SQL injection, guesses a password and is blocked.
 * @param now Unix milliseconds; everything happened shortly before.
 */
export function attackedShop(now: number): WorkerFixture {
  const start = now - 12 * minute;
  const incidentId = "incident-1";
  const alerts = attackAlerts(start, incidentId);
  const block: DenyListEntry = {
    id: "action-1",
    address: attacker.value,
    state: "in_force",
    reason: "Password guessing against one account, then success",
    requestedBy: "responder",
    createdAt: start + 141 * second,
    expiresAt: start + 141 * second + 15 * minute,
    alertId: "alert-brute",
    incidentId,
  };
  const ended: DenyListEntry[] = [
    {
      id: "action-2",
      address: "198.51.100.23",
      state: "expired",
      reason: "Outbound request to a metadata address",
      requestedBy: "responder",
      createdAt: start - 26 * 60 * minute,
      expiresAt: start - 26 * 60 * minute + 15 * minute,
      endedAt: start - 26 * 60 * minute + 15 * minute,
      alertId: "alert-ssrf",
    },
    {
      id: "action-3",
      address: "2001:db8:4::17",
      state: "undone",
      reason: "Looked like a scraper",
      requestedBy: "ada",
      createdAt: start - 30 * 60 * minute,
      expiresAt: start - 6 * 60 * minute,
      endedAt: start - 29 * 60 * minute,
      endedBy: "grace",
    },
  ];
  const all = [...alerts, ...loneAlerts(start)];
  return {
    alerts: all,
    incidents: [
      {
        id: incidentId,
        revision: 3,
        tenant: "default",
        title: `Attack from ${attacker.value} on shop`,
        status: "triaged",
        severity: "critical",
        entities: [attacker, user("marie.o'brien"), shop],
        alertIds: alerts.map(({ id }) => id),
        techniques: ["T1595.003", "T1190", "T1110.001"],
        tactics: ["reconnaissance", "initial-access", "credential-access"],
        firstSeen: start,
        lastSeen: start + 140 * second,
        openedAt: start + second,
        reasons: [
          `3 alerts share the address ${attacker.value} within 3 minutes.`,
          "They follow each other as an attack does: reconnaissance, initial access, credential access.",
        ],
        alerts,
        timeline: timelineOf(start, alerts, block),
        actions: [block],
      },
    ],
    denyList: [block, ...ended],
    rules: all.map(({ rule, description, eventCount }) => ({
      ...rule,
      description,
      status: "stable",
      kind: eventCount > 1 ? "correlation" : "signature",
      path: `rules/${rule.id}.yml`,
      logSource: { product: "vedette", category: "application" },
      tags: ["attack.credential-access"],
      findings: 1,
    })),
    refused: [
      {
        sequence: 7,
        time: now - 4 * minute,
        source: "otlp",
        reason: "malformed",
        detail: "Not a protobuf ExportLogsServiceRequest: wrong wire type at byte 3.",
        sample: "\\x0a\\xffGET / HTTP/1.1",
      },
    ],
    status: {
      version: "0.1.0",
      mode: "demo",
      startedAt: now - 31 * minute,
      now,
      ready: true,
      problems: [],
      sources: [
        {
          name: "otlp",
          kind: "otlp",
          state: "running",
          detail: "Listens on 127.0.0.1:4318",
          received: 18_402,
          duplicate: 12,
          refused: 1,
        },
        {
          name: "audit-file",
          kind: "file",
          state: "waiting",
          detail: "/var/log/shop/audit.jsonl does not exist yet",
          received: 0,
          duplicate: 0,
          refused: 0,
        },
      ],
      inboxPending: 0,
      eventsJudged: 18_402,
      watermark: now - 60 * minute - 2 * second,
      newestEvent: now - 2 * second,
      unmatched: {
        count: 31,
        examples: [
          {
            "@timestamp": new Date(now).toISOString(),
            body: { text: "cache warmed" },
            resource: { attributes: { "service.name": "cache" } },
          },
        ],
      },
      rules: {
        loaded: 14,
        refused: 1,
        problems: [
          {
            code: "rule-modifier-unknown",
            message: 'The modifier "contians" does not exist.',
            path: "rules/mine/login.yml",
            line: 12,
            column: 9,
            suggestion: 'Did you mean "contains"?',
            severity: "error",
          },
        ],
      },
      alerts: { open: all.filter(({ status }) => status === "open").length, total: all.length },
      incidents: { open: 1, total: 1 },
      effectsPending: 0,
      guardClients: 1,
    },
  };
}

/** A worker that has just started: nothing has arrived. */
export function emptyWorker(now: number): WorkerFixture {
  const { status, rules } = attackedShop(now);
  return {
    alerts: [],
    incidents: [],
    denyList: [],
    refused: [],
    rules,
    status: {
      ...status,
      mode: "worker",
      eventsJudged: 0,
      watermark: undefined,
      newestEvent: undefined,
      unmatched: { count: 0, examples: [] },
      rules: { loaded: 14, refused: 0, problems: [] },
      alerts: { open: 0, total: 0 },
      incidents: { open: 0, total: 0 },
      guardClients: 0,
    },
  };
}
