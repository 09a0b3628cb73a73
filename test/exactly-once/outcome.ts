import type { Client } from "@elastic/elasticsearch";
import type { FoundFact, FoundIncident } from "./check.ts";
import type { ComparedAlert, ComparedEpisode } from "./oracle.ts";
import { RULE_ID } from "./rules.ts";

interface StoredFinding {
  readonly vedette: {
    readonly finding: {
      readonly id: string;
      readonly kind: "fact" | "episode";
      readonly revision: number;
      readonly position?: { readonly id: string };
      readonly body: StoredFact & StoredEpisode;
    };
  };
}

interface StoredFact {
  readonly rule: { readonly id: string };
  readonly values?: Readonly<Record<string, string>>;
}

interface StoredEpisode {
  readonly group: Readonly<Record<string, string>>;
  readonly from: number;
  readonly to: number;
  readonly eventIds: readonly string[];
  readonly mergedInto?: string;
  readonly withdrawn?: boolean;
}

/** Every fact in the findings indices. */
export async function readFacts(client: Client, prefix: string): Promise<FoundFact[]> {
  return (await readFindings(client, prefix, "fact")).map(({ place, finding: { body, position } }) => {
    const values = body.values ?? {};
    return {
      place,
      rule: body.rule.id,
      document: position?.id ?? "",
      subject: String(body.rule.id === RULE_ID.injection ? values["source.ip"] : values["user.name"]),
    };
  });
}

/** Every episode in the findings indices as its last revision tells it, those left out that are part of another one, or none any more. */
export async function readEpisodes(client: Client, prefix: string): Promise<ComparedEpisode[]> {
  const last = new Map<string, StoredFinding["vedette"]["finding"]>();
  for (const { finding } of await readFindings(client, prefix, "episode"))
    if (finding.revision > (last.get(finding.id)?.revision ?? -1)) last.set(finding.id, finding);
  return [...last.values()]
    .map(({ body }) => body)
    .filter(({ mergedInto, withdrawn }) => mergedInto === undefined && withdrawn !== true)
    .map(({ group, from, to, eventIds }) => ({
      user: String(group["user.name"]),
      from,
      to,
      events: new Set(eventIds).size,
    }));
}

async function readFindings(
  client: Client,
  prefix: string,
  kind: "fact" | "episode",
): Promise<{ readonly place: string; readonly finding: StoredFinding["vedette"]["finding"] }[]> {
  const index = `${prefix}-findings-*`;
  await client.indices.refresh({ index, ignore_unavailable: true });
  const found: { place: string; finding: StoredFinding["vedette"]["finding"] }[] = [];
  const { id: pit } = await client.openPointInTime({ index, keep_alive: "1m", allow_partial_search_results: false });
  try {
    let after: (string | number)[] | undefined;
    for (;;) {
      const { hits } = await client.search<StoredFinding>({
        size: 5_000,
        pit: { id: pit, keep_alive: "1m" },
        sort: ["_shard_doc"],
        track_total_hits: false,
        query: { term: { "vedette.finding.kind": kind } },
        _source: ["id", "kind", "revision", "position", "body"].map((field) => `vedette.finding.${field}`),
        ...(after ? { search_after: after } : {}),
      });
      for (const { _index, _id, _source: source } of hits.hits)
        if (source) found.push({ place: `${_index}/${_id}`, finding: source.vedette.finding });
      const last = hits.hits.at(-1);
      if (!last) return found;
      after = last.sort as (string | number)[];
    }
  } finally {
    await client.closePointInTime({ id: pit });
  }
}

interface ListedAlert {
  readonly id: string;
  readonly rule: { readonly id: string };
  readonly suppressionKey: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly findingCount: number;
  readonly eventCount: number;
  readonly incidentId?: string;
  readonly mergedInto?: string;
}

interface ListedIncident {
  readonly id: string;
  readonly alertIds: readonly string[];
  readonly mergedInto?: string;
}

/** Every alert, as a worker's API lists them. */
export async function readAlerts(api: string, token: string): Promise<ComparedAlert[]> {
  const alerts = await readList<ListedAlert>(api, "alerts", token);
  return alerts
    .filter(({ mergedInto }) => mergedInto === undefined)
    .map(({ id, rule, suppressionKey, firstSeen, lastSeen, findingCount, eventCount, incidentId }) => ({
      id,
      incident: incidentId,
      rule: rule.id,
      key: suppressionKey.slice(suppressionKey.indexOf("=") + 1),
      firstSeen,
      lastSeen,
      findings: findingCount,
      events: eventCount,
    }));
}

/** Every incident that is not part of another one, as a worker's API lists them. */
export async function readIncidents(api: string, token: string): Promise<FoundIncident[]> {
  return (await readList<ListedIncident>(api, "incidents", token))
    .filter(({ mergedInto }) => mergedInto === undefined)
    .map(({ id, alertIds }) => ({ id, alerts: alertIds }));
}

async function readList<T>(api: string, list: "alerts" | "incidents", token: string): Promise<T[]> {
  const found: T[] = [];
  for (let cursor: string | undefined; ;) {
    const url = new URL(`/api/v1/${list}?limit=500`, api);
    if (cursor !== undefined) url.searchParams.set("cursor", cursor);
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(30_000),
    });
    if (!response.ok) throw new Error(`GET ${url.pathname} answered ${response.status}: ${await response.text()}`);
    const page = (await response.json()) as { items: T[]; nextCursor?: string };
    found.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === undefined) return found;
  }
}
