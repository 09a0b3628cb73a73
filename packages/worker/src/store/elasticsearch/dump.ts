import type { Alert, DenyListEntry, Incident, RefusedRecord } from "@vedette/api";
import type { Episode, Fact, JsonObject } from "@vedette/detection";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { BulkWriter, WriteOperation } from "../../elasticsearch/write.ts";
import { receivedId, receivedIndex, unwrapEvent, wrapEvent } from "../../detector/stage-one/received-document.ts";
import { StoreError } from "../../errors.ts";
import type { Ports } from "../../ports.ts";
import { shardName } from "../../collector/elasticsearch/shard-tail.ts";
import { createTailing } from "../../collector/elasticsearch/tailing.ts";
import { inboxStateAt } from "../../detector/findings/findings-inbox.ts";
import type { FindingDocument } from "../../detector/findings/finding-document.ts";
import type { DumpRecord, DumpSource, DumpTarget, FactOrigin } from "../dump/dump-record.ts";
import type { AlertMember, HistoryEntry, OutboxRow } from "../store.ts";
import * as documents from "./documents.ts";
import { openJournal } from "./journal.ts";
import { beginOf } from "./audit-trail.ts";
import { chainRowOf } from "./line-reads.ts";
import {
  aliasOf,
  type AliasedKind,
  dateOf,
  type DatedKind,
  documentId,
  keywordOf,
  findingsIndex,
  monthlyIndex,
  patternOf,
} from "./names.ts";
import { EMPTY_CARRY, episodePut, type LineCarry } from "./resolve-step.ts";
import { bodyOf, countOf, type Filter, type Found, scan, type Source } from "./searches.ts";
import { readBlobs } from "./stored-blobs.ts";
import { storing } from "./store-failure.ts";
import { createRefusedInputs } from "./refused-input.ts";
import { createFreshness } from "./freshness.ts";

/** Number of the step that a restored store stands at: whatever is restored has a lower version than what its first step writes. */
const RESTORED_STEP = 10_000;
/** Documents written at once. */
const BATCH = 1_000;

/** Where a dump is read from or put into. */
export interface DumpPlace {
  readonly cluster: Cluster;
  readonly writer: BulkWriter;
  readonly prefix: string;
  readonly line: string;
  readonly ports: Pick<Ports, "clock" | "timers" | "random" | "log">;
}

