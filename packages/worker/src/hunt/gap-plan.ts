import type { Client } from "@elastic/elasticsearch";
import type { Query, Rule } from "@vedette/detection";
import type { CoverageGap } from "../detector/stage-one/coverage.ts";
import { coverageOf } from "../detector/stage-one/coverage.ts";
import { progressOf } from "../detector/stage-one/follow-shard.ts";
import {
  FILLED_RANGES_PROPERTIES,
  filledRangesIndex,
  type FilledShardDocument,
  keepFilled,
} from "../detector/stage-one/filled-ranges.ts";
import { FORGOTTEN_RULES } from "../detector/stage-one/judged-ranges.ts";
import { knownShards, ruleSetsOf } from "../detector/stage-one/read-coverage.ts";
import {
  RULE_SET_PROPERTIES,
  type RuleSetDocument,
  ruleSetDocument,
  ruleSetOf,
  ruleSetsIndex,
} from "../detector/stage-one/rule-set.ts";
import { SOURCE_KIND } from "../detector/stage-one/stage-one.ts";
import { isReadByTime } from "../detector/stage-one/time-shard.ts";
import type { Cluster } from "../elasticsearch/cluster.ts";
import { calling } from "../elasticsearch/errors.ts";
import { createElasticsearchDocuments } from "../leases/elasticsearch-documents.ts";
import type { VersionedDocuments } from "../leases/lease-documents.ts";
import { leasesIndex, rememberedResources } from "../leases/elasticsearch-leases.ts";
import type { GroupPlan, QueryChunk } from "./hunt-plan.ts";

/** What gaps are looked for with. */
export interface GapOptions {
  readonly cluster: Pick<Cluster, "client">;
  readonly prefix: string;
  /** Milliseconds that one request may take. */
  readonly requestTimeout: number;
  readonly rules: readonly Rule[];
  /** Events before this time are of no interest. Unix milliseconds. */
  readonly horizon?: number | undefined;
}

/** Where it is kept what was judged again. */
export const filledRangesOf = ({
  cluster,
  prefix,
  requestTimeout,
}: Pick<GapOptions, "cluster" | "prefix" | "requestTimeout">): VersionedDocuments<FilledShardDocument> =>
  createElasticsearchDocuments({
    client: cluster.client,
    index: filledRangesIndex(prefix),
    properties: FILLED_RANGES_PROPERTIES,
    requestTimeout,
  });

/** Where sets of rules are kept. */
export const ruleSetsIn = ({
  cluster,
  prefix,
  requestTimeout,
}: Pick<GapOptions, "cluster" | "prefix" | "requestTimeout">): VersionedDocuments<RuleSetDocument> =>
  createElasticsearchDocuments({
    client: cluster.client,
    index: ruleSetsIndex(prefix),
    properties: RULE_SET_PROPERTIES,
    requestTimeout,
  });

/** The gaps of the ledger of coverage that judging again fills: what workers are on the way to is left to them. */
export async function readGaps(options: GapOptions): Promise<readonly CoverageGap[]> {
  const { cluster, prefix, rules } = options;
  const { client } = cluster;
  await calling("Refreshing the leases", () =>
    client.indices.refresh({ index: leasesIndex(prefix), ignore_unavailable: true }),
  );
  const remembered = await rememberedResources(cluster, prefix, SOURCE_KIND);
  const shards = knownShards(
    [],
    remembered.filter(({ resource }) => !isReadByTime({ indexUuid: resource.split("/").at(-2) ?? "" })),
  );
  const payloads = new Map(remembered.map(({ resource, payload }) => [resource, progressOf(payload)]));
  const present = new Map<string, boolean>();
  for (const index of new Set(shards.map((shard) => shard.index)))
    present.set(index, await calling("Looking for an index", () => client.indices.exists({ index })));
  const filled = await filledRangesOf(options).read(shards.map(({ resource }) => resource));
  const found = shards.map((shard, at) => {
    const progress = payloads.get(shard.resource);
    return {
      ...shard,
      exists: present.get(shard.index) === true,
      globalCheckpoint: progress?.position.checkpoint,
      progress,
      owner: undefined,
      filled: filled[at]?.document.ranges,
    };
  });
  const names = [...new Set(found.flatMap(ruleSetsOf))].filter((name) => name !== FORGOTTEN_RULES);
  const documents = await ruleSetsIn(options).read(names);
  const ruleSets = new Map(
    names.flatMap((name, at) => {
      const set = documents[at]?.document.vedette.rule_set.rules;
      return set === undefined ? [] : [[name, new Map(set.map(({ id, revision }) => [id, revision]))] as const];
    }),
  );
  const revisions = rules.filter(({ kind }) => kind === "signature").map(({ id, revision }) => ({ id, revision }));
  const { horizon } = options;
  return coverageOf({ rules: revisions, ruleSets, shards: found, horizon }).gaps.filter(
    ({ cure }) => cure === "backfill",
  );
}

/** Gaps as plans: of each shard the sequence numbers that were left out, for the rules that left them out, within a range of time if one is given. */
export async function planGaps(
  client: Client,
  gaps: readonly CoverageGap[],
  rules: readonly Rule[],
  range: Query | undefined,
): Promise<readonly GroupPlan[]> {
  const plans: GroupPlan[] = [];
  for (const own of Map.groupBy(gaps, ({ resource }) => resource).values()) {
    const [first] = own;
    if (first === undefined) continue;
    const preference = `_shards:${first.shard}`;
    const chunks: QueryChunk[] = [];
    let documents = 0;
    for (const gap of own) {
      const numbers = { range: { _seq_no: { gte: gap.from, ...(gap.to === null ? {} : { lte: gap.to }) } } };
      const query: Query = range === undefined ? numbers : { bool: { filter: [numbers, range] } };
      const { count } = await calling("Counting documents", () =>
        client.count({ index: first.index, preference, query }),
      );
      const missed = new Set(gap.rules);
      documents += count;
      if (count > 0) chunks.push({ query, rules: rules.filter(({ id }) => missed.has(id)) });
    }
    plans.push({
      indices: [first.index],
      preference,
      answers: [],
      documents,
      undated: 0,
      way: "scan",
      expected: documents,
      chunks,
      estimate: { scan: 0, push: undefined },
      range: { match_all: {} },
      isDated: false,
      sliceCount: 1,
    });
  }
  return plans;
}

/** Notes that gaps were judged again by their rules, so that the ledger tells of them no more; `since` when only events from then on were. */
export async function keepFilledGaps(
  options: GapOptions,
  gaps: readonly CoverageGap[],
  { now, since }: { readonly now: number; readonly since?: number | undefined },
): Promise<void> {
  const sets = ruleSetsIn(options);
  const filled = filledRangesOf(options);
  const revisions = new Map(options.rules.map(({ id, revision }) => [id, revision]));
  for (const { resource, from, to, rules } of gaps) {
    if (to === null) continue;
    const set = ruleSetOf(rules.flatMap((id) => ({ id, revision: revisions.get(id) ?? "" })));
    // Which rules a name stands for is known before anything refers to it.
    const kept = await sets.write(set.hash, ruleSetDocument(set, now), "absent");
    if (kept.status === "unknown") throw kept.error;
    await keepFilled(filled, resource, { from, to, ruleSet: set.hash, ...(since === undefined ? {} : { since }) }, now);
  }
}
