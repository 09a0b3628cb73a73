import type { Alert, DenyListEntry, Incident } from "@vedette/api";
import type { Episode, Fact, RuleReference } from "@vedette/detection";
import type { RawRecord } from "../record.ts";
import type { Effect } from "../store/store.ts";

/** Samples of what the store holds, each whole and valid, for tests to vary. */
const rule: RuleReference = { id: "rule-1", title: "A rule", level: "high", revision: "0".repeat(64) };

export const sampleRecord = (id: string, more: Partial<RawRecord> = {}): RawRecord => ({
  id,
  source: "otlp",
  position: `request/${id}`,
  partition: "shop",
  time: 1_000.5,
  receivedAt: 1_001,
  document: {
    "@timestamp": "1970-01-01T00:00:01.000Z",
    event_name: "vedette.authentication",
    attributes: { "user.id": id },
  },
  ...more,
});

export const sampleFact = (id: string, more: Partial<Fact> = {}): Fact => ({
  kind: "fact",
  id,
  rule,
  eventId: `event-${id}`,
  time: 1_000.25,
  entities: [{ kind: "address", value: "203.0.113.7" }],
  values: { "client.address": "203.0.113.7" },
  alerts: true,
  ...more,
});

export const sampleEpisode = (id: string, more: Partial<Episode> = {}): Episode => ({
  kind: "episode",
  id,
  rule: { ...rule, id: "rule-2" },
  group: { "client.address": "203.0.113.7" },
  from: 1_000,
  to: 2_000,
  factIds: ["f1", "f2"],
  eventIds: ["e1", "e2"],
  entities: [],
  revision: 1,
  final: false,
  alerts: true,
  ...more,
});

export const sampleAlert = (id: string, more: Partial<Alert> = {}): Alert => ({
  id,
  revision: 1,
  tenant: "default",
  kind: "security",
  title: "An alert",
  description: "",
  rule,
  severity: "high",
  priority: { score: 50, factors: [] },
  status: "open",
  techniques: ["T1110"],
  tactics: ["credential-access"],
  entities: [{ kind: "address", value: "203.0.113.7" }],
  suppressionKey: "203.0.113.7",
  firstSeen: 1_000.25,
  lastSeen: 2_000.75,
  openedAt: 3_000,
  findingCount: 1,
  eventCount: 1,
  ...more,
});

export const sampleIncident = (id: string, more: Partial<Incident> = {}): Incident => ({
  id,
  revision: 1,
  tenant: "default",
  title: "An incident",
  status: "new",
  severity: "high",
  entities: [{ kind: "address", value: "203.0.113.7" }],
  alertIds: ["a1"],
  techniques: [],
  tactics: [],
  firstSeen: 1_000,
  lastSeen: 2_000,
  openedAt: 3_000,
  reasons: ["Same address."],
  ...more,
});

export const sampleDeny = (id: string, more: Partial<DenyListEntry> = {}): DenyListEntry => ({
  id,
  address: "203.0.113.7",
  state: "pending",
  reason: "Attack",
  requestedBy: "responder",
  createdAt: 3_000,
  expiresAt: 900_000,
  ...more,
});

export const sampleEffect = (id: string, more: Partial<Effect> = {}): Effect => ({
  id,
  action: "alertmanager.notify",
  target: "alertmanager",
  generation: 1,
  subject: "a1",
  guarantee: "idempotent",
  payload: { labels: { alertname: "x" } },
  createdAt: 3_000,
  ...more,
});