/** Opens a memory on Elasticsearch to be read as a whole. Its worker has to stand still meanwhile: Elasticsearch has no moment over several indices. */
export function openElasticsearchDump(place: DumpPlace): DumpSource {
  const { cluster, prefix, line, ports, writer } = place;
  const { client } = cluster;
  const journal = openJournal<LineCarry>(place);

  const mine: Filter = { term: { "vedette.line": line } };
  const all = <T>(
    index: string,
    filters: readonly Filter[],
    sort: readonly string[],
    item: (source: Source, found: Found) => T,
  ) => scan(client, { index, filters, sort, item });
  const kind = <T>(of: AliasedKind, sort: readonly string[], item: (source: Source) => T = bodyOf<T>) =>
    all<T>(aliasOf(prefix, of), [mine], sort, item);

  async function* records(): AsyncGenerator<DumpRecord> {
    await storing("Refreshing", () =>
      client.indices.refresh({ index: `${prefix}-*`, ignore_unavailable: true, expand_wildcards: "open" }),
    );
    const { carry = EMPTY_CARRY, step } = (await journal.peek()).last;
    const refused = createRefusedInputs(client, writer, prefix, createFreshness(client), ports);
    yield {
      kind: "position",
      cursor: carry.cursor,
      ...(carry.inboxState === null ? {} : { inboxState: carry.inboxState }),
      changes: carry.changes,
      refused: await refused.total(),
    };
    const received = all(patternOf(prefix, "events"), [], [], (source) => unwrapEvent(source as unknown as JsonObject));
    for await (const record of received) if (record !== undefined) yield { kind: "record", record };
    for (const [key, value] of await readBlobs(client, prefix, line)) yield { kind: "blob", key, value };
    const findings = all(
      patternOf(prefix, "findings"),
      [{ term: { "vedette.finding.kind": "fact" } }],
      ["vedette.finding.id", "vedette.finding.content_hash"],
      factOf,
    );
    for await (const fact of findings) yield fact;
    for await (const episode of all<Episode>(aliasOf(prefix, "episodes"), [], ["vedette.id"], bodyOf))
      yield { kind: "episode", episode };
    for await (const alert of kind<Alert>("alerts", ["vedette.id"])) yield { kind: "alert", alert };
    for await (const member of kind<AlertMember>("alert-members", ["vedette.alert_id", "vedette.finding_id"]))
      yield { kind: "member", member };
    for await (const incident of kind<Incident>("incidents", ["vedette.id"])) yield { kind: "incident", incident };
    const denied = kind("deny-list", ["vedette.id"], (source) => ({
      entry: bodyOf<DenyListEntry>(source),
      revision: source.vedette["revision"] as number,
    }));
    for await (const entry of denied) yield { kind: "deny", ...entry };
    for await (const row of kind<OutboxRow>("outbox", ["vedette.order"])) yield { kind: "effect", row };
    const dated = <T>(of: DatedKind, sort: readonly string[], filters: readonly Filter[], item = bodyOf<T>) =>
      all<T>(patternOf(prefix, of), filters, sort, item);
    for await (const entry of dated<HistoryEntry>("history", ["vedette.order"], [mine]))
      yield { kind: "history", entry };
    // What stands before the trail's begin was to be deleted.
    const begin = await beginOf(client, patternOf(prefix, "audit"), line, Number.MAX_SAFE_INTEGER);
    const kept: Filter = { range: { "vedette.sequence": { gt: begin.sequence } } };
    const trail = dated("audit", ["vedette.sequence"], [mine, kept], chainRowOf as never) as AsyncIterable<
      ReturnType<typeof chainRowOf>
    >;
    for await (const row of trail)
      yield { kind: "audit", row, time: (JSON.parse(row.entry) as { readonly time: number }).time };
    const ofLine: Filter = { term: { line } };
    const plain = <T>(index: string, sort: readonly string[]) =>
      all<T>(index, [ofLine], sort, (source) => (source as unknown as { readonly body: T }).body);
    for await (const answer of plain<{ key: string; answer: string }>(aliasOf(prefix, "idempotency"), ["order"]))
      yield { kind: "answer", ...answer };
    for await (const { step: id } of plain<{ step: string }>(aliasOf(prefix, "steps"), ["n"]))
      yield { kind: "step", id };
    for await (const record of dated<RefusedRecord>("refused", ["vedette.sequence"], []))
      yield { kind: "refused", record };
    const checkpoints = all(
      aliasOf(prefix, "state"),
      [{ term: { kind: "checkpoint" } }],
      [],
      (source) => (source as unknown as { readonly body: { source: string; checkpoint: string } }).body,
    );
    for await (const { source, checkpoint: value } of checkpoints) yield { kind: "checkpoint", source, value };
    if ((await journal.peek()).last.step !== step)
      throw new StoreError(
        "store-busy",
        "A worker has changed the store while it was read. Stop it, then begin again.",
        {
          retryable: true,
        },
      );
  }
  return { records, [Symbol.asyncDispose]: async () => {} };
}

/** A fact with what is known of it. A second judgement of a changed event stands under an id of its own, which the fact may not say. */
function factOf({ vedette }: Source, { index, id }: Found): DumpRecord {
  const { body, shadow, source, received, position } = vedette["finding"] as FindingDocument["vedette"]["finding"];
  const origin: FactOrigin = {
    ...(shadow ? { shadow: true } : {}),
    ...(index.endsWith("-undated") ? { undated: true } : {}),
    ...(source === "" ? {} : { source }),
    ...(received === undefined ? {} : { received }),
    ...(position === undefined ? {} : { position }),
  };
  const fact = body as Fact;
  const isOther = id.startsWith(`${fact.id}.`);
  return {
    kind: "fact",
    fact: isOther ? { ...fact, id } : fact,
    ...(Object.keys(origin).length === 0 ? {} : { origin }),
  };
}

