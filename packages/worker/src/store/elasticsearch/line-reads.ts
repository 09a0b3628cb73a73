import type { Alert, AlertQuery, AuditEntry, DenyListEntry, Incident, IncidentQuery } from "@vedette/api";
import type { Episode, Fact } from "@vedette/detection";
import { type ChainRow, entryOf } from "../../audit/chain.ts";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { AlertMember, HistoryEntry, Memory, OutboxRow, StoreCounts } from "../store.ts";
import { readCurrent } from "./current-documents.ts";
import type { Freshness } from "./freshness.ts";
import { firstJudgementId, otherJudgementId } from "../../detector/findings/other-judgement.ts";
import { aliasOf, type AliasedKind, documentId, keywordOf, patternOf } from "./names.ts";
import { bodyOf, countBy, countOf, type Filter, listAll, listPage, type Listing, type Source } from "./searches.ts";

/** Where a line's documents are read. */
export interface ReadPlace {
  readonly client: Cluster["client"];
  readonly prefix: string;
  readonly line: string;
  readonly freshness: Freshness;
}

/** The reading half of the memory, without what the journal itself knows. */
export type LineReads = Pick<
  Memory,
  | "dueEffects"
  | "pendingEffects"
  | "effect"
  | "listAlerts"
  | "alert"
  | "alertMembers"
  | "findings"
  | "history"
  | "listIncidents"
  | "incident"
  | "listDenyList"
  | "denyListEntry"
  | "denyListInForce"
  | "denyListOfIncident"
  | "listAudit"
  | "idempotentAnswer"
  | "findingCounts"
> & {
  /** Alerts, incidents and deny-list entries that the fold can still change (store.ts, `RecoveredState`). */
  recoverable(horizon: number): Promise<{
    readonly alerts: readonly Alert[];
    readonly incidents: readonly Incident[];
    readonly denyList: readonly DenyListEntry[];
  }>;
  counts(): Promise<Omit<StoreCounts, "refused">>;
};

