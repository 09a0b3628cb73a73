import type { JsonValue } from "../event.ts";
import type { Fact } from "../finding.ts";
import { canonicalJson } from "../hash.ts";
import { type Correlation, type CorrelationComparison, type Rule, comparedFields, fieldOf } from "../rule.ts";

/** What a correlation finds, read word by word from docs/correlation.md. */
export interface NaiveEpisode {
  readonly rule: string;
  readonly group: Readonly<Record<string, JsonValue>>;
  readonly members: readonly NaiveMember[];
}

interface NaiveMember {
  readonly rule: string;
  readonly id: string;
  readonly time: number;
  readonly eventId: string;
  readonly values: Readonly<Record<string, JsonValue>>;
  /** The episode it is a moment of; undefined for a fact. */
  readonly episode?: NaiveEpisode;
}

const byPlace = (a: NaiveMember, b: NaiveMember): number => a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/**
 * Every episode of every correlation, in quadratic time and worse: all windows, every two compared, joined until nothing changes. It shares no code with the
 * correlator but the meaning of aliases.
 */
export function naiveEpisodes(rules: readonly Rule[], facts: readonly Fact[]): readonly NaiveEpisode[] {
  const done = new Map<string, readonly NaiveEpisode[]>();
  const distinct = [...new Map(facts.map((fact) => [fact.id, fact])).values()];

  const momentsOf = (ruleId: string): readonly NaiveMember[] => {
    const rule = rules.find(({ id }) => id === ruleId);
    if (rule?.correlation === undefined)
      return distinct
        .filter((fact) => fact.rule.id === ruleId)
        .map(({ id, time, eventId, values }) => ({ rule: ruleId, id, time, eventId, values }));
    const { correlation } = rule;
    return episodesOf(rule).flatMap((episode) =>
      episode.members
        .filter((member) => fulfils(correlation, windowEndingAt(member, membersOf(rule, episode.group), correlation)))
        .map((member) => ({
          rule: ruleId,
          id: `${ruleId} ${member.id}`,
          time: member.time,
          eventId: member.eventId,
          values: { ...renamed(correlation, member), ...episode.group },
          episode,
        })),
    );
  };

  const members = new Map<string, readonly NaiveMember[]>();
  const membersOf = ({ id, correlation }: Rule, group: Readonly<Record<string, JsonValue>>): readonly NaiveMember[] => {
    if (correlation === undefined) return [];
    const key = `${id} ${canonicalJson(group)}`;
    let found = members.get(key);
    if (found === undefined) {
      found = correlation.ruleIds
        .flatMap(momentsOf)
        .filter((member) => {
          const own = groupOf(correlation, member);
          return own !== undefined && canonicalJson(own) === canonicalJson(group) && isComparable(correlation, member);
        })
        .sort(byPlace);
      members.set(key, found);
    }
    return found;
  };

  const episodesOf = (rule: Rule): readonly NaiveEpisode[] => {
    const known = done.get(rule.id);
    if (known !== undefined) return known;
    const { correlation } = rule;
    if (correlation === undefined) return [];
    const groups = new Map<string, Readonly<Record<string, JsonValue>>>();
    for (const member of correlation.ruleIds.flatMap(momentsOf)) {
      const group = groupOf(correlation, member);
      if (group !== undefined) groups.set(canonicalJson(group), group);
    }
    const found = [...groups.values()].flatMap((group) => {
      const all = membersOf(rule, group);
      const windows = all.map((member) => new Set(windowEndingAt(member, all, correlation)));
      const qualifying = windows
        .filter((window) => !windows.some((other) => other.size > window.size && window.isSubsetOf(other)))
        .filter((window) => fulfils(correlation, [...window]));
      return joined(qualifying).map((set) => ({ rule: rule.id, group, members: [...set].sort(byPlace) }));
    });
    done.set(rule.id, found);
    return found;
  };

  return rules.flatMap(episodesOf);
}

const windowEndingAt = (
  { time }: NaiveMember,
  all: readonly NaiveMember[],
  { timespan }: Correlation,
): readonly NaiveMember[] => all.filter((member) => member.time <= time && member.time >= time - timespan);

function joined(windows: readonly ReadonlySet<NaiveMember>[]): readonly ReadonlySet<NaiveMember>[] {
  const sets = [...windows];
  for (let again = true; again;) {
    again = false;
    for (const [index, set] of sets.entries()) {
      const other = sets.findIndex((candidate, place) => place > index && !candidate.isDisjointFrom(set));
      if (other < 0) continue;
      sets[index] = set.union(sets[other] ?? new Set());
      sets.splice(other, 1);
      again = true;
      break;
    }
  }
  return sets;
}

const present = (values: NaiveMember["values"], field: string): JsonValue | undefined => {
  const value = values[field];
  return value === null || value === "" ? undefined : value;
};

function groupOf(correlation: Correlation, { values, rule }: NaiveMember): NaiveMember["values"] | undefined {
  const group = correlation.groupBy.map((name) => [name, present(values, fieldOf(correlation, name, rule))] as const);
  if (group.some(([, value]) => value === undefined)) return undefined;
  return Object.fromEntries(group.map(([name, value]) => [name, value ?? null]));
}

