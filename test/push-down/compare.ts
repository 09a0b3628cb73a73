import type { Client } from "@elastic/elasticsearch";
import type { JsonObject, LogSource } from "../../packages/detection/src/event.ts";
import { createDetector } from "../../packages/detection/src/match/detector.ts";
import { IndexPushDown } from "../../packages/detection/src/pushdown/push-down.ts";
import { NONE } from "../../packages/detection/src/pushdown/query.ts";
import type { Rule } from "../../packages/detection/src/rule.ts";
import { EVENT_SETS } from "../../packages/detection/src/testing/event-sets.ts";
import { readIndexGroups } from "../../packages/worker/src/hunt/index-groups.ts";
import { type Shape, isWindows } from "./shapes.ts";

/** How a rule was answered in one shape; the least sure of all sets of events in which it could be asked. */
export type Answer = "nothing" | "exact" | "superset" | "refused";

/** What a query found that it must not, or did not find that it must. */
export interface Difference {
  readonly shape: string;
  readonly set: string;
  readonly rule: string;
  readonly answer: Answer;
  /** Documents that the rule finds and the query does not. */
  readonly missed: readonly JsonObject[];
  /** Of an exact answer: documents that the query finds and the rule does not. */
  readonly extra: readonly JsonObject[];
}

/** What comparing one shape gave. */
export interface ShapeResult {
  readonly shape: string;
  events: number;
  pairs: number;
  /** Documents found in process, and by queries. */
  found: number;
  candidates: number;
  failed: number;
  readonly answers: Map<string, Answer>;
  readonly reasons: Map<string, number>;
  readonly differences: Difference[];
}

export interface CompareOptions {
  readonly client: Client;
  readonly rules: readonly Rule[];
  readonly shape: Shape;
  /** Beginning of the names of the indices, which are removed afterwards. */
  readonly prefix: string;
  /** Of the distinct events of each set at most about this many, evenly spread, and two of what each rule finds; 0 for all. */
  readonly sample: number;
  readonly only?: string | undefined;
  readonly tell?: (line: string) => void;
}

const ORDER: readonly Answer[] = ["nothing", "exact", "superset", "refused"];
/** Queries in one request. */
const BATCH = 10;

/** Indexes the labelled events in one shape and holds the queries of every rule against the engine. */
export async function compareShape(options: CompareOptions): Promise<ShapeResult> {
  const { client, rules, shape } = options;
  const result: ShapeResult = {
    shape: shape.name,
    events: 0,
    pairs: 0,
    found: 0,
    candidates: 0,
    failed: 0,
    answers: new Map(rules.map(({ id }) => [id, "nothing"])),
    reasons: new Map(),
    differences: [],
  };
  const groups = new Map<string, { logSource: LogSource | undefined; documents: Map<string, JsonObject> }>();
  for (const { name, documents } of EVENT_SETS) {
    if (options.only !== undefined && !name.includes(options.only)) continue;
    for (const { document, logSource } of documents()) {
      const written = shape.write(document, logSource);
      if (written === undefined) continue;
      const key = `${isWindows(document) ? "Windows events" : name}${logSource === undefined ? "" : ` as ${Object.values(logSource).join("/")}`}`;
      const group = groups.get(key) ?? { logSource, documents: new Map<string, JsonObject>() };
      group.documents.set(JSON.stringify(written), written);
      groups.set(key, group);
    }
  }
  for (const [number, [name, { logSource, documents }]] of [...groups].entries()) {
    const all = [...documents.values()];
    const index = `${options.prefix}-${shape.name.toLowerCase().replaceAll(" ", "-")}-${number}`;
    try {
      await compareSet(options, name, index, sampleOf(all, options, logSource), logSource, result);
    } finally {
      await client.indices.delete({ index, ignore_unavailable: true });
    }
  }
  return result;
}

/** Finds of each rule that are compared besides the events that are evenly spread. */
const FINDS_A_RULE = 2;

function sampleOf(
  all: readonly JsonObject[],
  { rules, sample }: CompareOptions,
  logSource: LogSource | undefined,
): readonly JsonObject[] {
  if (sample === 0) return all;
  const step = Math.max(1, Math.floor(all.length / sample));
  const detector = createDetector(rules, { identifies: false });
  const finds = new Map<string, number>();
  return all.filter((document, at) => {
    let isWanted = at % step === 0;
    for (const { rule } of detector.judge({ id: "event", time: 0, document, logSource }).facts) {
      const count = finds.get(rule.id) ?? 0;
      finds.set(rule.id, count + 1);
      if (count < FINDS_A_RULE) isWanted = true;
    }
    return isWanted;
  });
}