/** Reads what a line's steps have written. */
export function createLineReads({ client, prefix, line, freshness }: ReadPlace): LineReads {
  const mine: Filter = { term: { "vedette.line": line } };
  const unmerged: Filter = { term: { "vedette.merged": false } };
  const term = (field: string, value: string): Filter => ({ term: { [`vedette.${field}`]: keywordOf(value) } });

  const one = async <T>(kind: AliasedKind, id: string): Promise<T | undefined> => {
    const [found] = await readCurrent<Source>(client, [{ index: aliasOf(prefix, kind), id: documentId(id) }]);
    return found === undefined ? undefined : bodyOf<T>(found);
  };

  /** Makes a listing that sees what was written here. */
  const listing = async <T>(
    kind: AliasedKind | "audit" | "history" | "findings",
    filters: readonly Filter[],
    order: Listing<T>["order"],
    item: (source: Source) => T = bodyOf<T>,
  ): Promise<Listing<T>> => {
    const dated = kind === "audit" || kind === "history" || kind === "findings";
    const index = dated ? patternOf(prefix, kind) : aliasOf(prefix, kind);
    await freshness.before(index);
    return { index, filters, order, item };
  };

  const newest = (field: string) => ({ number: `vedette.${field}`, keyword: "vedette.id", direction: "desc" }) as const;
  const oldest = (field: string) => ({ number: `vedette.${field}`, keyword: "vedette.id", direction: "asc" }) as const;
  const waiting: Filter = { terms: { "vedette.state": ["pending", "attempting"] } };

  const count = async (kind: AliasedKind, filters: readonly Filter[]): Promise<number> => {
    await freshness.before(aliasOf(prefix, kind));
    return countOf(client, aliasOf(prefix, kind), [mine, ...filters]);
  };

  return {
    async dueEffects(now, limit, action) {
      const due: Filter = {
        bool: {
          minimum_should_match: 1,
          should: [{ term: { "vedette.state": "attempting" } }, { range: { "vedette.not_before": { lte: now } } }],
        },
      };
      const ofAction = action === undefined ? [] : [{ term: { "vedette.action": action } }];
      const order = { number: "vedette.order", direction: "asc" } as const;
      return listAll(client, await listing<OutboxRow>("outbox", [mine, waiting, due, ...ofAction], order), limit);
    },
    pendingEffects: () => count("outbox", [waiting]),
    effect: (id) => one<OutboxRow>("outbox", id),

    async listAlerts(query: AlertQuery) {
      const filters: Filter[] = [mine, unmerged];
      if (query.status !== undefined) filters.push(term("status", query.status));
      if (query.severity !== undefined) filters.push(term("severity", query.severity));
      if (query.rule !== undefined) filters.push({ term: { "rule.id": query.rule } });
      if (query.entity !== undefined) filters.push(term("entities", query.entity));
      if (query.from !== undefined) filters.push({ range: { "vedette.last_seen": { gte: query.from } } });
      if (query.to !== undefined) filters.push({ range: { "vedette.first_seen": { lte: query.to } } });
      return listPage(client, await listing<Alert>("alerts", filters, newest("opened_at")), query.cursor, query.limit);
    },
    alert: (id) => one<Alert>("alerts", id),
    async alertMembers(id, limit) {
      const order = { number: "vedette.from", keyword: "vedette.finding_id", direction: "asc" } as const;
      return listAll(client, await listing<AlertMember>("alert-members", [mine, term("alert_id", id)], order), limit);
    },
    async findings(ids) {
      const episodes = await readCurrent<Source>(
        client,
        ids.map((id) => ({ index: aliasOf(prefix, "episodes"), id: documentId(id) })),
      );
      const facts = await factsOf(ids.filter((_, at) => episodes[at] === undefined));
      return ids.flatMap((id, at) => {
        const episode = episodes[at];
        return (episode === undefined ? facts.get(id) : bodyOf<Episode>(episode)) ?? [];
      });
    },
    async history(subject) {
      const order = { number: "vedette.order", direction: "asc" } as const;
      return listAll(client, await listing<HistoryEntry>("history", [mine, term("subject", subject)], order));
    },
    async listIncidents(query: IncidentQuery) {
      const filters: Filter[] = [mine, unmerged];
      if (query.status !== undefined) filters.push(term("status", query.status));
      if (query.entity !== undefined) filters.push(term("entities", query.entity));
      const found = await listing<Incident>("incidents", filters, newest("opened_at"));
      return listPage(client, found, query.cursor, query.limit);
    },
    incident: (id) => one<Incident>("incidents", id),
    async listDenyList(cursor, limit) {
      const found = await listing<DenyListEntry>("deny-list", [mine], newest("created_at"));
      return listPage(client, found, cursor, limit);
    },
    denyListEntry: (id) => one<DenyListEntry>("deny-list", id),
    async denyListInForce(now) {
      const filters = [mine, { term: { "vedette.active": true } }, { range: { "vedette.ended_at": { gt: now } } }];
      return listAll(client, await listing<DenyListEntry>("deny-list", filters, oldest("created_at")));
    },
    async denyListOfIncident(id) {
      const incident = await one<Incident>("incidents", id);
      const ofAlerts: Filter[] =
        incident === undefined ? [] : [{ terms: { "vedette.alert_id": incident.alertIds.map(keywordOf) } }];
      const filters: Filter[] = [
        mine,
        { bool: { minimum_should_match: 1, should: [term("incident_id", id), ...ofAlerts] } },
      ];
      return listAll(client, await listing<DenyListEntry>("deny-list", filters, oldest("created_at")));
    },
    async listAudit(cursor, limit) {
      const order = { number: "vedette.sequence", direction: "desc" } as const;
      return listPage<AuditEntry>(
        client,
        await listing("audit", [mine], order, (source) => entryOf(chainRowOf(source))),
        cursor,
        limit,
      );
    },
    async idempotentAnswer(key) {
      const [found] = await readCurrent<{ readonly body: { readonly answer: string } }>(client, [
        { index: aliasOf(prefix, "idempotency"), id: documentId(`${line}|${key}`) },
      ]);
      return found?.body.answer;
    },
    async findingCounts() {
      await freshness.before(patternOf(prefix, "findings"));
      await freshness.before(aliasOf(prefix, "episodes"));
      const facts = await countBy(client, patternOf(prefix, "findings"), [isFact], "rule.id");
      const episodes = await countBy(client, aliasOf(prefix, "episodes"), [unmerged], "vedette.rule_id");
      for (const [rule, found] of episodes) facts.set(rule, (facts.get(rule) ?? 0) + found);
      return new Map(Array.from(facts).sort(([a], [b]) => (a < b ? -1 : 1)));
    },

    async recoverable(horizon) {
      const seen: Filter = { range: { "vedette.last_seen": { gte: horizon } } };
      const byId = { number: "vedette.opened_at", keyword: "vedette.id", direction: "asc" } as const;
      const stillThere: Filter = {
        bool: {
          minimum_should_match: 1,
          should: [{ term: { "vedette.active": true } }, { range: { "vedette.ended_at": { gte: horizon } } }],
        },
      };
      return {
        alerts: sortedById(await listAll(client, await listing<Alert>("alerts", [mine, unmerged, seen], byId))),
        incidents: sortedById(
          await listAll(client, await listing<Incident>("incidents", [mine, unmerged, seen], byId)),
        ),
        denyList: await listAll(
          client,
          await listing<DenyListEntry>("deny-list", [mine, stillThere], oldest("created_at")),
        ),
      };
    },
    async counts() {
      await freshness.before(patternOf(prefix, "findings"));
      await freshness.before(patternOf(prefix, "audit"));
      const alerts = aliasOf(prefix, "alerts");
      const open: Filter = { terms: { "vedette.status": ["open", "acknowledged"] } };
      const closed: Filter = { bool: { must_not: [{ term: { "vedette.status": "closed" } }] } };
      return {
        alertsTotal: await count("alerts", [unmerged]),
        alertsOpen: Object.fromEntries(await countBy(client, alerts, [mine, unmerged, open], "vedette.severity")),
        incidentsTotal: await count("incidents", [unmerged]),
        incidentsOpen: await count("incidents", [unmerged, closed]),
        facts: await countOf(client, patternOf(prefix, "findings"), [isFact, ofTrial(false)]),
        factsShadow: await countOf(client, patternOf(prefix, "findings"), [isFact, ofTrial(true)]),
        auditEntries: await countOf(client, patternOf(prefix, "audit"), [mine]),
      };
    },
  };

  /** Facts stand in the index of their month, which the id does not tell. */
  async function factsOf(ids: readonly string[]): Promise<Map<string, Fact>> {
    const facts = new Map<string, Fact>();
    if (ids.length === 0) return facts;
    await freshness.before(patternOf(prefix, "findings"));
    for (let from = 0; from < ids.length; from += 1_000) {
      const batch = ids.slice(from, from + 1_000);
      // Of two judgements of one event that stand in different indices, the later one is known by a part of its hash, too.
      const names = new Set(batch.flatMap((id) => [id, firstJudgementId(id)]));
      const found = await listAll<{ readonly fact: Fact; readonly hash: string }>(client, {
        index: patternOf(prefix, "findings"),
        filters: [
          { terms: { "vedette.finding.id": Array.from(names, keywordOf) } },
          { term: { "vedette.finding.kind": "fact" } },
        ],
        order: { number: "vedette.finding.revision", keyword: "vedette.finding.content_hash", direction: "desc" },
        item: ({ vedette }) => {
          const { body, content_hash: hash } = vedette["finding"] as {
            readonly body: Fact;
            readonly content_hash: string;
          };
          return { fact: body, hash };
        },
      });
      for (const { fact, hash } of found) {
        facts.set(fact.id, fact);
        const other = otherJudgementId(fact.id, hash);
        facts.set(other, { ...fact, id: other });
      }
    }
    return facts;
  }
}

const isFact: Filter = { term: { "vedette.finding.kind": "fact" } };
/** Whether findings are of rules on trial. */
const ofTrial = (shadow: boolean): Filter => ({ term: { "vedette.finding.shadow": shadow } });

const sortedById = <T extends { readonly id: string }>(items: readonly T[]): T[] =>
  items.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** An entry of the trail as it was written. */
export const chainRowOf = (source: Source): ChainRow => {
  const { entry, hash } = bodyOf<{ readonly entry: string; readonly hash: string }>(source);
  return { sequence: source.vedette["sequence"] as number, entry, hash };
};
