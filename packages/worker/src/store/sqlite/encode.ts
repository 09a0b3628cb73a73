import type { Alert, DenyListEntry, Incident } from "@vedette/api";
import type { Episode } from "@vedette/detection";
import type { RawRecord } from "../../record.ts";
import type { AlertMember, AuditDraft, Effect, EffectUpdate, HistoryEntry, InboxRow, StepCommit } from "../store.ts";
import { fromTextKey, toTextKey } from "./text-key.ts";

/**
 * Rows as they go to and come from the database: columns and JSON text. They are made by the caller's side and not by the store's thread,
 * because text crosses a thread boundary many times cheaper than objects do.
 */
export interface RecordRow {
  readonly id: string;
  readonly source: string;
  readonly position: string;
  readonly partition: string;
  readonly time: number;
  readonly receivedAt: number;
  readonly document: string;
  /** 1 for a record without a time of its own. */
  readonly undated: number;
}

/** A record with its place in the inbox. */
export interface StoredRecordRow extends RecordRow {
  readonly sequence: number;
}

/** A finding. */
export interface FactRow {
  readonly id: string;
  readonly ruleId: string;
  /** 1 when the rule is on trial. */
  readonly shadow: number;
  readonly body: string;
}

/** A document that changes, with what it is replaced, listed and searched by. */
export interface DocumentRow {
  readonly id: string;
  readonly revision: number;
  readonly merged: boolean;
  readonly body: string;
}

export interface EpisodeRow extends DocumentRow {
  readonly ruleId: string;
}

export interface IncidentRow extends DocumentRow {
  readonly status: string;
  readonly lastSeen: number;
  readonly openedAt: number;
  readonly entities: readonly string[];
}

export interface AlertRow extends IncidentRow {
  readonly severity: string;
  readonly ruleId: string;
  readonly firstSeen: number;
}

export interface DenyRow {
  readonly id: string;
  readonly active: boolean;
  readonly endedAt: number;
  readonly createdAt: number;
  readonly body: string;
}

export interface EffectRow extends Omit<Effect, "payload"> {
  readonly payload: string;
}

/** A step as rows. */
export interface StepRows {
  readonly id: string;
  readonly cursor: number | undefined;
  readonly inboxState: string | undefined;
  readonly facts: readonly FactRow[];
  readonly episodes: readonly EpisodeRow[];
  readonly blobs: readonly { readonly key: string; readonly value: string | null }[];
  readonly alerts: readonly AlertRow[];
  readonly alertMembers: readonly AlertMember[];
  readonly incidents: readonly IncidentRow[];
  readonly denyList: readonly DenyRow[];
  readonly effects: readonly EffectRow[];
  readonly effectUpdates: readonly EffectUpdate[];
  readonly history: readonly HistoryEntry[];
  readonly audit: readonly AuditDraft[];
  readonly idempotency: { readonly key: string; readonly answer: string } | undefined;
}

/** Makes the row of a record. */
export function recordRow(record: RawRecord): RecordRow {
  const { id, source, position, partition, time, receivedAt, document } = record;
  return {
    id: toTextKey(id),
    source: toTextKey(source),
    position: toTextKey(position),
    partition: toTextKey(partition),
    time,
    receivedAt,
    document: JSON.stringify(document),
    undated: Number(record.undated === true),
  };
}

/** Inverse of `recordRow`. */
export function inboxRow(row: StoredRecordRow): InboxRow {
  return {
    sequence: row.sequence,
    id: fromTextKey(row.id),
    source: fromTextKey(row.source),
    position: fromTextKey(row.position),
    partition: fromTextKey(row.partition),
    time: row.time,
    ...(row.undated === 1 ? { undated: true } : {}),
    receivedAt: row.receivedAt,
    document: JSON.parse(row.document) as InboxRow["document"],
  };
}

/** Makes the rows of a step. */
export function stepRows(step: StepCommit): StepRows {
  return {
    id: toTextKey(step.id),
    cursor: step.cursor,
    inboxState: step.inboxState === undefined ? undefined : toTextKey(step.inboxState),
    facts: factRows(step),
    episodes: (step.episodes ?? []).map(episodeRow),
    blobs: (step.blobs ?? []).map(({ key, value }) => ({
      key: toTextKey(key),
      value: value === null ? null : toTextKey(value),
    })),
    alerts: (step.alerts ?? []).map(alertRow),
    alertMembers: step.alertMembers ?? [],
    incidents: (step.incidents ?? []).map(incidentRow),
    denyList: (step.denyList ?? []).map(denyRow),
    effects: (step.effects ?? []).map((effect) => ({ ...effect, payload: JSON.stringify(effect.payload ?? null) })),
    effectUpdates: step.effectUpdates ?? [],
    history: step.history ?? [],
    audit: step.audit ?? [],
    idempotency: step.idempotency,
  };
}

const factRows = ({ facts = [], shadowFacts = [] }: StepCommit): FactRow[] => {
  const shadow = new Set(shadowFacts);
  return facts.map((fact) => ({
    id: fact.id,
    ruleId: fact.rule.id,
    shadow: Number(shadow.has(fact.id)),
    body: JSON.stringify(fact),
  }));
};

const episodeRow = (episode: Episode): EpisodeRow => ({
  id: episode.id,
  ruleId: episode.rule.id,
  revision: episode.revision,
  merged: episode.mergedInto !== undefined || episode.withdrawn === true,
  body: JSON.stringify(episode),
});

const incidentRow = (incident: Incident): IncidentRow => ({
  id: incident.id,
  revision: incident.revision,
  merged: incident.mergedInto !== undefined,
  status: incident.status,
  lastSeen: incident.lastSeen,
  openedAt: incident.openedAt,
  entities: entityValues(incident.entities),
  body: JSON.stringify(incident),
});

const alertRow = (alert: Alert): AlertRow => ({
  id: alert.id,
  revision: alert.revision,
  merged: alert.mergedInto !== undefined,
  status: alert.status,
  severity: alert.severity,
  ruleId: alert.rule.id,
  firstSeen: alert.firstSeen,
  lastSeen: alert.lastSeen,
  openedAt: alert.openedAt,
  entities: entityValues(alert.entities),
  body: JSON.stringify(alert),
});

const denyRow = (entry: DenyListEntry): DenyRow => ({
  id: entry.id,
  active: entry.state === "pending" || entry.state === "in_force",
  endedAt: entry.endedAt ?? entry.expiresAt,
  createdAt: entry.createdAt,
  body: JSON.stringify(entry),
});

const entityValues = (entities: readonly { readonly value: string }[]): string[] => [
  ...new Set(entities.map(({ value }) => toTextKey(value))),
];