async function compareSet(
  { client, rules, shape, tell }: CompareOptions,
  set: string,
  index: string,
  all: readonly JsonObject[],
  logSource: LogSource | undefined,
  result: ShapeResult,
): Promise<void> {
  const began = performance.now();
  await client.indices.delete({ index, ignore_unavailable: true });
  await client.indices.create({
    index,
    mappings: shape.mappings,
    settings: {
      number_of_shards: 1,
      number_of_replicas: 0,
      "index.mapping.total_fields.limit": 20_000,
      "index.max_result_window": 100_000,
      refresh_interval: "-1",
    },
  });
  const documents: JsonObject[] = [];
  for (let from = 0; from < all.length; from += 500) {
    const part = all.slice(from, from + 500);
    const { items } = await client.bulk({
      operations: part.flatMap((document, at) => [{ create: { _index: index, _id: String(from + at) } }, document]),
    });
    for (const [at, item] of items.entries()) {
      // A document that fits no mapping is in no index, so nothing can be compared.
      if (item.create?.error === undefined) documents[from + at] = part[at]!;
      else result.failed++;
    }
  }
  await client.indices.refresh({ index });
  const detector = createDetector(rules);
  const expected = new Map<string, Set<string>>();
  for (const [id, document] of documents.entries()) {
    if (document === undefined) continue;
    result.events++;
    for (const { rule } of detector.judge({ id: "event", time: 0, document, logSource }).facts) {
      const known = expected.get(rule.id);
      if (known === undefined) expected.set(rule.id, new Set([String(id)]));
      else known.add(String(id));
    }
  }
  const [group] = await readIndexGroups(client, index);
  if (group === undefined) throw new Error(`The index ${index} is gone.`);
  const pushed = new IndexPushDown({ fields: group.fields, logSource });
  const asked: { rule: Rule; answer: Answer; query: object }[] = [];
  const judge = (rule: Rule, answer: Answer, hits: ReadonlySet<string>): void => {
    const wanted = expected.get(rule.id) ?? new Set<string>();
    result.pairs += documents.length;
    result.found += wanted.size;
    result.candidates += hits.size;
    const missed = [...wanted.difference(hits)];
    const extra = answer === "superset" ? [] : [...hits.difference(wanted)];
    if (missed.length > 0 || extra.length > 0)
      result.differences.push({
        shape: shape.name,
        set,
        rule: `${rule.id} ${rule.title}`,
        answer,
        missed: missed.map((id) => documents[Number(id)]!),
        extra: extra.map((id) => documents[Number(id)]!),
      });
  };
  for (const rule of rules) {
    const found = pushed.rule(rule);
    const isRefused = "refused" in found;
    const answer: Answer = isRefused ? "refused" : found.query === NONE ? "nothing" : found.exactness;
    const known = result.answers.get(rule.id) ?? "nothing";
    if (ORDER.indexOf(answer) > ORDER.indexOf(known)) result.answers.set(rule.id, answer);
    const told =
      found.reasons.length === 0 && (isRefused || answer === "superset") ? ["(no reason is told)"] : found.reasons;
    for (const reason of new Set(told.map(kindOf))) result.reasons.set(reason, (result.reasons.get(reason) ?? 0) + 1);
    if (isRefused) continue;
    if (answer === "nothing") judge(rule, "exact", new Set());
    else asked.push({ rule, answer, query: found.query });
  }
  for (let from = 0; from < asked.length; from += BATCH) {
    const batch = asked.slice(from, from + BATCH);
    const { responses } = await client.msearch({
      searches: batch.flatMap(({ query }) => [
        { index },
        { query: { constant_score: { filter: query } }, size: 100_000, _source: false, track_total_hits: false },
      ]),
    });
    for (const [at, response] of responses.entries()) {
      const { rule, answer } = batch[at]!;
      if ("error" in response) throw new Error(`${rule.title}: ${JSON.stringify(response.error).slice(0, 2_000)}`);
      judge(rule, answer, new Set(response.hits.hits.map(({ _id }) => _id ?? "")));
    }
  }
  tell?.(
    `${shape.name}: ${set}: ${documents.length} documents, ${asked.length} queries, ${result.differences.length} differences so far, ${((performance.now() - began) / 1_000).toFixed(1)} s`,
  );
}

/** A reason without the name of the field or mapping. */
const kindOf = (reason: string): string => reason.replace(/^[^ ]+: /, "").replace(/ \(mapping [^)]*\)/, "");
