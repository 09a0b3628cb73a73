import { type DenyListEntry, type DenyRequest, describeTargets } from "@vedette/api";
import type { AlertOutcome } from "../alerter/alert-fold.ts";
import type { GuardTarget } from "@vedette/semconv";
import { hashId } from "../detector/hash.ts";
import type { LineRule, PlacedFinding, RuleResponse } from "../detector/line-rule.ts";
import type { StepDraft } from "../detector/step-draft.ts";
import type { AddressList } from "./address-list.ts";
import { canonicalTarget, entryFields, type Measure, measureKey, targetValue, whatIsWrong } from "./guard-target.ts";
import { latestByValue } from "./named-targets.ts";
import { OperationError } from "./operations.ts";

/** Blobs of the fold: one a measure, named by its key. */
export const DENY_BLOB = "deny/";

/** The effect that carries the deny list to the guards. */
export const GUARD_PUBLISH = "guard.publish";

/** The change in an alert's history that says that a block which its rule asked for was not made. */
export const BLOCK_REFUSED = "block:refused";

/** The change in the history that says that a block goes on for another reason; its note has both reasons. */
export const BLOCK_EXTENDED = "block:extended";

/** What an effect `guard.publish` says. The guards are sent everything in force, so it is for the reader of the outbox. */
export interface GuardPublishPayload {
  readonly change: "begin" | "extend" | "lift";
  readonly entryId: string;
  /** What the entry is about: an address, or all that names its measure. */
  readonly about: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

/** What the fold needs to know. */
export interface DenyListOptions {
  readonly rules: ReadonlyMap<string, LineRule>;
  readonly neverBlock: AddressList;
  /** Entries in force at once; further ones are refused, audited and counted. */
  readonly limit: number;
}

/** Why nothing was done to somebody although a rule asked for it. */
export type Refusal = "never_block" | "not_an_address" | "no_target" | "over" | "limit";

interface MeasureState {
  readonly entry?: DenyListEntry;
  /** Alerts and people that want the entry; it is lifted when the last one is withdrawn. */
  readonly causes: readonly string[];
  /** Alerts that do not ask for it any more: a person undid it, or it was refused for them. */
  readonly spared: readonly string[];
  readonly generation: number;
  /** The effect that sends the entry to the guards. */
  readonly effectId?: string;
}

const NEW_STATE: MeasureState = { causes: [], spared: [], generation: 0 };
/** An entry is only extended when that adds a good part of what the rule asks for: not at every finding. */
const WORTH_EXTENDING = 0.25;
/** How long a measure is remembered after its last entry ended. */
const REMEMBERED = 30 * 24 * 3_600_000;

/** Keeps the deny list: what rules and people ask for, extended when it recurs, ended by time, by a person or with its cause. */
export class DenyList {
  readonly #options: DenyListOptions;
  readonly #states = new Map<string, MeasureState>();
  readonly #refusals: Record<Refusal, number> = {
    never_block: 0,
    not_an_address: 0,
    no_target: 0,
    over: 0,
    limit: 0,
  };

  constructor(options: DenyListOptions) {
    this.#options = options;
  }

  restore(blobs: ReadonlyMap<string, string>): void {
    for (const [key, value] of blobs) {
      if (key.startsWith(DENY_BLOB)) this.#states.set(key.slice(DENY_BLOB.length), JSON.parse(value) as MeasureState);
    }
  }

  /** Entries that the guards have to apply, as of the given time. */
  inForce(now: number): DenyListEntry[] {
    return Array.from(this.#states.values(), ({ entry }) => entry).filter(
      (entry) => entry !== undefined && isActive(entry) && entry.expiresAt > now,
    ) as DenyListEntry[];
  }

  /** Blocks of which it is not known yet that the guards were sent them. */
  awaitingPublication(): { readonly key: string; readonly effectId: string }[] {
    return Array.from(this.#states).flatMap(([key, { entry, effectId }]) =>
      entry?.state === "pending" && effectId !== undefined ? [{ key, effectId }] : [],
    );
  }

