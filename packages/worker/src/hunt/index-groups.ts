import type { Client, estypes } from "@elastic/elasticsearch";
import {
  type IndexDescription,
  type IndexFields,
  type JsonObject,
  describeCapabilities,
  describeIndex,
} from "@vedette/detection";

/** Indices that can be asked by one query, because they keep every field alike. */
export interface IndexGroup {
  readonly indices: readonly string[];
  readonly fields: IndexFields;
  /** Whether the mappings could be read; without them no answer is exact. */
  readonly isMapped: boolean;
}

/** What has to be expected of an index whose settings may not be read. */
const UNREAD_SETTINGS: IndexDescription["settings"] & object = {
  ignoreAbove: 0,
  ignoreMalformed: true,
  hasDefaultAnalyzer: true,
  ignoresBeyondLimit: true,
};

/** Names in `_ignored` that are read of one index; with more, any field may be meant. */
const MAX_IGNORED = 5_000;

/**
 * Finds out how the indices of a pattern keep their fields: from their mappings, or, where those may not be read, from `_field_caps`. Indices that are
 * alike are one group.
 */
export async function readIndexGroups(
  client: Client,
  pattern: string,
  signal?: AbortSignal,
): Promise<readonly IndexGroup[]> {
  const options = signal === undefined ? {} : { signal };
  let mappings: Record<string, { readonly mappings: unknown }>;
  try {
    mappings = await client.indices.getMapping({ index: pattern, allow_no_indices: true }, options);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const found = await client.fieldCaps(
      { index: pattern, fields: "*", include_unmapped: true, filters: "-metadata", allow_no_indices: true },
      options,
    );
    const names = typeof found.indices === "string" ? [found.indices] : found.indices;
    return names.length === 0
      ? []
      : [
          {
            indices: names,
            fields: describeCapabilities(found.fields),
            isMapped: false,
          },
        ];
  }
  const names = Object.keys(mappings).sort();
  if (names.length === 0) return [];
  const settings = await readSettings(client, pattern, signal);
  const groups = new Map<string, { indices: string[]; description: IndexDescription }>();
  for (const name of names) {
    const ignored = await readIgnored(client, name, signal);
    const description: IndexDescription = {
      mappings: (mappings[name]?.mappings ?? {}) as JsonObject,
      settings: settings === undefined ? UNREAD_SETTINGS : (settings.get(name) ?? {}),
      ignored,
    };
    const key = JSON.stringify([description.mappings, description.settings, ignored && [...ignored].sort()]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { indices: [name], description });
    else group.indices.push(name);
  }
  return [...groups.values()].map(({ indices, description }) => ({
    indices,
    fields: describeIndex(description),
    isMapped: true,
  }));
}

/** Settings that change what is indexed; undefined when they may not be read. */
async function readSettings(
  client: Client,
  pattern: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, IndexDescription["settings"] & object> | undefined> {
  let found: estypes.IndicesGetSettingsResponse;
  try {
    found = await client.indices.getSettings(
      { index: pattern, flat_settings: true, allow_no_indices: true, name: ["index.mapping.*", "index.analysis.*"] },
      signal === undefined ? {} : { signal },
    );
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return undefined;
  }
  return new Map(
    Object.entries(found).map(([name, { settings = {} }]) => {
      const flat = settings as Readonly<Record<string, unknown>>;
      const has = (key: string): boolean => flat[key] !== undefined && String(flat[key]) === "true";
      const above = Number(flat["index.mapping.ignore_above"]);
      return [
        name,
        {
          ignoreAbove: Number.isFinite(above) ? above : undefined,
          ignoreMalformed: has("index.mapping.ignore_malformed"),
          coerce: String(flat["index.mapping.coerce"] ?? "true") !== "false",
          hasDefaultAnalyzer: Object.keys(flat).some((key) => key.startsWith("index.analysis.analyzer.default.")),
          ignoresBeyondLimit: has("index.mapping.total_fields.ignore_dynamic_beyond_limit"),
        },
      ];
    }),
  );
}

/** The fields of which some document has a value that is not in the index; undefined when that cannot be found out. */
async function readIgnored(
  client: Client,
  index: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string> | undefined> {
  try {
    const found = await client.search(
      { index, size: 0, track_total_hits: false, aggs: { names: { terms: { field: "_ignored", size: MAX_IGNORED } } } },
      signal === undefined ? {} : { signal },
    );
    const names = found.aggregations?.["names"] as estypes.AggregationsStringTermsAggregate | undefined;
    const buckets = Array.isArray(names?.buckets) ? names.buckets : [];
    if ((names?.sum_other_doc_count ?? 0) > 0 || found._shards.failed > 0) return undefined;
    return new Set(buckets.map(({ key }) => String(key)));
  } catch (error) {
    // Before 8.15 `_ignored` cannot be counted by name.
    if (statusOf(error) === 400) return undefined;
    throw error;
  }
}

const statusOf = (error: unknown): number | undefined => {
  const status = (error as { readonly statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === "number" ? status : undefined;
};

const isForbidden = (error: unknown): boolean => statusOf(error) === 403;
