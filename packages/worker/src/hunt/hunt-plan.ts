import type { Client } from "@elastic/elasticsearch";
import { type FieldMapping, IndexPushDown, type LogSource, type Query, type Rule, timeRange } from "@vedette/detection";
import { calling } from "../elasticsearch/errors.ts";
import type { Timers } from "../ports.ts";
import { type IndexGroup, readIndexGroups } from "./index-groups.ts";
import { isRejected, patiently } from "./patient.ts";
import { type Span, sliceCountOf } from "./time-slices.ts";

/** How a rule is answered in a group of indices. */
export interface RuleAnswer {
  readonly rule: Rule;
  /** `none`: no document of these indices can fulfil it. */
  readonly kind: "exact" | "superset" | "refused" | "none";
  readonly reasons: readonly string[];
}

/** Rules whose documents are asked for by one query. */
export interface QueryChunk {
  readonly query: Query;
  readonly rules: readonly Rule[];
}

/** What is asked of indices that are alike, and how much is expected to come. */
export interface GroupPlan {
  readonly indices: readonly string[];
  /** The only shard that is asked, as Elasticsearch's `preference` names it. */
  readonly preference?: string;
  readonly answers: readonly RuleAnswer[];
  /** Documents of the span; those without the field that the span is asked of are in none. */
  readonly documents: number;
  readonly undated: number;
  /** `scan`: every document is read and judged. `push`: those that the queries find. */
  readonly way: "scan" | "push";
  /** Documents that will be read: all, or what the queries find, estimated. */
  readonly expected: number;
  readonly chunks: readonly QueryChunk[];
  /** Seconds that each way is expected to take. */
  readonly estimate: { readonly scan: number; readonly push: number | undefined };
  readonly range: Query;
  /** Whether the indices have the field that the span is asked of; without it all their documents are looked at. */
  readonly isDated: boolean;
  /** Slices of time that each query is asked in. */
  readonly sliceCount: number;
}

/** What a plan is made for. */
export interface PlanOptions {
  readonly client: Client;
  readonly pattern: string;
  readonly rules: readonly Rule[];
  readonly mappings: readonly FieldMapping[];
  readonly span: Span;
  readonly timeField: string;
  readonly logSource?: LogSource | undefined;
  readonly way?: "scan" | "push" | "auto" | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timers: Timers;
  readonly onTrouble?: ((what: string) => void) | undefined;
  /** How an earlier run went about indices, by their names joined with commas: it is gone on with in the same way. */
  readonly earlier?:
    | Readonly<Record<string, { readonly way: "scan" | "push"; readonly sliceCount: number }>>
    | undefined;
  /** Milliseconds of no particular beginning. */
  readonly elapsed: () => number;
}

/** Documents a second that are read and judged, as measured on two cores beside Elasticsearch; only compared with the time that queries take. */
const SCAN_RATE = 7_000;
/** Queries that are tried to learn what they cost. */
const PROBED = 3;
/** Rules in one query. */
const RULES_A_CHUNK = 24;
/** Indices that are named in one request. */
const INDICES_A_GROUP = 40;

/** Finds out how each rule is answered best. */
export async function planHunt(options: PlanOptions): Promise<readonly GroupPlan[]> {
  const groups = await patiently(
    async () =>
      calling("Reading mappings", async () => readIndexGroups(options.client, options.pattern, options.signal)),
    options,
  );
  const plans: GroupPlan[] = [];
  for (const group of groups)
    for (let from = 0; from < group.indices.length; from += INDICES_A_GROUP)
      plans.push(await planGroup({ ...group, indices: group.indices.slice(from, from + INDICES_A_GROUP) }, options));
  return plans;
}