  get refusals(): Readonly<Record<Refusal, number>> {
    return this.#refusals;
  }

  /** When the next entry ends by itself, Unix milliseconds. */
  nextExpiry(): number | undefined {
    const ends = Array.from(this.#states.values(), ({ entry }) =>
      entry !== undefined && isActive(entry) ? entry.expiresAt : Number.POSITIVE_INFINITY,
    );
    const next = Math.min(...ends);
    return Number.isFinite(next) ? next : undefined;
  }

  /** Does what an alert's rule asks for with the findings that a step added. */
  respond({ alert, before, findings }: AlertOutcome, draft: StepDraft): void {
    // Late findings of a closed alert, or those of one that a person has judged harmless, ask for nothing.
    if (alert.status === "closed") return;
    for (const response of this.#options.rules.get(alert.rule.id)?.extension.response ?? []) {
      const kind = response.target ?? "client.address";
      for (const [value, lastSeen] of latestByValue(findings, response)) {
        const target = value === undefined ? undefined : canonicalTarget({ kind, value });
        if (target === undefined) {
          const refusal = kind === "client.address" ? "not_an_address" : "no_target";
          if (before === undefined)
            this.#refuse(refusal, alert.id, { field: response.field, value: value ?? null }, draft);
          continue;
        }
        const measure: Measure = {
          action: response.action === "block_address" ? "block" : response.action,
          targets: [
            target,
            ...(response.route === undefined ? [] : [{ kind: "http.route" as const, value: response.route }]),
          ],
          ...(response.rate === undefined ? {} : { rate: response.rate }),
        };
        const label = labelOf(target, findings);
        this.#ask(
          { ...measure, ...(label === undefined ? {} : { label }) },
          alert,
          lastSeen + response.for,
          response,
          draft,
        );
      }
    }
  }

  /** Takes over what an alert caused when it was merged into another one. */
  alertMerged(from: string, into: string, draft: StepDraft): void {
    for (const [key, state] of this.#states) {
      if (!state.causes.includes(from) && !state.spared.includes(from)) continue;
      const renamed = (ids: readonly string[]): string[] => [...new Set(ids.map((id) => (id === from ? into : id)))];
      this.#set(key, { ...state, causes: renamed(state.causes), spared: renamed(state.spared) }, draft);
    }
  }

  /** An alert turned out to be no reason: lifts the blocks that nothing else justifies, as a recorded decision. */
  causeWithdrawn(alertId: string, by: string, draft: StepDraft): void {
    for (const [key, state] of this.#states) {
      if (!state.causes.includes(alertId)) continue;
      const causes = state.causes.filter((cause) => cause !== alertId);
      const next: MeasureState = { ...state, causes, spared: [...state.spared, alertId] };
      if (causes.length > 0 || state.entry === undefined || !isActive(state.entry)) {
        this.#set(key, next, draft);
        continue;
      }
      draft.audit("responder", "response.compensated", state.entry.id, {
        address: key,
        alertId,
        decidedBy: by,
        reason: "The alert that caused it was closed as no reason for it.",
      });
      this.#end(key, next, state.entry, by, draft);
    }
  }

  /** Ends what is over by the given time; true when something changed. */
  expire(draft: StepDraft): boolean {
    let changed = false;
    for (const [key, state] of this.#states) {
      const { entry } = state;
      if (entry === undefined) continue;
      if (isActive(entry) && entry.expiresAt <= draft.now) {
        draft.audit("responder", "deny.expired", entry.id, { address: key });
        const ended: DenyListEntry = { ...entry, state: "expired", endedAt: draft.now, endedBy: "responder" };
        draft.denyListEntry(ended);
        this.#set(key, { ...state, entry: ended, causes: [] }, draft);
        changed = true;
      } else if (!isActive(entry) && (entry.endedAt ?? 0) + REMEMBERED < draft.now) {
        this.#states.delete(key);
        draft.blob(DENY_BLOB + key, null);
        changed = true;
      }
    }
    return changed;
  }

  /**
   * Has the guards do something because a person asks for it.
   * @throws OperationError `invalid`
   */
  deny(request: DenyRequest, by: string, draft: StepDraft): DenyListEntry {
    const measure = this.#requested(request);
    const key = measureKey(measure);
    if (this.#isFull(draft.now, key))
      throw new OperationError("invalid", `The deny list holds ${this.#options.limit} entries already.`);
    draft.audit(by, "deny.requested", key, {
      ...(measure.action === "block" ? {} : { action: measure.action }),
      ...(measure.rate === undefined ? {} : { rate: measure.rate }),
      seconds: request.seconds,
      reason: request.reason,
      incidentId: request.incidentId ?? null,
    });
    const expiresAt = draft.now + request.seconds * 1_000;
    const incident = request.incidentId === undefined ? {} : { incidentId: request.incidentId };
    return this.#put(
      measure,
      `person:${by}`,
      expiresAt,
      { reason: request.reason, requestedBy: by, ...incident },
      draft,
    );
  }

  #requested({ action = "block", address, targets: asked = [], rate, label }: DenyRequest): LabelledMeasure {
    const invalid = (message: string): OperationError => new OperationError("invalid", message);
    if (address !== undefined && asked.length > 0) throw invalid("Give an address or targets, not both.");
    const given = address === undefined ? asked : [{ kind: "client.address" as const, value: address }];
    const targets = given.map((target) => {
      const canonical = canonicalTarget(target);
      if (canonical !== undefined) return canonical;
      throw invalid(
        target.kind === "client.address"
          ? `"${target.value}" is not an IP address, nor a network such as 203.0.113.0/24.`
          : `"${target.value}" is no value of ${target.kind}.`,
      );
    });
    const measure: Measure = { action, targets, ...(rate === undefined ? {} : { rate }) };
    const wrong = whatIsWrong(measure);
    if (wrong !== undefined) throw invalid(wrong);
    if (this.#isSpared(measure)) {
      throw invalid(whyNever(targetValue(measure, "client.address") ?? ""));
    }
    return { ...measure, ...(label === undefined ? {} : { label }) };
  }

  /**
   * Lifts an entry because a person asks for it; the alerts behind it do not ask for the same again.
   * @throws OperationError `not_found`, `ended`
   */
  undo(id: string, by: string, draft: StepDraft): DenyListEntry {
    for (const [key, state] of this.#states) {
      if (state.entry?.id !== id) continue;
      if (!isActive(state.entry))
        throw new OperationError(
          "ended",
          `The entry about ${describeTargets(state.entry)} has ended already (${state.entry.state}).`,
        );
      draft.audit(by, "deny.undone", id, { address: key });
      const alerts = state.causes.filter((cause) => !cause.startsWith("person:"));
      return this.#end(
        key,
        { ...state, causes: [], spared: [...new Set([...state.spared, ...alerts])] },
        state.entry,
        by,
        draft,
      );
    }
    throw new OperationError("not_found", `There is no entry ${id} in the deny list that could be undone.`);
  }

  /** The guards were sent the list: what was pending under the key is in force. */
  published(key: string, draft: StepDraft): void {
    const state = this.#states.get(key);
    if (state?.entry?.state !== "pending") return;
    const entry: DenyListEntry = { ...state.entry, state: "in_force" };
    draft.denyListEntry(entry);
    this.#set(key, { ...state, entry }, draft);
  }

  #ask(
    measure: LabelledMeasure,
    alert: AlertOutcome["alert"],
    expiresAt: number,
    response: RuleResponse,
    draft: StepDraft,
  ): void {
    const key = measureKey(measure);
    const state = this.#states.get(key) ?? NEW_STATE;
    if (state.spared.includes(alert.id)) return;
    const refusal = this.#isSpared(measure)
      ? "never_block"
      : expiresAt <= draft.now
        ? "over"
        : this.#isFull(draft.now, key)
          ? "limit"
          : undefined;
    if (refusal !== undefined) {
      // An alert that is refused once is not asked about again, except when the block would have been over: it may go on.
      const address = targetValue(measure, "client.address") ?? describeTargets(entryFields(measure));
      this.#refuse(refusal, alert.id, { address, rule: alert.rule.id }, draft);
      if (refusal !== "over") this.#set(key, { ...state, spared: [...state.spared, alert.id] }, draft);
      return;
    }
    const active =
      state.entry !== undefined && isActive(state.entry) && state.entry.expiresAt > draft.now ? state.entry : undefined;
    const known = state.causes.includes(alert.id);
    if (active !== undefined && expiresAt - active.expiresAt < response.for * WORTH_EXTENDING) {
      if (!known) this.#set(key, { ...state, causes: [...state.causes, alert.id] }, draft);
      return;
    }
    const incident = alert.incidentId === undefined ? {} : { incidentId: alert.incidentId };
    this.#put(
      measure,
      alert.id,
      expiresAt,
      { reason: alert.title, requestedBy: "responder", alertId: alert.id, ...incident },
      draft,
    );
  }

  #put(
    measure: LabelledMeasure,
    cause: string,
    expiresAt: number,
    why: Pick<DenyListEntry, "reason" | "requestedBy" | "alertId" | "incidentId">,
    draft: StepDraft,
  ): DenyListEntry {
    const key = measureKey(measure);
    const state = this.#states.get(key) ?? NEW_STATE;
    const generation = state.generation + 1;
    const active =
      state.entry !== undefined && isActive(state.entry) && state.entry.expiresAt > draft.now ? state.entry : undefined;
    if (state.entry !== undefined && active === undefined && isActive(state.entry)) {
      draft.denyListEntry({ ...state.entry, state: "expired", endedAt: draft.now, endedBy: "responder" });
      draft.audit("responder", "deny.expired", state.entry.id, { address: key });
    }
    const entry: DenyListEntry =
      active === undefined
        ? {
            id: hashId("deny", key, cause, generation),
            ...entryFields(measure),
            ...(measure.label === undefined ? {} : { label: measure.label }),
            state: "pending",
            createdAt: draft.now,
            expiresAt,
            ...why,
          }
        : {
            ...active,
            ...(measure.rate === undefined ? {} : { rate: measure.rate }),
            expiresAt: Math.max(active.expiresAt, expiresAt),
            reason: why.reason,
          };
    if (active !== undefined && active.reason !== entry.reason) {
      const until = new Date(entry.expiresAt).toISOString();
      draft.history(
        entry.alertId ?? entry.incidentId ?? entry.id,
        why.requestedBy,
        BLOCK_EXTENDED,
        `${describeTargets(entry)} until ${until}: ${entry.reason} (before: ${active.reason})`,
      );
    }
    const causes = active === undefined ? [cause] : [...new Set([...state.causes, cause])];
    draft.denyListEntry(entry);
    draft.audit("responder", active === undefined ? "deny.decided" : "deny.extended", entry.id, {
      address: key,
      ...(measure.action === "block" ? {} : { action: measure.action }),
      expiresAt: entry.expiresAt,
      cause,
      reason: why.reason,
      ...(active === undefined ? {} : { reasonBefore: active.reason }),
    });
    const effectId = this.#publish(active === undefined ? "begin" : "extend", entry, generation, draft);
    this.#set(key, { entry, causes, spared: state.spared, generation, effectId }, draft);
    return entry;
  }

  #end(key: string, state: MeasureState, before: DenyListEntry, by: string, draft: StepDraft): DenyListEntry {
    const entry: DenyListEntry = { ...before, state: "undone", endedAt: draft.now, endedBy: by };
    const generation = state.generation + 1;
    draft.denyListEntry(entry);
    this.#publish("lift", entry, generation, draft);
    this.#set(key, { ...state, entry, generation }, draft);
    return entry;
  }

  #publish(change: GuardPublishPayload["change"], entry: DenyListEntry, generation: number, draft: StepDraft): string {
    const payload: GuardPublishPayload = {
      change,
      entryId: entry.id,
      about: measureKey(entry),
      expiresAt: entry.expiresAt,
    };
    return draft.effect({
      action: GUARD_PUBLISH,
      target: measureKey(entry),
      generation,
      subject: entry.alertId ?? entry.id,
      guarantee: "idempotent",
      payload,
    });
  }

  #refuse(refusal: Refusal, alertId: string, details: Readonly<Record<string, unknown>>, draft: StepDraft): void {
    this.#refusals[refusal] += 1;
    if (refusal !== "over" || this.#refusals.over <= 100)
      draft.audit("responder", "deny.refused", alertId, { refusal, ...details });
    // That a block was over before it could begin is said of every late finding: only the audit trail and the metrics tell it.
    if (refusal === "over") return;
    const why = this.#whyRefused(refusal, details);
    draft.history(alertId, "responder", BLOCK_REFUSED, why);
    draft.warn({ alertId, refusal, ...details }, `a block that a rule asked for was not made: ${why}`);
  }

  #whyRefused(refusal: Exclude<Refusal, "over">, { address, field }: Readonly<Record<string, unknown>>): string {
    switch (refusal) {
      case "never_block":
        return whyNever(String(address));
      case "limit":
        return `The deny list holds ${this.#options.limit} addresses already, so ${String(address)} was not put on it.`;
      case "not_an_address":
        return `The field ${String(field)} holds no IP address.`;
      case "no_target":
        return `The field ${String(field)} holds nobody's pseudonym, nor a route.`;
    }
  }

  /** Nothing is done to an address that is on the list, nor to a network that holds some of it; observing does nothing. */
  #isSpared({ action, targets }: Measure): boolean {
    const address = action === "observe" ? undefined : targetValue({ targets }, "client.address");
    return address !== undefined && this.#options.neverBlock.touches(address);
  }

  #isFull(now: number, key: string): boolean {
    const entry = this.#states.get(key)?.entry;
    if (entry !== undefined && isActive(entry)) return false;
    return this.#states.size >= this.#options.limit && this.inForce(now).length >= this.#options.limit;
  }

  #set(key: string, state: MeasureState, draft: StepDraft): void {
    this.#states.set(key, state);
    draft.blob(DENY_BLOB + key, state);
  }
}

const whyNever = (address: string): string =>
  address.includes("/")
    ? `${address} holds addresses of the list of those that are never blocked.`
    : `${address} is on the list of addresses that are never blocked.`;

interface LabelledMeasure extends Measure {
  /** Whom it is about, for people. */
  readonly label?: string;
}

/** Entities by which people recognise whom a pseudonym stands for. */
const ENTITY_OF = { "user.hash": "user", "session.id": "user", "vedette.api_key.hash": "api_key" } as const;

/** What findings say about whom a target names, where that is one and something else than the pseudonym. */
function labelOf({ kind, value }: GuardTarget, findings: readonly PlacedFinding[]): string | undefined {
  if (kind === "client.address" || kind === "http.route") return undefined;
  const names = new Set(
    findings
      .filter(({ values }) => Object.values(values).includes(value))
      .flatMap(({ entities }) => entities)
      .filter((entity) => entity.kind === ENTITY_OF[kind] && entity.value !== value)
      .map((entity) => entity.value),
  );
  const [name] = names;
  return names.size === 1 ? name : undefined;
}

const isActive = ({ state }: DenyListEntry): boolean => state === "pending" || state === "in_force";
