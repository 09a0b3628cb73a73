import type { Alert, DenyListEntry, Incident } from "@vedette/api";
import type { Episode, Fact } from "@vedette/detection";
import type { AlertMember, AuditDraft, Effect, EffectUpdate, HistoryEntry, StepCommit } from "../store/store.ts";
import { hashId } from "./hash.ts";

/** What an effect is before it has its id and time. */
export type EffectDraft = Omit<Effect, "id" | "createdAt">;

/** What the worker's log says about a step. */
export interface StepWarning {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/**
 * Gathers what one step changes. Documents are kept by id, so that a document changed several times in a step is written once and its
 * revision grows by one.
 */
export class StepDraft {
  /** The step's time: every document, history and audit entry of the step carries it. Unix milliseconds. */
  readonly now: number;
  cursor: number | undefined;
  idempotency: { readonly key: string; readonly answer: string } | undefined;
  /** Alerts merged in this step: the one merged away, and the one it went into at that moment. */
  readonly alertMerges = new Map<string, string>();
  readonly #warnings: StepWarning[] = [];
  readonly #facts: Fact[] = [];
  readonly #shadowFacts: string[] = [];
  readonly #episodes = new Map<string, Episode>();
  readonly #blobs = new Map<string, string | null>();
  readonly #alerts = new Map<string, Alert>();
  readonly #members = new Map<string, AlertMember>();
  readonly #incidents = new Map<string, Incident>();
  readonly #denyList = new Map<string, DenyListEntry>();
  readonly #effects = new Map<string, Effect>();
  readonly #effectUpdates: EffectUpdate[] = [];
  readonly #history: HistoryEntry[] = [];
  readonly #audit: AuditDraft[] = [];

  constructor(now: number) {
    this.now = now;
  }

  fact(fact: Fact, onTrial = false): void {
    this.#facts.push(fact);
    if (onTrial) this.#shadowFacts.push(fact.id);
  }

  episode(episode: Episode): void {
    this.#episodes.set(episode.id, episode);
  }

  blob(key: string, value: unknown): void {
    this.#blobs.set(key, value === null ? null : typeof value === "string" ? value : JSON.stringify(value));
  }

  /** Takes a new state of an alert and returns it with its revision. */
  alert(alert: Alert): Alert {
    const next = this.#alerts.has(alert.id) ? alert : { ...alert, revision: alert.revision + 1 };
    this.#alerts.set(alert.id, next);
    return next;
  }

  /** Takes a new state of an incident and returns it with its revision. */
  incident(incident: Incident): Incident {
    const next = this.#incidents.has(incident.id) ? incident : { ...incident, revision: incident.revision + 1 };
    this.#incidents.set(incident.id, next);
    return next;
  }

  member(member: AlertMember): void {
    this.#members.set(member.findingId, member);
  }

  /** Takes over a member of a merged alert, unless the step itself says where the finding belongs. */
  adopt(member: AlertMember): void {
    if (!this.#members.has(member.findingId)) this.#members.set(member.findingId, member);
  }

  denyListEntry(entry: DenyListEntry): void {
    this.#denyList.set(entry.id, entry);
  }

  /** Asks for an effect, audited in the same step, before anybody can attempt it; returns its id. */
  effect(draft: EffectDraft): string {
    const id = hashId("effect", draft.subject, draft.action, draft.target, draft.generation);
    if (this.#effects.has(id)) return id;
    this.#effects.set(id, { ...draft, id, createdAt: this.now });
    const { action, target, generation, guarantee } = draft;
    this.audit("responder", "effect.requested", draft.subject, { effect: id, action, target, generation, guarantee });
    return id;
  }

  effectUpdate(update: EffectUpdate): void {
    this.#effectUpdates.push(update);
  }

  history(subject: string, actor: string, change: string, note?: string): void {
    this.#history.push({ subject, time: this.now, actor, change, ...(note === undefined ? {} : { note }) });
  }

  /** Says something in the worker's log once the step is committed. */
  warn(fields: StepWarning["fields"], message: string): void {
    this.#warnings.push({ fields, message });
  }

  get warnings(): readonly StepWarning[] {
    return this.#warnings;
  }

  audit(actor: string, action: string, subject: string, details: AuditDraft["details"] = {}): void {
    this.#audit.push({ time: this.now, actor, action, subject, details });
  }

  /** The alert that a merge of this step took the given one into, over any number of merges. */
  survivor(alertId: string): string {
    let id = alertId;
    for (let next = this.alertMerges.get(id); next !== undefined; next = this.alertMerges.get(id)) id = next;
    return id;
  }

  /** True when committing the step would change nothing. */
  isEmpty(): boolean {
    return (
      this.cursor === undefined &&
      this.idempotency === undefined &&
      this.#facts.length + this.#effectUpdates.length + this.#history.length + this.#audit.length === 0 &&
      this.#episodes.size + this.#blobs.size + this.#alerts.size + this.#incidents.size + this.#denyList.size === 0
    );
  }

  /** The whole step, to be committed under the given id. */
  toCommit(id: string): StepCommit {
    return {
      id,
      ...(this.cursor === undefined ? {} : { cursor: this.cursor }),
      facts: this.#facts,
      ...(this.#shadowFacts.length === 0 ? {} : { shadowFacts: this.#shadowFacts }),
      episodes: [...this.#episodes.values()],
      blobs: Array.from(this.#blobs, ([key, value]) => ({ key, value })),
      alerts: [...this.#alerts.values()],
      alertMembers: Array.from(this.#members.values(), (member) => ({
        ...member,
        alertId: this.survivor(member.alertId),
      })),
      incidents: [...this.#incidents.values()],
      denyList: [...this.#denyList.values()],
      effects: [...this.#effects.values()],
      effectUpdates: this.#effectUpdates,
      history: this.#history,
      audit: this.#audit,
      ...(this.idempotency === undefined ? {} : { idempotency: this.idempotency }),
    };
  }
}