async function planGroup(group: IndexGroup, options: PlanOptions): Promise<GroupPlan> {
  const { rules, span, timeField, mappings, logSource, elapsed } = options;
  const indices = group.indices;
  const earlier = options.earlier?.[indices.join(",")];
  const asked = earlier?.way ?? options.way;
  const isDated = group.fields.fields.get(timeField)?.kind === "date";
  const range: Query = isDated ? timeRange(timeField, span.from, span.to) : { match_all: {} };
  const documents = await countDocuments(options, indices, range);
  const undated = isDated
    ? await countDocuments(options, indices, { bool: { must_not: [{ exists: { field: timeField } }] } })
    : 0;
  const base = { indices, documents, undated, range, isDated };
  if (documents === 0)
    return {
      ...base,
      answers: [],
      way: "push",
      expected: 0,
      chunks: [],
      estimate: { scan: 0, push: 0 },
      sliceCount: 1,
    };
  const pushed = new IndexPushDown({ fields: group.fields, mappings, logSource });
  const answers: RuleAnswer[] = [];
  const queries: { rule: Rule; query: Query }[] = [];
  for (const rule of rules) {
    if (rule.condition === undefined) continue;
    const found = pushed.rule(rule);
    if ("refused" in found) answers.push({ rule, kind: "refused", reasons: found.reasons });
    else if ("match_none" in found.query) answers.push({ rule, kind: "none", reasons: [] });
    else {
      answers.push({ rule, kind: found.exactness, reasons: found.reasons });
      queries.push({ rule, query: found.query });
    }
  }
  const scan = documents / SCAN_RATE;
  const isRefused = answers.some(({ kind }) => kind === "refused");
  if (asked === "scan" || isRefused || (asked !== "push" && queries.length > RULES_A_CHUNK * 40)) {
    const chunks = answers.some(({ kind }) => kind !== "none") ? [{ query: range, rules }] : [];
    return {
      ...base,
      answers,
      way: "scan",
      expected: chunks.length === 0 ? 0 : documents,
      chunks,
      estimate: { scan, push: undefined },
      sliceCount: earlier?.sliceCount ?? sliceCountOf(documents),
    };
  }
  const chunks = chunked(queries, range, group.fields.maxClauses);
  let found = 0;
  const began = elapsed();
  const probed = chunks.slice(0, PROBED);
  let isRejectedQuery = false;
  for (const { query } of probed)
    try {
      found += await countDocuments(options, indices, query);
    } catch (error) {
      if (!isRejected(error)) throw error;
      isRejectedQuery = true;
      options.onTrouble?.(`The cluster does not answer a query: ${error.message} Everything in its span is read.`);
    }
  const seconds = (elapsed() - began) / 1_000;
  const share = probed.length === 0 ? 0 : chunks.length / probed.length;
  const expected = Math.round(found * share);
  const push = seconds * share + expected / SCAN_RATE;
  const isScan = asked !== "push" && (isRejectedQuery || scan < push);
  return {
    ...base,
    answers,
    way: isScan ? "scan" : "push",
    expected: isScan ? documents : expected,
    chunks: isScan ? [{ query: range, rules }] : chunks,
    estimate: { scan, push },
    sliceCount: earlier?.sliceCount ?? sliceCountOf(isScan ? documents : expected / Math.max(1, chunks.length)),
  };
}

async function countDocuments(
  { client, signal, timers, onTrouble }: PlanOptions,
  indices: readonly string[],
  query: Query,
): Promise<number> {
  const { count } = await patiently(
    async () =>
      calling("Counting documents", async () =>
        client.count({ index: [...indices], query }, signal === undefined ? {} : { signal }),
      ),
    {
      timers,
      signal,
      onWait: (error, wait) => onTrouble?.(`${error.message} Trying again in ${wait / 1_000} s.`),
    },
  );
  return count;
}

/** Rules in as few queries as the cluster takes. */
function chunked(
  queries: readonly { readonly rule: Rule; readonly query: Query }[],
  range: Query,
  maxClauses: number,
): readonly QueryChunk[] {
  const chunks: { rules: Rule[]; queries: Query[]; clauses: number }[] = [];
  for (const { rule, query } of queries) {
    const clauses = clausesOf(query);
    const last = chunks.at(-1);
    if (last === undefined || last.clauses + clauses > maxClauses - 1 || last.rules.length >= RULES_A_CHUNK)
      chunks.push({ rules: [rule], queries: [query], clauses });
    else {
      last.rules.push(rule);
      last.queries.push(query);
      last.clauses += clauses;
    }
  }
  return chunks.map(({ rules, queries: own }) => ({
    rules,
    query: { bool: { filter: [range, { bool: { should: own, minimum_should_match: 1 } }] } },
  }));
}

/** Clauses of a query, counted in its JSON: each that is no `bool`. */
function clausesOf(query: unknown): number {
  if (Array.isArray(query)) return query.reduce<number>((sum, item) => sum + clausesOf(item), 0);
  if (typeof query !== "object" || query === null) return 0;
  if (!("bool" in query)) return 1;
  return Object.values(query.bool as object).reduce<number>((sum, item) => sum + clausesOf(item), 0);
}
