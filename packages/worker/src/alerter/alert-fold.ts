import type { Alert, AlertStatus } from "@vedette/api";
import type { RuleReference } from "@vedette/detection";
import type { LineRule, PlacedFinding } from "../detector/line-rule.ts";
import type { StepDraft } from "../detector/step-draft.ts";
import { addFinding, alertOf, type AlertSession, beginSession, higher, joinSessions } from "./alert-session.ts";
import { notificationReason, notifications, type Notifier } from "./notify.ts";
import { isOlder, touching } from "./suppress.ts";

/** Blobs of the fold: one a session, by alert id. */
export const SESSION_BLOB = "alert-session/";

/** What a step made of one alert. */
export interface AlertOutcome {
  readonly alert: Alert;
  readonly before: Alert | undefined;
  /** The findings that the step added, in the order in which they came. */
  readonly findings: readonly PlacedFinding[];
  /** The step took its last finding away: nothing justifies it any more. */
  readonly unfounded: boolean;
}

/** What the fold needs to know. */
export interface AlertFoldOptions {
  readonly tenant: string;
  readonly rules: ReadonlyMap<string, LineRule>;
  readonly notifiers: readonly Notifier[];
  /** Suppression window of a rule that names none, milliseconds. */
  readonly window: number;
}

const OPENNESS: readonly AlertStatus[] = ["closed", "acknowledged", "open"];
const moreOpen = (a: AlertStatus, b: AlertStatus): AlertStatus => (OPENNESS.indexOf(a) >= OPENNESS.indexOf(b) ? a : b);

/**
 * Folds findings into alerts: session windows by (rule, suppression key). Which findings are in one alert does not depend on the order
 * in which they come (docs/alerts.md).
 */
export class AlertFold {
  readonly #options: AlertFoldOptions;
  readonly #sessions = new Map<string, AlertSession>();
  readonly #alerts = new Map<string, Alert>();
  readonly #byKey = new Map<string, Set<string>>();
  readonly #episodeHolder = new Map<string, string>();
  // Of the step under way:
  readonly #dirty = new Set<string>();
  readonly #newFindings = new Map<string, PlacedFinding[]>();
  readonly #joinedStatus = new Map<string, AlertStatus>();
  readonly #mergedAway = new Map<string, AlertSession>();
  readonly #withdrawals = new Map<string, number>();

  constructor(options: AlertFoldOptions) {
    this.#options = options;
  }

  restore(blobs: ReadonlyMap<string, string>, alerts: ReadonlyMap<string, Alert>): void {
    for (const [key, value] of blobs) {
      if (key.startsWith(SESSION_BLOB)) this.#hold(JSON.parse(value) as AlertSession);
    }
    for (const id of this.#sessions.keys()) {
      const alert = alerts.get(id);
      if (alert !== undefined) this.#alerts.set(id, alert);
    }
  }

  /** An alert that the fold can still change. */
  alert(id: string): Alert | undefined {
    return this.#alerts.get(id);
  }

  session(id: string): AlertSession | undefined {
    return this.#sessions.get(id);
  }

