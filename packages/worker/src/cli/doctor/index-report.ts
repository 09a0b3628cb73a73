import { DEFAULT_MAPPINGS, type FieldMapping, type JsonObject, type LogSource } from "@vedette/detection";
import type { estypes } from "@elastic/elasticsearch";
import { dataStreamOf, fitsPattern, isOwn } from "../../collector/elasticsearch/index-names.ts";
import type { Config } from "../../config/schema.ts";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { calling } from "../../elasticsearch/errors.ts";
import { checkLateness, type Lateness } from "./lateness.ts";
import type { Remark } from "./remark.ts";

/** What is known of one index or backing index. */
export interface IndexReport {
  readonly index: string;
  readonly documents: number;
  readonly bytes: number;
  readonly health: string;
  /** Newest `@timestamp`, ISO 8601. */
  readonly newest: string | undefined;
  /** Documents an hour, by `@timestamp` in the last day; undefined where it is not mapped as a date. */
  readonly perHour: number | undefined;
  readonly refreshInterval: string | undefined;
  readonly lateness: Lateness | undefined;
  readonly sampled: number;
  /** Sampled documents by mapping that reads them; `none` for those that no mapping takes. */
  readonly mappings: Readonly<Record<string, number>>;
  readonly logSources: readonly string[];
}

/** A document as it was sampled. */
export interface SampledDocument {
  readonly document: JsonObject;
  readonly mapping: FieldMapping | undefined;
  readonly logSources: readonly LogSource[];
}

/** An index with its samples. */
export interface SampledIndex {
  readonly report: IndexReport;
  readonly samples: readonly SampledDocument[];
}

/** Documents that are sampled of each index. */
export const SAMPLE = 200;
const MAX_INDICES = 200;

/** A log source as `product/category/service`. */
export const logSourceText = ({ product, category, service }: LogSource): string =>
  `${product ?? ""}/${category ?? ""}/${service ?? ""}`;

/** Looks at the indices of patterns, the largest first. */
export async function reportIndices(
  cluster: Cluster,
  prefix: string,
  patterns: readonly string[],
  config: Config,
  now: number,
  remarks: Remark[],
): Promise<readonly SampledIndex[]> {
  const rows = await calling("Listing the indices", () =>
    cluster.client.cat.indices({
      index: [...patterns],
      format: "json",
      bytes: "b",
      expand_wildcards: ["open", "hidden"],
      h: ["index", "docs.count", "store.size", "health"],
    }),
  );
  const found = rows
    .flatMap(({ index, health = "unknown", ...row }) =>
      index === undefined || isOwn(index, prefix) || /^\.(?!ds-)/.test(index)
        ? []
        : [{ index, health, documents: Number(row["docs.count"] ?? 0), bytes: Number(row["store.size"] ?? 0) }],
    )
    .toSorted((a, b) => b.documents - a.documents);
  if (found.length === 0)
    remarks.push({
      rank: 1,
      what: `There is no index for ${patterns.join(", ")}.`,
      do: "Correct the patterns of the source in vedette.yaml, or send events first; GET _cat/indices lists what is there.",
    });
  if (found.length > MAX_INDICES)
    remarks.push({
      rank: 3,
      what: `Of ${found.length} indices the ${MAX_INDICES} largest were looked at.`,
      do: "vedette doctor --source PATTERN names fewer.",
    });
  const reports: SampledIndex[] = [];
  for (const row of found.slice(0, MAX_INDICES))
    if (row.health === "red") {
      remarks.push({
        rank: 1,
        what: `${row.index} has shards that are not there (red); the worker waits for them.`,
        do: "GET _cluster/allocation/explain says why.",
      });
      const unknown = { newest: undefined, perHour: undefined, refreshInterval: undefined, lateness: undefined };
      reports.push({ report: { ...row, ...unknown, sampled: 0, mappings: {}, logSources: [] }, samples: [] });
    } else reports.push(await look(cluster, row, config, now, remarks));
  return reports;
}

