import type {
  Alert,
  AlertQuery,
  AuditEntry,
  AuditVerification,
  Change,
  DenyListEntry,
  Incident,
  IncidentQuery,
  Page,
  RefusedRecord,
} from "@vedette/api";
import type { Episode, Fact } from "@vedette/detection";
import type { RawRecord, RefusedInput } from "../record.ts";

/** A record in the inbox: acknowledged to its sender, in the order it was taken. */
export interface InboxRow extends RawRecord {
  /** 1-based, grows without bound, has no meaning but order of arrival. */
  readonly sequence: number;
}

/** A finding that was made elsewhere, as the stream of findings has it; `sequence` numbers it in the order in which this line reads. */
export interface FindingRow {
  readonly kind: "finding";
  readonly sequence: number;
  /** Id of its document in the stream. */
  readonly id: string;
  readonly source: string;
  /** When the event was read, or the episode made. Unix milliseconds. */
  readonly receivedAt: number;
  readonly finding: Fact | Episode;
  /** The rule is on trial: the finding is counted and alerts nobody. */
  readonly shadow: boolean;
}

/** How far everybody who makes findings has come: all findings of what they had read by then stand before this row. */
export interface ProgressRow {
  readonly kind: "progress";
  readonly sequence: number;
  readonly id: string;
  readonly source: string;
  /** Lowest, over the partitions that are not idle, of the newest event times seen: nothing older is expected but by the allowed lateness. Unix milliseconds. */
  readonly reached: number;
  /** Newest event time of all. Unix milliseconds. */
  readonly newest: number;
}

/** What a line reads: records that it judges itself, or what others have found. */
export type LineRow = (InboxRow & { readonly kind?: undefined }) | FindingRow | ProgressRow;

/** How many of the offered records were new. */
export interface AppendResult {
  readonly appended: number;
  readonly duplicate: number;
}

/** One finding's place in one alert. */
export interface AlertMember {
  readonly alertId: string;
  readonly findingId: string;
  readonly kind: "fact" | "episode";
  readonly from: number;
  readonly to: number;
}

/** An entry of an alert's or incident's history. */
export interface HistoryEntry {
  readonly subject: string;
  readonly time: number;
  readonly actor: string;
  readonly change: string;
  readonly note?: string | undefined;
}

/** An audit entry before the store has given it its place in the chain. */
export type AuditDraft = Pick<AuditEntry, "time" | "actor" | "action" | "subject" | "details">;

/** What an effect does with an outcome that is not known. */
export type EffectGuarantee = "idempotent" | "checkable" | "neither";

/** A notification or response action, keyed by (alert, action, target, generation). */
export interface Effect {
  /** Hash of (alert or incident, action, target, generation). */
  readonly id: string;
  readonly action: string;
  readonly target: string;
  readonly generation: number;
  /** Alert or incident whose recorded state justifies the effect. */
  readonly subject: string;
  readonly guarantee: EffectGuarantee;
  /** What the executor needs: JSON. */
  readonly payload: unknown;
  readonly createdAt: number;
}

/**
 * Where an effect stands. The store keeps the order of the states whatever arrives: `done` and `escalated` are never left (but an escalated
 * effect may turn out `done`), and a `withdrawn` one only becomes `done` (an attempt under way did happen). Any other update is ignored.
 */
export type EffectState = "pending" | "attempting" | "done" | "withdrawn" | "escalated";

/** An effect in the outbox. */
export interface OutboxRow extends Effect {
  readonly state: EffectState;
  readonly attempts: number;
  /** Not before this time, Unix milliseconds. */
  readonly notBefore: number;
  readonly lastError?: string | undefined;
}

/** Change of one outbox row: written before an attempt (`attempting`) and after it. */
export interface EffectUpdate {
  readonly id: string;
  readonly state: EffectState;
  readonly attempts: number;
  readonly notBefore: number;
  readonly lastError?: string | undefined;
}

/**
 * Everything that one step of the line changes. It is committed whole or not at all; committing the same step again changes nothing
 * (facts are kept once by id, an alert, incident or episode is replaced only by a higher revision).
 */
export interface StepCommit {
  /**
   * Names this step and no other: `judge:FROM-TO`, `operator:KEY`, `outbox:EFFECT:ATTEMPT:STATE` … The store remembers the newest 10,000 and
   * answers a repeated one without doing anything, so that a commit with an unknown outcome can simply be made again.
   */
  readonly id: string;
  /** Every inbox row up to this sequence is judged. Absent when the step judged none (an operator's decision, an expiry). */
  readonly cursor?: number | undefined;
  /** Text that belongs to `cursor` and is kept with it, unless the cursor is older than the one kept: what the inbox needs to go on behind it, e.g. its positions in the shards that it reads. */
  readonly inboxState?: string | undefined;
  readonly facts?: readonly Fact[];
  /** Ids of those of the facts whose rules are on trial: they are recorded and alert nobody. */
  readonly shadowFacts?: readonly string[];
  readonly episodes?: readonly Episode[];
  /** Blobs of the fold (correlation groups, watermark partitions, counters …) by key; null removes one. */
  readonly blobs?: readonly { readonly key: string; readonly value: string | null }[];
  readonly alerts?: readonly Alert[];
  readonly alertMembers?: readonly AlertMember[];
  readonly incidents?: readonly Incident[];
  readonly denyList?: readonly DenyListEntry[];
  readonly effects?: readonly Effect[];
  readonly effectUpdates?: readonly EffectUpdate[];
  readonly history?: readonly HistoryEntry[];
  readonly audit?: readonly AuditDraft[];
  /** Idempotency key of an operator's write and the answer that it got. */
  readonly idempotency?: { readonly key: string; readonly answer: string };
}