/** Opens a prefix of a cluster to put a dump into; the templates have to be installed. */
export function openElasticsearchTarget(place: DumpPlace): DumpTarget {
  const { cluster, writer, prefix, line } = place;
  const { client } = cluster;
  return {
    async requireEmpty() {
      for (const index of [aliasOf(prefix, "state"), aliasOf(prefix, "journal"), patternOf(prefix, "findings")]) {
        await storing(`Refreshing ${index}`, () => client.indices.refresh({ index, ignore_unavailable: true }));
        if ((await countOf(client, index, [])) > 0)
          throw new StoreError("store-not-empty", `${index} holds documents already; choose another prefix.`, {
            retryable: false,
          });
      }
    },
    async take(records) {
      const operations = operationsOf(place);
      let batch: WriteOperation[] = [];
      const flush = async (): Promise<void> => {
        const outcomes = await storing("Restoring", () => writer.write(batch));
        for (const [at, outcome] of outcomes.entries())
          if (outcome.status === "refused")
            throw new StoreError("store-failed", `Elasticsearch refused ${batch[at]?.id}: ${outcome.reason}`, {
              retryable: false,
            });
        batch = [];
      };
      for await (const record of records) {
        batch.push(...operations.of(record));
        if (batch.length >= BATCH) await flush();
      }
      batch.push(...operations.rest());
      // Last the pointer: a store without it is not taken for a whole one.
      await flush();
      // Whoever goes on with the line begins behind what was restored, and misses nothing that is found from now on.
      batch.push(operations.pointer(await inboxStateAtEnd(place)));
      await flush();
      await storing(`Refreshing ${line}`, () =>
        client.indices.refresh({ index: `${prefix}-*`, ignore_unavailable: true }),
      );
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Where the inbox of a line stands that has taken all findings that there are. */
async function inboxStateAtEnd({ cluster, prefix, ports }: DumpPlace): Promise<string> {
  await using tailing = createTailing({
    ...ports,
    cluster,
    steady: ports.clock,
    patterns: [patternOf(prefix, "findings")],
    prefix,
    readsOwn: true,
  });
  const { sights } = await storing("Looking where the findings end", () => tailing.watch.look());
  const positions = sights.map(({ key, historyUuid, globalCheckpoint }) => {
    if (historyUuid === undefined || globalCheckpoint === undefined)
      throw new StoreError("store-busy", `No copy of a shard of ${key.index} is started; begin again when it is.`, {
        retryable: true,
      });
    return [shardName(key), { historyUuid, checkpoint: globalCheckpoint }] as const;
  });
  return inboxStateAt(new Map(positions));
}

/** Makes of records the documents of a line that stands at `RESTORED_STEP`. */
function operationsOf({ prefix, line, ports }: DumpPlace) {
  const place = { prefix, line };
  const put = (kind: AliasedKind, id: string, document: object, version = 1): WriteOperation => ({
    kind: "put",
    index: aliasOf(prefix, kind),
    id,
    version,
    document,
  });
  const now = ports.clock.now();
  let carry: LineCarry = EMPTY_CARRY;
  let refused: { readonly total: number; kept: number; first?: number } = { total: 0, kept: 0 };
  let order = 0;
  const steps: string[] = [];

  const of = (record: DumpRecord): WriteOperation[] => {
    order += 1;
    switch (record.kind) {
      case "position":
        // The findings are all dealt with, also those of a store that counted none.
        carry = { ...carry, cursor: Math.max(1, record.cursor), changes: record.changes };
        refused = { total: record.refused, kept: 0 };
        return [];
      case "record":
        return [
          {
            kind: "create",
            index: receivedIndex(prefix, record.record),
            id: receivedId(record.record),
            document: wrapEvent(record.record),
          },
        ];
      case "blob":
        return [put("state", documentId(`${line}|blob|${record.key}`), documents.blobDocument(record, 1, now, place))];
      case "fact":
        return [
          {
            kind: "create",
            index: findingsIndex(prefix, record.fact.time, record.origin?.undated),
            id: documentId(record.fact.id),
            document: documents.factDocument(record.fact, record.origin),
          },
        ];
      case "episode":
        return [episodePut(record.episode, place)];
      case "alert":
        return [put("alerts", documentId(record.alert.id), documents.alertDocument(record.alert, place))];
      case "member": {
        const { alertId, findingId } = record.member;
        const id = documentId(`${documentId(alertId)}|${documentId(findingId)}`);
        return [put("alert-members", id, documents.memberDocument(record.member, place))];
      }
      case "incident":
        return [put("incidents", documentId(record.incident.id), documents.incidentDocument(record.incident, place))];
      case "deny":
        return [
          put("deny-list", documentId(record.entry.id), documents.denyDocument(record.entry, record.revision, place)),
        ];
      case "effect":
        return [put("outbox", documentId(record.row.id), documents.effectDocument(record.row, order, place))];
      case "history":
        return [
          {
            kind: "create",
            index: monthlyIndex(prefix, "history", record.entry.time),
            id: documentId(`${line}|restored|${order}`),
            document: documents.historyDocument(record.entry, order, place),
          },
        ];
      case "audit": {
        const { sequence, hash } = record.row;
        carry = { ...carry, audit: { sequence, hash } };
        return [
          {
            kind: "create",
            index: monthlyIndex(prefix, "audit", record.time),
            id: documentId(`${line}|${sequence}`),
            document: documents.auditDocument(record.row, record.time, place),
          },
        ];
      }
      case "answer": {
        const { key, answer } = record;
        const id = documentId(`${line}|${key}`);
        return [put("idempotency", id, { line, order, body: { key, answer } })];
      }
      case "step":
        steps.push(record.id);
        if (steps.length > RESTORED_STEP) steps.shift();
        return [];
      case "refused": {
        const { sequence, time, source, reason } = record.record;
        refused.first ??= sequence;
        refused.kept += 1;
        const body = { sequence, source: keywordOf(source), reason: keywordOf(reason), body: record.record };
        return [
          {
            kind: "create",
            index: monthlyIndex(prefix, "refused", time),
            id: documentId(`restored|${sequence}`),
            document: { "@timestamp": dateOf(time), vedette: body },
          },
        ];
      }
      case "checkpoint": {
        const { source, value: checkpoint } = record;
        const document = { "@timestamp": dateOf(now), kind: "checkpoint", body: { source, checkpoint } };
        return [put("state", documentId(`checkpoint|${source}`), document)];
      }
    }
  };

  const rest = (): WriteOperation[] => {
    const first = RESTORED_STEP - steps.length + 1;
    const notes = steps.map((step, at) => {
      const n = first + at;
      return put("steps", documentId(`${line}/${n % RESTORED_STEP}`), { line, n, body: { step } }, n);
    });
    const removed = refused.total - refused.kept;
    if (removed === 0) return notes;
    const body = { removed, through: (refused.first ?? 1) - 1 };
    return [...notes, put("state", "refused|cleared", { "@timestamp": dateOf(now), kind: "cleared", body })];
  };

  const pointer = (inboxState: string): WriteOperation => {
    const body = { carry: { ...carry, inboxState } };
    const document = { "@timestamp": dateOf(now), line, kind: "pointer", applied: RESTORED_STEP, body };
    return put("state", `${line}|pointer`, document, RESTORED_STEP);
  };
  return { of, rest, pointer };
}
