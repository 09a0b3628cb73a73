import type { estypes } from "@elastic/elasticsearch";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { calling } from "../../elasticsearch/errors.ts";
import { patternOf } from "../../store/elasticsearch/names.ts";

/** Findings of one rule. */
export interface FindingCounts {
  readonly findings: number;
  /** Of them, those that were made while the rule was in shadow. */
  readonly shadow: number;
}

/** Rules that are counted in one answer; more than there are. */
const RULES = 50_000;
/** Distinct findings of a rule are counted exactly up to this. */
const EXACT = 3_000;

/** Counts findings since an event time (Unix milliseconds), by rule; the revisions of an episode are one. Above 3,000 a rule, it is an estimate. */
export async function countFindings(
  { client }: Pick<Cluster, "client">,
  prefix: string,
  since: number,
): Promise<ReadonlyMap<string, FindingCounts>> {
  const distinct = { cardinality: { field: "vedette.finding.id", precision_threshold: EXACT } };
  const answer = await calling("Counting findings", () =>
    client.search({
      index: patternOf(prefix, "findings"),
      allow_no_indices: true,
      size: 0,
      track_total_hits: false,
      allow_partial_search_results: false,
      query: { range: { "@timestamp": { gte: since, format: "epoch_millis" } } },
      aggs: {
        rules: {
          terms: { field: "rule.id", size: RULES },
          aggs: {
            findings: distinct,
            shadow: { filter: { term: { "vedette.finding.shadow": true } }, aggs: { findings: distinct } },
          },
        },
      },
    }),
  );
  interface Bucket {
    readonly key: string;
    readonly findings: { readonly value: number };
    readonly shadow: { readonly findings: { readonly value: number } };
  }
  const rules = answer.aggregations?.["rules"] as estypes.AggregationsMultiBucketAggregateBase<Bucket> | undefined;
  const buckets = Array.isArray(rules?.buckets) ? rules.buckets : [];
  return new Map(
    buckets.map(({ key, findings, shadow }) => [key, { findings: findings.value, shadow: shadow.findings.value }]),
  );
}
