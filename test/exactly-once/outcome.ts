import type { Client } from "@elastic/elasticsearch";
import type { FoundFact } from "./check.ts";
import type { ComparedAlert } from "./oracle.ts";
import { RULE_ID } from "./rules.ts";

interface StoredFinding {
  readonly vedette: {
    readonly finding: {
      readonly kind: "fact" | "episode";
      readonly position?: { readonly id: string };
      readonly body: { readonly rule: { readonly id: string }; readonly values?: Readonly<Record<string, string>> };
    };
  };
}

/** Every fact in the findings indices. */
export async function readFacts(client: Client, prefix: string): Promise<FoundFact[]> {
  const index = `${prefix}-findings-*`;
  await client.indices.refresh({ index, ignore_unavailable: true });
  const facts: FoundFact[] = [];
  const { id: pit } = await client.openPointInTime({ index, keep_alive: "1m", allow_partial_search_results: false });
  try {
    let after: (string | number)[] | undefined;
    for (;;) {
      const { hits } = await client.search<StoredFinding>({
        size: 5_000,
        pit: { id: pit, keep_alive: "1m" },
        sort: ["_shard_doc"],
        track_total_hits: false,
        query: { term: { "vedette.finding.kind": "fact" } },
        _source: ["vedette.finding.kind", "vedette.finding.position", "vedette.finding.body"],
        ...(after ? { search_after: after } : {}),
      });
      for (const { _index, _id, _source: source } of hits.hits) {
        if (!source) continue;
        const { body, position } = source.vedette.finding;
        const values = body.values ?? {};
        facts.push({
          place: `${_index}/${_id}`,
          rule: body.rule.id,
          document: position?.id ?? "",
          subject: String(body.rule.id === RULE_ID.injection ? values["source.ip"] : values["user.name"]),
        });
      }
      const last = hits.hits.at(-1);
      if (!last) return facts;
      after = last.sort as (string | number)[];
    }
  } finally {
    await client.closePointInTime({ id: pit });
  }
}

interface ListedAlert {
  readonly rule: { readonly id: string };
  readonly suppressionKey: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly findingCount: number;
  readonly eventCount: number;
}

/** Every alert, as a worker's API lists them. */
export async function readAlerts(api: string, token: string): Promise<ComparedAlert[]> {
  const alerts: ComparedAlert[] = [];
  for (let cursor: string | undefined; ;) {
    const url = new URL("/api/v1/alerts?limit=500", api);
    if (cursor !== undefined) url.searchParams.set("cursor", cursor);
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(30_000),
    });
    if (!response.ok) throw new Error(`GET ${url.pathname} answered ${response.status}: ${await response.text()}`);
    const page = (await response.json()) as { items: ListedAlert[]; nextCursor?: string };
    for (const { rule, suppressionKey, firstSeen, lastSeen, findingCount, eventCount } of page.items)
      alerts.push({
        rule: rule.id,
        key: suppressionKey.slice(suppressionKey.indexOf("=") + 1),
        firstSeen,
        lastSeen,
        findings: findingCount,
        events: eventCount,
      });
    cursor = page.nextCursor;
    if (cursor === undefined) return alerts;
  }
}