async function look(
  { client }: Cluster,
  row: Pick<IndexReport, "index" | "documents" | "bytes" | "health">,
  config: Config,
  now: number,
  remarks: Remark[],
): Promise<SampledIndex> {
  const { index } = row;
  const lastDay = { range: { "@timestamp": { gte: now - 86_400_000, lte: now, format: "epoch_millis" } } };
  const tolerance = config.detector.futureTolerance;
  const future = { range: { "@timestamp": { gt: now + tolerance, format: "epoch_millis" } } };
  const answer = await calling(`Reading samples of ${index}`, () =>
    client.search<JsonObject>({
      index,
      size: SAMPLE,
      sort: [{ "@timestamp": { order: "desc", unmapped_type: "date" } }],
      track_total_hits: false,
      aggs: {
        day: { filter: lastDay },
        future: { filter: future },
        dated: { filter: { exists: { field: "@timestamp" } } },
      },
    }),
  );
  const countOf = (name: string): number =>
    (answer.aggregations?.[name] as estypes.AggregationsFilterAggregate | undefined)?.doc_count ?? 0;
  const stream = dataStreamOf(index) ?? index;
  const source = config.sources.find(
    (one) => one.type === "elasticsearch" && one.patterns.some((pattern) => fitsPattern(stream, pattern)),
  );
  const samples = answer.hits.hits.flatMap(({ _source: document }): SampledDocument[] => {
    if (document === undefined) return [];
    const mapping = DEFAULT_MAPPINGS.find((one) => one.accepts(document));
    const told = mapping?.logSources(document) ?? [];
    return [
      {
        document,
        mapping,
        logSources: told.length === 0 && source?.logsource !== undefined ? [source.logsource] : told,
      },
    ];
  });
  const mappings: Record<string, number> = {};
  for (const { mapping } of samples) mappings[mapping?.name ?? "none"] = (mappings[mapping?.name ?? "none"] ?? 0) + 1;
  const sources = new Set(samples.flatMap((one) => one.logSources.map(logSourceText)));
  const times = samples.flatMap(({ document, mapping }) => mapping?.time(document) ?? []);
  const newest = times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b));
  const sampled = samples.length;
  if (sampled > 0 && sources.size === 0)
    remarks.push({
      rank: 2,
      what: `${index}: no log source is known of its documents, so no rule looks at them.`,
      do: "Set `logsource` of its source in vedette.yaml, such as { product: linux, service: auth }.",
    });
  if (sampled > 0 && newest === undefined)
    remarks.push({
      rank: 3,
      what: `${index}: its documents have no time.`,
      do: "They are judged at the time at which they are read; have the sender write @timestamp.",
    });
  if (countOf("future") > 0)
    remarks.push({
      rank: 2,
      what: `${index}: ${countOf("future")} documents are dated more than ${tolerance / 60_000} minutes in the future; they take no part in correlations.`,
      do: "Set the clocks of the senders (timedatectl set-ntp true), and their time zones: such a time is often local time written as UTC.",
    });
  return {
    report: {
      ...row,
      newest: newest === undefined ? undefined : new Date(newest).toISOString(),
      perHour: countOf("dated") === 0 ? undefined : Math.round((countOf("day") / 24) * 10) / 10,
      refreshInterval: await checkSettings({ client }, index, remarks),
      lateness: sampled === 0 ? undefined : await checkLateness({ client }, index, config.detector.lateness, remarks),
      sampled,
      mappings,
      logSources: [...sources].sort(),
    },
    samples,
  };
}

/** Settings that decide how soon an event can be read. */
async function checkSettings(
  { client }: Pick<Cluster, "client">,
  index: string,
  remarks: Remark[],
): Promise<string | undefined> {
  const answer = await calling(`Reading the settings of ${index}`, () =>
    client.indices.getSettings({ index, flat_settings: true, include_defaults: true }),
  );
  const [found] = Object.values(answer);
  const flat = { ...found?.defaults, ...found?.settings } as Readonly<Record<string, unknown>>;
  const text = (key: string): string | undefined => (flat[key] === undefined ? undefined : String(flat[key]));
  const interval = text("index.refresh_interval");
  const put = (setting: string): string =>
    `PUT ${index}/_settings {${setting}}; of a data stream, in its index template too.`;
  if (interval?.startsWith("-") === true)
    remarks.push({
      rank: 3,
      what: `${index} is never refreshed by itself (refresh_interval ${interval}); the worker refreshes it to read it, and hunts see only what was refreshed.`,
      do: put(`"index.refresh_interval":"1s"`),
    });
  if (text("index.translog.durability") === "async")
    remarks.push({
      rank: 3,
      what: `${index} writes its translog asynchronously: its global checkpoint, up to which the worker reads, is up to ${text("index.translog.sync_interval") ?? "5s"} behind.`,
      do: put(`"index.translog.durability":"request"`),
    });
  return interval;
}