/** What an outer correlation can ask of a moment: every name for which some rule has a field. */
function renamed(correlation: Correlation, { values, rule }: NaiveMember): NaiveMember["values"] {
  return {
    ...values,
    ...Object.fromEntries(
      Object.keys(correlation.aliases).flatMap((name) => {
        const value = values[fieldOf(correlation, name, rule)];
        return value === undefined ? [] : [[name, value]];
      }),
    ),
  };
}

function comparedValues(correlation: Correlation, { values, rule }: NaiveMember): readonly (JsonValue | undefined)[] {
  return comparedFields(correlation).map((name) => present(values, fieldOf(correlation, name, rule)));
}

const isNumeric = (correlation: Correlation): boolean =>
  ["value_sum", "value_avg", "value_median"].includes(correlation.type) ||
  (correlation.type === "value_percentile" && correlation.percentile !== undefined);

const numberOf = (value: JsonValue | undefined): number | undefined => {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || !/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(value.trim())) return undefined;
  return Number.isFinite(Number(value)) ? Number(value) : undefined;
};

function isComparable(correlation: Correlation, member: NaiveMember): boolean {
  const values = comparedValues(correlation, member);
  return isNumeric(correlation)
    ? values.every((value) => numberOf(value) !== undefined)
    : values.every((value) => value !== undefined);
}

function fulfils(correlation: Correlation, window: readonly NaiveMember[]): boolean {
  const numbers = (): number[] =>
    window.map((member) => numberOf(comparedValues(correlation, member)[0]) ?? 0).sort((a, b) => a - b);
  const texts = (): string[] => window.map((member) => canonicalJson(comparedValues(correlation, member) as JsonValue));
  switch (correlation.type) {
    case "event_count":
      return compares(correlation.range, new Set(window.map(({ episode, ...fact }) => episode ?? fact.id)).size);
    case "value_count":
      return compares(correlation.range, new Set(texts()).size);
    case "value_sum":
      return compares(correlation.range, sum(numbers()));
    case "value_avg":
      return compares(correlation.range, sum(numbers()) / window.length);
    case "value_median":
      return compares(correlation.range, percentile(numbers(), 50));
    case "value_percentile": {
      if (correlation.percentile !== undefined)
        return compares(correlation.range, percentile(numbers(), correlation.percentile));
      const all = texts();
      return all.some((text) =>
        compares(correlation.range, (100 * all.filter((other) => other === text).length) / all.length),
      );
    }
    case "temporal": {
      const there = new Set(window.map(({ rule }) => rule));
      return correlation.terms === undefined
        ? compares(correlation.range ?? [], there.size)
        : correlation.terms.some(
            (term) => term.present.every((id) => there.has(id)) && !term.absent.some((id) => there.has(id)),
          );
    }
    case "temporal_ordered": {
      const there = new Set(window.map(({ rule }) => rule));
      if (correlation.terms === undefined)
        return compares(
          correlation.range ?? [],
          Math.max(
            ...subsets(correlation.ruleIds)
              .filter((chain) => occursInOrder(chain, window))
              .map(({ length }) => length),
          ),
        );
      return correlation.terms.some(
        (term) => occursInOrder(term.present, window) && !term.absent.some((id) => there.has(id)),
      );
    }
  }
}

function compares(range: readonly CorrelationComparison[], number: number): boolean {
  const tests = {
    gt: (a: number, b: number) => a > b,
    gte: (a: number, b: number) => a >= b,
    lt: (a: number, b: number) => a < b,
    lte: (a: number, b: number) => a <= b,
    eq: (a: number, b: number) => a === b,
    neq: (a: number, b: number) => a !== b,
  };
  return range.every(({ comparison, value }) => tests[comparison](number, value));
}

/** The sum of numbers that are whole multiples of 2^-80, added as whole numbers. */
function sum(numbers: readonly number[]): number {
  const scale = 2 ** 80;
  return Number(numbers.reduce((total, number) => total + BigInt(number * scale), 0n)) / scale;
}

function percentile(sorted: readonly number[], percent: number): number {
  const rank = (percent / 100) * (sorted.length - 1);
  const low = sorted[Math.floor(rank)] ?? 0;
  const high = sorted[Math.ceil(rank)] ?? low;
  return low + (rank - Math.floor(rank)) * (high - low);
}

function subsets(ids: readonly string[]): readonly (readonly string[])[] {
  return ids.reduce<readonly (readonly string[])[]>((all, id) => [...all, ...all.map((set) => [...set, id])], [[]]);
}

/** Whether there is a choice of one member for each rule, none earlier than the one before. */
function occursInOrder(chain: readonly string[], window: readonly NaiveMember[], after = -Infinity): boolean {
  const [first, ...rest] = chain;
  if (first === undefined) return true;
  return window.some(({ rule, time }) => rule === first && time >= after && occursInOrder(rest, window, time));
}