/** What the line needs to go on after a start. */
export interface RecoveredState {
  readonly cursor: number;
  /** What was last committed with a cursor; absent when none was. With a cursor above 0 and without it the store was restored: all that its inbox holds was dealt with before. */
  readonly inboxState?: string | undefined;
  readonly blobs: ReadonlyMap<string, string>;
  /** Alerts and incidents that the fold can still change: those not merged, seen at or after the given horizon. */
  readonly alerts: readonly Alert[];
  readonly incidents: readonly Incident[];
  readonly denyList: readonly DenyListEntry[];
}

/** Where input is taken. What it resolves for is on stable storage. */
export interface Intake {
  /** Takes records, each event id once. */
  append(records: readonly RawRecord[]): Promise<AppendResult>;
  /** Same, and moves a source's checkpoint (file offset …) once they are stored. */
  appendFrom(source: string, checkpoint: string, records: readonly RawRecord[]): Promise<AppendResult>;
  checkpoint(source: string): Promise<string | undefined>;
  refuse(inputs: readonly RefusedInput[]): Promise<void>;
}

/** What the line reads, in one order that its cursor points into. */
export interface Inbox {
  /** Rows after a sequence in order, at most `limit`. */
  readInbox(after: number, limit: number): Promise<readonly LineRow[]>;
  /** Highest sequence in the inbox, 0 when empty. */
  inboxEnd(): Promise<number>;
}

/** What the line has come to: findings, alerts, incidents, effects, history and audit. */
export interface Memory {
  recover(horizon: number): Promise<RecoveredState>;
  commit(step: StepCommit): Promise<void>;

  /** Effects that are due, oldest first: `pending` with `notBefore` ≤ now, and every `attempting` (left by a crash); of one action when it is named. */
  dueEffects(now: number, limit: number, action?: string): Promise<readonly OutboxRow[]>;
  pendingEffects(): Promise<number>;
  effect(id: string): Promise<OutboxRow | undefined>;

  /** Newest first by `openedAt` (which never changes, so paging is stable); alerts merged into another are left out. */
  listAlerts(query: AlertQuery): Promise<Page<Alert>>;
  alert(id: string): Promise<Alert | undefined>;
  alertMembers(id: string, limit: number): Promise<readonly AlertMember[]>;
  findings(ids: readonly string[]): Promise<readonly (Fact | Episode)[]>;
  /** The events with these ids, in their order; those that are unknown, or are gone from where they came from, are left out. */
  events(ids: readonly string[]): Promise<readonly InboxRow[]>;
  history(subject: string): Promise<readonly HistoryEntry[]>;
  /** Newest first by `openedAt`; incidents merged into another are left out. */
  listIncidents(query: IncidentQuery): Promise<Page<Incident>>;
  incident(id: string): Promise<Incident | undefined>;
  listDenyList(cursor: string | undefined, limit: number): Promise<Page<DenyListEntry>>;
  denyListEntry(id: string): Promise<DenyListEntry | undefined>;
  /** Entries that block now: pending or in force, and not expired at the given time, oldest first. */
  denyListInForce(now: number): Promise<readonly DenyListEntry[]>;
  /** Every entry, ended ones too, that belongs to an incident or one of its alerts, oldest first. */
  denyListOfIncident(id: string): Promise<readonly DenyListEntry[]>;
  listRefused(cursor: string | undefined, limit: number): Promise<Page<RefusedRecord>>;
  listAudit(cursor: string | undefined, limit: number): Promise<Page<AuditEntry>>;
  verifyAudit(): Promise<AuditVerification>;
  counts(): Promise<StoreCounts>;
  /** The answer recorded for an idempotency key, if that write was already made. */
  idempotentAnswer(key: string): Promise<string | undefined>;
  /** Findings per rule id, those of rules on trial too: facts, and episodes that stand. Since the store was made, or where findings are deleted by age those that are kept. */
  findingCounts(): Promise<ReadonlyMap<string, number>>;

  /** Called after each commit with what changed, in order; returns an unsubscribe function. */
  onChange(listener: (changes: readonly Change[]) => void): () => void;
}

/**
 * The one port to the memory. Methods reject with a `StoreError` (errors.ts) whose `retryable` says whether trying again can help.
 * Every method that changes something has committed to stable storage when it resolves. The embedded home is all of it in one database; on
 * Elasticsearch the inbox is the stream of findings, which is read by its own part of the worker.
 */
export interface Store extends Intake, Inbox, Memory, AsyncDisposable {}

/** Totals for status and metrics. */
export interface StoreCounts {
  readonly alertsTotal: number;
  /** Alerts that are not closed, by severity. */
  readonly alertsOpen: Readonly<Record<string, number>>;
  readonly incidentsTotal: number;
  readonly incidentsOpen: number;
  /** Facts of rules that are not on trial; since the store was made, or where findings are deleted by age those that are kept. */
  readonly facts: number;
  /** The same, of rules on trial. */
  readonly factsShadow: number;
  /** Ever refused; the newest 10,000 of them are kept and listed. */
  readonly refused: number;
  readonly auditEntries: number;
}
