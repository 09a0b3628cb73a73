import { trimContent } from "../../audit/trim.ts";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { AuditDraft } from "../store.ts";
import { beginOf } from "./audit-trail.ts";
import { deleteFound } from "./delete-found.ts";
import { chainRowOf } from "./line-reads.ts";
import { aliasOf, type DatedKind, keywordOf, patternOf } from "./names.ts";
import { countOf, type Filter, listAll, type Source } from "./searches.ts";
import { storing } from "./store-failure.ts";
import { readMeta } from "./templates/marks.ts";

/** How long things are kept, in milliseconds; what is "forever" is never deleted. */
export interface Retention {
  readonly events: number | "forever";
  readonly findings: number | "forever";
  /** Closed alerts and incidents, and histories. */
  readonly alerts: number | "forever";
  readonly audit: number | "forever";
  /** Refused documents and refused input. */
  readonly deadLetters: number | "forever";
}

/** What one round is to delete: it is told in the audit trail first, then done. */
export interface RetentionPlan {
  /** What the audit trail is to say before anything is deleted. */
  readonly audit: readonly AuditDraft[];
  /** Deletes, and tells how many documents by kind. Doing it again is safe. @throws StoreError */
  perform(): Promise<Readonly<Record<string, number>>>;
}

/** Where a round looks, and what it is to keep. */
export interface RetentionPlace {
  readonly prefix: string;
  /** The line whose alerts and audit trail these are. */
  readonly line: string;
  readonly retention: Retention;
  /** Unix milliseconds. */
  readonly now: number;
}

interface Deletion {
  readonly kind: string;
  readonly audit: AuditDraft;
  perform(): Promise<number>;
}

const DAY = 86_400_000;
/** Alerts or incidents deleted at once. */
const PAGE = 500;

/** Kinds whose indices are deleted as a whole. The audit trail is not among them: it goes entry by entry, so that what is left can be verified. */
const kindsOf = ({
  events,
  findings,
  alerts,
  deadLetters,
}: Retention): readonly (readonly [Exclude<DatedKind, "audit">, number])[] =>
  (
    [
      ["events", events],
      ["findings", findings],
      ["history", alerts],
      ["dead-letter", deadLetters],
      ["refused", deadLetters],
    ] as const
  ).flatMap(([kind, age]) => (age === "forever" ? [] : [[kind, age] as const]));

/** The time up to which an index by month can hold documents: the month's end. Undefined for an index that is none by month. */
export function endOfMonth(index: string): number | undefined {
  const month = /-(\d{4})\.(\d{2})$/.exec(index);
  return month === null ? undefined : Date.UTC(Number(month[1]), Number(month[2]), 1);
}

/**
 * Finds what is older than it is to be kept: indices by month as soon as the whole month is; out of the indices that go on what was received before, and closed alerts and incidents with their members;
 * and the older part of the audit trail. An index is deleted only if its mapping says that it is ours, its name alone is not enough, and only if the cluster has no lifecycle policy for it.
 * @throws StoreError
 */
export async function planRetention(client: Cluster["client"], place: RetentionPlace): Promise<RetentionPlan> {
  const { prefix, retention } = place;
  const deletions: Deletion[] = [];
  for (const [kind, age] of kindsOf(retention)) deletions.push(...(await ofKind(client, place, kind, age)));
  if (retention.findings !== "forever") deletions.push(...(await ofEpisodes(client, place, retention.findings)));
  if (retention.alerts !== "forever") {
    for (const kind of ["alerts", "incidents"] as const)
      deletions.push(...(await ofClosed(client, place, kind, retention.alerts)));
  }
  if (retention.audit !== "forever") deletions.push(...(await ofAudit(client, place, retention.audit)));
  return {
    audit: deletions.map(({ audit }) => audit),
    async perform() {
      const counts: Record<string, number> = {};
      for (const { kind, perform } of deletions) counts[kind] = (counts[kind] ?? 0) + (await perform());
      // An index of one of these that holds nothing any more is only kept by its name.
      if (deletions.some(({ kind }) => kind === "audit")) await removeEmptyMonths(client, prefix, place.now);
      return counts;
    },
  };
}

const draft = (now: number, subject: string, details: Record<string, unknown>): AuditDraft => ({
  time: now,
  actor: "worker",
  action: "retention.delete",
  subject,
  details,
});

async function ownIndices(
  client: Cluster["client"],
  prefix: string,
  kind: DatedKind,
): Promise<readonly { readonly name: string; readonly managed: boolean }[]> {
  const pattern = patternOf(prefix, kind);
  const found = await storing(`Reading ${pattern}`, () =>
    client.indices.get({ index: pattern, expand_wildcards: "open", allow_no_indices: true }),
  );
  return Object.entries(found).flatMap(([name, { mappings, settings }]) =>
    readMeta(mappings?._meta)?.kind === kind ? [{ name, managed: settings?.index?.lifecycle?.name !== undefined }] : [],
  );
}

async function ofKind(
  client: Cluster["client"],
  { prefix, now }: RetentionPlace,
  kind: Exclude<DatedKind, "audit">,
  age: number,
): Promise<Deletion[]> {
  const before = now - age;
  const deletions: Deletion[] = [];
  for (const { name, managed } of await ownIndices(client, prefix, kind)) {
    const end = endOfMonth(name);
    if (end === undefined) {
      const filters = [receivedBefore(kind, before)];
      const count = await countOf(client, name, filters);
      if (count > 0)
        deletions.push({
          kind,
          audit: draft(now, name, { what: "documents", count, before }),
          perform: () => deleteFound(client, name, filters),
        });
    } else if (!managed && end <= before) {
      const count = await countOf(client, name, []);
      deletions.push({
        kind,
        audit: draft(now, name, { what: "index", count, before }),
        async perform() {
          await storing(`Deleting ${name}`, () => client.indices.delete({ index: name, ignore_unavailable: true }));
          return count;
        },
      });
    }
  }
  return deletions;
}

