import type { Alert, Change, DenyListEntry, Incident } from "@vedette/api";
import type { Episode, Fact } from "@vedette/detection";
import { canonicalJson } from "../../audit/canonical-json.ts";
import { type ChainHead, EMPTY_CHAIN, link } from "../../audit/chain.ts";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { WriteOperation } from "../../elasticsearch/write.ts";
import { StoreError } from "../../errors.ts";
import { mayFollow } from "../effect-states.ts";
import type { OutboxRow, StepCommit } from "../store.ts";
import { readCurrent, type Wanted } from "./current-documents.ts";
import * as documents from "./documents.ts";
import type { JournalEntry } from "./journal-body.ts";
import { aliasOf, dateOf, documentId, findingsIndex, monthlyIndex } from "./names.ts";

/** What each step of a line knows of the steps before it. JSON. */
export type LineCarry = {
  readonly cursor: number;
  readonly inboxState: string | null;
  readonly audit: { readonly sequence: number; readonly hash: string };
  /** Number of the last change that listeners were told of. */
  readonly changes: number;
};

/** The carry of a line without steps. */
export const EMPTY_CARRY: LineCarry = { cursor: 0, inboxState: null, audit: { ...EMPTY_CHAIN }, changes: 0 };

/** Where a step is resolved. */
export interface StepPlace {
  readonly client: Cluster["client"];
  readonly prefix: string;
  readonly line: string;
  /** Number of the step. */
  readonly step: number;
  readonly now: number;
}

/** Items of one kind in one step that an order can be told apart by. */
const ORDER_STEP = 100_000;

type Stored<T> = { readonly vedette: { readonly revision: number; readonly body: T } };
type Draft = Omit<Change, "sequence">;

const index = ({ prefix }: StepPlace, kind: Parameters<typeof aliasOf>[1]): string => aliasOf(prefix, kind);

const sameJson = (a: unknown, b: unknown): boolean =>
  canonicalJson(JSON.parse(JSON.stringify(a))) === canonicalJson(JSON.parse(JSON.stringify(b)));

/**
 * Makes of a step what has to be written, so that writing it needs no look at what is there: revisions compared, states of effects followed, audit entries chained.
 * @throws StoreError `store-fact-conflict`, `store-revision-conflict`, `store-effect-unknown`, and those of the cluster; nothing was written then
 */
export async function resolveStep(
  step: StepCommit,
  carry: LineCarry = EMPTY_CARRY,
  place: StepPlace,
): Promise<JournalEntry<LineCarry>> {
  const { alerts = [], incidents = [], denyList = [], episodes = [], facts = [] } = step;
  const shadow = new Set(step.shadowFacts);
  const current = await readStored(step, place);
  const operations: WriteOperation[] = [];
  const drafts: Draft[] = [];

  for (const fact of facts) operations.push(resolveFact(fact, shadow.has(fact.id), current, place));
  for (const episode of latest(episodes)) {
    if (!replaces("episodes", episode, current.of(index(place, "episodes"), episode.id))) continue;
    operations.push(episodePut(episode, place));
  }
  for (const alert of latest(alerts)) {
    if (!replaces("alerts", alert, current.of(index(place, "alerts"), alert.id))) continue;
    operations.push(put(place, "alerts", alert.id, documents.alertDocument(alert, place)));
    drafts.push({ kind: "alert", id: alert.id, revision: alert.revision });
  }
  for (const incident of latest(incidents)) {
    if (!replaces("incidents", incident, current.of(index(place, "incidents"), incident.id))) continue;
    operations.push(put(place, "incidents", incident.id, documents.incidentDocument(incident, place)));
    drafts.push({ kind: "incident", id: incident.id, revision: incident.revision });
  }
  for (const entry of new Map(denyList.map((one) => [one.id, one])).values()) {
    const stored = current.of<Stored<DenyListEntry>>(index(place, "deny-list"), entry.id)?.vedette;
    if (stored !== undefined && JSON.stringify(stored.body) === JSON.stringify(entry)) continue;
    const revision = (stored?.revision ?? 0) + 1;
    operations.push(put(place, "deny-list", entry.id, documents.denyDocument(entry, revision, place)));
    drafts.push({ kind: "deny_list", id: entry.id, revision });
  }
  operations.push(...memberPuts(step, place), ...blobPuts(step.blobs ?? [], place));
  operations.push(...effectPuts(step, current, place), ...historyCreates(step, place));
  const { head, creates } = auditCreates(step, carry.audit, place);
  operations.push(...creates);
  if (step.idempotency !== undefined) operations.push(answerCreate(step.idempotency, place));

  return {
    operations,
    carry: {
      cursor: Math.max(carry.cursor, step.cursor ?? 0),
      inboxState:
        step.inboxState !== undefined && step.cursor !== undefined && step.cursor >= carry.cursor
          ? step.inboxState
          : carry.inboxState,
      audit: { sequence: head.sequence, hash: head.hash },
      changes: carry.changes + drafts.length,
    },
    changes: drafts.map((draft, at) => ({ sequence: carry.changes + at + 1, ...draft })),
  };
}

