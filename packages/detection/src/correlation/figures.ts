import type { Correlation, CorrelationComparison, RuleTerm } from "../rule.ts";
import { holds } from "./compare.ts";
import { exactSum } from "./exact-sum.ts";
import type { LoadedMembers } from "./loaded-members.ts";

/**
 * Says of one window after the other whether it fulfils a correlation's condition. Windows come in the order of their ends; members enter in runs of
 * equal time and leave one by one at the front.
 */
export interface Figure {
  /** Starts over with the members from one index on. */
  begin(members: LoadedMembers): void;
  enter(first: number, last: number): void;
  leave(index: number): void;
  /** Whether the window of these members does; `earliest` is the time before which none of them is. */
  holds(first: number, last: number, earliest: number): boolean;
}

/** The figure that a correlation compares. */
export function figureOf(correlation: Correlation, chained: boolean): Figure {
  switch (correlation.type) {
    case "event_count":
      return chained ? unitCount(correlation.range) : memberCount(correlation.range);
    case "value_count":
      return distinctCount(correlation.range);
    case "temporal":
    case "temporal_ordered": {
      const terms = correlation.terms?.map((term) => termOf(term, correlation.ruleIds));
      if (correlation.type === "temporal") return occurrences(correlation.ruleIds.length, correlation.range, terms);
      const all = correlation.ruleIds.map((_, index) => index);
      const [only] = correlation.range ?? [];
      // All in order is one way; only other numbers need the lengths of all chains.
      if (correlation.range?.length === 1 && only?.comparison === "gte" && only.value === all.length)
        return orderedTerms(all.length, [{ present: all, absent: [] }]);
      return terms === undefined ? longestChain(all.length, correlation.range ?? []) : orderedTerms(all.length, terms);
    }
    case "value_sum":
      return overNumbers(correlation.range, exactSum);
    case "value_avg":
      return overNumbers(
        correlation.range,
        (numbers, first, last) => exactSum(numbers, first, last) / (last - first + 1),
      );
    case "value_median":
      return percentileFigure(correlation.range, 50);
    case "value_percentile":
      return correlation.percentile === undefined
        ? shares(correlation.range)
        : percentileFigure(correlation.range, correlation.percentile);
  }
}

interface IndexTerm {
  readonly present: readonly number[];
  readonly absent: readonly number[];
}

const termOf = ({ present, absent }: RuleTerm, ruleIds: readonly string[]): IndexTerm => ({
  present: present.map((id) => ruleIds.indexOf(id)),
  absent: absent.map((id) => ruleIds.indexOf(id)),
});

type Range = readonly CorrelationComparison[];
const nothing = (): void => {};

function memberCount(range: Range): Figure {
  return { begin: nothing, enter: nothing, leave: nothing, holds: (first, last) => holds(range, last - first + 1) };
}