/** In indices whose documents have no time of their own, or an impossible one, what counts is when they were received, where that is known. */
function receivedBefore(kind: DatedKind, before: number): Filter {
  const byTimestamp: Filter = { range: { "@timestamp": { lt: new Date(before).toISOString() } } };
  const field = { findings: "vedette.finding.received", events: "vedette.record.received" }[kind as string];
  if (field === undefined) return byTimestamp;
  return {
    bool: {
      minimum_should_match: 1,
      should: [
        { range: { [field]: { lt: before } } },
        { bool: { must_not: [{ exists: { field } }], filter: [byTimestamp] } },
      ],
    },
  };
}

/** Episodes as they stood last; their revisions are in the stream of findings and go with its indices. */
async function ofEpisodes(
  client: Cluster["client"],
  { prefix, line, now }: RetentionPlace,
  age: number,
): Promise<Deletion[]> {
  const index = aliasOf(prefix, "episodes");
  const before = now - age;
  const filters: Filter[] = [
    { term: { "vedette.line": line } },
    { range: { "@timestamp": { lt: new Date(before).toISOString() } } },
  ];
  const count = await countOf(client, index, filters);
  if (count === 0) return [];
  const audit = draft(now, index, { what: "episodes", count, before });
  return [{ kind: "episodes", audit, perform: () => deleteFound(client, index, filters) }];
}

async function ofClosed(
  client: Cluster["client"],
  { prefix, line, now }: RetentionPlace,
  kind: "alerts" | "incidents",
  age: number,
): Promise<Deletion[]> {
  const index = aliasOf(prefix, kind);
  const before = now - age;
  const filters: Filter[] = [
    { term: { "vedette.line": line } },
    {
      bool: {
        minimum_should_match: 1,
        should: [{ term: { "vedette.status": "closed" } }, { term: { "vedette.merged": true } }],
      },
    },
    { range: { "vedette.last_seen": { lt: before } } },
    { range: { "vedette.opened_at": { lt: before } } },
  ];
  const count = await countOf(client, index, filters);
  if (count === 0) return [];
  const order = { number: "vedette.opened_at", keyword: "vedette.id", direction: "asc" } as const;
  const item = ({ vedette }: Source): string => vedette["id"] as string;
  return [
    {
      kind,
      audit: draft(now, index, { what: kind, count, before }),
      async perform() {
        let deleted = 0;
        for (;;) {
          const ids = await listAll(client, { index, filters, order, item }, PAGE);
          if (ids.length === 0) return deleted;
          const ofLine: Filter = { term: { "vedette.line": line } };
          if (kind === "alerts") {
            const members = aliasOf(prefix, "alert-members");
            await deleteFound(client, members, [ofLine, { terms: { "vedette.alert_id": ids.map(keywordOf) } }]);
          }
          const gone = await deleteFound(client, index, [...filters, { terms: { "vedette.id": ids } }]);
          // What was changed at this moment is left for the next round.
          if (gone === 0) return deleted;
          deleted += gone;
        }
      },
    },
  ];
}

/**
 * The older part of the audit trail goes up to an entry that a new entry names with its hash, so that the trail can be verified from there on. Once a day at most: each time adds an entry.
 */
async function ofAudit(
  client: Cluster["client"],
  { prefix, line, now }: RetentionPlace,
  age: number,
): Promise<Deletion[]> {
  const index = patternOf(prefix, "audit");
  const before = now - age;
  const ofLine: Filter = { term: { "vedette.line": line } };
  const begin = await beginOf(client, index, line, Number.MAX_SAFE_INTEGER);
  const behind: Filter[] = [ofLine, { range: { "vedette.sequence": { gt: begin.sequence } } }];
  const find = async (filters: readonly Filter[], direction: "asc" | "desc") =>
    (
      await listAll(
        client,
        { index, filters: [...behind, ...filters], order: { number: "vedette.sequence", direction }, item: chainRowOf },
        1,
      )
    )[0];
  const older = (time: number): Filter => ({ range: { "@timestamp": { lt: new Date(time).toISOString() } } });
  const [oldest] = [await find([], "asc")];
  if (oldest === undefined || (await find([older(before - DAY)], "asc"))?.sequence !== oldest.sequence) return [];
  const kept = await find([{ range: { "@timestamp": { gte: new Date(before).toISOString() } } }], "asc");
  const last = await find(kept === undefined ? [] : [{ range: { "vedette.sequence": { lt: kept.sequence } } }], "desc");
  if (last === undefined) return [];
  const through = { sequence: last.sequence, hash: last.hash };
  const filters: Filter[] = [ofLine, { range: { "vedette.sequence": { lte: through.sequence } } }];
  return [
    {
      kind: "audit",
      audit: trimContent(through, now, before),
      perform: () => deleteFound(client, index, filters),
    },
  ];
}

/** Months of the audit trail that are over and hold nothing any more. */
async function removeEmptyMonths(client: Cluster["client"], prefix: string, now: number): Promise<void> {
  for (const { name } of await ownIndices(client, prefix, "audit")) {
    if ((endOfMonth(name) ?? now) >= now - DAY || (await countOf(client, name, [])) > 0) continue;
    await storing(`Deleting ${name}`, () => client.indices.delete({ index: name, ignore_unavailable: true }));
  }
}
