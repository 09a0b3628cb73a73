import { type Correlation, type CorrelationComparison, type Rule, fieldOf } from "../rule.ts";
import type { FieldMapping } from "../mapping.ts";
import { isStep } from "../mappings/path-step.ts";
import { ANY_KEY } from "../mapping.ts";
import type { IndexFields } from "./index-fields.ts";
import { type Query, anyOf } from "./query.ts";

/** A correlation as an aggregation that finds the groups which may fulfil it. */
export type CorrelationCandidates =
  | {
      readonly query: Query;
      /** Body of a composite aggregation: groups by buckets of time as long as the correlation's timespan. */
      readonly composite: {
        readonly size: number;
        readonly sources: readonly Readonly<Record<string, object>>[];
      };
      /** Documents that two neighbouring buckets of a group need together: a window lies in two of them at most. */
      readonly least: number;
      readonly timespan: number;
    }
  | { readonly refused: true; readonly reason: string };

/** What candidates are asked for. */
export interface CandidateOptions {
  readonly correlation: Correlation;
  /** The correlated rules with the query that finds at least their documents; the query of one is undefined when it was refused. */
  readonly members: readonly { readonly rule: Rule; readonly query: Query | undefined }[];
  readonly mapping: FieldMapping;
  readonly fields: IndexFields;
  readonly timeField: string;
}

const GROUPS_A_PAGE = 1_000;

/** The fewest findings with which comparisons can hold; undefined when none may be enough. */
export function leastCount(range: readonly CorrelationComparison[]): number | undefined {
  let least = 0;
  for (const { comparison, value } of range) {
    if (comparison === "gte" || comparison === "eq") least = Math.max(least, Math.ceil(value));
    else if (comparison === "gt") least = Math.max(least, Math.floor(value) + 1);
  }
  return least > 0 ? least : undefined;
}

/**
 * Asks which groups may fulfil a correlation: those that have enough documents in two neighbouring spans of time. The events of such groups are correlated
 * in process. Refused where a group cannot be told in the cluster, or where too few findings fulfil the correlation.
 */
export function correlationCandidates(options: CandidateOptions): CorrelationCandidates {
  const { correlation, members, mapping, fields, timeField } = options;
  const least = leastOf(correlation);
  if (least === undefined)
    return { refused: true, reason: "It also holds for few findings or none, which no query finds." };
  const queries: Query[] = [];
  for (const { rule, query } of members) {
    if (query === undefined) return { refused: true, reason: `The rule ${rule.title} cannot be asked for.` };
    queries.push(query);
  }
  const sources: Record<string, object>[] = [];
  for (const name of correlation.groupBy) {
    const places = new Set(
      members.flatMap(({ rule }) =>
        mapping.paths(fieldOf(correlation, name, rule.id), rule.logSource).flatMap((path) => {
          if (path.some((key) => isStep(key) || key === ANY_KEY)) return [];
          const field = path.join(".");
          return fields.fields.has(field) ? [field] : [];
        }),
      ),
    );
    const [only, ...others] = places;
    const field = only === undefined ? undefined : fields.fields.get(only);
    const isWhole = field?.kind === "keyword" && !field.ignorable && !field.foreign && field.normalizer === undefined;
    if (only === undefined || others.length > 0 || !isWhole)
      return { refused: true, reason: `The field ${name} is not one keyword that holds every value.` };
    sources.push({ [name]: { terms: { field: only, missing_bucket: true } } });
  }
  sources.push({
    time: { date_histogram: { field: timeField, fixed_interval: `${Math.max(1, correlation.timespan)}ms` } },
  });
  return {
    query: anyOf(queries),
    composite: { size: GROUPS_A_PAGE, sources },
    least,
    timespan: correlation.timespan,
  };
}

function leastOf(correlation: Correlation): number | undefined {
  if (correlation.type === "event_count" || correlation.type === "value_count") return leastCount(correlation.range);
  if (correlation.type !== "temporal" && correlation.type !== "temporal_ordered") return undefined;
  // One event may be found by several rules.
  return 1;
}

/** A bucket of the composite aggregation: the group, the beginning of the span in Unix milliseconds, and its documents. */
export interface CandidateBucket {
  readonly group: string;
  readonly time: number;
  readonly count: number;
}

/** The groups that may fulfil the correlation, with the span of time in which their events are to be looked at, the end excluded. */
export function candidateGroups(
  buckets: readonly CandidateBucket[],
  { least, timespan }: { readonly least: number; readonly timespan: number },
): readonly { readonly group: string; readonly from: number; readonly to: number }[] {
  const byGroup = Map.groupBy(buckets, ({ group }) => group);
  return [...byGroup].flatMap(([group, own]) => {
    const counts = new Map(own.map(({ time, count }) => [time, count]));
    const times = own
      .filter(
        ({ time, count }) =>
          count + (counts.get(time + timespan) ?? 0) >= least || count + (counts.get(time - timespan) ?? 0) >= least,
      )
      .map(({ time }) => time);
    return times.length === 0 ? [] : [{ group, from: Math.min(...times), to: Math.max(...times) + timespan }];
  });
}