/** What stands now under the ids that a step names. */
class Current {
  readonly #documents: ReadonlyMap<string, unknown>;
  constructor(wanted: readonly Wanted[], found: readonly unknown[]) {
    this.#documents = new Map(wanted.map(({ index, id }, at) => [`${index}\n${id}`, found[at]]));
  }
  of<T>(index: string, id: string): T | undefined {
    return this.#documents.get(`${index}\n${documentId(id)}`) as T | undefined;
  }
}

async function readStored(step: StepCommit, place: StepPlace): Promise<Current> {
  const of = (kind: Parameters<typeof aliasOf>[1], ids: readonly string[]): Wanted[] =>
    ids.map((id) => ({ index: index(place, kind), id: documentId(id) }));
  const idsOf = (items: readonly { readonly id: string }[] | undefined): string[] => (items ?? []).map(({ id }) => id);
  const wanted = [
    ...of("alerts", idsOf(step.alerts)),
    ...of("incidents", idsOf(step.incidents)),
    ...of("episodes", idsOf(step.episodes)),
    ...of("deny-list", idsOf(step.denyList)),
    ...of("outbox", [...new Set([...idsOf(step.effects), ...idsOf(step.effectUpdates)])]),
    ...(step.facts ?? []).map((fact) => ({ index: factIndex(fact, place), id: documentId(fact.id) })),
  ];
  return new Current(wanted, wanted.length === 0 ? [] : await readCurrent(place.client, wanted));
}

const factIndex = (fact: Fact, { prefix }: StepPlace): string => findingsIndex(prefix, fact.time);

function resolveFact(fact: Fact, shadow: boolean, current: Current, place: StepPlace): WriteOperation {
  const document = documents.factDocument(fact, shadow ? { shadow } : {});
  const target = factIndex(fact, place);
  const stored = current.of<typeof document>(target, fact.id)?.vedette.finding;
  if (stored !== undefined && stored.content_hash !== document.vedette.finding.content_hash) {
    throw new StoreError("store-fact-conflict", `The finding ${fact.id} was stored before with other content.`, {
      retryable: false,
    });
  }
  return { kind: "create", index: target, id: documentId(fact.id), document };
}

/** Of several revisions of a document in one step, the highest. */
function latest<T extends { readonly id: string; readonly revision: number }>(items: readonly T[]): T[] {
  const highest = new Map<string, T>();
  for (const item of items) if (item.revision >= (highest.get(item.id)?.revision ?? 0)) highest.set(item.id, item);
  return [...highest.values()];
}

/** Whether a document takes the place of the stored one: it is new, or of a higher revision. A lower one never does. */
function replaces(
  kind: string,
  item: Alert | Incident | Episode,
  stored: Stored<Alert | Incident | Episode> | undefined,
): boolean {
  if (stored === undefined || item.revision > stored.vedette.revision) return true;
  if (item.revision === stored.vedette.revision && !sameJson(stored.vedette.body, item)) {
    throw new StoreError(
      "store-revision-conflict",
      `Revision ${item.revision} of ${item.id} in ${kind} was stored before with other content.`,
      { retryable: false },
    );
  }
  return false;
}

const put = (
  place: StepPlace,
  kind: Parameters<typeof aliasOf>[1],
  id: string,
  document: object,
): Extract<WriteOperation, { kind: "put" }> => ({
  kind: "put",
  index: index(place, kind),
  id: documentId(id),
  version: place.step,
  document,
});

