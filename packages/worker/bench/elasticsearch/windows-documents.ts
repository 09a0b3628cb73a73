import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type JsonObject, type JsonValue, type Rule, loadRules } from "@vedette/detection";
import type { Cluster } from "../../src/elasticsearch/cluster.ts";
import { calling } from "../../src/elasticsearch/errors.ts";

/** Folder of what is shared beside the checkout. */
export const shared: string =
  process.env["VEDETTE_SHARED"] ?? join(import.meta.dirname, "..", "..", "..", "..", "..", "shared");

/** Whether the labelled data is beside the checkout. */
export const hasSharedData: boolean = existsSync(join(shared, "data"));

const lines = <Line>(name: string): Line[] =>
  gunzipSync(readFileSync(join(shared, "data", name)))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);

/** Longest text that a keyword can be, with room for characters of several bytes. */
const LONGEST = 8_000;

const isScalar = (value: JsonValue): boolean =>
  typeof value === "string" ? value.length <= LONGEST : typeof value !== "object" || value === null;
const isPlain = (value: JsonValue): boolean => (Array.isArray(value) ? value.every(isScalar) : isScalar(value));

const RULE_SETS = new Set(["rules", "rules-emerging-threats", "rules-threat-hunting"]);

/** All of SigmaHQ's rules, as they are written. */
export const sigmaFiles = (): readonly { readonly path: string; readonly text: string }[] =>
  lines<{ path: string; yaml: string; set: string }>("sigma-rules.jsonl.gz")
    .filter(({ set }) => RULE_SETS.has(set))
    .map(({ path, yaml }) => ({ path, text: yaml }));

/** All of SigmaHQ's rules. */
export const sigmaRules = (): readonly Rule[] => loadRules([...sigmaFiles()]).rules;

/** Recorded Windows events, ordinary ones and attacks, whose fields are all numbers and texts that an index takes whole. */
export const windowsEvents = (): JsonObject[] =>
  [
    ...lines<{ events: JsonObject[] }>("windows-attack.jsonl.gz").flatMap(({ events }) => events),
    ...lines<{ event: JsonObject }>("otrf-windows.jsonl.gz").map(({ event }) => event),
    ...lines<{ event: JsonObject }>("windows-background.jsonl.gz").map(({ event }) => event),
  ].filter(
    (event) => event["EventID"] !== undefined && event["Channel"] !== undefined && Object.values(event).every(isPlain),
  );

/** Documents of an index, and how large they are. */
export interface Indexed {
  readonly index: string;
  readonly count: number;
  /** Bytes of all `_source`s. */
  readonly bytes: number;
}

const MAPPINGS = {
  dynamic_templates: [{ all: { match: "*", unmatch: "@timestamp", mapping: { type: "keyword" } } }],
  properties: { "@timestamp": { type: "date" } },
} as const;

/** Creates documents with one bulk request; with ids where `id` gives them. Resolves once all are acknowledged. */
export const bulkIndex = async (
  cluster: Cluster,
  index: string,
  documents: readonly object[],
  id?: (at: number) => string,
): Promise<number> => {
  let body = "";
  let bytes = 0;
  for (const [at, document] of documents.entries()) {
    const text = JSON.stringify(document);
    bytes += Buffer.byteLength(text);
    body += `{"create":{${id === undefined ? "" : `"_id":"${id(at)}"`}}}\n${text}\n`;
  }
  const answer = await calling("Indexing", async () =>
    cluster.client.transport.request<{ errors: boolean; items: unknown[] }>({
      method: "POST",
      path: `/${index}/_bulk`,
      querystring: { filter_path: "errors,items.*.error.reason" },
      bulkBody: body,
    }),
  );
  if (answer.errors) throw new Error(`documents were refused: ${JSON.stringify(answer.items[0])}`);
  return bytes;
};

/** Makes an index of one shard that takes recorded Windows events as they are. */
export const createWindowsIndex = async ({ client }: Cluster, index: string): Promise<void> => {
  await client.indices.create({
    index,
    settings: { number_of_shards: 1, number_of_replicas: 0, "index.mapping.total_fields.limit": 10_000 },
    mappings: MAPPINGS as unknown as JsonObject,
  });
};

/** Indexes documents under ids, which are their numbers, and refreshes. Resolves with the bytes of their `_source`s. */
export const indexDocuments = async (
  cluster: Cluster,
  index: string,
  numbers: readonly number[],
  document: (number: number) => JsonObject,
): Promise<number> => {
  let bytes = 0;
  for (let first = 0; first < numbers.length; first += 1_000) {
    const some = numbers.slice(first, first + 1_000);
    bytes += await bulkIndex(cluster, index, some.map(document), (at) => String(some[at]));
  }
  await cluster.client.indices.refresh({ index });
  return bytes;
};

/** Indexes `count` documents into one shard: recorded Windows events, one each 10 ms, over and over, each with a number of its own. */
export const indexWindowsEvents = async (cluster: Cluster, index: string, count: number): Promise<Indexed> => {
  const events = windowsEvents();
  const from = Date.now() - count * 10;
  const document = (number: number): JsonObject => ({
    ...events[(number * 7) % events.length],
    "@timestamp": new Date(from + number * 10).toISOString(),
    EventRecordID: 1_000_000 + number,
  });
  await createWindowsIndex(cluster, index);
  const numbers = Array.from({ length: count }, (_, number) => number);
  return { index, count, bytes: await indexDocuments(cluster, index, numbers, document) };
};