/** Counts keys of members, each once however often it is there. */
function countDistinct(range: Range, keysOf: (members: LoadedMembers) => readonly string[]): Figure {
  const counts = new Map<string, number>();
  let keys: readonly string[] = [];
  return {
    begin: (members) => {
      counts.clear();
      keys = keysOf(members);
    },
    enter: (first, last) => {
      for (let index = first; index <= last; index++) {
        const key = keys[index] ?? "";
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    },
    leave: (index) => {
      const key = keys[index] ?? "";
      const left = (counts.get(key) ?? 0) - 1;
      if (left > 0) counts.set(key, left);
      else counts.delete(key);
    },
    holds: () => holds(range, counts.size),
  };
}

const distinctCount = (range: Range): Figure => countDistinct(range, ({ texts }) => texts);
const unitCount = (range: Range): Figure => countDistinct(range, ({ units }) => units);

/** Whether the share of some value, in percent of all members, is in the range. */
function shares(range: Range): Figure {
  const counts = new Map<string, number>();
  /** How many values occur so many times. */
  const frequencies = new Map<number, number>();
  let texts: readonly string[] = [];
  const add = (to: Map<number, number>, key: number, by: number): void => {
    const next = (to.get(key) ?? 0) + by;
    if (next > 0) to.set(key, next);
    else to.delete(key);
  };
  const change = (text: string, by: number): void => {
    const before = counts.get(text) ?? 0;
    if (before > 0) add(frequencies, before, -1);
    if (before + by > 0) {
      counts.set(text, before + by);
      add(frequencies, before + by, 1);
    } else counts.delete(text);
  };
  return {
    begin: (members) => {
      counts.clear();
      frequencies.clear();
      ({ texts } = members);
    },
    enter: (first, last) => {
      for (let index = first; index <= last; index++) change(texts[index] ?? "", 1);
    },
    leave: (index) => change(texts[index] ?? "", -1),
    holds: (first, last) => {
      for (const count of frequencies.keys()) if (holds(range, (100 * count) / (last - first + 1))) return true;
      return false;
    },
  };
}

/** Which rules occur, in any order. */
function occurrences(rules: number, range: Range | undefined, terms: readonly IndexTerm[] | undefined): Figure {
  const counts = new Int32Array(rules);
  let different = 0;
  let ruleOf: Int32Array = counts;
  return {
    begin: (members) => {
      counts.fill(0);
      different = 0;
      ruleOf = members.rules;
    },
    enter: (first, last) => {
      for (let index = first; index <= last; index++) {
        const rule = ruleOf[index] ?? 0;
        if ((counts[rule] ?? 0) === 0) different++;
        counts[rule] = (counts[rule] ?? 0) + 1;
      }
    },
    leave: (index) => {
      const rule = ruleOf[index] ?? 0;
      counts[rule] = (counts[rule] ?? 0) - 1;
      if (counts[rule] === 0) different--;
    },
    holds: () =>
      terms === undefined
        ? holds(range ?? [], different)
        : terms.some(
            ({ present, absent }) =>
              present.every((rule) => (counts[rule] ?? 0) > 0) && absent.every((rule) => (counts[rule] ?? 0) === 0),
          ),
  };
}

/**
 * Which rules occur in the order listed: for each term the latest time at which a chain of its first so many rules can begin. Facts of one moment
 * stand in any order, so that each run is taken in the order of the rules.
 */
function orderedTerms(rules: number, terms: readonly IndexTerm[]): Figure {
  const counts = new Int32Array(rules);
  const begins = terms.map(({ present }) => new Float64Array(present.length));
  let members: LoadedMembers | undefined;
  return {
    begin: (all) => {
      members = all;
      counts.fill(0);
      for (const chain of begins) chain.fill(-Infinity);
    },
    enter: (first, last) => {
      if (members === undefined) return;
      for (let index = first; index <= last; index++) {
        const rule = members.rules[index] ?? 0;
        counts[rule] = (counts[rule] ?? 0) + 1;
      }
      const time = members.times[first] ?? 0;
      for (const [term, { present }] of terms.entries()) {
        const chain = begins[term] ?? new Float64Array();
        for (const [step, rule] of present.entries()) {
          if (!occursIn(members, first, last, rule)) continue;
          chain[step] = step === 0 ? time : (chain[step - 1] ?? -Infinity);
        }
      }
    },
    leave: (index) => {
      const rule = members?.rules[index] ?? 0;
      counts[rule] = (counts[rule] ?? 0) - 1;
    },
    holds: (_first, _last, earliest) =>
      terms.some(
        ({ absent }, term) =>
          (begins[term]?.at(-1) ?? -Infinity) >= earliest && absent.every((rule) => (counts[rule] ?? 0) === 0),
      ),
  };
}

function occursIn({ rules }: LoadedMembers, first: number, last: number, rule: number): boolean {
  for (let index = first; index <= last; index++) if (rules[index] === rule) return true;
  return false;
}

/** How many different rules occur one after the other in the order listed, at most. */
function longestChain(count: number, range: Range): Figure {
  /** By last rule and length: the latest time at which such a chain can begin. */
  const begins = Array.from({ length: count }, () => new Float64Array(count + 1));
  let members: LoadedMembers | undefined;
  return {
    begin: (all) => {
      members = all;
      for (const chains of begins) chains.fill(-Infinity);
    },
    enter: (first, last) => {
      if (members === undefined) return;
      const time = members.times[first] ?? 0;
      for (const [rule, chains] of begins.entries()) {
        if (!occursIn(members, first, last, rule)) continue;
        chains[1] = time;
        for (let length = 2; length <= rule + 1; length++) {
          let latest = chains[length] ?? -Infinity;
          for (let before = 0; before < rule; before++)
            latest = Math.max(latest, begins[before]?.[length - 1] ?? -Infinity);
          chains[length] = latest;
        }
      }
    },
    leave: nothing,
    holds: (_first, _last, earliest) => {
      for (let length = count; length >= 1; length--)
        if (begins.some((chains) => (chains[length] ?? -Infinity) >= earliest)) return holds(range, length);
      return false;
    },
  };
}

function overNumbers(range: Range, figure: (numbers: Float64Array, first: number, last: number) => number): Figure {
  let numbers = new Float64Array();
  return {
    begin: (members) => {
      ({ numbers } = members);
    },
    enter: nothing,
    leave: nothing,
    holds: (first, last) => holds(range, figure(numbers, first, last)),
  };
}

/** The percentile by linear interpolation between the two nearest ranks: the rank of P is P/100 × (n − 1), from 0. */
function percentileFigure(range: Range, percentile: number): Figure {
  const sorted: number[] = [];
  let numbers = new Float64Array();
  const placeOf = (number: number): number => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    begin: (members) => {
      sorted.length = 0;
      ({ numbers } = members);
    },
    enter: (first, last) => {
      for (let index = first; index <= last; index++) {
        const number = numbers[index] ?? 0;
        sorted.splice(placeOf(number), 0, number);
      }
    },
    leave: (index) => {
      sorted.splice(placeOf(numbers[index] ?? 0), 1);
    },
    holds: () => {
      const rank = (percentile / 100) * (sorted.length - 1);
      const below = Math.floor(rank);
      const low = sorted[below] ?? 0;
      const high = sorted[below + 1] ?? low;
      return holds(range, rank === below ? low : low + (rank - below) * (high - low));
    },
  };
}