/** An episode's version is its own revision, because the line that it belongs to can become another one. */
export const episodePut = (episode: Episode, place: Pick<StepPlace, "prefix" | "line">): WriteOperation => ({
  kind: "put",
  index: aliasOf(place.prefix, "episodes"),
  id: documentId(episode.id),
  version: episode.revision,
  document: documents.episodeDocument(episode, place),
});

const memberPuts = (step: StepCommit, place: StepPlace): WriteOperation[] => {
  const members = new Map(
    (step.alertMembers ?? []).map((member) => [
      `${documentId(member.alertId)}|${documentId(member.findingId)}`,
      member,
    ]),
  );
  return Array.from(members, ([id, member]) =>
    put(place, "alert-members", id, documents.memberDocument(member, place)),
  );
};

/** The writes of a line's blobs. */
export const blobPuts = (
  blobs: NonNullable<StepCommit["blobs"]>,
  place: Pick<StepPlace, "prefix" | "line" | "step" | "now">,
): WriteOperation[] =>
  Array.from(new Map(blobs.map((blob) => [blob.key, blob])).values(), (blob) => ({
    kind: "put",
    index: aliasOf(place.prefix, "state"),
    id: documentId(`${place.line}|blob|${blob.key}`),
    version: place.step,
    document: documents.blobDocument(blob, place.step, place.now, place),
  }));

type StoredEffect = { readonly vedette: { readonly order: number; readonly body: OutboxRow } };

function effectPuts(step: StepCommit, current: Current, place: StepPlace): WriteOperation[] {
  const rows = new Map<string, { readonly order: number; readonly row: OutboxRow; readonly changed: boolean }>();
  const stored = (id: string) => {
    const found = current.of<StoredEffect>(index(place, "outbox"), id)?.vedette;
    return found === undefined ? undefined : { order: found.order, row: found.body, changed: false };
  };
  for (const [at, effect] of (step.effects ?? []).entries()) {
    if (rows.has(effect.id) || stored(effect.id) !== undefined) continue;
    const row: OutboxRow = { ...effect, state: "pending", attempts: 0, notBefore: effect.createdAt };
    rows.set(effect.id, { order: place.step * ORDER_STEP + at, row, changed: true });
  }
  for (const { id, state, attempts, notBefore, lastError } of step.effectUpdates ?? []) {
    const before = rows.get(id) ?? stored(id);
    if (before === undefined) {
      throw new StoreError("store-effect-unknown", `The outbox has no effect ${id}.`, { retryable: false });
    }
    if (!mayFollow(before.row.state, state)) continue;
    const { lastError: _, ...kept } = before.row;
    const row: OutboxRow = { ...kept, state, attempts, notBefore, ...(lastError === undefined ? {} : { lastError }) };
    rows.set(id, { order: before.order, row, changed: true });
  }
  return Array.from(rows).flatMap(([id, { order, row, changed }]) =>
    changed ? [put(place, "outbox", id, documents.effectDocument(row, order, place))] : [],
  );
}

const historyCreates = (step: StepCommit, place: StepPlace): WriteOperation[] =>
  (step.history ?? []).map((entry, at) => ({
    kind: "create",
    index: monthlyIndex(place.prefix, "history", entry.time),
    id: documentId(`${place.line}|${place.step}|${at}`),
    document: documents.historyDocument(entry, place.step * ORDER_STEP + at, place),
  }));

function auditCreates(
  step: StepCommit,
  before: ChainHead,
  place: StepPlace,
): { readonly head: ChainHead; readonly creates: WriteOperation[] } {
  let head = before;
  const creates = (step.audit ?? []).map((draft): WriteOperation => {
    const row = link(head, draft);
    head = row;
    return {
      kind: "create",
      index: monthlyIndex(place.prefix, "audit", draft.time),
      id: documentId(`${place.line}|${row.sequence}`),
      document: documents.auditDocument(row, draft.time, place),
    };
  });
  return { head, creates };
}

const answerCreate = (idempotency: NonNullable<StepCommit["idempotency"]>, place: StepPlace): WriteOperation => ({
  kind: "create",
  index: index(place, "idempotency"),
  id: documentId(`${place.line}|${idempotency.key}`),
  document: { "@timestamp": dateOf(place.now), line: place.line, order: place.step, body: idempotency },
});