  /** How many alerts can still change. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Puts a finding into its alert, begins one, or joins several; the id of the alert, or undefined for a merged episode never seen. */
  add(finding: PlacedFinding, draft: StepDraft): string | undefined {
    if (finding.merged) return this.#withdraw(finding);
    const window = this.#options.rules.get(finding.rule.id)?.extension.suppression?.window ?? this.#options.window;
    const ids = this.#byKey.get(keyOf(finding.rule.id, finding.suppressionKey)) ?? [];
    const sessions = Array.from(ids, (id) => this.#sessions.get(id)).filter((session) => session !== undefined);
    const touched = touching(sessions, finding, window);
    let session: AlertSession;
    if (touched.length === 0) {
      session = beginSession(this.#options.tenant, finding);
    } else {
      const [oldest, ...others] = touched.toSorted((a, b) =>
        isOlder(this.#age(a, draft), this.#age(b, draft)) ? -1 : 1,
      );
      session = others.reduce((survivor, other) => this.#join(survivor, other, draft), oldest as AlertSession);
      session = addFinding(session, finding);
    }
    this.#hold(session);
    this.#dirty.add(session.alertId);
    const added = this.#newFindings.get(session.alertId);
    if (added === undefined) this.#newFindings.set(session.alertId, [finding]);
    else added.push(finding);
    draft.member({
      alertId: session.alertId,
      findingId: finding.id,
      kind: finding.kind,
      from: finding.from,
      to: finding.to,
    });
    return session.alertId;
  }

  /** Takes an alert that somebody or something else changed, and with it what the session must know of it. */
  replace(alert: Alert, draft: StepDraft, session?: Partial<Pick<AlertSession, "closedTo" | "generation">>): Alert {
    const next = draft.alert(alert);
    const known = this.#sessions.get(alert.id);
    if (known === undefined) return next;
    this.#alerts.set(alert.id, next);
    if (session !== undefined) {
      this.#sessions.set(alert.id, { ...known, ...session });
      draft.blob(SESSION_BLOB + alert.id, this.#sessions.get(alert.id));
    }
    return next;
  }

  /** Asks for the notifications that an alert's change is worth. */
  announce(before: Alert | undefined, after: Alert, draft: StepDraft): void {
    const raised =
      before !== undefined &&
      before.severity !== after.severity &&
      higher(before.severity, after.severity) === after.severity;
    const reason = notificationReason(before, after, raised);
    if (reason === undefined || this.#options.notifiers.length === 0) return;
    const session = this.#sessions.get(after.id) ?? this.#mergedAway.get(after.id);
    // An alert that the fold no longer holds can only be closed or reopened by a person: its revision is as good a generation.
    const generation = session === undefined ? after.revision + 1_000 : session.generation + 1;
    for (const effect of notifications(this.#options.notifiers, reason, after, generation)) draft.effect(effect);
    if (session !== undefined && this.#sessions.has(after.id)) {
      this.#sessions.set(after.id, { ...session, generation });
      draft.blob(SESSION_BLOB + after.id, this.#sessions.get(after.id));
    }
  }

  /** Writes every alert that the step changed; call once, when all findings of the step are in. */
  finish(draft: StepDraft): AlertOutcome[] {
    for (const [id, session] of this.#mergedAway) this.#finishMerged(id, session, draft);
    const outcomes = Array.from(this.#dirty, (id) => this.#finishOne(id, draft));
    this.#dirty.clear();
    this.#newFindings.clear();
    this.#joinedStatus.clear();
    this.#mergedAway.clear();
    this.#withdrawals.clear();
    return outcomes;
  }

  /** Where the oldest episode begins that can still change, Unix milliseconds; infinity when there is none. */
  oldestOpenEpisode(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { episodes } of this.#sessions.values()) {
      for (const { final, from } of Object.values(episodes)) if (!final) oldest = Math.min(oldest, from);
    }
    return oldest;
  }

  /** True when nothing but a finding later than the allowed lateness can still belong to the alert. */
  isSettled(id: string, watermark: number): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined) return true;
    const window = this.#options.rules.get(session.ruleId)?.extension.suppression?.window ?? this.#options.window;
    return session.to + window < watermark && Object.values(session.episodes).every((episode) => episode.final);
  }

  /** Forgets an alert; it stays in the store. */
  evict(id: string, draft: StepDraft): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#release(session);
    this.#alerts.delete(id);
    draft.blob(SESSION_BLOB + id, null);
  }

  #finishOne(id: string, draft: StepDraft): AlertOutcome {
    const session = this.#sessions.get(id) as AlertSession;
    const before = this.#alerts.get(id);
    const findings = this.#newFindings.get(id) ?? [];
    const rule =
      this.#options.rules.get(session.ruleId) ?? ruleFromReference(before?.rule ?? (findings[0] as PlacedFinding).rule);
    let next = alertOf(session, rule, before, this.#options.tenant, draft.now);
    let { closedTo } = session;
    const withdrawals = this.#withdrawals.get(id) ?? 0;
    if (withdrawals > 0) draft.history(id, "alerter", "finding:withdrawn", withdrawalNote(withdrawals));
    const unfounded = withdrawals > 0 && session.findingCount === 0;
    if (unfounded && before !== undefined && next.status !== "closed") {
      next = { ...next, status: "closed", closeReason: "other" };
      // Whatever comes next is a new reason, also when it is of an earlier time.
      closedTo = Number.MIN_SAFE_INTEGER;
      draft.history(id, "alerter", "status:closed", "Late events left none of its findings.");
    }
    const joined = this.#joinedStatus.get(id) ?? next.status;
    const goesOn = joined === "closed" && closedTo !== undefined && session.to > closedTo && session.findingCount > 0;
    const status = goesOn ? "open" : joined;
    if (status !== next.status) {
      const { closeReason: _closeReason, ...rest } = next;
      next = { ...rest, status };
      closedTo = undefined;
      draft.history(
        id,
        "alerter",
        `status:${status}`,
        goesOn ? "A new finding came after it was closed." : "It was joined with an alert that is not closed.",
      );
    }
    if (before === undefined) draft.history(id, "alerter", "opened");
    this.#sessions.set(id, { ...session, closedTo });
    if (before === undefined || JSON.stringify(next) !== JSON.stringify(before)) {
      next = draft.alert(next);
      this.#alerts.set(id, next);
      this.announce(before, next, draft);
    }
    draft.blob(SESSION_BLOB + id, this.#sessions.get(id));
    return { alert: next, before, findings, unfounded };
  }

  #finishMerged(id: string, session: AlertSession, draft: StepDraft): void {
    const before = this.#alerts.get(id);
    this.#alerts.delete(id);
    if (before === undefined) return;
    const mergedInto = draft.survivor(id);
    const next = draft.alert({ ...before, mergedInto });
    draft.blob(SESSION_BLOB + id, null);
    draft.history(id, "alerter", "merged", `A late event joined it to ${mergedInto}.`);
    draft.history(mergedInto, "alerter", "joined", `A late event joined ${id} to it.`);
    this.#mergedAway.set(id, session);
    this.announce(before, next, draft);
  }

  #join(survivor: AlertSession, other: AlertSession, draft: StepDraft): AlertSession {
    const status = moreOpen(this.#statusOf(survivor.alertId), this.#statusOf(other.alertId));
    this.#joinedStatus.set(survivor.alertId, status);
    this.#release(other);
    this.#dirty.delete(other.alertId);
    this.#mergedAway.set(other.alertId, other);
    draft.alertMerges.set(other.alertId, survivor.alertId);
    const moved = this.#newFindings.get(other.alertId);
    if (moved !== undefined) {
      this.#newFindings.set(survivor.alertId, [...(this.#newFindings.get(survivor.alertId) ?? []), ...moved]);
      this.#newFindings.delete(other.alertId);
    }
    return joinSessions(survivor, other);
  }

  #withdraw(finding: PlacedFinding): string | undefined {
    const id = this.#episodeHolder.get(finding.id);
    const session = id === undefined ? undefined : this.#sessions.get(id);
    if (session === undefined) return undefined;
    this.#sessions.set(session.alertId, addFinding(session, finding));
    this.#episodeHolder.delete(finding.id);
    this.#dirty.add(session.alertId);
    if (finding.withdrawn === true)
      this.#withdrawals.set(session.alertId, (this.#withdrawals.get(session.alertId) ?? 0) + 1);
    return session.alertId;
  }

  #statusOf(id: string): AlertStatus {
    return this.#joinedStatus.get(id) ?? this.#alerts.get(id)?.status ?? "open";
  }

  #age(session: AlertSession, draft: StepDraft): { readonly openedAt: number; readonly id: string } {
    return { openedAt: this.#alerts.get(session.alertId)?.openedAt ?? draft.now, id: session.alertId };
  }

  #hold(session: AlertSession): void {
    this.#sessions.set(session.alertId, session);
    const key = keyOf(session.ruleId, session.key);
    const ids = this.#byKey.get(key);
    if (ids === undefined) this.#byKey.set(key, new Set([session.alertId]));
    else ids.add(session.alertId);
    for (const episode of Object.keys(session.episodes)) this.#episodeHolder.set(episode, session.alertId);
  }

  #release(session: AlertSession): void {
    this.#sessions.delete(session.alertId);
    const key = keyOf(session.ruleId, session.key);
    const ids = this.#byKey.get(key);
    ids?.delete(session.alertId);
    if (ids?.size === 0) this.#byKey.delete(key);
    for (const episode of Object.keys(session.episodes)) this.#episodeHolder.delete(episode);
  }
}

const withdrawalNote = (count: number): string =>
  count === 1
    ? "A late event made the condition of one of its findings false."
    : `Late events made the conditions of ${count} of its findings false.`;

const keyOf = (ruleId: string, key: string): string => `${ruleId}\n${key}`;

/** Stands in for a rule that is no longer loaded. */
const ruleFromReference = (rule: RuleReference): LineRule => ({
  ...rule,
  description: "",
  status: "unsupported",
  tags: [],
  extension: { kind: "security", response: [] },
});
